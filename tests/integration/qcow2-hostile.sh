#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hostile qcow2 images: each is a good one with one defect, which is shown to have landed; each is
# refused with the right exit code and reason, in little time and memory, and no other file is
# ever opened for it.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
cd "$TMP" || exit
disk_cat=$BUILD/tests/tools/disk_cat
# Of address space, and processor time: what any image may take. The build with ASan needs more
# address space than there is, so it goes without that limit.
limit_kib=262144
limit_seconds=20
if nm "$disk_cat" 2>/dev/null | grep -q __asan_init; then
    limit_kib=unlimited
fi

limited()
{
    (
        ulimit -v "$limit_kib" -t "$limit_seconds"
        # Each arena of malloc's reserves 64 MiB of address space for its thread.
        MALLOC_ARENA_MAX=1 exec "$@"
    )
}

# peek FILE OFFSET BYTES: hexadecimal.
peek()
{
    od -An -v -tx1 -j"$2" -N"$3" "$1" | tr -d ' \n'
}

# poke FILE OFFSET HEX: writes, and shows that it is there and was not before.
poke()
{
    local bytes=$((${#3} / 2)) before
    before=$(peek "$1" "$2" "$bytes")
    [ "$before" != "$3" ] || fail "$1 already has $3 at $2"
    printf '%s' "$3" | xxd -r -p |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
    [ "$(peek "$1" "$2" "$bytes")" = "$3" ] || fail "$3 did not land in $1 at $2"
}

number_at()
{
    echo $((16#$(peek "$1" "$2" 8)))
}

# host_offset ENTRY: bits 9 to 55 of the table entry.
host_offset()
{
    echo $(($1 & 0x00fffffffffffe00))
}

# defect NAME CODE PATTERN OFFSET HEX [IMAGE]: a copy of IMAGE (good.qcow2) with HEX at OFFSET, which
# cannot be opened.
defect()
{
    note "$1"
    cp "${6:-good.qcow2}" bad.qcow2
    poke bad.qcow2 "$4" "$5"
    expect_refusal "$2" "$3" limited "$disk_cat" cat bad.qcow2
    expect_refusal "$2" "$3" limited "$disk_cat" map bad.qcow2
}

# data_defect NAME PATTERN OFFSET HEX [IMAGE]: the same with good-zlib.qcow2, found when the data is
# read.
data_defect()
{
    note "$1"
    cp "${5:-good-zlib.qcow2}" bad.qcow2
    poke bad.qcow2 "$3" "$4"
    expect_refusal 4 "$2" limited "$disk_cat" cat bad.qcow2
    expect_refusal 4 "$2" limited "$disk_cat" random bad.qcow2 3
    expect_code 0 limited "$disk_cat" map bad.qcow2
}

make_good()
{
    truncate -s 8M plain.raw
    head -c 3000000 < <(seq 1000000 1999999) | dd of=plain.raw conv=notrunc status=none
    qemu-img convert -O qcow2 plain.raw good.qcow2
    qemu-img convert -O qcow2 -o compat=0.10 plain.raw good-v2.qcow2
    qemu-img convert -c -O qcow2 plain.raw good-zlib.qcow2
    qemu-img convert -O qcow2 -o cluster_size=4k plain.raw good-4k.qcow2
    qemu-img convert -O qcow2 -o extended_l2=on plain.raw good-extended.qcow2
    qemu-img convert -c -O qcow2 -o compression_type=zstd plain.raw good-zstd.qcow2
    for image in good good-v2 good-zlib good-4k good-extended good-zstd; do
        limited "$disk_cat" cat $image.qcow2 | cmp - plain.raw || fail "$image is not good"
    done
    file_bytes=$(stat -c %s good.qcow2)
    l1=$(number_at good.qcow2 40)
    l2=$(host_offset "$(number_at good.qcow2 "$l1")")
    zlib_l1=$(number_at good-zlib.qcow2 40)
    zlib_l2=$(host_offset "$(number_at good-zlib.qcow2 "$zlib_l1")")
}

# Offsets are those of the header's fields in docs/interop/qcow2.txt.
header_defects()
{
    defect "version 1" 7 'version 1' 4 00000001
    defect "version 4" 7 'version 4' 4 00000004
    defect "a backing file" 7 'backing file' 8 0000000000000200
    defect "a backing file beyond the end" 7 'backing file' 8 7fffffffffffff00
    defect "clusters of 256 bytes" 4 'cluster_bits 8 ' 20 00000008
    defect "clusters of 4 MiB" 4 'cluster_bits 22 ' 20 00000016
    defect "cluster_bits that shift too far" 4 'cluster_bits 4294967295' 20 ffffffff
    defect "a disk of 8 EiB" 4 'impossible' 24 8000000000000000
    defect "a disk of 16 EiB" 4 'impossible' 24 fffffffffffffe00
    defect "a disk of 8 EiB less a sector" 7 'too large' 24 7ffffffffffffe00
    defect "a disk of 2 EiB" 7 'too large' 24 2000000000000000
    defect "a disk larger than its L1 table" 4 'too small' 24 0000010000000000
    defect "a disk of no whole sectors" 7 'sector' 24 00000000007fffff
    defect "AES encryption" 7 'encrypted \(AES\)' 32 00000001
    defect "LUKS encryption" 7 'encrypted \(LUKS\)' 32 00000002
    defect "an encryption that does not exist" 4 'crypt_method 3' 32 00000003
    defect "no L1 entries" 4 'too small' 36 00000000
    defect "an L1 table larger than the file" 4 'L1 table' 36 00300000
    defect "an L1 table of 32 GiB" 4 'larger than any' 36 ffffffff
    defect "an L1 table that is not aligned" 4 'not aligned' 40 0000000000030008
    defect "an L1 table beyond the end" 4 'beyond the end' 40 0000000100000000
    defect "an L1 table at the end of numbers" 4 'beyond the end' 40 ffffffffffff0000
    defect "a refcount table that is not aligned" 4 'not aligned' 48 0000000000010200
    defect "a refcount table beyond the end" 4 'beyond the end' 48 7fffffffffff0000
    defect "a refcount table of 256 TiB" 4 'larger than any' 56 ffffffff
    defect "marked corrupt" 4 'marked corrupt' 72 0000000000000002
    defect "an external data file" 7 'external' 72 0000000000000004
    defect "a compression type that is zlib" 4 'contradicts' 72 0000000000000008
    defect "extended L2 entries in clusters that are too small" 4 'cluster_bits 12 .*extended' \
        72 0000000000000010 good-4k.qcow2
    defect "an unknown feature" 7 'unknown incompatible features 0x20' 72 0000000000000020
    defect "all unknown features" 7 'unknown incompatible' 72 ffffffffffffffe0
    defect "refcounts of 128 bits" 4 'refcount_order 7' 96 00000007
    defect "a header of 96 bytes" 4 'header_length 96' 100 00000060
    defect "a header longer than its cluster" 4 'header_length 65544' 100 00010008
    defect "a compression type without its feature bit" 4 'contradicts' 104 01
    defect "a compression type that does not exist" 7 'compression type 2 ' 104 02 good-zstd.qcow2
}

table_defects()
{
    defect "an L2 table that is not aligned" 4 'not aligned' "$l1" 8000000000040200
    defect "an L2 table beyond the end" 4 'beyond the end' "$l1" 8000000100000000
    defect "an L2 table at the last offset" 4 'beyond the end' "$l1" 80ffffffffff0000
    defect "an L2 table that is text" 4 'qcow2' "$l1" "$(printf '80%014x' $((file_bytes - 65536)))"
    defect "a data cluster that is not aligned" 4 'not aligned' "$l2" 8000000000050200
    defect "a data cluster beyond the end" 4 'beyond the end' $((l2 + 8)) 8000000100000000
    defect "a data cluster at the end" 4 'beyond the end' "$l2" \
        "$(printf '80%014x' $(((file_bytes + 65535) / 65536 * 65536)))"
    defect "an aligned zero cluster with an offset that is not" 4 'not aligned' "$l2" \
        8000000000050201
    defect "a zero cluster in version 2" 4 'version 2' "$l2" 0000000000000001 good-v2.qcow2
}

# The offset has 54 bits with 64 KiB clusters.
compressed_defects()
{
    local entry stored
    entry=$(number_at good-zlib.qcow2 "$zlib_l2")
    stored=$((entry & 0x003fffffffffffff))
    [ $((entry >> 62 & 1)) = 1 ] || fail "the first cluster is not compressed"
    defect "a compressed cluster beyond the end" 4 'beyond the end' "$zlib_l2" \
        4000000100000000 good-zlib.qcow2
    defect "a compressed cluster at the last offset" 4 'beyond the end' "$zlib_l2" \
        7fffffffffffffff good-zlib.qcow2
    data_defect "a cluster that was not deflated" 'compressed cluster at byte' "$stored" \
        "$(printf 'ff%.0s' {1..64})"
    data_defect "a compressed cluster that ends early" 'compressed cluster at byte' "$stored" 0300
    data_defect "a compressed cluster that is the header" 'compressed cluster at byte 0:' \
        "$zlib_l2" 4000000000000000
}

zstd_defects()
{
    local l2 stored
    l2=$(host_offset "$(number_at good-zstd.qcow2 "$(number_at good-zstd.qcow2 40)")")
    stored=$(($(number_at good-zstd.qcow2 "$l2") & 0x003fffffffffffff))
    [ "$(peek good-zstd.qcow2 "$stored" 4)" = 28b52ffd ] || fail "no zstd frame at $stored"
    data_defect "a cluster that is no zstd frame" 'zstd' "$stored" 00000000 good-zstd.qcow2
    data_defect "a zstd frame whose blocks are reserved" 'zstd' $((stored + 6)) \
        "$(printf 'ff%.0s' {1..64})" good-zstd.qcow2
    # RFC 8878: single segment, content of 0 bytes, one last raw block of 0 bytes.
    data_defect "a zstd frame of no bytes" 'zstd' "$stored" 28b52ffd2000010000 good-zstd.qcow2
    # … and one last block that repeats a byte 2 MiB times, where the cluster has 64 KiB.
    data_defect "a zstd frame of more than a cluster" 'zstd' "$stored" \
        28b52ffda000002000030010ff good-zstd.qcow2
}

# The second half of an entry: which subclusters read as zeros, which are allocated.
extended_defects()
{
    local l2
    l2=$(host_offset "$(number_at good-extended.qcow2 "$(number_at good-extended.qcow2 40)")")
    [ "$(peek good-extended.qcow2 $((l2 + 8)) 8)" = 00000000ffffffff ] || fail "no bitmap at $l2"
    defect "a subcluster that is zeros and data" 4 'contradicts' $((l2 + 8)) 00000001ffffffff \
        good-extended.qcow2
    defect "subclusters without a cluster" 4 'contradicts' "$l2" 0000000000000000 good-extended.qcow2
    defect "an extended entry with a zero flag" 4 'contradicts' "$l2" \
        "$(printf %016x $(($(number_at good-extended.qcow2 "$l2") | 1)))" good-extended.qcow2
}

# Many entries that name one place: little file, endless disk.
bombs()
{
    note "8192 guest clusters of one host cluster"
    cp good.qcow2 bad.qcow2
    poke bad.qcow2 24 0000000020000000
    for ((i = 0; i < 13; i++)); do
        dd if=bad.qcow2 of=bad.qcow2 bs=8 skip=$((l2 / 8)) seek=$((l2 / 8 + (1 << i))) \
            count=$((1 << i)) conv=notrunc status=none
    done
    [ "$(peek bad.qcow2 $((l2 + 65528)) 8)" = "$(peek bad.qcow2 "$l2" 8)" ] || fail "not landed"
    expect_refusal 4 'more clusters than' limited "$disk_cat" map bad.qcow2

    note "65536 L1 entries that share one L2 table"
    cp good.qcow2 bad.qcow2
    truncate -s 4M bad.qcow2
    qemu-img create -q -f qcow2 huge.qcow2 32T
    for ((i = 0; i < 65536; i++)); do printf '%b' '\x80\0\0\0\0\4\0\0'; done >shared-l1
    [ "$l2" = 262144 ] || fail "the L2 table is at $l2"
    dd if=shared-l1 of=bad.qcow2 bs=64k seek=64 conv=notrunc status=none
    poke bad.qcow2 24 0000200000000000
    poke bad.qcow2 36 00010000
    poke bad.qcow2 40 0000000000400000
    expect_refusal 4 'more clusters than' limited "$disk_cat" map bad.qcow2

    note "8192 guest clusters of one compressed cluster"
    cp good-zlib.qcow2 bad.qcow2
    poke bad.qcow2 24 0000000020000000
    for ((i = 0; i < 13; i++)); do
        dd if=bad.qcow2 of=bad.qcow2 bs=8 skip=$((zlib_l2 / 8)) \
            seek=$((zlib_l2 / 8 + (1 << i))) count=$((1 << i)) conv=notrunc status=none
    done
    [ "$(stat -c %s bad.qcow2)" -lt 1048576 ] || fail "the compressed image is not small"
    # 512 MiB out of less than 1 MiB is within what deflate can do: it is read, in bounded memory.
    limited "$disk_cat" cat bad.qcow2 | wc -c >count
    [ "$(cat count)" = 536870912 ] || fail "the disk has $(cat count) bytes"

    note "clusters that inflate to more than deflate can"
    for ((i = 1; i < 8; i++)); do
        poke bad.qcow2 $((zlib_l1 + i * 8)) "$(peek bad.qcow2 "$zlib_l1" 8)"
    done
    poke bad.qcow2 24 0000000100000000
    poke bad.qcow2 36 00000008
    expect_refusal 4 'more clusters than' limited "$disk_cat" map bad.qcow2
}

# Cut at each of these sizes, the file is refused or, behind its last byte in use, read.
truncations()
{
    local size
    note "cut short"
    for size in 4 8 71 72 100 103 104 110 512 65536 65600 131072 196608 262144 262145 327680; do
        head -c "$size" good.qcow2 >bad.qcow2
        expect_refusal 4 'qcow2' limited "$disk_cat" cat bad.qcow2
    done
}

# The names that a hostile header can hold are of files that exist; none of them is opened.
no_other_file()
{
    local name=$TMP/other-file
    note "no other file is opened"
    qemu-img create -q -f raw "$name" 8M
    qemu-img create -q -f qcow2 -F raw -b "$name" backing.qcow2
    qemu-img create -q -f qcow2 -o data_file="$TMP/data",data_file_raw=on data.qcow2 8M
    grep -q other-file backing.qcow2 || fail "no backing file's name"
    for image in backing.qcow2 data.qcow2; do
        expect_code 7 env ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=file -o trace "$disk_cat" cat $image
        grep -q "\"$image\"" trace || fail "strace saw nothing"
        ! grep -q 'other-file\|/data"' trace || fail "another file was touched"
    done
}

foreign_formats()
{
    note "other formats"
    for format in vmdk vhdx vdi qed vpc; do
        qemu-img convert -O "$format" plain.raw foreign
        expect_refusal 7 'make a raw or qcow2 image' limited "$disk_cat" cat foreign
    done
    gzip -k plain.raw
    expect_refusal 7 'gzip' limited "$disk_cat" cat plain.raw.gz
    mkfifo fifo
    expect_refusal 7 'neither' limited "$disk_cat" cat fifo
    expect_refusal 7 'neither' limited "$disk_cat" cat /dev/null
    expect_refusal 3 'No such file' limited "$disk_cat" cat absent
}

make_good
header_defects
table_defects
compressed_defects
zstd_defects
extended_defects
bombs
truncations
no_other_file
foreign_formats
