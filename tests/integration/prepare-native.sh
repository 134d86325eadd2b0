#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# prepare without an appliance, as a user for whom there is none: what it leaves in a guest, read from the
# outside; and what it leaves to the appliance, with the reason.
# images: noble.raw noble.qcow2 jammy.qcow2
# limit: 900
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/guest.sh
. "$SRC/tests/lib/guest.sh"
# shellcheck source=tests/lib/guest_checks.sh
. "$SRC/tests/lib/guest_checks.sh"

export LIBGUESTFS_PATH=/nonexistent SUPERMIN_KERNEL=/nonexistent
kernel_of()
{
    debugfs -R 'ls -p /' "$1" 2>/dev/null | cut -d/ -f6 | sed -n 's/^initrd\.img-//p' | head -n 1
}

note "noble: the same checks as of what an appliance leaves"
before=$(sha256 "$IMAGES/noble.qcow2")
"$COLDSEAL" prepare --json --no-sync "$IMAGES/noble.qcow2" "$TMP/noble.raw" >"$TMP/report" || fail "prepare: exit $?"
grep -q '"appliance":"none"' "$TMP/report" || fail "an appliance: $(cat "$TMP/report")"
[ "$(sha256 "$IMAGES/noble.qcow2")" = "$before" ] || fail "the input changed"
python3 - "$TMP/report" >"$TMP/prepared" <<'END'
import json, sys
guest = json.load(open(sys.argv[1]))["guest"]
print("kernel=" + guest["kernel"])
print("grub_cfg=" + [c.split(":")[0] for c in guest["changes"] if "/grub.cfg: written" in c][0])
END
split_disk "$TMP/noble.raw" "$TMP/noble" 1 15 16
fsck.vfat -n "$TMP/noble/15" >"$TMP/said" || fail "the ESP is not clean: $(cat "$TMP/said")"
check_guest "$TMP/noble"

note "its initramfs is the old one with what is missing in it; modprobe finds each of the new modules"
first=$(sgdisk -i 16 "$IMAGES/noble.raw" | awk '/^First sector:/ { print $3 * 512 }')
kernel=$(kernel_of "$TMP/noble/16")
debugfs -R "dump /initrd.img-$kernel $TMP/old" "$IMAGES/noble.raw?offset=$first" 2>/dev/null
debugfs -R "dump /initrd.img-$kernel $TMP/new" "$TMP/noble/16" 2>/dev/null
for name in old new; do
    unmkinitramfs "$TMP/$name" "$TMP/$name.parts"
    mkdir "$TMP/$name.all"
    for part in "$TMP/$name.parts"/*; do
        cp -a "$part/." "$TMP/$name.all/"
    done
    (cd "$TMP/$name.all" && find . | LC_ALL=C sort) >"$TMP/$name.names"
done
[ "$(LC_ALL=C comm -23 "$TMP/old.names" "$TMP/new.names" | wc -l)" = 0 ] || fail "files are gone"
diff -rq --no-dereference "$TMP/old.all" "$TMP/new.all" | grep '^Files' | grep -vE '/modules\.|/ORDER ' &&
    fail "other files changed"
for module in dm_crypt xts aesni_intel; do
    modprobe -d "$TMP/new.all" -S "$kernel" -D "$module" >"$TMP/needs" || fail "modprobe $module"
    while read -r command file _; do
        [ "$command" != insmod ] || [ -e "$file" ] || fail "$module: $file is missing"
    done <"$TMP/needs"
done
libraries=$TMP/new.all/usr/lib/x86_64-linux-gnu
for name in coldseal-unlock fsck fsck.ext4 logsave; do
    "$libraries/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$libraries" --list \
        "$TMP/new.all/usr/sbin/$name" >"$TMP/found" 2>&1 || fail "$name: $(cat "$TMP/found")"
    # what this machine has would be found as well
    ! grep -E 'not found|=> /(usr/)?lib' "$TMP/found" || fail "$name"
done

# left_to_appliance PATTERN IMAGE [OPTION…]: not done without one, and nothing is written
left_to_appliance()
{
    local pattern=$1 image=$2
    shift 2
    expect_code 7 "$COLDSEAL" prepare --appliance no --no-sync "$image" "$TMP/out.raw" "$@"
    grep -Eq -- "$pattern" "$TMP/err" || fail "no \"$pattern\": $(cat "$TMP/err")"
    [ ! -e "$TMP/out.raw" ] || fail "an output"
}

# goes_to_appliance IMAGE: what cannot be done without one is tried with one
goes_to_appliance()
{
    "$COLDSEAL" prepare --quiet "$1" "$TMP/out.raw" 2>"$TMP/err" && fail "an appliance out of nothing"
    grep -Eq 'appliance|libguestfs' "$TMP/err" || fail "$(cat "$TMP/err")"
}

# change COMMAND…: of debugfs, in the root of a copy. Each change is found before those made earlier.
cp --sparse=always "$IMAGES/noble.raw" "$TMP/changed.raw"
root=$(sgdisk -i 1 "$TMP/changed.raw" | awk '/^First sector:/ { print $3 * 512 }')
change()
{
    printf '%s\n' "$@" >"$TMP/commands"
    debugfs -w -f "$TMP/commands" "$TMP/changed.raw?offset=$root" >"$TMP/said" 2>&1 || fail "$(cat "$TMP/said")"
}

note "what it leaves to the appliance, which there is none of"
left_to_appliance '/boot is no partition with ext4' "$IMAGES/jammy.qcow2"
goes_to_appliance "$IMAGES/jammy.qcow2"
echo >"$TMP/some.deb"
left_to_appliance 'local packages' "$IMAGES/noble.qcow2" --deb "$TMP/some.deb"
# a folder that cannot be read is none without units: those in it would not be masked
change 'zap_block -f /usr/lib/systemd -o 4092 -l 4 -p 85 0'
left_to_appliance '/lib/systemd/system: .*checksum' "$TMP/changed.raw"
echo MODULES=dep >"$TMP/file"
change 'cd /etc/initramfs-tools/conf.d' "write $TMP/file driver-policy" \
    'set_inode_field driver-policy mtime 20200101000000'
left_to_appliance 'MODULES=dep' "$TMP/changed.raw"
change 'cd /etc/initramfs-tools/hooks' "write $TMP/file added"
left_to_appliance 'not up to date: .*hooks/added' "$TMP/changed.raw"
change 'cd /usr/lib/udev/rules.d' 'rm 60-block.rules' "write $TMP/file 60-block.rules"
left_to_appliance 'not up to date: .*60-block.rules' "$TMP/changed.raw"

note "a guest that nobody can prepare is refused at once"
change 'rm /usr/sbin/mkinitramfs'
expect_code 7 "$COLDSEAL" prepare "$TMP/changed.raw" "$TMP/out.raw"
grep -q 'neither initramfs-tools nor dracut' "$TMP/err" || fail "$(cat "$TMP/err")"
# … unless that is only because something could not be read
change 'zap_block -f /usr/sbin -o 4092 -l 4 -p 85 0'
left_to_appliance '/usr/sbin.*checksum' "$TMP/changed.raw"
goes_to_appliance "$TMP/changed.raw"
change 'set_super_value state 0'
left_to_appliance 'not cleanly unmounted, or damaged' "$TMP/changed.raw"
expect_code 2 "$COLDSEAL" prepare --appliance maybe "$IMAGES/noble.qcow2" "$TMP/out.raw"
