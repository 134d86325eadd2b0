#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images that lib/image makes: qemu-img finds their metadata consistent and their bytes right, they
# are sparse, deterministic, complete or absent, and an overlay reads through.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
cd "$TMP" || exit
disk_cat=$BUILD/tests/tools/disk_cat

check_clean()
{
    qemu-img check -q "$1" || fail "qemu-img check $1"
}

# fill OFFSET LENGTH CHARACTER
fill()
{
    head -c "$2" < <(tr '\0' "$3" </dev/zero) |
        dd of=expected.raw bs=64k seek="$1" oflag=seek_bytes conv=notrunc status=none
}

make_expected()
{
    truncate -s 8M expected.raw
    fill $((7 << 20)) 100 d
    fill 65526 20 b
    fill $((3 << 20)) $(((1 << 20) + 513)) c
    fill 0 512 a
    fill $(((8 << 20) - 512)) 512 e
}

partial_writes()
{
    local format
    for format in raw qcow2; do
        note "parts of clusters, out of order, $format"
        "$disk_cat" scatter $format "scatter.$format" >read-back
        expect_same read-back expected.raw
        qemu-img convert -f $format -O raw "scatter.$format" converted.raw
        expect_same converted.raw expected.raw
        [ $(($(stat -c %b "scatter.$format") * 512)) -lt 2500000 ] || fail "$format is not sparse"
    done
    check_clean scatter.qcow2
    qemu-img map --output=json scatter.qcow2 >map.json
    # Clusters 0, 1, 48 to 64, 112 and 127 were asked for, and no other.
    [ "$(jq '[.[] | select(.data) | .length] | add' map.json)" = $((21 * 65536)) ] ||
        fail "other clusters than those asked for are allocated"
}

deterministic()
{
    note "the same bytes each time"
    cp scatter.qcow2 first.qcow2
    "$disk_cat" scatter qcow2 scatter.qcow2 >/dev/null
    expect_same first.qcow2 scatter.qcow2
}

large_disks()
{
    note "disks with many tables"
    rm -f sparse.raw
    truncate -s 5T sparse.raw
    for at in 0 536870911 536870912 1099511627776 5497558138368; do
        printf 'X%.0s' {1..512} | dd of=sparse.raw bs=1 seek=$((at > 512 ? at - 512 : at)) \
            conv=notrunc status=none
    done
    for format in qcow2 raw; do
        rm -f out.$format
        "$disk_cat" copy $format sparse.raw out.$format
        qemu-img compare -q -f raw -F $format sparse.raw out.$format || fail "5 TiB $format"
    done
    check_clean out.qcow2
    note "more clusters than one refcount block counts"
    "$disk_cat" plan dense.qcow2 $((2500 << 20))
    check_clean dense.qcow2
    [ "$(qemu-img check --output=json dense.qcow2 | jq '."allocated-clusters"')" = 40000 ] ||
        fail "not all clusters are allocated"
}

empty_disks()
{
    note "disks without data"
    for size in 0 512 20M; do
        rm -f empty.raw out.qcow2 out.raw
        truncate -s $size empty.raw
        "$disk_cat" copy qcow2 empty.raw out.qcow2
        "$disk_cat" copy raw empty.raw out.raw
        check_clean out.qcow2
        [ "$(qemu-img info --output=json out.qcow2 | jq '."virtual-size"')" = \
            "$(stat -c %s empty.raw)" ] || fail "size of out.qcow2"
        expect_same out.raw empty.raw
    done
}

overlays()
{
    local path=$TMP/base.qcow2
    note "overlay"
    qemu-img convert -O qcow2 expected.raw base.qcow2
    "$disk_cat" overlay over.qcow2 $((8 << 20)) "$path" qcow2
    check_clean over.qcow2
    [ "$(qemu-img info --output=json over.qcow2 | jq -r '."full-backing-filename"')" = "$path" ] ||
        fail "backing file of the overlay"
    [ "$(qemu-img info --output=json over.qcow2 | jq -r '."backing-filename-format"')" = qcow2 ] ||
        fail "backing format of the overlay"
    qemu-img compare -q over.qcow2 expected.raw || fail "the overlay is not what it lies over"
    qemu-io -c 'write -P 77 1M 100k' over.qcow2 >qemu-io.log
    check_clean over.qcow2
    qemu-img convert -O raw over.qcow2 changed.raw
    "$disk_cat" cat over.qcow2 base.qcow2 | cmp - changed.raw || fail "cat of the overlay"
    "$disk_cat" overlay wide.qcow2 $((40 << 40)) "$path" raw
    check_clean wide.qcow2
    expect_refusal 70 'form of a protocol' "$disk_cat" overlay bad.qcow2 1048576 nbd:localhost:10809 raw
}

complete_or_absent()
{
    note "an existing file stays, a bad input leaves nothing"
    echo precious >precious.qcow2
    expect_refusal 3 'exists' "$disk_cat" copy qcow2 base.qcow2 precious.qcow2
    [ "$(cat precious.qcow2)" = precious ] || fail "precious.qcow2 was touched"
    qemu-img convert -c -O qcow2 expected.raw bad.qcow2
    "$disk_cat" cat bad.qcow2 >/dev/null
    # The first cluster's deflate stream, at the offset that the first L2 entry gives.
    dd if=/dev/zero of=bad.qcow2 bs=1 seek="$(first_stored bad.qcow2)" count=40 conv=notrunc status=none
    expect_refusal 4 'compressed cluster' "$disk_cat" copy raw bad.qcow2 absent.raw
    find . -name '*absent*' | grep . && fail "something of the output is left"
    note "no room"
    # shellcheck disable=SC2016 # for the inner shell
    expect_refusal 3 'too large' bash -c 'ulimit -f 1000; trap "" XFSZ; exec "$0" "$@"' \
        "$disk_cat" copy qcow2 base.qcow2 absent.qcow2
    find . -name '*absent*' | grep . && fail "something of the output is left"
    return 0
}

first_stored()
{
    local l1 l2 entry
    l1=$((16#$(od -An -v -tx1 -j40 -N8 "$1" | tr -d ' ')))
    l2=$((16#$(od -An -v -tx1 -j$l1 -N8 "$1" | tr -d ' ') & 0x00fffffffffffe00))
    entry=$((16#$(od -An -v -tx1 -j$l2 -N8 "$1" | tr -d ' ')))
    [ $((entry >> 62 & 1)) = 1 ] || fail "the first cluster of $1 is not compressed"
    echo $((entry & 0x003fffffffffffff))
}

make_expected
partial_writes
deterministic
large_disks
empty_disks
overlays
complete_or_absent
