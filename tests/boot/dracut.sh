#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job on a guest with dracut: our module unlocks, with the pin, and shuts the TPM, under the
# PCRs that were predicted.
# images: dracut.qcow2
# limit: 1800
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"

pool=$TMP/pool.qcow2
disk=$TMP/sealed.qcow2
sealed_encrypt "$IMAGES/dracut.qcow2" "$pool" "$TMP/key" --console-login
sealed_make dracut "$pool" "$TMP/key" "$disk"

vm_start dracut "$disk"
sealed_expect_open dracut
vm_run dracut 60 'systemctl is-active coldseal-grow-root.service; journalctl -b -o cat -u coldseal-unlock.service -u coldseal-root.service' >"$TMP/journal"
cat "$TMP/journal"
grep -q '^active$' "$TMP/journal" || fail "the file system was not looked at"
grep -q 'Finished coldseal-root.service' "$TMP/journal" || fail "nobody looked at the mounted root"
vm_power_off dracut
