# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a host does to a sealed disk, for the boots in tests/evil; source it after common.sh, vm.sh,
# sealed.sh and tiny_image.sh. Disks are raw. Each function checks that its change landed.

# hostile_start MACHINE DISK: the good disk, of noble and sealed for that machine, before anything is changed.
hostile_start()
{
    sealed_encrypt "$IMAGES/noble.qcow2" "$TMP/pool.qcow2" "$TMP/key" --console-login
    sealed_make "$1" "$TMP/pool.qcow2" "$TMP/key" "$TMP/sealed.qcow2"
    qemu-img convert -O raw "$TMP/sealed.qcow2" "$2"
}

# hostile_bytes DISK NUMBER: "offset size" of a partition.
hostile_bytes()
{
    tiny_partition "$1" "$2"
}

# hostile_esp DISK: how mtools name the ESP.
hostile_esp()
{
    local offset
    read -r offset _ < <(hostile_bytes "$1" 15)
    printf '%s@@%s\n' "$1" "$offset"
}

# hostile_grub_cfg DISK SED: edits the configuration that GRUB reads.
hostile_grub_cfg()
{
    local esp
    esp=$(hostile_esp "$1")
    mcopy -n -o -i "$esp" ::EFI/debian/grub.cfg "$TMP/grub.cfg"
    sed "$2" "$TMP/grub.cfg" >"$TMP/grub.cfg.evil"
    ! cmp -s "$TMP/grub.cfg" "$TMP/grub.cfg.evil" || fail "$2 changes nothing"
    mcopy -D o -o -i "$esp" "$TMP/grub.cfg.evil" ::EFI/debian/grub.cfg
    mcopy -n -o -i "$esp" ::EFI/debian/grub.cfg "$TMP/grub.cfg.landed"
    expect_same "$TMP/grub.cfg.evil" "$TMP/grub.cfg.landed"
    diff "$TMP/grub.cfg" "$TMP/grub.cfg.landed" | grep '^[<>]' | cut -c1-200 || true
}

# hostile_esp_file DISK PATH FILE: puts another file in the place of one on the ESP.
hostile_esp_file()
{
    local esp
    esp=$(hostile_esp "$1")
    mcopy -n -o -i "$esp" "::$2" "$TMP/esp.before"
    ! cmp -s "$TMP/esp.before" "$3" || fail "$2 is that file already"
    mcopy -D o -o -i "$esp" "$3" "::$2"
    mcopy -n -o -i "$esp" "::$2" "$TMP/esp.landed"
    expect_same "$3" "$TMP/esp.landed"
}

