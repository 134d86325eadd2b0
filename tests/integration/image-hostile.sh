#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hostile images as a whole, each a good one with one defect, which another program sees as well:
# right exit code, one line, bounded time and memory, no output left; names that carry terminal
# escapes are shown without them.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
cd "$TMP"
limit_kib=524288
limit_seconds=20
if nm "$COLDSEAL" 2>/dev/null | grep -q __asan_init; then
    limit_kib=unlimited # it reserves more address space than there is
fi

limited()
{
    (
        ulimit -v "$limit_kib" -t "$limit_seconds"
        MALLOC_ARENA_MAX=1 exec "$@"
    )
}

tiny_image good.raw 24
"$COLDSEAL" encrypt good.raw encrypted.raw --key-out key --no-prepare --quiet
sha256sum good.raw encrypted.raw >good.sums
esp=$(tiny_partition good.raw 15) && esp=${esp% *}
boot=$(tiny_partition good.raw 16) && boot=${boot% *}
root=$(tiny_partition encrypted.raw 1) && root=${root% *}

# gpt NUMBER FIRST LAST: gives a partition of bad.raw other sectors, and both tables their checksums.
gpt()
{
    python3 - "$@" <<'EOF'
import struct, sys, zlib
number, first, last = (int(a) for a in sys.argv[1:])
with open("bad.raw", "r+b") as disk:
    for where in (512, disk.seek(0, 2) - 512):
        disk.seek(where)
        header = bytearray(disk.read(512))
        table, count, size = struct.unpack_from("<QII", header, 72)
        disk.seek(table * 512)
        entries = bytearray(disk.read(count * size))
        struct.pack_into("<QQ", entries, (number - 1) * size + 32, first, last)
        disk.seek(table * 512)
        disk.write(entries)
        struct.pack_into("<I", header, 88, zlib.crc32(entries))
        struct.pack_into("<I", header, 16, 0)
        struct.pack_into("<I", header, 16, zlib.crc32(header[:92]))
        disk.seek(where)
        disk.write(header)
EOF
}

# fat NAME: in the ESP the chain of the folder or file whose 11 bytes of name come first in it leads
# back to its own beginning.
fat()
{
    python3 - "$esp" "$1" <<'EOF'
import struct, sys
esp, name = int(sys.argv[1]), sys.argv[2].encode()
with open("bad.raw", "r+b") as disk:
    disk.seek(esp)
    data = disk.read(40 << 20)
    at = data.index(name)
    while data[at + 11] == 0x0f: at = data.index(name, at + 1)
    cluster = struct.unpack_from("<H", data, at + 20)[0] << 16 | struct.unpack_from("<H", data, at + 26)[0]
    reserved = struct.unpack_from("<H", data, 14)[0]
    size = struct.unpack_from("<I", data, 36)[0] * struct.unpack_from("<H", data, 11)[0]
    for copy in range(data[16]):
        disk.seek(esp + reserved * 512 + copy * size + cluster * 4)
        disk.write(struct.pack("<I", cluster))
    if not data[at + 11] & 0x10: # a file, longer than its cluster
        disk.seek(esp + at + 28)
        disk.write(struct.pack("<I", 1 << 20))
EOF
}

# json TEXT: the metadata of both LUKS2 copies becomes TEXT, with checksums that match.
json()
{
    python3 - "$root" "$1" <<'EOF'
import hashlib, sys
root, text = int(sys.argv[1]), eval(sys.argv[2])
assert len(text) < (128 << 10) - 4096
with open("bad.raw", "r+b") as disk:
    for copy in range(2):
        at = root + copy * (128 << 10)
        disk.seek(at)
        header = bytearray(disk.read(4096))
        assert header[:4] in (b"LUKS", b"SKUL")
        header[448:512] = bytes(64)
        area = text.encode().ljust((128 << 10) - 4096, b"\0")
        header[448:480] = hashlib.sha256(header + area).digest()
        disk.seek(at)
        disk.write(header + area)
EOF
}

# refuse CODE PATTERN COMMAND…: as expect_refusal, and nothing is left in work/.
refuse()
{
    rm -rf work && mkdir work
    expect_refusal "$1" "$2" limited "$COLDSEAL" "${@:3}"
    [ -z "$(ls -A work)" ] || fail "left: $(ls -A work)"
}

