#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A reader of our token that is not ours: dracut's initramfs with --unlock stock, whose
# systemd-cryptsetup unlocks. The first boot, of the image before it is sealed, gives the event log.
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
vm_create stock --createek --create-spk
qemu-img create -q -f qcow2 -b "$pool" -F qcow2 "$TMP/first.qcow2"
vm_start stock "$TMP/first.qcow2"
vm_wait stock 300 "$(vm_report stock)" 'COLDSEAL-TEST EVENTLOG END'
vm_kill stock
vm_event_log stock "$TMP/log"

"$COLDSEAL" target read --quiet --swtpm-state "$(vm_tpm stock)" -o "$TMP/target"
"$COLDSEAL" seal --quiet "$pool" -o "$disk" --key-file "$TMP/key" --target "$TMP/target" \
    --pcr-values "$TMP/log" --shared-key --no-recovery

vm_start stock "$disk"
sealed_expect_open stock stock
vm_run stock 60 'journalctl -b -o cat -u "systemd-cryptsetup@*"' >"$TMP/journal"
cat "$TMP/journal"
grep -q '^Finished systemd-cryptsetup@' "$TMP/journal" || fail "systemd-cryptsetup did not unlock"
vm_power_off stock
