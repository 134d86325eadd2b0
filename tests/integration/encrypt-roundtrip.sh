#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What encrypt writes is decrypted by cryptsetup, and by decrypt, to what qemu-img says was there.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
cd "$TMP"

needle='a line of a file that was deleted'

# Root with what is easily lost: written blocks of zeros, and a deleted file whose bytes remain.
make_root()
{
    local first last i
    tiny_extract plain.raw 1 root.plain
    for ((i = 0; i < 80000; i++)); do printf "%s\n" "$needle"; done >deleted
    debugfs -w -R "write deleted /data/deleted" root.plain >/dev/null 2>&1
    debugfs -w -R "rm /data/deleted" root.plain >/dev/null 2>&1
    grep -qF "$needle" root.plain || fail "the deleted file's bytes are not there"
    block=$(dumpe2fs -h root.plain 2>/dev/null | awk '/^Block size/ { print $3 }')
    # The second half of the first extent of /data/random.
    read -r first last < <(debugfs -R "ex /data/random" root.plain 2>/dev/null |
        awk '$1 == "0/" { print $8, $10 } NR > 1 && $2 == "0/" { print $8, $10 }' | head -n 1)
    [ "$((last - first))" -gt 100 ] || fail "extent of /data/random: $first to $last"
    first=$(((first + last) / 2))
    dd if=/dev/zero of=root.plain bs="$block" seek="$first" count=$((last - first)) conv=notrunc status=none
    e2fsck -fn root.plain >e2fsck.log 2>&1 || { cat e2fsck.log; fail "e2fsck of the test's root"; }
    debugfs -R "dump /data/random random.plain" root.plain 2>/dev/null
    dd if=root.plain of=plain.raw bs=1M seek="$1" oflag=seek_bytes conv=notrunc status=none
}

# luks_decrypt IMAGE KEY OUT: by cryptsetup alone, the length of the plain root.
luks_decrypt()
{
    tiny_extract "$1" 1 "$3"
    rm -f header
    cryptsetup reencrypt -q --force-offline-reencrypt --decrypt --header header --key-file "$2" \
        "$3" >/dev/null
    truncate -s "$(stat -c %s root.plain)" "$3"
}

# expect_blocks_in_use FILE: e2image copies what the block bitmaps call used.
expect_blocks_in_use()
{
    e2fsck -fn "$1" >e2fsck.log 2>&1 || { cat e2fsck.log; fail "e2fsck of $1"; }
    rm -f used.plain used.other
    e2image -ra root.plain used.plain 2>/dev/null
    e2image -ra "$1" used.other 2>/dev/null
    expect_same used.plain used.other
    debugfs -R "dump /data/random random.other" "$1" 2>/dev/null
    expect_same random.plain random.other
}

tiny_image plain.raw
make_root "$(tiny_partition plain.raw 1 | cut -d' ' -f1)"
qemu-img convert -O qcow2 -c plain.raw plain.qcow2
before=$(sha256 plain.qcow2)

note "--holes none: every byte"
expect_code 0 "$COLDSEAL" encrypt plain.qcow2 none.raw --key-out none.key --no-prepare --holes none
luks_decrypt none.raw none.key root.none
expect_same root.plain root.none

note "by default: every block in use, and nothing of what was deleted"
expect_code 0 "$COLDSEAL" encrypt plain.qcow2 pool.raw --key-out pool.key --no-prepare
luks_decrypt pool.raw pool.key root.pool
expect_blocks_in_use root.pool
# Free blocks smaller than a sector of 4096 bytes share it with blocks in use: at most at both ends.
carried=$({ grep -aoF "$needle" root.pool || true; } | wc -l)
[ "$carried" -le $((2 * 4096 / ${#needle})) ] ||
    fail "a deleted file is in the encrypted root: $carried lines of 80000"
[ "$(stat -c %b pool.raw)" -lt "$(stat -c %b none.raw)" ] || fail "free blocks are no holes"

note "nothing of the plain root is in the encrypted disk"
tiny_extract none.raw 1 none.luks
debugfs -R "dump /data/text text" root.plain 2>/dev/null
for line in 12345 271828 399999; do
    grep -qx "$line" text || fail "the test's own text"
    ! grep -aqx "$line" none.luks || fail "plain text in the encrypted root"
done

note "cryptsetup reads the header as ours: one keyslot, the frozen geometry"
cryptsetup luksDump none.luks >dump
for wanted in 'Label:\s*cloudimg-rootfs-enc$' 'cipher: aes-xts-plain64$' 'sector: 4096 ' \
    'offset: 16777216 ' 'Key:\s*512 bits'; do
    grep -qE "$wanted" dump || { cat dump; fail "luksDump: no \"$wanted\""; }
done
[ "$(grep -cE '^  [0-9]+: luks2' dump)" = 1 ] || fail "not one keyslot"
cryptsetup open --test-passphrase --key-file none.key none.luks || fail "the pool key"
expect_code 2 cryptsetup open --test-passphrase --key-file pool.key none.luks

note "qcow2 out: qemu-img finds nothing wrong, the content is the same"
expect_code 0 "$COLDSEAL" encrypt plain.raw pool.qcow2 --key-file pool.key --no-prepare
qemu-img check -q pool.qcow2 || fail "qemu-img check"
qemu-img convert -O raw pool.qcow2 pool2.raw
luks_decrypt pool2.raw pool.key root.pool2
expect_blocks_in_use root.pool2
sgdisk -v pool2.raw | grep -q 'No problems found' || fail "sgdisk -v"

note "decrypt gives back the root, and leaves /boot as it was"
expect_code 0 "$COLDSEAL" decrypt none.raw back.raw --key-file none.key
sgdisk -v back.raw | grep -q 'No problems found' || fail "sgdisk -v of the decrypted disk"
tiny_extract back.raw 1 root.back
truncate -s "$(stat -c %s root.plain)" root.back
expect_blocks_in_use root.back
expect_code 0 "$COLDSEAL" decrypt pool.qcow2 back.qcow2 --key-file pool.key
qemu-img convert -O raw back.qcow2 back2.raw
tiny_extract back2.raw 1 root.back2
truncate -s "$(stat -c %s root.plain)" root.back2
expect_blocks_in_use root.back2
for part in 14 16; do
    tiny_extract plain.raw $part part.plain
    tiny_extract back.raw $part part.back
    expect_same part.plain part.back
done

note "the wrong key opens nothing and leaves nothing"
expect_refusal 6 . "$COLDSEAL" decrypt none.raw no.raw --key-file pool.key
[ ! -e no.raw ] || fail "an output of a failed decrypt"
[ "$(sha256 plain.qcow2)" = "$before" ] || fail "the input changed"

note "--no-sync: the same, and only the key waits for the disk"
synced()
{
    rm -f sync.key
    strace -f -qq -y -e trace=fsync,fdatasync,sync_file_range -o trace "$COLDSEAL" encrypt plain.qcow2 sync.raw \
        --key-out sync.key --no-prepare --quiet --force "$@"
    grep -c "<$TMP" trace # libcryptsetup syncs memory of ours, too
}
[ "$(synced)" -ge 4 ] || fail "the output is not synced: $(cat trace)"
[ "$(synced --no-sync)" -eq 2 ] || fail "other than the key's file and its folder: $(cat trace)"
"$COLDSEAL" decrypt sync.raw sync.plain --key-file sync.key --no-sync --quiet
"$COLDSEAL" decrypt sync.raw again.plain --key-file sync.key --quiet
expect_same sync.plain again.plain
tiny_extract sync.plain 1 sync.root
expect_blocks_in_use sync.root
