#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Roots that are not ext4: btrfs, XFS and F2FS come back as they were, every byte of them, judged by cryptsetup
# and by their own programs; what cannot be encrypted whole (LVM, a file system with parts on other
# devices) is refused with the reason before anything is written.
# limit: 240
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"

root_mib=320 # XFS takes no less than 300

make_file() # NAME MIB
{
    rm -f "$1"
    truncate -s "$2M" "$1"
}

# with_root FILE OUT: the image with the volume in FILE as its root.
with_root()
{
    local offset size
    cp --sparse=always base.raw "$2"
    read -r offset size < <(tiny_partition "$2" 1)
    [ "$(stat -c %s "$1")" -le "$size" ] || fail "$1 is larger than the partition"
    dd if=/dev/zero of="$2" bs=1M seek="$offset" count="$size" oflag=seek_bytes iflag=count_bytes conv=notrunc status=none
    dd if="$1" of="$2" bs=1M seek="$offset" oflag=seek_bytes conv=notrunc,sparse status=none
}

# xfs_protofile FOLDER: plain files of it, as mkfs.xfs -p wants them.
xfs_protofile()
{
    local path name
    printf '/nothing\n0 0\nd--755 0 0\n'
    for path in "$1"/data/*; do
        [ -L "$path" ] || { name=${path##*/}; printf '%s ---644 0 0 %s\n' "$name" "$path"; }
    done
    printf '$\n'
}

make_btrfs()
{
    make_file btrfs.root $root_mib
    mkfs.btrfs -q -L cloudimg-rootfs --rootdir files btrfs.root >mkfs.log
}
check_btrfs()
{
    btrfs check -p "$1" >check.log 2>&1 || { cat check.log; fail "btrfs check"; }
    rm -rf restored
    mkdir restored
    btrfs restore -S "$1" restored >restore.log 2>&1 || { cat restore.log; fail "btrfs restore"; }
    diff -r files/data restored/data || fail "the files in the btrfs"
}

make_xfs()
{
    make_file xfs.root $root_mib
    xfs_protofile files >files.proto
    mkfs.xfs -q -L root -p files.proto xfs.root
}
check_xfs()
{
    xfs_repair -n "$1" >check.log 2>&1 || { cat check.log; fail "xfs_repair -n"; }
    xfs_db -r -c 'path /' -c ls "$1" | grep -q 'random' || fail "the files in the XFS"
}

make_f2fs()
{
    make_file f2fs.root $root_mib
    mkfs.f2fs -q -l cloudimg-rootfs f2fs.root >mkfs.log
    sload.f2fs -f files f2fs.root >>mkfs.log
}
check_f2fs()
{
    fsck.f2fs --dry-run "$1" >check.log 2>&1 || { cat check.log; fail "fsck.f2fs"; }
    ! grep -q 'ASSERT\|Fail' check.log || { cat check.log; fail "fsck.f2fs found something"; }
}

# No file system of its own says which blocks are free: all of it is there, also what is zero.
expect_round_trip() # TYPE
{
    local type=$1 size
    "make_$type"
    "check_$type" "$type.root"
    with_root "$type.root" "$type.raw"
    rm -f "$type.key"
    expect_code 0 "$COLDSEAL" encrypt "$type.raw" "$type.pool.qcow2" --key-out "$type.key" --no-prepare --json
    jq -e --argjson root $((root_mib << 20)) '.written_bytes >= $root and (.warnings | any(contains("every sector was encrypted")))' "$TMP/out" >/dev/null ||
        fail "report: $(cat "$TMP/out")"
    qemu-img check -q "$type.pool.qcow2" || fail "qemu-img check"
    luks_decrypt "$type.pool.qcow2" "$type.key" "$type.found"
    size=$(stat -c %s "$type.root")
    cmp -n "$size" "$type.root" "$type.found" || fail "cryptsetup decrypts to another $type"
    expect_code 0 "$COLDSEAL" decrypt "$type.pool.qcow2" "$type.back.raw" --key-file "$type.key"
    tiny_extract "$type.back.raw" 1 "$type.back"
    cmp -n "$size" "$type.root" "$type.back" || fail "decrypt gives another $type"
    truncate -s "$size" "$type.back"
    "check_$type" "$type.back"
    rm -f "$type".{raw,back.raw,pool.qcow2,found,back}
}

