#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What lib/image reads from images that qemu-img and qemu-io make is, byte for byte, what
# qemu-img convert makes of them.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
cd "$TMP" || exit
disk_cat=$BUILD/tests/tools/disk_cat

# text BYTES OFFSET: text that compresses.
text()
{
    head -c "$1" < <(seq 1000000 1999999) |
        dd of=source.raw bs=64k seek="$2" oflag=seek_bytes conv=notrunc status=none
}

# A disk with text, noise and holes, 24 MiB and three sectors long.
make_source()
{
    truncate -s $((24 * 1048576 + 1536)) source.raw
    text 3000000 0
    head -c 2000001 /dev/urandom | dd of=source.raw bs=1M seek=5 conv=notrunc status=none
    text 3100000 $((9 * 1048576))
    text 6536 $((24 * 1048576 - 5000))
}

# check_read IMAGE: read through, in pieces by eight threads, and by its extents.
check_read()
{
    qemu-img convert -O raw "$1" expected.raw
    "$disk_cat" cat "$1" | cmp - expected.raw || fail "cat of $1"
    "$disk_cat" random "$1" 11 | cmp - expected.raw || fail "random reads of $1"
    rm -f copy.raw
    "$disk_cat" copy raw "$1" copy.raw || fail "copy of $1"
    cmp copy.raw expected.raw || fail "extents of $1"
}

check_matrix()
{
    local cluster compat compress
    for cluster in 512 1k 4k 64k 256k 2M; do
        for compat in 0.10 1.1; do
            for compress in "" -c; do
                note "cluster size $cluster, compat $compat ${compress:+compressed}"
                # shellcheck disable=SC2086 # no word when empty
                qemu-img convert $compress -O qcow2 -o "cluster_size=$cluster,compat=$compat" \
                    source.raw matrix.qcow2
                check_read matrix.qcow2
            done
        done
    done
}

check_refcount_widths()
{
    local bits
    for bits in 1 2 4 8 16 32 64; do
        note "refcount_bits $bits"
        qemu-img convert -O qcow2 -o "cluster_size=4k,refcount_bits=$bits" source.raw width.qcow2
        check_read width.qcow2
    done
}

# Both kinds of zero clusters, discarded clusters, rewritten compressed clusters.
check_clusters()
{
    local cluster
    for cluster in 4k 64k; do
        note "zero, discarded and rewritten clusters of $cluster"
        qemu-img convert -c -O qcow2 -o "cluster_size=$cluster" source.raw clusters.qcow2
        qemu-io -c 'write -P 7 1M 300k' -c 'write -z 1100k 64k' -c 'write -z -u 5M 256k' \
            -c 'write -P 3 5200k 1k' -c 'discard 6M 512k' -c 'write -P 9 14M 1M' \
            -c 'discard 14100k 128k' -c 'write -z -u 20M 1M' clusters.qcow2 >qemu-io.log
        check_read clusters.qcow2
        "$disk_cat" map clusters.qcow2 | grep -q zero || fail "no zero extents"
    done
}

check_zstd()
{
    local cluster
    for cluster in 512 64k 2M; do
        note "zstd, clusters of $cluster"
        qemu-img convert -c -O qcow2 -o "compression_type=zstd,cluster_size=$cluster" \
            source.raw zstd.qcow2
        check_read zstd.qcow2
    done
}

# Subclusters with data, zeros and nothing, in clusters of their own and over a backing file.
check_extended()
{
    local cluster
    for cluster in 16k 64k 2M; do
        note "extended L2 entries, clusters of $cluster"
        qemu-img convert -c -O qcow2 \
            -o "extended_l2=on,cluster_size=$cluster,compression_type=zstd" source.raw sub.qcow2
        scribble sub.qcow2
        check_read sub.qcow2
        qemu-img convert -O qcow2 -o "extended_l2=on,cluster_size=$cluster" source.raw sub.qcow2
        scribble sub.qcow2
        check_read sub.qcow2
        qemu-img create -q -f qcow2 -F raw -b source.raw \
            -o "extended_l2=on,cluster_size=$cluster" over.qcow2
        scribble over.qcow2
        qemu-img convert -O raw over.qcow2 expected.raw
        "$disk_cat" cat over.qcow2 source.raw | cmp - expected.raw || fail "cat with backing"
    done
}

scribble()
{
    qemu-io -c 'write -P 7 1M 1k' -c 'write -P 8 1028k 512' -c 'write -z 1030k 3k' \
        -c 'write -z -u 3M 2560' -c 'write -P 6 3074k 4k' -c 'discard 5M 6k' \
        -c 'write -P 9 11M 70k' -c 'write -P 1 17M 513' -c 'discard 17409k 1k' "$1" >qemu-io.log
}

