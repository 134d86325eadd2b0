#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The scripts that look at the mounted root, over folders that stand for /proc and /sys: they end in
# success for our mapping with an init, and in a power-off for anything else.
# limit: 60
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

root=$TMP/machine
mkdir -p "$root/bin"
for stage in local-bottom init-bottom; do
    sed -e "s,/proc/,$root/proc/,; s,/sys/,$root/sys/,; s,/dev/console,$root/console," \
        "$SRC/templates/initramfs-$stage" >"$TMP/$stage"
done
# the real one is klibc's: -n FOLDER INIT says whether INIT is there
cat >"$root/bin/run-init" <<'END'
#!/bin/sh
[ "$1 $2 $3" = "-n /root /sbin/init" ] && [ ! -e "${0%/*}/../no-init" ]
END
# the machine ends here, and the script with it
cat >"$root/bin/poweroff" <<'END'
#!/bin/sh
kill -KILL "$PPID"
END
printf '#!/bin/sh\n' >"$root/bin/sleep"
chmod 755 "$root/bin/"*

# machine: the good one, which each test then changes
machine()
{
    rm -rf "$root/proc" "$root/sys" "$root/console" "$root/no-init"
    mkdir -p "$root/proc/self" "$root/sys/dev/block/253:0/dm" "$root/sys/dev/block/253:1/dm" \
        "$root/sys/dev/block/254:1"
    printf '%s\n' '1 1 0:2 / / rw - rootfs rootfs rw' '22 1 0:20 / /sys rw - sysfs sysfs rw' \
        '30 1 253:0 / /root ro,relatime - ext4 /dev/mapper/cloudimg-rootfs ro' \
        >"$root/proc/self/mountinfo"
    echo cloudimg-rootfs >"$root/sys/dev/block/253:0/dm/name"
    echo CRYPT-LUKS2-00112233445566778899aabbccddeeff-cloudimg-rootfs \
        >"$root/sys/dev/block/253:0/dm/uuid"
    echo other >"$root/sys/dev/block/253:1/dm/name"
    echo CRYPT-LUKS2-ff112233445566778899aabbccddeeff-other >"$root/sys/dev/block/253:1/dm/uuid"
}

run()
{
    local stage
    for stage in local-bottom init-bottom; do
        env -i PATH="$root/bin:$PATH" rootmnt=/root init=/sbin/init sh "$TMP/$stage" || return
    done
}

goes_on()
{
    run || fail "refused: $1"
    [ ! -e "$root/console" ] || fail "spoke: $1"
}

# powers_off REASON WHAT
powers_off()
{
    if (run) 2>/dev/null; then
        fail "went on: $2"
    fi
    grep -q "coldseal: $1.*, powering off" "$root/console" || fail "reason: $2"
}

machine
goes_on "our mapping"

machine
echo '31 30 254:1 / /root ro - ext4 /dev/mapper/cloudimg-rootfs ro' >>"$root/proc/self/mountinfo"
powers_off "what is mounted is not the root" "a plain partition on top, under our name"

machine
sed -i 's/253:0/253:1/' "$root/proc/self/mountinfo"
powers_off "what is mounted is not the root" "another encrypted mapping"

machine
echo LVM-0123 >"$root/sys/dev/block/253:0/dm/uuid"
powers_off "what is mounted is not the root" "a logical volume of our name"

machine
sed -i '/ext4/d' "$root/proc/self/mountinfo"
powers_off "what is mounted is not the root" "no root"

machine
touch "$root/no-init"
powers_off "the root has no /sbin/init" "an init that has disappeared"

note "btrfs, which has no device number of its own"
btrfs_machine()
{
    machine
    sed -i 's/253:0/0:33/; s/ext4/btrfs/' "$root/proc/self/mountinfo"
    mkdir -p "$root/sys/fs/btrfs/features" "$root/sys/fs/btrfs/1234/devices"
    ln -s ../../../../dev/block/253:0 "$root/sys/fs/btrfs/1234/devices/dm-0"
}
btrfs_machine
goes_on "btrfs in our mapping"
btrfs_machine
ln -s ../../../../dev/block/254:1 "$root/sys/fs/btrfs/1234/devices/vdb1"
powers_off "what is mounted is not the root" "btrfs with a device of the host's"
btrfs_machine
rm "$root/sys/fs/btrfs/1234/devices/dm-0"
powers_off "what is mounted is not the root" "a file system without devices, such as overlay"