# expect_refused VOLUME PATTERN
expect_refused()
{
    with_root "$1" refused.raw
    rm -f refused.key
    expect_refusal 7 "$2" "$COLDSEAL" encrypt refused.raw refused.out --key-out refused.key --no-prepare
    expect_refusal 7 "$2" "$COLDSEAL" encrypt refused.raw refused.out --key-out refused.key
    expect_refusal 7 "$2" "$COLDSEAL" prepare refused.raw refused.out
    [ ! -e refused.out ] || fail "an output was left"
    [ ! -e refused.key ] || fail "a key was left"
    expect_code 0 "$COLDSEAL" inspect refused.raw
}

tiny_root files
tiny_image base.raw $root_mib files
for type in btrfs xfs f2fs; do
    note "$type: encrypted whole, and what comes back is the same"
    expect_round_trip $type
done

note "btrfs on two devices"
make_file one $root_mib
make_file two $root_mib
mkfs.btrfs -q -L cloudimg-rootfs one two >mkfs.log
expect_refused one 'root .partition 1. holds btrfs that has part of it on another device'
expect_refused two 'btrfs that has part of it on another device'

note "XFS with its log, or with files, elsewhere"
make_file log 80
make_file one $root_mib
mkfs.xfs -q -f -l logdev=log,size=64m one
expect_refused one 'xfs that has its log on another device'
make_file one $root_mib
mkfs.xfs -q -f -r rtdev=two one
expect_refused one 'xfs that has its realtime section on another device'

note "F2FS on two devices"
make_file one $root_mib
make_file two $root_mib
mkfs.f2fs -q -f -c two one >mkfs.log
expect_refused one 'f2fs that has part of it on another device'

note "ext4 with its journal elsewhere"
make_file journal 64
mke2fs -q -O journal_dev -b 4096 journal
make_file one $root_mib
mke2fs -q -t ext4 -b 4096 -O ^has_journal one
# What "mke2fs -J device=" does, which wants a block device: has_journal, no inode of a journal.
debugfs -w -R "feature has_journal" one >/dev/null 2>&1
debugfs -w -R "set_super_value journal_uuid $(dumpe2fs -h journal 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')" one >/dev/null 2>&1
debugfs -w -R "set_super_value journal_dev 0x801" one >/dev/null 2>&1
dumpe2fs -h one 2>/dev/null | grep -q '^Journal device:' || fail "no ext4 with a journal elsewhere"
expect_refused one 'ext4 that has its journal on another device'

note "LVM, as root and beside it"
# LVM2, lib/format_text/layout.h: label_header in sector 1, then pv_header; blkid checks the sum.
lvm_label() # FILE
{
    python3 - "$1" <<'PYTHON'
import struct, sys, zlib
file = open(sys.argv[1], "r+b")
body = struct.pack("<I8s32sQ", 32, b"LVM2 001", b"coldsealcoldsealcoldsealcoldseal", 320 << 20).ljust(512 - 20, b"\0")
crc = zlib.crc32(body, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff
file.seek(512)
file.write(struct.pack("<8sQI", b"LABELONE", 1, crc) + body)
PYTHON
    [ "$(blkid -p -s TYPE -o value "$1")" = LVM2_member ] || fail "blkid sees no LVM in $1"
}
make_file pv $root_mib
lvm_label pv
expect_refused pv 'partition 1 is in LVM, which may span more partitions'
cp --sparse=always base.raw beside.raw
sgdisk -n 2:0:+4M beside.raw >/dev/null
make_file part 4
lvm_label part
dd if=part of=beside.raw bs=1M seek="$(tiny_partition beside.raw 2 | cut -d' ' -f1)" oflag=seek_bytes conv=notrunc status=none
expect_refusal 7 'partition 2 is in LVM' "$COLDSEAL" encrypt beside.raw refused.out --key-out refused.key --no-prepare --root-partition 1
[ ! -e refused.out ] || fail "an output was left"
