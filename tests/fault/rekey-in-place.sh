#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 2400
# rekey --in-place is killed at its changes in turn, and loses power at random ones, with any part of
# what was not synced lost by sectors of 512 bytes, the repair included: the same command finishes,
# the plaintext is whole, and nobody takes the disk meanwhile.
#
# Of the many changes in a row that wipe the journal at the end every 16th is tried, or every so many as
# EVERY says. CUTS is the number of power cuts.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
# shellcheck source=tests/lib/fault.sh
. "$SRC/tests/lib/fault.sh"
# shellcheck source=tests/lib/unlock.sh
. "$SRC/tests/lib/unlock.sh"
cd "$TMP"
fault_build
cuts=${CUTS:-20}
every=${EVERY:-16}
RANDOM=4711

tiny_image plain.raw 18
"$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --holes none --quiet
read -r root_offset root_size < <(tiny_partition pool.raw 1)
luks_decrypt pool.raw pool.key root.plain
expect_code 0 "$COLDSEAL" decrypt pool.raw back.raw --key-file pool.key --quiet
tiny_extract back.raw 1 root.back
plain_size=$(stat -c %s root.back)
cmp -n "$plain_size" root.plain root.back || fail "the test's own decryption"

rekey=("$COLDSEAL" rekey work.raw --in-place --quiet --key-file pool.key --drop-slot 0 --key-out work.key)

put_back()
{
    cp --sparse=always pool.raw work.raw
    rm -f work.key
}

# whole WHAT: rekeyed, with every byte of the plaintext, under the new key alone. cryptsetup looks at
# the header each time, and at the data where the second argument says so.
whole()
{
    dd if=work.raw of=root.head bs=1M count=16 iflag=skip_bytes skip="$root_offset" status=none
    truncate -s "$root_size" root.head
    cryptsetup open --test-passphrase --key-file work.key root.head 2>/dev/null || fail "$1: the new key"
    ! cryptsetup open --test-passphrase --key-file pool.key root.head 2>/dev/null || fail "$1: the old key"
    rm -f back.raw
    "$COLDSEAL" decrypt work.raw back.raw --key-file work.key --quiet || fail "$1: decrypt"
    tiny_extract back.raw 1 root.back
    cmp -n "$plain_size" root.plain root.back || fail "$1: the plaintext changed"
    if [ -n "${2:-}" ]; then
        luks_decrypt work.raw work.key root.judge
        cmp -n "$plain_size" root.plain root.judge || fail "$1: cryptsetup finds another plaintext"
        luks_expect_pinned work.raw work.key
    fi
}

# expect_refused WHAT: the disk as it is in the middle.
expect_refused()
{
    tiny_extract work.raw 1 root.middle
    ! cryptsetup luksAddKey -q --key-file pool.key root.middle pool.key 2>cryptsetup.err ||
        fail "$1: cryptsetup takes it"
    grep -q 'Unmet LUKS2 requirements' cryptsetup.err ||
        { cat cryptsetup.err; fail "$1: cryptsetup has another reason"; }
    expect_refusal 7 'being rekeyed' "$COLDSEAL" decrypt work.raw x.raw --key-file pool.key
    expect_refusal 7 'being rekeyed' "$COLDSEAL" unseal work.raw --tcti "$SWTPM_TCTI" --key-out x.key
    expect_refusal 7 'being rekeyed' "$COLDSEAL" rekey work.raw x.raw --key-file pool.key
    expect_refusal 7 'being rekeyed' "$COLDSEAL" seal work.raw --in-place --key-file pool.key \
        --target vm.json --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy --shared-key --no-recovery
    expect_code 0 "$COLDSEAL" inspect work.raw --json
    grep -q 'being rekeyed' "$TMP/out" || fail "$1: inspect does not say it"
    UUID=$(cryptsetup luksUUID root.middle) # for cmdline
    cmdline "$(printf '%064d' 1)"
    expect_refusal 7 'being rekeyed' unlock_test root.middle
    if [ -e x.raw ] || [ -e x.key ]; then
        fail "$1: something was left"
    fi
}

swtpm_target vm --create-spk
zero_pcrs >pcrs.json

put_back
count=$(fault_count "${rekey[@]}")
[ "$count" -gt 80 ] || fail "only $count changes: is the library preloaded?"
whole "without a fault" judge
read -r _ wipe_first wipe_last <"$TMP/fault-count"
[ "$wipe_first" -gt 40 ] || fail "the longest row of changes without a sync begins at $wipe_first"

note "the header from before, put back, gives nothing but noise"
dd if=pool.raw of=work.raw bs=1M count=16 iflag=skip_bytes oflag=seek_bytes skip="$root_offset" \
    seek="$root_offset" conv=notrunc status=none
luks_decrypt work.raw pool.key root.judge
[ "$(cmp -l -n 1000000 root.plain root.judge | wc -l)" -gt 950000 ] || fail "the old header opens data"

note "killed at each of $count changes, from $wipe_first to $wipe_last at every ${every}th"
refused=0 middles=0 kills=0
for ((at = 1; at <= count; at++)); do
    if [ "$at" -gt "$wipe_first" ] && [ "$at" -lt "$wipe_last" ] && [ $(((at - wipe_first) % every)) -ne 0 ]; then
        continue
    fi
    kills=$((kills + 1))
    put_back
    code=0
    fault_run kill "$at" $((at * 997 % 1000)) "${rekey[@]}" || code=$?
    [ "$code" -eq 137 ] || fail "at $at of $count: exit $code, not killed"
    if "$COLDSEAL" inspect work.raw --json | grep -q 'being rekeyed'; then
        middles=$((middles + 1))
        [ $((middles % 8)) -ne 1 ] || { expect_refused "at $at"; refused=$((refused + 1)); }
    fi
    expect_code 0 "${rekey[@]}"
    if [ $((kills % 16)) -eq 1 ]; then
        whole "killed at $at" judge
    else
        whole "killed at $at"
    fi
done
[ "$refused" -ge 2 ] || fail "the disk was never seen in the middle"

note "$cuts power cuts, every other one before the wipe, every third one during the repair as well"
lost=0
for ((i = 1; i <= cuts; i++)); do
    put_back
    code=0
    at=$((1 + RANDOM % (i % 2 ? wipe_first : count)))
    fault_run knock-out "$at" "$i" "${rekey[@]}" || code=$?
    [ "$code" -ne 137 ] || lost=$((lost + 1))
    if [ $((i % 3)) -eq 0 ]; then
        fault_run knock-out $((1 + RANDOM % count)) "$((i + 7777))" "${rekey[@]}" || true
    fi
    expect_code 0 "${rekey[@]}"
    whole "power cut $i, at change $at"
done
[ "$lost" -ge $((cuts * 9 / 10)) ] || fail "only $lost of $cuts runs were cut off"
note "$kills kills and $lost power cuts: the plaintext is whole, under the new key alone"
