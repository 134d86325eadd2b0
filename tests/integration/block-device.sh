#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# optional
# A block device as what is changed in place: seal, reseal, recovery, rekey on a loop device. One that is in
# use is refused. Where there are no loop devices, or no right to make one, nothing is shown.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"

tiny_image plain.raw 24
tiny_extract plain.raw 1 root.plain
"$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --quiet
cp --sparse=always pool.raw work.raw
device=$(losetup -f --show work.raw 2>/dev/null) || { echo "no loop device can be made here" && exit 77; }
on_exit losetup -d "$device"
size=$(blockdev --getsize64 "$device")
swtpm_target vm
zero_pcrs >pcrs.json
policy=(--target vm.json --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy)

note "sealed, resealed, another recovery key, rekeyed"
expect_code 0 "$COLDSEAL" seal "$device" --in-place --key-file pool.key "${policy[@]}" --shared-key \
    --recovery-key-out first.key --json
jq -e --argjson size "$size" '.output.disk_size_bytes == $size' "$TMP/out" >/dev/null || fail "size"
[ "$(jq -r .output.sha256 "$TMP/out")" = "$(sha256 "$device")" ] || fail "the report's digest"
expect_code 0 "$COLDSEAL" unseal "$device" --tcti "$SWTPM_TCTI" --key-out one.pass
expect_code 0 "$COLDSEAL" reseal "$device" --in-place --tcti "$SWTPM_TCTI" "${policy[@]}"
expect_code 0 "$COLDSEAL" recovery rotate "$device" --in-place --key-file first.key --recovery-key-out second.key
expect_code 0 "$COLDSEAL" rekey "$device" --in-place --key-file second.key "${policy[@]}"
expect_code 0 "$COLDSEAL" unseal "$device" --tcti "$SWTPM_TCTI" --key-out two.pass
for key in second.key two.pass; do
    luks_opens work.raw $key || fail "$key does not open it"
done
for key in pool.key first.key one.pass; do
    ! luks_opens work.raw $key || fail "$key opens it"
done
luks_expect_root work.raw second.key root.plain
[ "$(blockdev --getsize64 "$device")" = "$size" ] || fail "the device's size changed"
sgdisk -v "$device" | grep -q 'No problems found' || fail "sgdisk -v"

note "one that somebody else has is refused"
before=$(sha256 work.raw)
python3 -c 'import os, sys, time
os.open(sys.argv[1], os.O_RDWR | os.O_EXCL)
print(flush=True)
time.sleep(60)' "$device" >held &
holder=$!
on_exit swtpm_end "$holder"
wait_for 10 test -s held || fail "the device is not held"
for change in "reseal --tcti $SWTPM_TCTI ${policy[*]}" "recovery add --key-file second.key --recovery-key-out x.key" \
    "rekey --key-file second.key ${policy[*]}"; do
    # shellcheck disable=SC2086 # words
    expect_refusal 3 'the device is in use' "$COLDSEAL" $change --in-place "$device"
done
expect_code 0 "$COLDSEAL" inspect "$device"
kill "$holder"
wait "$holder" || true
[ "$(sha256 work.raw)" = "$before" ] || fail "it was changed"
[ ! -e x.key ] || fail "a key was left"

note "and so is one that cannot be written"
blockdev --setro "$device"
expect_refusal 3 . "$COLDSEAL" reseal "$device" --in-place --tcti "$SWTPM_TCTI" "${policy[@]}"
blockdev --setrw "$device"
[ "$(sha256 work.raw)" = "$before" ] || fail "it was changed"
