#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ubuntu's signed shim and GRUB in place of Debian's, the kernel signed by a machine owner's key: the image
# as it is built boots, and so does the disk that prepare, encrypt and seal make of it; both measure what was
# predicted, event by event. The binaries are not in the project: COLDSEAL_UBUNTU names a folder with
# shimx64.efi and grubx64.efi. Both boots are recorded where COLDSEAL_RECORD says.
# images: noble.raw
# limit: 2400
# full
# optional
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"
export MTOOLS_SKIP_CHECK=1

SHIM_GUID=605dab50-e046-4300-abb6-3dd810dd8b23

[ -n "${COLDSEAL_UBUNTU:-}" ] || { note "COLDSEAL_UBUNTU is not set" && exit 77; }

first_byte() # PARTITION
{
    printf '%d\n' $(($(sgdisk -i "$1" "$image" | sed -n 's/^First sector: \([0-9]*\).*/\1/p') * 512))
}

# The ESP as Ubuntu's packages fill it.
put_programs()
{
    local esp folder
    esp=$image@@$(first_byte 15)
    mren -i "$esp" ::EFI/debian ubuntu
    for folder in BOOT ubuntu; do
        mcopy -o -i "$esp" "$COLDSEAL_UBUNTU/grubx64.efi" "::EFI/$folder/grubx64.efi"
        mdel -i "$esp" "::EFI/$folder/mmx64.efi"
    done
    mcopy -o -i "$esp" "$COLDSEAL_UBUNTU/shimx64.efi" ::EFI/BOOT/BOOTX64.EFI
    mcopy -o -i "$esp" "$COLDSEAL_UBUNTU/shimx64.efi" ::EFI/ubuntu/shimx64.efi
}

# Ubuntu's shim does not know Debian's key.
sign_kernel()
{
    local boot name
    boot="$image?offset=$(first_byte 16)"
    name=$(debugfs -R 'ls -p /' "$boot" 2>/dev/null | cut -d/ -f6 | grep '^vmlinuz-' | head -n 1)
    debugfs -R "dump /$name $TMP/kernel" "$boot" 2>/dev/null
    sbattach --remove "$TMP/kernel"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TMP/mok.key" -out "$TMP/mok.pem" -days 30 \
        -subj '/CN=machine owner of a test/' 2>/dev/null
    sbsign --key "$TMP/mok.key" --cert "$TMP/mok.pem" --output "$TMP/signed" "$TMP/kernel"
    printf 'rm /%s\nwrite %s /%s\n' "$name" "$TMP/signed" "$name" | debugfs -w -f - "$boot" >/dev/null 2>&1
    debugfs -R "dump /$name $TMP/kernel" "$boot" 2>/dev/null
    expect_same "$TMP/signed" "$TMP/kernel"
}

# On a busy host the guest's own limits of time are too short.
be_patient()
{
    local boot
    boot="$image?offset=$(first_byte 16)"
    debugfs -R "dump /grub/grub.cfg $TMP/grub.cfg" "$boot" 2>/dev/null
    sed -i '/^\tlinux/s/$/ no_timer_check systemd.default_device_timeout_sec=900/' "$TMP/grub.cfg"
    printf 'rm /grub/grub.cfg\nwrite %s /grub/grub.cfg\n' "$TMP/grub.cfg" | debugfs -w -f - "$boot" >/dev/null 2>&1
    debugfs -R 'cat /grub/grub.cfg' "$boot" 2>/dev/null | grep -q no_timer_check || fail "grub.cfg is as before"
}

enrol_key()
{
    cert-to-efi-sig-list -g "$SHIM_GUID" "$TMP/mok.pem" "$TMP/mok.esl"
    "$SRC/tests/lib/ovmf-add" "$VM_OVMF_VARS" "$TMP/mok.fd" MokList "$SHIM_GUID" "$TMP/mok.esl"
    VM_OVMF_VARS=$TMP/mok.fd
}

image=$TMP/image.raw
cp --sparse=always "$IMAGES/noble.raw" "$image"
put_programs
sign_kernel
be_patient
enrol_key

vm_create stock
"$COLDSEAL" firmware import --quiet "$VM_OVMF_VARS" -o "$TMP/firmware"
sealed_predict stock "$image" "$TMP/firmware"
qemu-img create -q -f qcow2 -b "$image" -F raw "$TMP/stock.qcow2"
vm_start stock "$TMP/stock.qcow2"
vm_wait_ready stock
[ "$(vm_value stock secure-boot)" = on ] || fail "Secure Boot is off"
sealed_expect_predicted stock
sealed_expect_events stock "$image" "$TMP/firmware" ubuntu-noble
vm_power_off stock
rm "$TMP/stock.qcow2"

"$COLDSEAL" prepare --quiet "$image" "$TMP/prepared.qcow2" "${SEALED_KERNEL_ARGS[@]}" || fail "prepare: exit $?"
"$COLDSEAL" encrypt --quiet "$TMP/prepared.qcow2" "$TMP/pool.qcow2" --key-out "$TMP/key"
rm "$TMP/prepared.qcow2"
sealed_make one "$TMP/pool.qcow2" "$TMP/key" "$TMP/sealed.qcow2"
cp "$TMP/sealed.qcow2" "$TMP/run.qcow2"
vm_start one "$TMP/run.qcow2"
sealed_expect_open one
sealed_expect_events one "$TMP/sealed.qcow2" "$TMP/one.firmware" ubuntu-coldseal
vm_power_off one
