#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# rekey and seal --fresh-key: cryptsetup finds the same plaintext under the new key and nothing under
# the old one; keyslots stay, go, or are asked for.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"

expect_closed()
{
    ! luks_opens "$1" "$2" || fail "$2 opens $1"
}

uuid_of()
{
    luks_root "$1" uuid.root
    cryptsetup luksUUID uuid.root
}

tiny_image plain.raw
tiny_extract plain.raw 1 root.plain
size=$(stat -c %s root.plain)
"$COLDSEAL" encrypt plain.raw none.raw --key-out pool.key --no-prepare --holes none --quiet
"$COLDSEAL" encrypt plain.raw free.raw --key-file pool.key --no-prepare --disk-size 300M --quiet
sha256sum none.raw free.raw >inputs

note "every byte, decrypted by cryptsetup"
expect_code 0 "$COLDSEAL" rekey none.raw new.raw --key-file pool.key --drop-slot 0 --key-out new.key
luks_decrypt new.raw new.key root.new
cmp -n "$size" root.plain root.new || fail "the plaintext changed"
expect_closed new.raw pool.key
luks_expect_pinned new.raw new.key
luks_volume_key none.raw pool.key vk.old
luks_volume_key new.raw new.key vk.new
! cmp -s vk.old vk.new || fail "the volume key is the old one"
[ "$(uuid_of none.raw)" != "$(uuid_of new.raw)" ] || fail "the UUID is the old one"
[ "$(stat -c %a.%s new.key)" = 600.32 ] || fail "the new key's file"
sgdisk -v new.raw | grep -q 'No problems found' || fail "sgdisk -v"
[ "$(stat -c %s none.raw)" = "$(stat -c %s new.raw)" ] || fail "the disk's size changed"
for part in 14 16; do
    tiny_extract none.raw $part part.old
    tiny_extract new.raw $part part.new
    expect_same part.old part.new
done

note "the old header over the new data opens, and gives noise"
read -r offset _ < <(tiny_partition none.raw 1)
cp new.raw mixed.raw
dd if=none.raw of=mixed.raw bs=1M count=16 iflag=skip_bytes oflag=seek_bytes skip="$offset" seek="$offset" \
    conv=notrunc status=none
luks_decrypt mixed.raw pool.key root.mixed
! e2fsck -fn root.mixed >/dev/null 2>&1 || fail "the old key still decrypts"

note "holes stay holes, blocks in use stay what they are, and the disk keeps its size"
expect_code 0 "$COLDSEAL" rekey free.raw new.qcow2 --key-file pool.key --json
qemu-img check -q new.qcow2 || fail "qemu-img check"
grep -q '"kept_keyslots":\[0\]' "$TMP/out" || fail "the key that was given does not stay"
qemu-img info new.qcow2 | grep -q '(314572800 bytes)' || fail "disk size"
luks_decrypt new.qcow2 pool.key root.free
truncate -s "$size" root.free
e2fsck -fn root.free >/dev/null 2>&1 || fail "e2fsck"
rm -f used.plain used.free
e2image -ra root.plain used.plain 2>/dev/null
e2image -ra root.free used.free 2>/dev/null
expect_same used.plain used.free
expect_code 0 "$COLDSEAL" rekey free.raw again.raw --key-file pool.key
[ "$(stat -c %b again.raw)" -le $(($(stat -c %b free.raw) + 64)) ] || fail "holes were filled"
sha256sum --quiet -c inputs || fail "an input changed"

swtpm_target one
one=$SWTPM_TCTI
swtpm_target two
two=$SWTPM_TCTI
zero_pcrs >pcrs.json
policy=(--pcr-values pcrs.json --pcrs "4,7,14,15" --allow-weak-policy)

note "seal --fresh-key: one volume key for each machine, one pass"
for vm in one two; do
    expect_code 0 "$COLDSEAL" seal none.raw -o $vm.raw --key-file pool.key --target $vm.json \
        "${policy[@]}" --fresh-key --recovery-key-out $vm.recovery
    expect_closed $vm.raw pool.key
    expect_code 0 "$COLDSEAL" unseal $vm.raw --tcti "${!vm}" --key-out $vm.pass
    luks_expect_pinned $vm.raw $vm.pass
    luks_volume_key $vm.raw $vm.recovery vk.$vm
    luks_decrypt $vm.raw $vm.pass root.vm
    cmp -n "$size" root.plain root.vm || fail "the plaintext of $vm changed"
done
if cmp -s vk.one vk.two || cmp -s vk.one vk.old; then
    fail "a volume key is shared"
fi
[ "$(uuid_of one.raw)" != "$(uuid_of two.raw)" ] || fail "clones share a UUID"
expect_refusal 5 . "$COLDSEAL" unseal one.raw --tcti "$two" --key-out no.key
grep -q '"key": *"fresh"' <(cryptsetup token export --token-id 2 luks-dump) || fail "provenance"

note "a disk in use: what is not at hand has to be named"
expect_refusal 6 'not at hand: 0 \(systemd-tpm2\);' "$COLDSEAL" rekey one.raw x.raw --key-file one.recovery
expect_refusal 2 'does not exist' "$COLDSEAL" rekey one.raw x.raw --key-file one.recovery --drop-slot 0 --drop-slot 7
expect_code 0 "$COLDSEAL" rekey one.raw bare.raw --key-file one.recovery --drop-slot 0
luks_opens bare.raw one.recovery || fail "the recovery key does not stay"
expect_refusal 7 'not sealed' "$COLDSEAL" unseal bare.raw --tcti "$one" --key-out no.key
expect_code 0 "$COLDSEAL" rekey one.raw resealed.raw --key-file one.recovery --target one.json "${policy[@]}"
luks_opens resealed.raw one.recovery || fail "the recovery key does not stay in a sealed image"
expect_closed resealed.raw one.pass
expect_code 0 "$COLDSEAL" unseal resealed.raw --tcti "$one" --key-out one.new
luks_expect_pinned resealed.raw one.new
expect_refusal 6 'not at hand: 0 \(systemd-tpm2\);' "$COLDSEAL" rekey one.raw x.raw --key-file one.recovery \
    --target two.json "${policy[@]}"

note "a way in has to stay, and the pin decides over PCR 8 and 9"
expect_refusal 2 'nothing would open' "$COLDSEAL" rekey none.raw x.raw --key-file pool.key --drop-slot 0
expect_refusal 2 'no-recovery' "$COLDSEAL" rekey none.raw x.raw --key-file pool.key --target one.json "${policy[@]}"
expect_refusal 2 'PCR 8 and 9' "$COLDSEAL" seal none.raw -o x.raw --key-file pool.key --target one.json \
    --pcr-values pcrs.json --fresh-key --no-recovery
expect_refusal 2 'fresh-key' "$COLDSEAL" seal none.raw -o x.raw --key-file pool.key --target one.json \
    "${policy[@]}" --no-recovery
expect_refusal 2 'one of' "$COLDSEAL" rekey none.raw x.raw --key-file pool.key --target one.json \
    "${policy[@]}" --key-out x.key
expect_refusal 6 'pool.key|opens no keyslot' "$COLDSEAL" rekey new.raw x.raw --key-file pool.key --key-out x.key
expect_refusal 3 'exists' "$COLDSEAL" rekey none.raw x.raw --key-file pool.key --key-out new.key
if [ -e x.raw ] || [ -e x.key ]; then
    fail "something was left"
fi
