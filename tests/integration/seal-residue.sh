#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is left of the pool key in what seal writes: nothing of its keyslot's bytes anywhere in the file,
# clusters that no table refers to included; and it opens none of the headers in it, neither copy, nor
# with the old metadata put back over the new keyslots.
# full
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"

# residue FILE: how many pieces of the old keyslot, 32 bytes of each of its sectors, and its salts are
# in the file, where sectors begin; and the candidate headers in it, as files candidate-N
residue()
{
    rm -f candidate-*
    python3 - golden.root golden.json "$1" <<'END'
import base64, json, mmap, sys
root, metadata, path = sys.argv[1:]
found = 0
with open(root, "rb") as f:
    header = f.read(16 << 20)
slots = json.load(open(metadata))["keyslots"]
salts = [slot["kdf"]["salt"].encode() for slot in slots.values()]
salts += [base64.b64decode(salt) for salt in salts]
sectors = set()
for slot in slots.values():
    start, size = int(slot["area"]["offset"]), int(slot["area"]["size"])
    sectors |= {header[at + 64:at + 96] for at in range(start, start + size - 4096, 512)}
assert len(sectors) > 400 and all(any(sector) for sector in sectors)
with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
    found = sum(data.find(salt) >= 0 for salt in salts)
    found += sum(data[at:at + 32] in sectors for at in range(64, len(data), 512))
    number = 0
    for magic in (b"LUKS\xba\xbe", b"SKUL\xba\xbe"):
        at = data.find(magic)
        while at >= 0:
            # LUKS2 On-Disk Format Specification 1.1.2, table 1: hdr_offset
            base = at - int.from_bytes(data[at + 256:at + 264], "big")
            if int.from_bytes(data[at + 6:at + 8], "big") == 2 and base >= 0:
                candidate = bytearray(data[base:base + (16 << 20) + (1 << 20)])
                if magic[0:1] == b"S":
                    candidate[0:4096] = bytes(4096)
                with open("candidate-%d" % number, "wb") as out:
                    out.write(candidate)
                number += 1
            at = data.find(magic, at + 1)
print(found)
END
}

# expect_none FILE KEY: nothing is left in FILE, and KEY opens it
expect_none()
{
    local file=$1 key=$2 left candidate opened=0
    left=$(residue "$file")
    [ "$left" = 0 ] || fail "$file: $left pieces of the old keyslot"
    for candidate in candidate-*; do
        ! cryptsetup open -q --test-passphrase "$candidate" --key-file pool.key 2>/dev/null ||
            fail "$file: the pool key opens a header in it"
        ! cryptsetup open -q --test-passphrase "$candidate" --key-file "$key" 2>/dev/null || opened=$((opened + 1))
    done
    [ $opened -ge 2 ] || fail "$file: its own key opens $opened headers of those found: nothing was shown"
    note "$file: $opened copies of a header, none for the pool key"
}

# expect_no_graft WHOLE.raw: nor does it with the metadata that it had in front of the keyslots there are
expect_no_graft()
{
    tiny_extract "$1" 1 graft
    dd if=golden.root of=graft bs=128K count=2 conv=notrunc status=none
    cryptsetup luksDump graft >/dev/null || fail "the old metadata is no header"
    ! cryptsetup open -q --test-passphrase graft --key-file pool.key 2>/dev/null || fail "$1: the old metadata opens it"
}

tiny_image plain.raw 24
swtpm_target one
zero_pcrs >pcrs.json
seal=(--key-file pool.key --target one.json --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy --quiet)

for format in raw qcow2; do
    golden=golden.$format
    rm -f pool.key
    "$COLDSEAL" encrypt plain.raw $golden --key-out pool.key --no-prepare --quiet
    luks_root $golden golden.root
    cryptsetup luksDump --dump-json-metadata golden.root >golden.json
    [ "$(residue $golden)" -gt 400 ] || fail "what is looked for is not in the golden image"
    cryptsetup open -q --test-passphrase candidate-1 --key-file pool.key || fail "candidates are no headers"

    "$COLDSEAL" seal $golden -o copy.$format "${seal[@]}" --shared-key --recovery-key-out copy-$format.key
    "$COLDSEAL" seal $golden -o fresh.$format "${seal[@]}" --fresh-key --recovery-key-out fresh-$format.key
    "$COLDSEAL" seal $golden --overlay over-$format.qcow2 "${seal[@]}" --shared-key --recovery-key-out over-$format.key
    cp $golden place.$format
    "$COLDSEAL" seal place.$format --in-place "${seal[@]}" --shared-key --recovery-key-out place-$format.key
    for form in copy fresh place; do
        expect_none $form.$format $form-$format.key
        qemu-img convert -O raw $form.$format whole.raw
        expect_no_graft whole.raw
    done
    expect_none over-$format.qcow2 over-$format.key
    qemu-img convert -O raw over-$format.qcow2 whole.raw
    expect_none whole.raw over-$format.key
    expect_no_graft whole.raw
done
