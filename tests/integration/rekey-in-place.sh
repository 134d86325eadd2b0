#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# rekey --in-place on the kinds of disk that there are: qcow2, holes, one that was resealed in place;
# what cannot be written in place is refused before the first write. fault/rekey-in-place has the
# kills.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"

tiny_image plain.raw 40
tiny_extract plain.raw 1 root.plain
"$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --quiet
"$COLDSEAL" encrypt plain.raw pool.qcow2 --key-file pool.key --no-prepare --quiet
rekey=(--in-place --key-file pool.key --drop-slot 0)

note "raw with holes, which stay holes, and the same UUID"
cp --sparse=always pool.raw work.raw
blocks=$(stat -c %b work.raw)
expect_code 0 "$COLDSEAL" rekey work.raw "${rekey[@]}" --key-out raw.key
luks_expect_root work.raw raw.key root.plain
luks_expect_pinned work.raw raw.key
! luks_opens work.raw pool.key || fail "the old key opens it"
# The journal and its header are 16 MiB that may have been a hole before.
[ "$(stat -c %b work.raw)" -le $((blocks + 32768)) ] || fail "holes were filled"
luks_root pool.raw uuid.old
luks_root work.raw uuid.new
[ "$(cryptsetup luksUUID uuid.old)" = "$(cryptsetup luksUUID uuid.new)" ] || fail "the UUID changed"

note "qcow2"
cp pool.qcow2 work.qcow2
expect_code 0 "$COLDSEAL" rekey work.qcow2 "${rekey[@]}" --key-out qcow2.key
qemu-img check -q work.qcow2 || fail "qemu-img check"
luks_expect_root work.qcow2 qcow2.key root.plain
! luks_opens work.qcow2 pool.key || fail "the old key opens it"

note "compressed or shared clusters are found before anything is written"
qemu-img convert -c -O qcow2 pool.qcow2 small.qcow2
qemu-img snapshot -c one pool.qcow2
for image in small.qcow2 pool.qcow2; do
    before=$(sha256 $image)
    expect_refusal 7 'in place' "$COLDSEAL" rekey $image "${rekey[@]}" --key-out x.key
    [ "$(sha256 $image)" = "$before" ] || fail "$image was changed"
done

note "a sealed disk, rekeyed twice: the recovery key stays, the TPM's keyslot is made anew"
swtpm_target vm
zero_pcrs >pcrs.json
policy=(--target vm.json --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy)
"$COLDSEAL" seal pool.raw --in-place --key-file pool.key "${policy[@]}" --shared-key \
    --recovery-key-out recovery.key --quiet
for _ in 1 2; do
    rm -f vm.pass
    expect_code 0 "$COLDSEAL" rekey pool.raw --in-place --key-file recovery.key "${policy[@]}"
    expect_code 0 "$COLDSEAL" unseal pool.raw --tcti "$SWTPM_TCTI" --key-out vm.pass
    luks_expect_root pool.raw recovery.key root.plain
    luks_expect_pinned pool.raw vm.pass
done

note "what is wrong is said before anything is written"
before=$(sha256 pool.raw)
expect_refusal 2 'besides the TPM' "$COLDSEAL" rekey pool.raw --in-place --key-file recovery.key --drop-slot 1 \
    "${policy[@]}" --no-recovery
expect_refusal 6 'not at hand' "$COLDSEAL" rekey pool.raw --in-place --key-file recovery.key --key-out x.key
expect_refusal 3 'exists' "$COLDSEAL" rekey pool.raw --in-place --key-file recovery.key --drop-slot 0 --key-out raw.key
expect_refusal 2 'new file' "$COLDSEAL" rekey pool.raw --in-place --key-file recovery.key --format raw
expect_refusal 2 'in files' "$COLDSEAL" rekey pool.raw --in-place --key-file recovery.key --key-out -
expect_refusal 2 'output or --in-place' "$COLDSEAL" rekey pool.raw --key-file recovery.key
[ "$(sha256 pool.raw)" = "$before" ] || fail "it was changed"
[ ! -e x.key ] || fail "a key file was left"
