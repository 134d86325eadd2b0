#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.raw dracut.raw
# limit: 2400
# full
# The same hostile headers for stock systemd-cryptsetup of Debian 13, with our token, on a real kernel,
# and for coldseal-unlock. The table that comes out is the one in SECURITY.md.
# shellcheck disable=SC2016 # the dollars are the guest's
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"
. "$SRC/tests/lib/unlock_vm.sh"
. "$SRC/tests/lib/luks2_edit.sh"
. "$SRC/tests/lib/header_attacks.sh"

stock=$TMP/stock
names=()

# add NAME: $TMP/evil.luks as one more disk; what coldseal-unlock says of it goes to $TMP/ours.N.
add()
{
    local number=${#names[@]} code=0
    names+=("$1")
    cp --sparse=always "$TMP/evil.luks" "$TMP/disk$number.luks"
    unlock_test "$TMP/evil.luks" >"$TMP/out" 2>"$TMP/err" || code=$?
    if [ "$code" = 0 ]; then echo "opens"; else echo "refuses"; fi >"$TMP/ours.$number"
    reboot_tpm "$TMP/tpm"
}

add_attack()
{
    header_attack "$1" "$2" "$3"
    add "$1"
}

# unpack_stock: systemd-cryptsetup of the dracut image with all that it loads, into $stock.
unpack_stock()
{
    local root folder=/usr/lib/x86_64-linux-gnu file
    local -a queue
    root=$(partition_file "$IMAGES/dracut.raw" 1)
    mkdir -p "$TMP/libraries" "$stock$folder/cryptsetup" "$stock$folder/systemd" "$stock/usr/bin"
    debugfs -R "rdump $folder $TMP/libraries" "$root" 2>/dev/null
    debugfs -R "dump /usr/bin/systemd-cryptsetup $stock/usr/bin/systemd-cryptsetup" "$root" 2>/dev/null
    chmod 755 "$stock/usr/bin/systemd-cryptsetup"
    cp "$TMP/libraries/${folder##*/}"/cryptsetup/libcryptsetup-token-systemd-tpm2.so "$stock$folder/cryptsetup"
    cp "$TMP/libraries/${folder##*/}"/systemd/libsystemd-shared-*.so "$stock$folder/systemd"
    queue=("$stock/usr/bin/systemd-cryptsetup" "$stock$folder"/cryptsetup/*.so "$stock$folder"/systemd/*.so)
    # opened by name
    for file in libcryptsetup.so.12 libtss2-esys.so.0 libtss2-mu.so.0 libtss2-rc.so.0 \
        libtss2-tcti-device.so.0 libgcc_s.so.1 ld-linux-x86-64.so.2; do
        cp -L "$TMP/libraries/${folder##*/}/$file" "$stock$folder/"
        queue+=("$stock$folder/$file")
    done
    while [ ${#queue[@]} -gt 0 ]; do
        for file in $(readelf -d "${queue[0]}" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
            if [ -e "$stock$folder/$file" ] || [ -e "$stock$folder/systemd/$file" ]; then
                continue
            fi
            cp -L "$TMP/libraries/${folder##*/}/$file" "$stock$folder/$file"
            queue+=("$stock$folder/$file")
        done
        queue=("${queue[@]:1}")
    done
    mkdir -p "$stock/lib64" "$stock/lib" "$stock/etc" "$stock/dev" "$stock/proc" "$stock/sys" "$stock/run" "$stock/tmp"
    cp "$stock$folder/ld-linux-x86-64.so.2" "$stock/lib64/"
    ln -s ../usr/lib/x86_64-linux-gnu "$stock/lib/x86_64-linux-gnu"
    # without it the program takes the machine for something else than a system that boots
    printf 'ID=debian\n' >"$stock/etc/initrd-release"
}

unpack_kernel
unpack_stock
swtpm_start "$TMP/tpm" --create-spk --ecc
PCRS=15
seal_disk good
seal_disk other
cmdline "$(pin_of good)"
cp "$TMP/good.luks" "$TMP/evil.luks"
add "nothing, for comparison"
header_attacks add_attack
cp "$TMP/other.luks" "$TMP/evil.luks"
add "a volume of the host's own, sealed to the same TPM under the same policy"
swtpm_stop

disks=()
for ((i = 0; i < ${#names[@]}; i++)); do
    disks+=("disk$i")
done
make_disk all "${disks[@]}"
EXTRA_FILES=("$stock")
# Nobody answers a question here: what asks for a passphrase has refused.
make_initramfs stock 'for f in dev proc sys; do mount --rbind /$f /stock/$f; done; mount -t tmpfs run /stock/run' \
    "i=0; while [ \$i -lt ${#names[@]} ]; do" \
    '  echo "TRY $i"' \
    '  timeout 100 chroot /stock /usr/bin/systemd-cryptsetup attach cloudimg-rootfs /dev/vda$((i + 1)) none tpm2-device=auto,headless=yes,tries=1 2>&1' \
    '  echo "CODE $i $?"; echo "MAPPED $i $(dmsetup table cloudimg-rootfs 2>/dev/null)"' \
    '  dmsetup remove cloudimg-rootfs 2>/dev/null; i=$((i + 1))' \
    'done; echo "PCR15 $(cat /sys/class/tpm/tpm0/pcr-sha256/15)"'
unlock_boot "$TMP/tpm" stock all

# verdict N: what stock did with disk N.
verdict()
{
    local table
    table=$(sed -n "s/^MAPPED $1 //p" "$TMP/console")
    case "$table" in
    '') echo "refuses" ;;
    *" cipher_null"* | *" linear "*) echo "**opens, data in the clear**" ;;
    '0 30720 crypt aes-xts-plain64 '*' 32768 1 sector_size:4096')
        # as it should be mapped, whoever's it is
        case "${names[$1]}" in
        *own*) echo "**opens**" ;;
        *) echo "opens" ;;
        esac
        ;;
    *allow_discards*) echo "**opens, with the host's flags**" ;;
    *) echo "**opens, mapped as the host says**" ;;
    esac
}

{
    echo '| the header has … | coldseal-unlock | stock systemd-cryptsetup |'
    echo '|---|---|---|'
    for ((i = 0; i < ${#names[@]}; i++)); do
        printf '| %s | %s | %s |\n' "${names[i]}" "$(cat "$TMP/ours.$i")" "$(verdict "$i")"
    done
} >"$TMP/table"
cat "$TMP/table"
grep -a '^PCR15 ' "$TMP/console"
sed -n '/^| the header has/,/^$/p' "$SRC/SECURITY.md" | sed '/^$/d' >"$TMP/documented"
expect_same "$TMP/table" "$TMP/documented"
console_has "^PCR15 $ZERO$"