# hostile_flip FILE: changes one bit in the middle of a file.
hostile_flip()
{
    local at byte
    at=$(($(stat -c %s "$1") / 2))
    byte=$((0x$(xxd -p -s "$at" -l 1 "$1") ^ 1))
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\x$(printf %02x "$byte")" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# hostile_boot_file DISK NAME FILE: puts another file in the place of one in /boot, a link there
# included.
hostile_boot_file()
{
    local offset target
    read -r offset _ < <(hostile_bytes "$1" 16)
    target=$(debugfs -R "stat $2" "$1?offset=$offset" 2>/dev/null | sed -n 's/^Fast link dest: "\(.*\)"$/\1/p')
    target=${target:-$2}
    debugfs -w -f - "$1?offset=$offset" <<END >"$TMP/debugfs.log" 2>&1
rm $target
write $3 $target
END
    debugfs -R "dump $target $TMP/landed" "$1?offset=$offset" 2>/dev/null
    expect_same "$3" "$TMP/landed"
}

# hostile_boot_read DISK NAME OUT: a file of /boot, through a link.
hostile_boot_read()
{
    local offset target
    read -r offset _ < <(hostile_bytes "$1" 16)
    target=$(debugfs -R "stat $2" "$1?offset=$offset" 2>/dev/null | sed -n 's/^Fast link dest: "\(.*\)"$/\1/p')
    debugfs -R "dump ${target:-$2} $3" "$1?offset=$offset" 2>/dev/null
    [ -s "$3" ] || fail "no $2 in /boot"
}

# hostile_root DISK FILE: the root partition's beginning becomes FILE.
hostile_root()
{
    local offset size
    read -r offset size < <(hostile_bytes "$1" 1)
    [ "$(stat -c %s "$2")" -le "$size" ] || fail "$2 does not fit"
    dd if="$2" of="$1" bs=1M oflag=seek_bytes seek="$offset" conv=notrunc status=none
    cmp -n "$(stat -c %s "$2")" "$2" <(tail -c +$((offset + 1)) "$1") || fail "$2 did not land"
}

# hostile_own_volume NAME OUT: a small disk of the host's own, a real LUKS2 root under the UUID of
# NAME's disk (in $TMP/NAME.uuid), sealed to the same storage key under the same policy. Everything
# for that is public.
hostile_own_volume()
{
    local name=$1 out=$2
    tiny_image "$TMP/tiny.raw"
    "$COLDSEAL" encrypt --quiet --no-prepare --luks-uuid "$(cat "$TMP/$name.uuid")" "$TMP/tiny.raw" \
        "$out" --key-out "$TMP/host.key"
    "$COLDSEAL" seal --quiet --in-place "$out" --key-file "$TMP/host.key" --target "$TMP/$name.target" \
        --pcr-values "$TMP/$name.pcrs" --shared-key --no-recovery
    tiny_extract "$out" 1 "$TMP/host.luks"
    [ "$(cryptsetup luksUUID "$TMP/host.luks")" = "$(cat "$TMP/$name.uuid")" ] || fail "another UUID"
    cryptsetup luksDump "$TMP/host.luks" | grep -q systemd-tpm2 || fail "no token"
    rm "$TMP/tiny.raw"
}

# hostile_values NAME DISK: what a host computes for a disk of sealed_make's: the PCR values that it is sealed
# under, and the volume's UUID.
hostile_values()
{
    local name=$1 pcr value separator=''
    {
        printf '{"sha256": {'
        while read -r pcr value; do
            case $pcr in
            4 | 7 | 8 | 9 | 14)
                printf '%s"%s": "%s"' "$separator" "$pcr" "$value"
                separator=', '
                ;;
            esac
        done <"$TMP/$name.predicted"
        printf ', "15": "%064d"}}\n' 0
    } >"$TMP/$name.pcrs"
    cryptsetup luksUUID "$(hostile_header "$2")" >"$TMP/$name.uuid"
    [ -s "$TMP/$name.uuid" ] || fail "no UUID"
}

# hostile_header DISK: the header of the root partition, as a file.
hostile_header()
{
    local offset
    read -r offset _ < <(hostile_bytes "$1" 1)
    dd if="$1" of="$TMP/header" bs=1M iflag=skip_bytes skip="$offset" count=16 status=none
    printf '%s\n' "$TMP/header"
}

# hostile_copy WHAT: $TMP/evil.raw, the disk of machine "one" as it was sealed, before its power-on.
hostile_copy()
{
    note "$1"
    cp --sparse=always "$TMP/good.raw" "$TMP/evil.raw"
}

# hostile_boot_closed PATTERN: $TMP/evil.raw ends closed, for that reason.
hostile_boot_closed()
{
    vm_start one "$TMP/evil.raw"
    sealed_expect_closed one
    grep -aEq "coldseal: unlock failed: .*($1)" "$(vm_console one)" || fail "another reason than $1"
}

# hostile_boot_stopped PATTERN: $TMP/evil.raw does not get as far as a kernel, and what was to start it
# says why.
hostile_boot_stopped()
{
    vm_start one "$TMP/evil.raw"
    vm_wait one 300 "$(vm_console one)" "$1"
    sleep 20
    ! grep -aq 'Linux version' "$(vm_console one)" || fail "a kernel was started"
    [ -z "$(vm_shells one)" ] || fail "a prompt: $(vm_shells one)"
    note "one is stopped: $(grep -aoE "[^[:cntrl:]]*$1" "$(vm_console one)" | head -n 1)"
    vm_kill one
}
