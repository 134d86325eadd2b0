#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job on an older guest: bookworm's shim, GRUB 2.06, kernel 6.1 and systemd 252, with a C library that
# is as old as the unlock may ask for there. From the zlib qcow2 to a boot with no input, as predicted.
# images: bookworm.qcow2
# limit: 1800
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"

pool=$TMP/pool.qcow2
disk=$TMP/sealed.raw
sealed_encrypt "$IMAGES/bookworm.qcow2" "$pool" "$TMP/key"
sealed_make old "$pool" "$TMP/key" "$disk"

vm_start old "$disk"
sealed_expect_open old
# shellcheck disable=SC2016
vm_run old 60 '. /etc/os-release; echo "guest: $VERSION_CODENAME $(uname -r) $(systemctl --version | head -n 1)"' >"$TMP/guest"
cat "$TMP/guest"
grep -q '^guest: bookworm 6\.1\..* systemd 252 ' "$TMP/guest" || fail "another guest"
vm_power_off old
