# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a host does to a sealed disk, for the boots in tests/evil; source it after common.sh, vm.sh,
# sealed.sh and tiny_image.sh. Disks are raw. Each function checks that its change landed.

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

# hostile_values NAME DISK: what the host knows of a boot of NAME that unlocked, from its report:
# PCR values as they were before the unlock, and the volume's UUID.
hostile_values()
{
    local name=$1 pcr separator=''
    {
        printf '{"sha256": {'
        for pcr in 4 7 8 9 14; do
            printf '%s"%s": "%s"' "$separator" "$pcr" "$(vm_pcr "$name" "$pcr")"
            separator=', '
        done
        printf ', "15": "%064d"}}\n' 0
    } >"$TMP/$name.pcrs"
    vm_value "$name" cmdline | sed -n 's/.*coldseal\.uuid=\([0-9a-f-]\{36\}\).*/\1/p' >"$TMP/$name.uuid"
    [ -s "$TMP/$name.uuid" ] || fail "no UUID"
}
