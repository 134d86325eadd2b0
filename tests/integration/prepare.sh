#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What prepare leaves in a guest with a /boot of its own, read from the outside. On the way the first
# appliance is killed in the middle of its work. A guest that kept /boot inside root is prepared by
# tests/boot/jammy.sh.
# images: noble.qcow2
# limit: 1500
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/guest.sh
. "$SRC/tests/lib/guest.sh"
# shellcheck source=tests/lib/guest_checks.sh
. "$SRC/tests/lib/guest_checks.sh"

# Kills the first appliance once it has begun to work.
kill_appliance_of()
{
    wait_for 600 grep -q '^prepare 15/' "$TMP/progress" || fail "no appliance starts"
    kill -KILL "$(pgrep -P "$1" qemu)" || fail "no appliance to kill"
}

note "noble: /boot is a partition; the first appliance dies"
make_overlay "$IMAGES/noble.qcow2" qcow2 "$TMP/noble.qcow2"
before=$(sha256 "$IMAGES/noble.qcow2")
: >"$TMP/progress"
prepare "$TMP/noble.qcow2" 1 15 16 &
preparing=$!
wait_for 20 pgrep -P "$preparing" prepare_guest >/dev/null
kill_appliance_of "$(pgrep -P "$preparing" prepare_guest)"
wait "$preparing" || fail "prepare did not survive the death of its appliance"
[ "$(grep -c '^prepare 15/' "$TMP/progress")" -ge 2 ] || fail "no second appliance was started"
[ "$(sha256 "$IMAGES/noble.qcow2")" = "$before" ] || fail "the image behind the overlay changed"
qemu-img convert -O raw "$TMP/noble.qcow2" "$TMP/noble.raw"
split_disk "$TMP/noble.raw" "$TMP/noble" 1 15 16
check_guest "$TMP/noble"
if ext4_has "$TMP/noble/1" /etc/cloud/cloud.cfg.d/zz-coldseal-seed.cfg; then
    fail "a seed that nobody gave"
fi
rm -f "$TMP/noble.raw"
