#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.raw
# limit: 1500
# coldseal-unlock on a real kernel: what it maps, and three attacks that need one. All the while the
# host types on the console.
# shellcheck disable=SC2016 # the dollars are the guest's
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/unlock.sh
. "$SRC/tests/lib/unlock.sh"
# shellcheck source=tests/lib/unlock_vm.sh
. "$SRC/tests/lib/unlock_vm.sh"

unpack_kernel
swtpm_start "$TMP/tpm" --create-spk --ecc
seal_disk good 15
seal_disk evil 15
swtpm_stop
cmdline "$(pin_of good)" coldseal-test
make_disk good good
make_disk both evil good
make_disk evil evil

show='echo "PCR15 $(cat /sys/class/tpm/tpm0/pcr-sha256/15)"; echo "TABLE $(dmsetup table)"'
make_initramfs plain 'coldseal-unlock; echo "UNLOCKED $?"' "$show"

note "the right disk, and another volume with the same UUID before it"
unlock_boot "$TMP/tpm" plain both
console_has '^UNLOCKED 0$'
console_has "^TABLE cloudimg-rootfs: 0 30720 crypt aes-xts-plain64 :64:logon:[^ ]+ 0 [0-9]+:2 32768 1 sector_size:4096$"
console_has "^PCR15 $(extended "$ZERO" "$(pin_of good)" | tr a-f A-F)$"
console_has '^END$'

note "only the other volume"
unlock_boot "$TMP/tpm" plain evil
console_has '^coldseal: unlock failed: .*coldseal\.pin='
console_has '^-----BEGIN COLDSEAL BOOT LOG-----$'
console_has '^-----END COLDSEAL BOOT LOG-----$'
console_has 'Power down'
console_lacks '^UNLOCKED|^END|^TABLE'

note "a mapping of the root's name is there already, made from a disk of the host's"
make_initramfs squat 'dmsetup create cloudimg-rootfs --table "0 30720 linear 254:1 0" || dmsetup create cloudimg-rootfs --table "0 30720 linear 253:1 0"' \
    'echo "SQUATS $(dmsetup table)"' 'coldseal-unlock; echo "UNLOCKED $?"' "$show"
unlock_boot "$TMP/tpm" squat good
console_has '^SQUATS cloudimg-rootfs: 0 30720 linear'
console_has '^coldseal: unlock failed: '
console_has 'Power down'
console_lacks '^UNLOCKED|^END|^TABLE'
