#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Used blocks of ext2/3/4 volumes of many shapes: exactly what dumpe2fs does not call free, and a
# volume with zeros everywhere else is clean and holds the same files.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

show="$BUILD/tests/tools/layout_show"
cd "$TMP"

make_tree()
{
    local i
    mkdir -p tree/a/b/c tree/empty tree/many
    head -c 3000000 /dev/urandom >tree/large
    head -c 100 /dev/urandom >tree/small
    head -c 70000 /dev/urandom >tree/a/b/c/deep
    ln -s a/b/c/deep tree/link
    ln -s /a/b/../b/c/deep tree/absolute
    truncate -s 20M tree/hole
    printf end >>tree/hole
    for i in $(seq 200); do
        echo "$i" >"tree/many/file-$i"
    done
}

# Deleted and rewritten files leave free blocks with old bytes in them.
churn()
{
    local i
    {
        for i in $(seq 1 3 200); do
            echo "rm /many/file-$i"
        done
        echo "rm /large"
        echo "write churned /a/churned"
        echo "write tree/large /a/again"
        echo "mkdir /new"
        echo "write tree/small /new/small"
    } | debugfs -w -f - fs >/dev/null 2>&1
}

# "first last" lines of free blocks, merged, as dumpe2fs tells them; with bigalloc it names each
# cluster by its first block.
free_by_dumpe2fs()
{
    dumpe2fs fs 2>/dev/null | sed -n 's/^  Free blocks: //p' | tr ',' '\n' | tr -d ' ' |
        awk -F- -v more="$(($1 - 1))" -v blocks="$2" 'NF && $1 != "" {
            last = (NF > 1 ? $2 : $1) + more
            print $1, (last < blocks ? last : blocks - 1) }' | merge
}

# NAME: a number of the superblock.
super()
{
    dumpe2fs -h fs 2>/dev/null | sed -n "s/^$1: *//p"
}

merge()
{
    sort -n | awk 'n && $1 <= last + 1 { if ($2 > last) last = $2; next }
        n { print first, last } { first = $1; last = $2; n = 1 } END { if (n) print first, last }'
}

# The complement of our list, in blocks; ranges must be whole blocks.
free_by_us()
{
    awk -v block="$1" -v size="$2" 'NR == 1 { next }
        $1 % block || ($2 % block && $1 + $2 != size) { print "odd range", $0 }
        $1 > at { print at / block, $1 / block - 1 } { at = $1 + $2 }
        END { if (at < size) print at / block, size / block - 1 }' ours
}

compare_files()
{
    rm -rf dumped-fs dumped-kept
    mkdir dumped-fs dumped-kept
    debugfs -R "rdump / dumped-fs" fs >/dev/null 2>&1
    debugfs -R "rdump / dumped-kept" kept >/dev/null 2>&1
    [ "$(find dumped-fs -type f | wc -l)" -gt 100 ] || fail "$1: too few files were dumped"
    diff -r --no-dereference dumped-fs dumped-kept || fail "$1: files differ"
}

# SIZE ROOM OPTIONS…: ROOM is what the partition has behind the file system.
check()
{
    local size=$1 room=$2 what block cluster
    shift 2
    what="mke2fs $* $size"
    rm -f fs kept
    mke2fs -q -F "$@" -d tree fs "$size" >mke2fs.log 2>&1 || fail "$what: $(cat mke2fs.log)"
    churn
    # debugfs does not keep account.
    [[ $* != *quota* ]] || e2fsck -fy fs >/dev/null 2>&1 || true
    e2fsck -fn fs >/dev/null 2>&1 || fail "$what: the test's own volume is not clean"
    truncate -s "+$room" fs
    block=$(super "Block size")
    cluster=$(super "Cluster size")
    "$show" used fs >ours
    [ "$(head -n 1 ours)" = "reliable 1" ] || fail "$what: not reliable"
    free_by_us "$block" "$(stat -c %s fs)" >free-ours
    free_by_dumpe2fs "$((${cluster:-$block} / block))" "$(super "Block count")" >free-theirs
    diff free-theirs free-ours >&2 || fail "$what: free blocks differ"
    [ -s free-ours ] || fail "$what: no free block at all"
    "$show" keep fs kept
    e2fsck -fn kept >e2fsck.log 2>&1 || { cat e2fsck.log >&2; fail "$what: not clean"; }
    compare_files "$what"
    cmp <("$show" file fs /a/b/c/deep) tree/a/b/c/deep || fail "$what: /a/b/c/deep"
    cmp <("$show" file fs /absolute) tree/a/b/c/deep || fail "$what: absolute link"
    cmp <("$show" file fs /link) tree/a/b/c/deep || fail "$what: link"
    cmp <("$show" file fs /hole) tree/hole || fail "$what: file with a hole"
    note "$what: $(wc -l <free-ours) free runs"
}

make_tree
head -c 500000 /dev/urandom >churned

check 300M 0 -t ext4
check 300M 1M -t ext4 -b 4096
check 64M 512 -t ext4 -b 1024
check 96M 0 -t ext4 -b 2048
check 64M 3584 -t ext2 -b 1024
check 64M 0 -t ext2 -b 4096
check 64M 0 -t ext3 -b 1024
check 300M 0 -t ext4 -O bigalloc -C 65536
check 64M 0 -t ext4 -b 1024 -O bigalloc -C 16384
check 300M 0 -t ext4 -O 64bit,metadata_csum
check 300M 0 -t ext4 -O ^64bit,^metadata_csum,uninit_bg
check 200M 0 -t ext4 -b 1024 -O ^metadata_csum,uninit_bg
check 300M 0 -t ext4 -O ^flex_bg
check 64M 0 -t ext4 -b 1024 -O ^flex_bg,^resize_inode
check 200M 0 -t ext4 -b 1024 -O sparse_super2
check 200M 0 -t ext4 -b 1024 -O ^sparse_super,^resize_inode
check 200M 0 -t ext4 -b 1024 -O meta_bg,^resize_inode
check 200M 0 -t ext4 -b 1024 -g 1024
check 200M 0 -t ext4 -b 1024 -G 64 -N 4096
check 300M 0 -t ext4 -O ^has_journal
check 300M 0 -t ext4 -O inline_data,metadata_csum_seed
check 300M 0 -t ext4 -O quota
check 300M 0 -t ext4 -E lazy_itable_init=1,packed_meta_blocks=1
check 64M 0 -t ext4 -O mmp -b 1024
