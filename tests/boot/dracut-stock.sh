#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A reader of our token that is not ours: dracut's initramfs with --unlock stock, whose
# systemd-cryptsetup unlocks.
# images: dracut.qcow2
# limit: 1800
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"

pool=$TMP/pool.qcow2
disk=$TMP/sealed.qcow2
sealed_encrypt "$IMAGES/dracut.qcow2" "$pool" "$TMP/key" --console-login --unlock stock
# systemd looks for the storage key where it is persistent
sealed_make stock "$pool" "$TMP/key" "$disk" --createek --create-spk

vm_start stock "$disk"
sealed_expect_open stock stock
vm_run stock 60 'journalctl -b -o cat -u "systemd-cryptsetup@*"' >"$TMP/journal"
cat "$TMP/journal"
grep -q '^Finished systemd-cryptsetup@' "$TMP/journal" || fail "systemd-cryptsetup did not unlock"
vm_power_off stock
