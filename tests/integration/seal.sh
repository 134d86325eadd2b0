#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# encrypt, seal, unseal on a small image: what opens, what does not, and what is left of the pool key.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
cd "$TMP" || exit 1

# pcr_json TCTI: what the TPM holds now, in the form of --pcr-values.
pcr_json()
{
    printf '{"sha256": {%s}}\n' "$(tpm2_pcrread -T "$1" sha256:4,7,8,9,14,15 |
        sed -nE 's/^ *([0-9]+) *: 0x([0-9A-Fa-f]{64})$/"\1": "\L\2"/p' | paste -sd,)"
}

tiny_image plain.raw
before=$(sha256 plain.raw)
expect_code 0 "$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key
[ "$(sha256 plain.raw)" = "$before" ] || fail "the input changed"
[ "$(stat -c %a pool.key)" = 600 ] || fail "mode of the pool key"
[ "$(stat -c %s pool.key)" = 32 ] || fail "size of the pool key"

note "the field of grub.cfg holds the header's UUID and the key's pin"
tiny_extract pool.raw 1 pool.root
uuid=$(cryptsetup luksUUID pool.root)
cryptsetup luksDump pool.root --dump-volume-key --volume-key-file vk --key-file pool.key -q \
    >/dev/null
pin=$(printf 'cryptsetup:cloudimg-rootfs:%s' "$uuid" |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(xxd -p -c 64 vk)" | sed 's/.*= //')
esp=$(tiny_partition pool.raw 15 | cut -d' ' -f1)
mtype -i "pool.raw@@$esp" ::/EFI/debian/grub.cfg >grub.cfg
grep -qx "set coldseal_uuid=$uuid" grub.cfg || fail "UUID in grub.cfg"
grep -qx "set coldseal_pin=$pin" grub.cfg || fail "pin in grub.cfg"

swtpm_start "$TMP/vm1" --create-spk --ecc
one=$SWTPM_TCTI
swtpm_start "$TMP/vm2" --create-spk --ecc
two=$SWTPM_TCTI
pcr_json "$one" >pcrs.json
expect_code 0 "$COLDSEAL" target read --tcti "$one" -o one.json

seal_options=(--key-file pool.key --target one.json --pcr-values pcrs.json --shared-key)
expect_code 0 "$COLDSEAL" seal pool.raw -o sealed.raw "${seal_options[@]}" \
    --recovery-key-out recovery.key

note "the TPM gives the key, and cryptsetup takes it"
expect_code 0 "$COLDSEAL" unseal sealed.raw --tcti "$one" --key-out passphrase
tiny_extract sealed.raw 1 sealed.root
cryptsetup open --test-passphrase sealed.root --key-file passphrase || fail "passphrase of the TPM"
cryptsetup open --test-passphrase sealed.root --key-file recovery.key || fail "recovery key"
grep -qE '^([0-9]{5}-){7}[0-9]{5}$' recovery.key || fail "form of the recovery key"

note "the pool key opens nothing any more, and its keyslot's bytes are gone"
expect_code 2 cryptsetup open --test-passphrase sealed.root --key-file pool.key -q
expect_refusal 6 . "$COLDSEAL" decrypt sealed.raw out.raw --key-file pool.key
old_slot=$(cryptsetup luksDump pool.root | sed -nE 's/.*Area offset: *([0-9]+).*/\1/p' | head -1)
dd if=pool.root bs=4096 skip=$((old_slot / 4096)) count=1 status=none | xxd -p -l 64 -c 64 >needle
head -c 16M sealed.root | xxd -p -c 64 >header.hex
if grep -qFf needle header.hex; then
    fail "bytes of the old keyslot are still there"
fi

note "another TPM, and another state of this one, do not"
expect_refusal 5 . "$COLDSEAL" unseal sealed.raw --tcti "$two" --key-out no.key
[ ! -e no.key ] || fail "a key was left"
tpm2_pcrextend -T "$one" 8:sha256="$(printf x | sha256sum | cut -d' ' -f1)"
expect_refusal 5 . "$COLDSEAL" unseal sealed.raw --tcti "$one" --key-out no.key

note "decrypt with the recovery key, typed with white space around it"
{ printf '  '; cat recovery.key; printf '\n'; } >typed.key
expect_code 0 "$COLDSEAL" decrypt sealed.raw back.raw --key-file typed.key
tiny_extract back.raw 1 back.root
e2fsck -fn back.root >/dev/null 2>&1 || fail "file system after decrypt"
tiny_extract plain.raw 1 plain.root
for file in random zeros text; do
    debugfs -R "dump /data/$file $file.back" back.root 2>/dev/null
    debugfs -R "dump /data/$file $file.plain" plain.root 2>/dev/null
    expect_same "$file.back" "$file.plain"
done

note "in place, twice: the second run finds it done"
cp pool.raw place.raw
expect_code 0 "$COLDSEAL" seal place.raw --in-place "${seal_options[@]}" --no-recovery
tiny_extract place.raw 1 place.root
expect_code 2 cryptsetup open --test-passphrase place.root --key-file pool.key -q
first=$(sha256 place.raw)
expect_code 0 "$COLDSEAL" seal place.raw --in-place "${seal_options[@]}" --no-recovery --json
grep -q '"already_sealed":true' "$TMP/out" || fail "second run in place"
[ "$(sha256 place.raw)" = "$first" ] || fail "second run changed the image"

note "qcow2 goes the same way"
expect_code 0 "$COLDSEAL" encrypt plain.raw pool.qcow2 --key-file pool.key
qemu-img check -q pool.qcow2 || fail "qemu-img check"
swtpm_start "$TMP/vm3" --create-spk --ecc
expect_code 0 "$COLDSEAL" target read --tcti "$SWTPM_TCTI" -o three.json
pcr_json "$SWTPM_TCTI" >three.pcrs
expect_code 0 "$COLDSEAL" seal pool.qcow2 -o sealed.qcow2 --key-file pool.key --target three.json \
    --pcr-values three.pcrs --shared-key --no-recovery
qemu-img check -q sealed.qcow2 || fail "qemu-img check after seal"
expect_code 0 "$COLDSEAL" unseal sealed.qcow2 --tcti "$SWTPM_TCTI" --key-out pass3
qemu-img convert -O raw sealed.qcow2 sealed2.raw
tiny_extract sealed2.raw 1 sealed2.root
cryptsetup open --test-passphrase sealed2.root --key-file pass3 || fail "passphrase, qcow2"

note "what is wrong is said in one line"
expect_refusal 2 'shared-key' "$COLDSEAL" seal pool.raw -o x.raw --key-file pool.key \
    --target one.json --pcr-values pcrs.json --no-recovery
expect_refusal 2 'recovery' "$COLDSEAL" seal pool.raw -o x.raw "${seal_options[@]}"
expect_refusal 3 'exists' "$COLDSEAL" seal pool.raw -o sealed.raw "${seal_options[@]}" --no-recovery
expect_refusal 6 . "$COLDSEAL" seal pool.raw -o x.raw --key-file grub.cfg --target one.json \
    --pcr-values pcrs.json --shared-key --no-recovery
expect_refusal 7 'no encrypted root' "$COLDSEAL" seal plain.raw -o x.raw "${seal_options[@]}" \
    --no-recovery
printf '{"sha256": {"4": "%064d"}}\n' 0 >few.json
expect_refusal 5 . "$COLDSEAL" seal pool.raw -o x.raw --key-file pool.key --target one.json \
    --pcr-values few.json --shared-key --no-recovery
[ ! -e x.raw ] || fail "something was left under the output's name"
