#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# prepare --console-recovery: nobody at the console changes nothing from boot to boot; Escape leads to
# the recovery key, which opens the root without the TPM, three wrong ones to power-off.
# images: noble.qcow2
# limit: 2400
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"

pool=$TMP/pool.qcow2
disk=$TMP/sealed.qcow2
sealed_encrypt "$IMAGES/noble.qcow2" "$pool" "$TMP/key" --console-login --console-recovery
sealed_make one "$pool" "$TMP/key" "$disk"

vm_start one "$disk"
sealed_expect_open one
first=${vm_boots[one]}
! vm_value one cmdline | grep -q 'coldseal\.recovery' || fail "a recovery that nobody asked for"
vm_power_off one

# press_escape: what GRUB waits for
press_escape()
{
    vm_wait one 200 "$(vm_console one)" 'Escape within 5 seconds'
    for _ in 1 2 3; do
        vm_type one $'\e'
        sleep 0.5
    done
    vm_wait one 300 "$(vm_console one)" 'recovery key \(it is not shown\): '
    sleep 1
}

note "Escape, and three wrong keys"
vm_start one "$disk"
press_escape
for _ in 1 2 3; do
    vm_type one $'00000-00000\r'
    sleep 10
done
sealed_expect_closed one

note "Escape, and the recovery key"
vm_start one "$disk"
press_escape
vm_type one "$(cat "$TMP/one.recovery")"$'\r'
sealed_expect_open one recovery
vm_value one cmdline | grep -q 'coldseal\.recovery=console' || fail "another command line"
[ "$(vm_pcr one 8)" != "$(sed -n 's/^8 //p' "$TMP/one.predicted")" ] || fail "the TPM would have opened it"
grep -aq 'the host knows this recovery key now' "$(vm_console one)" || fail "does not say what that means"
! grep -aqF "$(cat "$TMP/one.recovery")" "$(vm_console one)" || fail "the key is on the console"
vm_power_off one

note "and without anybody, as ever"
vm_start one "$disk"
sealed_expect_open one
expect_same "$TMP/one-pcrs-$first" "$TMP/one-pcrs-${vm_boots[one]}"
vm_power_off one
