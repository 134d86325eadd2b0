#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The test image as it is built boots under Secure Boot and measures what was predicted, event by event, and
# what it reports can be relied on: the event log replays to the PCRs, and the second boot equals the
# first. VM_OVMF_CODE and VM_OVMF_VARS name another firmware; the boot is recorded where COLDSEAL_RECORD says.
# images: noble.qcow2
# limit: 900
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"

disk=$TMP/disk.qcow2
qemu-img create -q -f qcow2 -b "$IMAGES/noble.qcow2" -F qcow2 "$disk"
vm_create plain
"$COLDSEAL" firmware import --quiet "$VM_OVMF_VARS" -o "$TMP/firmware"
sealed_predict plain "$disk" "$TMP/firmware"

replayed() { # LOG PCR: what tpm2-tools compute from the event log
    tpm2_eventlog "$1" | awk -v pcr="$2" '
        /^  sha256:/ { bank = 1; next } /^  sha[0-9]+:/ { bank = 0 }
        bank && $1 == pcr { print tolower(substr($3, 3)) }'
}

for boot in 1 2; do
    vm_start plain "$disk"
    vm_wait_ready plain
    [ "$(vm_value plain secure-boot)" = on ] || fail "Secure Boot is off"
    [ "$(vm_value plain root)" = /dev/vda1 ] || fail "root is $(vm_value plain root)"
    vm_wait plain 60 "$(vm_console plain)" 'login:'
    vm_event_log plain "$TMP/log-$boot"
    for pcr in 4 7 8 9 14; do
        [ -n "$(vm_pcr plain $pcr)" ] || fail "no PCR $pcr"
        [ "$(replayed "$TMP/log-$boot" $pcr)" = "$(vm_pcr plain $pcr)" ] || fail "PCR $pcr does not replay"
        vm_pcr plain $pcr >>"$TMP/pcrs-$boot"
    done
    sealed_expect_predicted plain
    [ "$boot" = 2 ] || sealed_expect_events plain "$IMAGES/noble.qcow2" "$TMP/firmware" noble
    vm_run plain 60 'systemd-analyze; systemd-analyze blame | head -n 12; systemctl list-units --failed --no-legend'
    vm_power_off plain
done
expect_same "$TMP/pcrs-1" "$TMP/pcrs-2"
