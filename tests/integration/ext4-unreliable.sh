#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ext4 volumes whose bitmaps are not to be trusted: then every byte counts as used. And volumes that
# are refused, in bounded time.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

show="$BUILD/tests/tools/layout_show"
cd "$TMP"
mkdir tree
head -c 300000 /dev/urandom >tree/file

make_good()
{
    rm -f fs
    mke2fs -q -F -t ext4 "$@" -d tree fs 64M >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
    "$show" used fs >ours
    [ "$(head -n 1 ours)" = "reliable 1" ] || fail "good volume is not reliable ($*)"
}

expect_whole()
{
    "$show" used fs >ours || fail "$1: refused"
    printf 'reliable 0\n0 %s\n' "$(stat -c %s fs)" | cmp -s - ours || fail "$1: $(head -n 3 ours)"
    note "$1"
}

# A block of group 0, from dumpe2fs: "Block bitmap", "Inode bitmap", …
block_of()
{
    dumpe2fs fs 2>/dev/null | sed -n "s/^ *$1 at \([0-9]*\).*/\1/p" | sed -n 1p
}

# FIRST BYTE OCTAL: overwrites one byte.
poke()
{
    # shellcheck disable=SC2059 # the octal escape is the point
    printf "\\$2" | dd of=fs bs=1 seek="$1" conv=notrunc status=none
}

make_good
debugfs -w -R "feature needs_recovery" fs >/dev/null 2>&1
dumpe2fs -h fs 2>/dev/null | grep needs_recovery >/dev/null || fail "needs_recovery has not landed"
expect_whole "journal to be replayed"

make_good
debugfs -w -R "ssv state 3" fs >/dev/null 2>&1
dumpe2fs -h fs 2>/dev/null | grep "Filesystem state:.*with errors" >/dev/null || fail "has not landed"
expect_whole "errors flag"

make_good -O ^has_journal
debugfs -w -R "ssv state 0" fs >/dev/null 2>&1
dumpe2fs -h fs 2>/dev/null | grep "Filesystem state:.*not clean" >/dev/null || fail "has not landed"
expect_whole "not unmounted cleanly"

make_good -b 1024
at=$(($(block_of "Block bitmap") * 1024 + 1020))
poke "$at" 125
expect_whole "bitmap with a wrong checksum"

make_good -b 1024 -O ^metadata_csum,^uninit_bg
poke "$(($(block_of "Block bitmap") * 1024 + 1))" 000
expect_whole "bitmap that calls used blocks free"

make_good -b 1024 -O ^metadata_csum,^uninit_bg
poke "$(($(block_of "Block bitmap") * 1024 + 1))" 177
expect_whole "bitmap that calls one block of metadata free"

free_in_group()
{
    dumpe2fs fs 2>/dev/null |
        awk -v group="$1" '/^Group / { at = $2 + 0 } / free blocks, / && at == group { print $1 }'
}

# Frees a block of /file in the bitmap, and sets the group's count of free blocks (and checksums, where
# there are any) as they would be: only the file itself tells.
free_file_block()
{
    local block group count
    block=$(debugfs -R "blocks /file" fs 2>/dev/null | awk '{ print $50 }')
    group=$(((block - 1) / 8192))
    count=$(free_in_group "$group")
    debugfs -w -R "freeb $block" fs >/dev/null 2>&1
    debugfs -w -R "set_bg $group free_blocks_count $((count + 1))" fs >/dev/null 2>&1
    debugfs -w -R "set_bg $group checksum calc" fs >/dev/null 2>&1
    debugfs -R "testb $block" fs 2>/dev/null | grep "not in use" >/dev/null ||
        fail "freeb has not landed"
    [ "$(free_in_group "$group")" = "$((count + 1))" ] || fail "the count has not landed"
}

make_good -b 1024 -O ^metadata_csum,^uninit_bg
free_file_block
expect_whole "bitmap that calls a file's block free"
make_good -b 1024
free_file_block
expect_whole "the same with checksums made right"

make_good -b 1024
debugfs -w -R "sif /file block[5] 99999" fs >/dev/null 2>&1
expect_whole "file with a damaged tree of blocks"

make_good -b 1024
debugfs -w -R "set_bg 0 flags 2" fs >/dev/null 2>&1
debugfs -w -R "set_bg 0 checksum calc" fs >/dev/null 2>&1
dumpe2fs fs 2>/dev/null | grep "Group 0.*BLOCK_UNINIT" >/dev/null || fail "flag has not landed"
expect_whole "group in use that is said to be uninitialised"

make_good -b 1024
debugfs -w -R "set_bg 2 free_blocks_count 7" fs >/dev/null 2>&1
debugfs -w -R "set_bg 2 checksum 1" fs >/dev/null 2>&1
expect_whole "group descriptor with a wrong checksum"

make_good -b 1024 -O ^metadata_csum,^uninit_bg
debugfs -w -R "set_bg 3 inode_table 4000000" fs >/dev/null 2>&1
if "$show" used fs >ours 2>err; then expect_whole "inode table outside the volume"; fi
grep -q . err && note "inode table outside the volume: $(cat err)"

make_good
truncate -s 60M fs
expect_refusal 4 "larger than its partition" "$show" used fs

make_good -O ^metadata_csum,^uninit_bg
poke $((1024 + 0x63)) 200
expect_code 7 "$show" used fs
note "unknown incompatible feature: $(cat "$TMP/err")"

make_good -O ^metadata_csum,^uninit_bg
poke $((1024 + 0x67)) 100
expect_whole "unknown read-only feature"

make_good
poke $((1024 + 0x18)) 100
expect_code 4 "$show" used fs
make_good
dd if=/dev/zero of=fs bs=1024 seek=1 count=1 conv=notrunc status=none
expect_refusal 4 "no superblock" "$show" used fs

# Links that lead to themselves, folders that are files, names that are not there.
make_good
debugfs -w -R "symlink loop loop" fs >/dev/null 2>&1
expect_code 4 "$show" file fs /loop
expect_code 4 "$show" file fs /file/file
expect_code 4 "$show" file fs /none
expect_code 4 "$show" file fs /lost+found
cmp <("$show" file fs /file) tree/file || fail "/file"
