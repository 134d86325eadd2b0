#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Writing into an existing image: only where no metadata changes and nobody else looks, and not
# while QEMU has the image, nor QEMU while we have it.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
cd "$TMP" || exit
disk_cat=$BUILD/tests/tools/disk_cat

make_images()
{
    truncate -s 8M plain.raw
    head -c 3000000 < <(seq 1000000 1999999) | dd of=plain.raw conv=notrunc status=none
    qemu-img convert -O qcow2 plain.raw good.qcow2
    qemu-img convert -c -O qcow2 plain.raw zlib.qcow2
    cp good.qcow2 snapshots.qcow2
    qemu-img snapshot -c one snapshots.qcow2
    cp good.qcow2 bitmap.qcow2
    qemu-img bitmap --add bitmap.qcow2 changes
    qemu-img create -q -f qcow2 -F qcow2 -b good.qcow2 backing.qcow2
    qemu-img convert -O qcow2 -o lazy_refcounts=on plain.raw dirty.qcow2
    qemu-io -c 'write 5M 64k' -c abort dirty.qcow2 >qemu-io.log 2>&1 || true
}

table_entry()
{
    echo $((16#$(od -An -v -tx1 -j"$2" -N8 "$1" | tr -d ' ')))
}

put()
{
    printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

writes()
{
    local bits
    for bits in 1 2 4 8 16 32 64; do
        note "a write over the border of two clusters, refcount_bits $bits"
        qemu-img convert -O qcow2 -o "refcount_bits=$bits,cluster_size=4k" plain.raw write.qcow2
        cp plain.raw expected.raw
        put expected.raw 8190 hello
        size=$(stat -c %s write.qcow2)
        expect_code 0 "$disk_cat" patch write.qcow2 8190 hello
        qemu-img check -q write.qcow2 || fail "qemu-img check"
        qemu-img compare -q write.qcow2 expected.raw || fail "the write went elsewhere"
        [ "$(stat -c %s write.qcow2)" = "$size" ] || fail "the file grew"
    done
    note "raw"
    cp plain.raw write.raw
    cp plain.raw expected.raw
    put expected.raw 8190 hello
    expect_code 0 "$disk_cat" patch write.raw 8190 hello
    expect_same write.raw expected.raw
    expect_refusal 4 'outside the disk' "$disk_cat" patch write.raw $((8 * 1048576 - 2)) hello
}

# refuse CODE PATTERN IMAGE OFFSET: and the image stays as it is.
refuse()
{
    note "$3 at $4: $2"
    cp "$3" before
    expect_refusal "$1" "$2" "$disk_cat" patch "$3" "$4" hello
    expect_same "$3" before
}

refusals()
{
    local l2 first
    refuse 7 'not allocated' good.qcow2 $((5 << 20))
    refuse 7 'compressed' zlib.qcow2 0
    refuse 7 'snapshots' snapshots.qcow2 0
    refuse 7 'bitmaps' bitmap.qcow2 0
    refuse 7 'backing file' backing.qcow2 0
    refuse 7 'not closed cleanly' dirty.qcow2 0
    qemu-img snapshot -d one snapshots.qcow2
    expect_code 0 "$disk_cat" patch snapshots.qcow2 0 hello

    # The last allocated cluster is whole, the next is not there: nothing of it may be written.
    refuse 7 'not allocated' good.qcow2 $((46 * 65536 - 2))

    l2=$(($(table_entry good.qcow2 "$(table_entry good.qcow2 40)") & 0x00fffffffffffe00))
    first=$(($(table_entry good.qcow2 $l2) & 0x00fffffffffffe00))
    cp good.qcow2 zero.qcow2
    qemu-io -c 'write -z 0 64k' zero.qcow2 >qemu-io.log
    refuse 7 'not allocated' zero.qcow2 0
    cp good.qcow2 uncopied.qcow2
    put uncopied.qcow2 $l2 '\x00'
    refuse 7 'shared' uncopied.qcow2 0
    cp good.qcow2 counted.qcow2
    put counted.qcow2 $((refcount_block + 2 * (first / 65536))) '\x00\x02'
    refuse 7 'shared' counted.qcow2 0
    cp good.qcow2 free.qcow2
    put free.qcow2 $((refcount_block + 2 * (first / 65536))) '\x00\x00'
    refuse 4 'free or metadata' free.qcow2 0
    for target in "L1 table:$(table_entry good.qcow2 40)" "L2 table:$l2" \
        "refcount table:$(table_entry good.qcow2 48)" "refcount block:$refcount_block"; do
        note "a cluster that is the ${target%:*}"
        cp good.qcow2 metadata.qcow2
        put metadata.qcow2 $l2 "$(printf '%016x' $((${target#*:} | 1 << 63)) | sed 's/../\\x&/g')"
        refuse 4 'free or metadata' metadata.qcow2 0
    done
}

# held KIND COMMAND…: runs COMMAND while disk_cat holds lock.qcow2 open for KIND.
held()
{
    local kind=$1 code=0
    shift
    coproc HOLD { "$disk_cat" hold "$kind" lock.qcow2; }
    read -r line <&"${HOLD[0]}"
    [ "$line" = held ] || fail "hold $kind"
    "$@" >held.out 2>&1 || code=$?
    eval "exec ${HOLD[1]}>&-"
    wait "$HOLD_PID" || fail "hold $kind ended badly"
    return "$code"
}

# A machine that never starts but has opened its disk for writing: the call returns then.
start_vm()
{
    qemu-system-x86_64 -machine q35 -accel tcg -m 64 -nodefaults -display none -S -daemonize \
        -drive if=virtio,format=qcow2,file=lock.qcow2 -pidfile qemu.pid </dev/null ||
        fail "QEMU does not start"
    vm=$(cat qemu.pid)
    on_exit end_vm
}

vm_is_gone()
{
    ! kill -0 "$vm" 2>/dev/null
}

end_vm()
{
    # QEMU removes it when it ends
    [ -s qemu.pid ] || return 0
    kill "$vm" 2>/dev/null || return 0
    wait_for 20 vm_is_gone
}

locks()
{
    cp good.qcow2 lock.qcow2
    note "while we write: no reader and no writer"
    held write qemu-io -r -c 'read 0 1k' lock.qcow2 && fail "QEMU read"
    grep -q 'lock' held.out || fail "QEMU failed for another reason: $(cat held.out)"
    held write qemu-io -c 'write 0 1k' lock.qcow2 && fail "QEMU wrote"
    held write expect_refusal 3 'in use' "$disk_cat" cat lock.qcow2
    held write expect_refusal 3 'in use' "$disk_cat" patch lock.qcow2 0 x
    note "while we read: readers only"
    held read qemu-io -r -c 'read 0 1k' lock.qcow2 || fail "QEMU could not read"
    held read expect_code 0 "$disk_cat" cat lock.qcow2
    held read expect_refusal 3 'in use' "$disk_cat" patch lock.qcow2 0 x
    held read qemu-io -c 'write 0 1k' lock.qcow2 && fail "QEMU wrote"
    grep -q 'lock' held.out || fail "QEMU failed for another reason: $(cat held.out)"

    note "while a virtual machine has it"
    start_vm
    expect_refusal 3 'in use' "$disk_cat" cat lock.qcow2
    expect_refusal 3 'in use' "$disk_cat" patch lock.qcow2 0 x
    end_vm
    expect_code 0 "$disk_cat" patch lock.qcow2 0 x
}

# The first refcount block is the first entry of the refcount table.
make_images
refcount_block=$(table_entry good.qcow2 "$(table_entry good.qcow2 48)")
writes
refusals
locks
