#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A disk whose partition table counts blocks of 4096 bytes: read, encrypted and decrypted as any
# other, and still such a disk to fdisk.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
cd "$TMP"

# The partitions of a disk of small blocks at the same places of one with large blocks; the ESP's
# file system has sectors of that size too, as the format wants.
make_large()
{
    local number offset size
    tiny_image small.raw
    truncate -s "$(stat -c %s small.raw)" large.raw
    for number in 14 15 16 1; do
        read -r offset size < <(tiny_partition small.raw "$number")
        printf 'n\n%d\n%d\n%d\n' "$number" $((offset / 4096)) $(((offset + size) / 4096 - 1))
    done >commands
    printf '%s\n' g "$(cat commands)" t 14 4 t 15 1 t 16 142 t 1 20 w |
        fdisk -b 4096 large.raw >fdisk.log
    for number in 14 15 16 1; do
        read -r offset size < <(tiny_partition small.raw "$number")
        tiny_extract small.raw "$number" part.$number
        [ "$number" != 15 ] || make_esp "$size"
        dd if=part.$number of=large.raw bs=1M seek="$offset" oflag=seek_bytes conv=notrunc,sparse \
            status=none
    done
}

make_esp() # BYTES
{
    mv part.15 small.esp
    truncate -s "$1" part.15
    mformat -i part.15 -S 5 -T $(($1 / 4096)) -h 1 -s 1 -v UEFI ::
    mkdir esp
    mcopy -s -i small.esp ::/EFI esp
    mcopy -s -i part.15 esp/EFI ::
    [ "$(od -An -tu2 -j11 -N2 part.15 | tr -d ' ')" = 4096 ] || fail "the ESP's sectors"
}

# fdisk_table FILE: "number start blocks type" of each partition, by fdisk.
fdisk_table()
{
    fdisk -b 4096 -o Device,Start,Sectors,Type-UUID -l "$1" |
        awk -v file="$1" 'index($1, file) == 1 { sub(file, "", $1); print $1, $2, $3, $4 }' | sort -n
}

make_large
[ "$(fdisk_table large.raw | wc -l)" = 4 ] || fail "fdisk made other partitions: $(cat fdisk.log)"

note "inspect sees what fdisk made"
expect_code 0 "$COLDSEAL" inspect --json large.raw
jq -r '.partitions[] | [.number, .offset_bytes / 4096, .length_bytes / 4096] | join(" ")' out | sort -n >found
fdisk_table large.raw | cut -d' ' -f1-3 >expected
diff expected found || fail "partitions"

note "encrypt, to fdisk's satisfaction"
expect_code 0 "$COLDSEAL" encrypt large.raw pool.raw --key-out pool.key --no-prepare
printf 'v\nq\n' | fdisk -b 4096 pool.raw | grep 'No errors detected' >/dev/null || fail "fdisk -v"
[ "$(fdisk_table pool.raw | cut -d' ' -f1 | tr '\n' ' ')" = "1 14 15 16 " ] || fail "partitions"
start=$(fdisk_table pool.raw | awk '$1 == 1 { print $2 }')
dd if=pool.raw of=header bs=4096 skip="$start" count=4096 status=none
cryptsetup open --test-passphrase --key-file pool.key header || fail "cryptsetup on the header"

note "decrypt gives root back"
expect_code 0 "$COLDSEAL" decrypt pool.raw plain.raw --key-file pool.key
read -r _ start blocks _ < <(fdisk_table plain.raw | awk '$1 == 1')
dd if=plain.raw of=root.plain bs=4096 skip="$start" count="$blocks" status=none
e2fsck -fn root.plain >e2fsck.log 2>&1 || { cat e2fsck.log; fail "e2fsck"; }
rm -f used.before used.after
e2image -ra part.1 used.before 2>/dev/null
e2image -ra root.plain used.after 2>/dev/null
truncate -s "$(stat -c %s used.after)" used.before
expect_same used.before used.after

note "sizes are multiples of the block"
expect_refusal 2 'multiples of 4096' "$COLDSEAL" encrypt large.raw odd.raw --key-out odd.key \
    --no-prepare --disk-size 400000512
expect_code 0 "$COLDSEAL" encrypt large.raw even.raw --key-out even.key --no-prepare --disk-size 400M
[ "$(stat -c %s even.raw)" = $((400 << 20)) ] || fail "the disk is not as large as was said"
printf 'v\nq\n' | fdisk -b 4096 even.raw | grep 'No errors detected' >/dev/null || fail "fdisk -v"
