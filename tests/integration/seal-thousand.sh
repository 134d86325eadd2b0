#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A thousand machines of one golden image in one command: what one takes, and that each opens on its
# own TPM and on no other; and a run that is killed in the middle.
# full
# limit: 1800
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/targets.sh
. "$SRC/tests/lib/targets.sh"
cd "$TMP"

count=1000
targets_golden
mkdir vms killed
targets_lines vms $count >targets
start=$EPOCHREALTIME
expect_code 0 "${targets_seal[@]}" --targets targets
end=$EPOCHREALTIME
[ "$(grep -c ': sealed$' out)" = $count ] || fail "not all are sealed"
bytes=$(du -sB1 vms | cut -f1)
note "$(((${end/./} - ${start/./}) / count)) µs and $((bytes / count)) bytes a machine"
[ $((bytes / count)) -lt $((1 << 20)) ] || fail "more than a megabyte each"

targets_lines killed $count >targets-killed
targets_kill killed $count targets-killed 400
expect_code 0 "${targets_seal[@]}" --targets targets-killed
tail -n 1 out
[ "$(find killed -type f | wc -l)" = $((2 * count)) ] || fail "files that should not be, or not all"
[ "$(grep -c ': failed' out)" = 0 ] || fail "failures"

targets_expect_open vms $count