start()
{
    note "$1"
    cp --sparse=always "${2:-good.raw}" bad.raw
}

refuse_encrypt()
{
    refuse "$1" "$2" encrypt bad.raw work/out.raw --key-out work/key --no-prepare --quiet
}

start "partitions that overlap"
gpt 16 20000 100000
sgdisk -v bad.raw 2>&1 | grep -i overlap >/dev/null || fail "the overlap has not landed"
refuse 4 overlap inspect bad.raw
refuse_encrypt 4 overlap

start "a partition behind the end of the disk"
gpt 1 118784 9223372036854775807
sgdisk -v bad.raw 2>&1 | grep -iE 'too big|beyond|past' >/dev/null || fail "it has not landed"
refuse 4 'partition|GPT' inspect bad.raw
refuse_encrypt 4 'partition|GPT'

start "a partition that ends before it begins"
gpt 1 118784 100
refuse 4 'partition|GPT' inspect bad.raw
refuse_encrypt 4 'partition|GPT'

for name in 'EFI        ' 'DEBIAN     ' 'GRUB    CFG'; do
    start "FAT: the chain of ${name%% *} leads to itself"
    fat "$name"
    tiny_extract bad.raw 15 esp.fat
    ! fsck.fat -n esp.fat >fsck 2>&1 || fail "fsck.fat sees nothing"
    refuse_encrypt 4 'FAT|cluster|chain'
    expect_code 0 limited "$COLDSEAL" inspect bad.raw
    grep -A3 '^problems' "$TMP/out" | grep -E 'FAT|cluster|chain' >/dev/null || fail "no finding"
done

start "ext4: more blocks than there are"
printf '\377\377\377\177' | dd of=bad.raw bs=1 seek=$((boot + 1024 + 4)) conv=notrunc status=none
tiny_extract bad.raw 16 boot.ext4
! e2fsck -fn boot.ext4 >/dev/null 2>&1 || fail "e2fsck sees nothing"
expect_code 0 limited "$COLDSEAL" inspect bad.raw

# shellcheck disable=SC2034 # by name, below
deep='"{\"config\":" + "[" * 60000 + "]" * 60000 + "}"'
# shellcheck disable=SC2034
wide='"{" + ",".join("\"%d\":{}" % i for i in range(11000)) + "}"'
# shellcheck disable=SC2034
long='"{\"tokens\":{\"0\":{\"type\":\"" + "A" * 120000 + "\"}}}"'
# shellcheck disable=SC2034
huge='"{\"segments\":{\"0\":{\"offset\":\"" + "9" * 100000 + "\"}}}"'
for bomb in deep wide long huge; do
    start "LUKS2 metadata: $bomb" encrypted.raw
    json "${!bomb}"
    tiny_extract bad.raw 1 root.luks
    ! cryptsetup luksDump root.luks >/dev/null 2>&1 || fail "cryptsetup takes it"
    refuse 4 'LUKS2|JSON' decrypt bad.raw work/out.raw --key-file key --quiet
    expect_code 0 limited "$COLDSEAL" inspect bad.raw
    grep -qE '^state +encrypted, header refused' "$TMP/out" || fail "inspect takes it"
done

start "names that carry terminal escapes"
printf '\033]0;x\007\033[31m' | dd of=bad.raw bs=1 seek=$((boot + 1024 + 120)) conv=notrunc status=none
sgdisk -c 1:$'\033[31mroot' bad.raw >/dev/null
cp bad.raw $'\033[31m.raw'
expect_code 0 "$COLDSEAL" inspect $'\033[31m.raw'
grep -F '[31m' "$TMP/out" >/dev/null || fail "the name has not landed"
! grep -P '[\x00-\x08\x0b-\x1f\x7f]' "$TMP/out" || fail "an escape reaches the terminal"
expect_code 3 "$COLDSEAL" inspect $'no\033[31m.raw'
! grep -P '[\x00-\x08\x0b-\x1f\x7f]' "$TMP/err" || fail "an escape reaches the terminal"

sha256sum --quiet -c good.sums || fail "an input changed"
