#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# reseal and recovery: which keyslots stay, which go, and that a way in is left. cryptsetup says what
# opens, and the data behind it stays as it is.
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

expect_open()
{
    luks_opens "$1" "$2" || fail "$2 does not open $1"
    luks_volume_key "$1" "$2" vk.found
    expect_same vk.pool vk.found
}

tiny_image plain.raw 24
"$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --quiet
luks_volume_key pool.raw pool.key vk.pool
swtpm_target one
one=$SWTPM_TCTI
swtpm_target two
two=$SWTPM_TCTI
zero_pcrs >pcrs.json
policy=(--pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy)
"$COLDSEAL" seal pool.raw -o one.raw --key-file pool.key --target one.json "${policy[@]}" --shared-key \
    --recovery-key-out first.key --quiet
before=$(sha256 one.raw)

note "another TPM, opened with the recovery key, which stays"
expect_code 0 "$COLDSEAL" reseal one.raw -o two.raw --key-file first.key --target two.json "${policy[@]}"
expect_open two.raw first.key
expect_code 0 "$COLDSEAL" unseal two.raw --tcti "$two" --key-out two.pass
expect_open two.raw two.pass
expect_refusal 5 . "$COLDSEAL" unseal two.raw --tcti "$one" --key-out no.key
[ "$(sha256 one.raw)" = "$before" ] || fail "the input changed"

note "a golden image, opened with the pool key, which goes"
expect_code 0 "$COLDSEAL" reseal pool.raw -o pooled.raw --key-file pool.key --target two.json "${policy[@]}" --recovery-key-out pooled.key
expect_closed pooled.raw pool.key
expect_open pooled.raw pooled.key
expect_code 0 "$COLDSEAL" unseal pooled.raw --tcti "$two" --key-out pooled.pass
expect_open pooled.raw pooled.pass

note "another policy, opened by the TPM that still releases the key"
expect_code 0 "$COLDSEAL" reseal one.raw -o narrow.raw --tcti "$one" --target one.json --pcr-values pcrs.json \
    --pcrs "7,15" --allow-weak-policy
expect_open narrow.raw first.key
expect_code 0 "$COLDSEAL" unseal narrow.raw --tcti "$one" --key-out narrow.pass
expect_refusal 5 . "$COLDSEAL" reseal one.raw -o x.raw --tcti "$two" --target two.json "${policy[@]}"

note "in place: nothing of the old TPM's keyslot is left"
cp one.raw place.raw
expect_code 0 "$COLDSEAL" unseal one.raw --tcti "$one" --key-out one.pass
expect_code 0 "$COLDSEAL" reseal place.raw --in-place --key-file first.key --target two.json "${policy[@]}"
expect_open place.raw first.key
expect_closed place.raw one.pass
expect_code 0 "$COLDSEAL" unseal place.raw --tcti "$two" --key-out place.pass

note "a recovery key more, a new one, a test of one, none"
expect_code 0 "$COLDSEAL" recovery add one.raw -o added.raw --tcti "$one" --recovery-key-out second.key
expect_open added.raw first.key
expect_open added.raw second.key
expect_open added.raw one.pass
expect_code 0 "$COLDSEAL" recovery rotate added.raw -o rotated.raw --key-file first.key --recovery-key-out third.key
expect_closed rotated.raw first.key
expect_closed rotated.raw second.key
expect_open rotated.raw third.key
expect_open rotated.raw one.pass
expect_code 0 "$COLDSEAL" unseal rotated.raw --tcti "$one" --key-out rotated.pass
luks_root rotated.raw rotated.root
cryptsetup token export --token-id 2 rotated.root | grep -q '"pcrs"' || fail "the provenance forgot the policy"
expect_code 0 "$COLDSEAL" recovery test rotated.raw --key-file third.key
expect_refusal 6 . "$COLDSEAL" recovery test rotated.raw --key-file first.key
expect_refusal 6 'no recovery key' "$COLDSEAL" recovery test rotated.raw --key-file one.pass
expect_refusal 2 'no-recovery' "$COLDSEAL" recovery remove rotated.raw -o x.raw --key-file third.key
expect_code 0 "$COLDSEAL" recovery remove rotated.raw -o bare.raw --key-file third.key --no-recovery
expect_closed bare.raw third.key
expect_open bare.raw one.pass

note "a sealed disk without recovery is not resealed into one by accident"
expect_refusal 2 'no-recovery' "$COLDSEAL" reseal bare.raw -o x.raw --tcti "$one" --target two.json "${policy[@]}"
expect_code 0 "$COLDSEAL" reseal bare.raw -o again.raw --tcti "$one" --target two.json "${policy[@]}" \
    --recovery-key-out fourth.key
expect_open again.raw fourth.key

note "whatever is asked for, something opens the image, and something besides the TPM unless --no-recovery says so"
expect_refusal 2 'recovery-key-out and --no-recovery' "$COLDSEAL" seal pool.raw -o x.raw --key-file pool.key \
    --target one.json "${policy[@]}" --shared-key
expect_refusal 2 'no-recovery' "$COLDSEAL" rekey one.raw x.raw --key-file first.key --drop-slot 1 --target one.json "${policy[@]}"
expect_refusal 2 'nothing would open' "$COLDSEAL" rekey one.raw x.raw --key-file first.key --drop-slot 0 --drop-slot 1 --no-recovery
expect_code 0 "$COLDSEAL" rekey one.raw last.raw --key-file first.key --drop-slot 0
for more in "" --no-recovery; do
    # shellcheck disable=SC2086 # no word or one
    expect_refusal 2 'nothing would open' "$COLDSEAL" recovery remove last.raw --in-place --key-file first.key $more
    luks_opens last.raw first.key || fail "the last way in is gone"
done
expect_refusal 2 'recovery-key-out' "$COLDSEAL" recovery rotate last.raw --in-place --key-file first.key
expect_code 0 "$COLDSEAL" reseal one.raw -o only.raw --key-file first.key --target one.json "${policy[@]}" --no-recovery
expect_closed only.raw first.key
expect_code 0 "$COLDSEAL" unseal only.raw --tcti "$one" --key-out only.pass
expect_open only.raw only.pass

note "in place, all of it, and the data behind the header stays what it was"
expect_code 0 "$COLDSEAL" recovery add place.raw --in-place --key-file first.key --recovery-key-out fifth.key
expect_code 0 "$COLDSEAL" recovery rotate place.raw --in-place --key-file fifth.key --recovery-key-out sixth.key
expect_closed place.raw fifth.key
expect_closed place.raw first.key
expect_open place.raw sixth.key
expect_code 0 "$COLDSEAL" unseal place.raw --tcti "$two" --key-out place.pass2
read -r offset _ < <(tiny_partition place.raw 1)
cmp -i $((offset + 16777216)) pool.raw place.raw || fail "the data changed"
expect_refusal 2 'key-file and --tcti' "$COLDSEAL" reseal one.raw -o x.raw --target two.json "${policy[@]}"
if [ -e x.raw ] || [ -e x.key ]; then
    fail "something was left"
fi
