# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# What the boots of encrypted images have in common; source it after common.sh and vm.sh.

# sealed_encrypt IMAGE OUT KEY [OPTION…]: with a login on the console, to see that one comes. An
# appliance that died (75) is tried once more, as the exit code says.
sealed_encrypt()
{
    local image=$1 out=$2 key=$3 before code=0
    shift 3
    before=$(sha256 "$image")
    "$COLDSEAL" encrypt --quiet "$image" "$out" --key-out "$key" --console-login "$@" || code=$?
    if [ "$code" = 75 ]; then
        code=0
        "$COLDSEAL" encrypt --quiet --force "$image" "$out" --key-out "$key.2" --console-login "$@" || code=$?
        mv "$key.2" "$key"
    fi
    [ "$code" = 0 ] || fail "encrypt: exit $code"
    [ "$(sha256 "$image")" = "$before" ] || fail "encrypt changed its input"
    note "encrypted after $SECONDS s"
}

# sealed_expect_closed NAME: the last boot did not unlock, and said so; it opened neither a shell nor
# a prompt, and powered off: "Power down" is the kernel's word for that, a reset says another.
sealed_expect_closed()
{
    local name=$1 console
    vm_wait_off "$name" 400
    console=$(vm_console "$name")
    if ! grep -aq 'coldseal: unlock failed: ' "$console" || ! grep -aq 'reboot: Power down' "$console"; then
        vm_show "$name"
        fail "$name did not say why, or did not power off"
    fi
    # the kernel's command line names the shells that it masks
    if grep -av 'coldseal\.pin=' "$console" |
        grep -aE '\(initramfs\)|login:|BusyBox|Enter passphrase|emergency|~ #' >/dev/null ||
        grep -aq COLDSEAL-TEST "$(vm_report "$name")"; then
        vm_show "$name"
        fail "$name opened a shell, a prompt, or the root"
    fi
    note "$name stays closed: $(grep -ao 'coldseal: unlock failed: .*' "$console" | head -n 1 | tr -d '\r')"
}

# sealed_expect_open NAME [stock]: the running boot is as it should be; "stock" for an unlock that
# is not ours and extends nothing.
sealed_expect_open()
{
    local name=$1 pin expected pcr
    vm_wait_ready "$name"
    [ "$(vm_value "$name" root)" = /dev/mapper/cloudimg-rootfs ] || fail "/ is $(vm_value "$name" root)"
    [ "$(vm_value "$name" secure-boot)" = on ] || fail "Secure Boot is off"
    vm_run "$name" 60 'dmsetup table cloudimg-rootfs' >"$TMP/table"
    grep -Eq '^0 [0-9]+ crypt aes-xts-plain64 ' "$TMP/table" || fail "not dm-crypt: $(cat "$TMP/table")"
    vm_wait "$name" 120 "$(vm_console "$name")" 'login:'
    [ -z "$(vm_value "$name" failed)" ] || fail "failed units: $(vm_value "$name" failed)"
    if [ "${2:-}" != stock ]; then
        pin=$(vm_value "$name" cmdline | sed -n 's/.*coldseal\.pin=\([0-9a-f]\{64\}\).*/\1/p')
        # TPM 2.0, part 1, 11.4.3: an extension hashes the old value and the new
        expected=$(printf '%064d%s' 0 "$pin" | xxd -r -p | sha256sum | cut -c1-64)
        [ "$(vm_pcr "$name" 15)" = "$expected" ] || fail "PCR 15 is $(vm_pcr "$name" 15)"
    fi
    for pcr in 4 7 8 9 14 15; do
        printf '%s %s\n' "$pcr" "$(vm_pcr "$name" "$pcr")"
    done >"$TMP/$name-pcrs-${vm_boots[$name]}"
}

# sealed_flip_initramfs DISK OUT.raw: a copy with one byte changed, in a time stamp of the cpio
# archive's first header, so that nothing but the measurement can notice.
sealed_flip_initramfs()
{
    local disk=$1 out=$2 offset file block size byte
    qemu-img convert -O raw "$disk" "$out"
    offset=$(($(sgdisk -i 16 "$out" | sed -n 's/^First sector: \([0-9]*\).*/\1/p') * 512))
    file=$(debugfs -R 'ls -p /' "$out?offset=$offset" 2>/dev/null | cut -d/ -f6 | grep '^initrd\.img-' | head -n 1)
    block=$(debugfs -R "bmap /$file 0" "$out?offset=$offset" 2>/dev/null)
    size=$(dumpe2fs -h "$out?offset=$offset" 2>/dev/null | sed -n 's/^Block size: *//p')
    # newc: magic (6), then fields of 8 hexadecimal digits; c_mtime is the sixth
    byte=$((offset + block * size + 6 + 5 * 8 + 7))
    [ "$(dd if="$out" bs=1 skip=$((offset + block * size)) count=6 status=none)" = 070701 ] ||
        fail "no cpio header where the initramfs should begin"
    cp --sparse=always "$out" "$out.before"
    if [ "$(dd if="$out" bs=1 skip=$byte count=1 status=none)" = 0 ]; then printf 1; else printf 0; fi |
        dd of="$out" bs=1 seek=$byte conv=notrunc status=none
    [ "$(cmp -l "$out.before" "$out" | wc -l)" = 1 ] || fail "not one byte is changed"
    rm "$out.before"
}

# sealed_make NAME POOL KEY OUT [swtpm_setup OPTION…]: the way of a new VM's disk. POOL is started on
# the VM as it is, which refuses and prints its boot; OUT is sealed to the VM's TPM and that boot.
sealed_make()
{
    local name=$1 pool=$2 key=$3 out=$4
    shift 4
    vm_create "$name" "$@"
    qemu-img create -q -f qcow2 -b "$(realpath "$pool")" -F qcow2 "$TMP/first-$name.qcow2"
    vm_start "$name" "$TMP/first-$name.qcow2"
    sealed_expect_closed "$name"
    "$COLDSEAL" target read --quiet --swtpm-state "$(vm_tpm "$name")" -o "$TMP/$name.target"
    "$COLDSEAL" seal --quiet "$pool" -o "$out" --key-file "$key" --target "$TMP/$name.target" \
        --pcr-values "$(vm_console "$name")" --shared-key --no-recovery
}
