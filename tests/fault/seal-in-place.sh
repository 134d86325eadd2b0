#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# A hundred kills while `seal --in-place` writes the header, each in the middle of a write: the image
# opens afterwards, and the same command run again finishes.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/fault.sh
. "$SRC/tests/lib/fault.sh"
cd "$TMP"
fault_build
kills=100

tiny_image plain.raw 24
swtpm_target vm --create-spk
zero_pcrs >pcrs.json
"$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --quiet
read -r root_offset _ < <(tiny_partition pool.raw 1)
# Only the header changes: it alone is put back before each kill.
dd if=pool.raw of=header.pool bs=1M count=16 iflag=skip_bytes skip="$root_offset" status=none
tiny_extract pool.raw 1 root.pool

cp pool.raw work.raw
seal=("$COLDSEAL" seal work.raw --in-place --quiet --key-file pool.key --target vm.json
    --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy --shared-key)

put_back()
{
    dd if=header.pool of=work.raw bs=1M seek="$root_offset" oflag=seek_bytes conv=notrunc status=none
    rm -f recovery.key
}

# opens KEY: with cryptsetup, on a copy, since it repairs what it opens.
opens()
{
    [ -e "$1" ] || return 1
    dd if=work.raw of=root.work bs=1M count=16 iflag=skip_bytes skip="$root_offset" status=none
    truncate -s "$(stat -c %s root.pool)" root.work
    cryptsetup open --test-passphrase --key-file "$1" root.work 2>/dev/null
}


count=$(fault_count "${seal[@]}" --recovery-key-out recovery.key)
opens recovery.key || fail "sealed without a fault: the recovery key does not open it"
! opens pool.key || fail "sealed without a fault: the pool key opens it"
[ "$count" -gt 5 ] || fail "only $count changes: is the library preloaded?"

killed=0 with_old=0 with_new=0
for ((i = 0; i < kills; i++)); do
    put_back
    code=0
    force=()
    # Every change in turn, and at each a different part of its bytes.
    fault_run kill $((1 + i % count)) $((i * 1000 / kills)) "${seal[@]}" \
        --recovery-key-out recovery.key || code=$?
    if [ "$code" -eq 137 ]; then
        killed=$((killed + 1))
    fi
    if opens pool.key; then
        with_old=$((with_old + 1))
        # Not sealed yet: the recovery key that was made is good for nothing, and in the way.
        force=(--force)
    elif opens recovery.key; then
        with_new=$((with_new + 1))
    else
        fail "kill $i, at change $((1 + i % count)) of $count: nothing opens the image"
    fi
    expect_code 0 "${seal[@]}" "${force[@]}" --recovery-key-out recovery.key
    opens recovery.key || fail "kill $i: run again, the recovery key does not open it"
    ! opens pool.key || fail "kill $i: run again, the pool key still opens it"
    expect_code 0 "$COLDSEAL" unseal work.raw --tcti "$SWTPM_TCTI" --key-out passphrase --quiet
    opens passphrase || fail "kill $i: run again, what the TPM gives does not open it"
    rm -f passphrase
done
note "$killed kills at $count places: $with_old opened with the old key, $with_new with the new"
[ "$killed" -ge $((kills * 9 / 10)) ] || fail "only $killed of $kills runs were killed"
if [ "$with_old" -lt 10 ] || [ "$with_new" -lt 10 ]; then
    fail "the kills did not fall on both sides of the change"
fi