check_sizes()
{
    local size
    for size in 512 1536 65024 65536 66048 33553920; do
        note "a disk of $size bytes"
        rm -f small.raw
        truncate -s "$size" small.raw
        printf 'end' | dd of=small.raw bs=1 seek=$((size - 3)) conv=notrunc status=none
        qemu-img convert -O qcow2 small.raw small.qcow2
        check_read small.qcow2
        qemu-img convert -c -O qcow2 small.raw small.qcow2
        check_read small.qcow2
    done
}

check_allocation()
{
    local kind
    for kind in metadata falloc full; do
        note "preallocation $kind"
        qemu-img create -q -f qcow2 -o "preallocation=$kind" allocation.qcow2 20M
        qemu-io -c 'write -P 5 3M 70k' allocation.qcow2 >qemu-io.log
        check_read allocation.qcow2
    done
    note "a cluster at the end of the file that is cut short"
    qemu-img create -q -f qcow2 short.qcow2 20M
    qemu-io -c 'write -P 5 3M 64k' short.qcow2 >qemu-io.log
    truncate -s -1000 short.qcow2
    check_read short.qcow2
    note "nothing allocated, and no disk at all"
    qemu-img create -q -f qcow2 empty.qcow2 3T
    [ "$("$disk_cat" map empty.qcow2)" = "0 3298534883328 zero" ] || fail "map of an empty disk"
    qemu-img create -q -f qcow2 none.qcow2 0
    [ -z "$("$disk_cat" map none.qcow2)" ] || fail "map of a disk of no bytes"
}

check_histories()
{
    local options
    for options in compat=0.10 compat=0.10,cluster_size=512 cluster_size=2M refcount_bits=64 \
        compression_type=zstd,cluster_size=4k extended_l2=on,cluster_size=16k \
        extended_l2=on,compression_type=zstd,refcount_bits=32; do
        note "internal snapshots: $options"
        qemu-img convert -c -O qcow2 -o "$options" source.raw snapshots.qcow2
        qemu-img snapshot -c one snapshots.qcow2
        qemu-io -c 'write -P 1 0 1M' -c 'write -P 2 5M 3k' snapshots.qcow2 >qemu-io.log
        qemu-img snapshot -c two snapshots.qcow2
        scribble snapshots.qcow2
        check_read snapshots.qcow2
    done
    for options in lazy_refcounts=on lazy_refcounts=on,cluster_size=4k,refcount_bits=1 \
        lazy_refcounts=on,extended_l2=on,compression_type=zstd; do
        note "an image that was not closed: $options"
        qemu-img convert -O qcow2 -o "$options" source.raw dirty.qcow2
        qemu-io -c 'write -P 1 14M 1M' -c abort dirty.qcow2 >qemu-io.log 2>&1 || true
        (($(od -An -tu1 -j79 -N1 dirty.qcow2) & 1)) || fail "dirty bit is not set"
        "$disk_cat" cat dirty.qcow2 >dirty.raw
        check_read dirty.qcow2 # qemu-img repairs it first
        expect_same dirty.raw expected.raw
    done
    note "clusters compressed by many threads"
    qemu-img convert -c -m 16 -W -O qcow2 source.raw threads.qcow2
    check_read threads.qcow2
}

check_backing()
{
    local size
    for size in 20M 40M; do
        note "over a backing file, $size"
        rm -f top.qcow2
        qemu-img convert -c -O qcow2 source.raw base.qcow2
        qemu-img create -q -f qcow2 -F qcow2 -b base.qcow2 top.qcow2 "$size"
        qemu-io -c 'write -P 2 1M 3k' -c 'write -z 5M 128k' -c 'write -P 8 18M 1M' \
            top.qcow2 >qemu-io.log
        qemu-img convert -O raw top.qcow2 expected.raw
        "$disk_cat" cat top.qcow2 base.qcow2 | cmp - expected.raw || fail "cat with backing"
        "$disk_cat" map top.qcow2 base.qcow2 >found-map
        qemu-img map --output=json top.qcow2 | jq -r '.[] | [.start, .length, if .zero then
            "zero" else "data" end] | join(" ")' | join_extents >expected-map
        diff expected-map found-map || fail "map with backing"
        expect_refusal 7 'backing file' "$disk_cat" cat top.qcow2
    done
}

# Neighbours of one kind made one.
join_extents()
{
    awk '$3 == kind { length_ += $2; next }
         kind { print start, length_, kind }
         { start = $1; length_ = $2; kind = $3 }
         END { print start, length_, kind }'
}

check_raw()
{
    note "raw files: holes, and a size that is not one of sectors"
    check_read source.raw
    "$disk_cat" map source.raw | grep -q zero || fail "no holes in a sparse file"
    head -c 70001 source.raw >odd.raw
    qemu-img convert -f raw -O raw odd.raw expected.raw
    "$disk_cat" cat odd.raw | cmp - expected.raw || fail "cat of odd.raw"
    expect_refusal 7 'multiple of 512' "$disk_cat" patch odd.raw 0 x
}

make_source
check_matrix
check_refcount_widths
check_clusters
check_zstd
check_extended
check_sizes
check_allocation
check_histories
check_backing
check_raw
