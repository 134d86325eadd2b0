#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job on the layout whose /boot lies inside root: it becomes a partition of its own. From
# the zlib qcow2 to two boots under Secure Boot with no input, and no login on a console.
# images: jammy.qcow2
# limit: 1800
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"

pool=$TMP/pool.qcow2
disk=$TMP/sealed.raw
sealed_encrypt "$IMAGES/jammy.qcow2" "$pool" "$TMP/key"
# a storage key on an elliptic curve, made persistent by the host, as clouds do
sealed_key=--fresh-key
sealed_make two "$pool" "$TMP/key" "$disk" --createek --create-spk --ecc

vm_start two "$disk"
sealed_expect_open two
first=${vm_boots[two]}
vm_run two 30 'mountpoint -q /boot && echo mounted; ls -A /boot; echo END' >"$TMP/boot"
grep -q '^END$' "$TMP/boot" || fail "the guest did not list /boot"
! grep -Eq 'mounted|vmlinuz|initrd' "$TMP/boot" || fail "/boot is in use: $(cat "$TMP/boot")"
vm_power_off two

vm_start two "$disk"
sealed_expect_open two
expect_same "$TMP/two-pcrs-$first" "$TMP/two-pcrs-${vm_boots[two]}"
vm_power_off two
