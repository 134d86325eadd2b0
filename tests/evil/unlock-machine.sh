#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.raw
# limit: 1500
# coldseal-unlock on a real kernel: what it maps, growth on a longer disk, and four attacks that need
# one. All the while the host types on the console.
# shellcheck disable=SC2016 # the dollars are the guest's
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/unlock.sh
. "$SRC/tests/lib/unlock.sh"
# shellcheck source=tests/lib/unlock_vm.sh
. "$SRC/tests/lib/unlock_vm.sh"
# shellcheck source=tests/lib/luks2_edit.sh
. "$SRC/tests/lib/luks2_edit.sh"

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

note "the disk is longer than its table says: the partition and the mapping follow, nothing else"
make_disk longer good
dd if="$TMP/longer.img" of="$TMP/before.luks" bs=1M skip=1 count=31 status=none
truncate -s +8M "$TMP/longer.img"
unlock_boot "$TMP/tpm" plain longer
console_has "^UNLOCKED 0$"
console_has "coldseal: the root's partition grows from 31 to 39 MiB"
sectors=$(sgdisk -i 1 "$TMP/longer.img" | sed -n 's/^Partition size: \([0-9]*\) sectors.*/\1/p')
[ "$sectors" -gt $((39 << 11)) ] || fail "the partition has $sectors sectors"
console_has "^TABLE cloudimg-rootfs: 0 $((sectors - 32768)) crypt aes-xts-plain64 "
sgdisk -v "$TMP/longer.img" | grep -q 'No problems found' || fail "$(sgdisk -v "$TMP/longer.img")"
cmp "$TMP/before.luks" <(dd if="$TMP/longer.img" bs=1M skip=1 count=31 status=none) ||
    fail "the header or the data changed"

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

note "the header is swapped between check and activation: for one with a null cipher"
cp "$TMP/good.luks" "$TMP/swapped.luks"
luks2_edit "$TMP/swapped.luks" 's/("segments":\{"0":\{[^}]*)"aes-xts-plain64"/$1"cipher_null-ecb"/'
head -c $((256 << 10)) "$TMP/swapped.luks" >"$TMP/swapped.head"
make_disk race good
# The check is done when the header of 16 MiB has been read, once; what comes next is the TPM, and PCR
# 15 is extended before anything is mapped: as long as it is zero, nothing is.
EXTRA_FILES=("$TMP/swapped.head")
make_initramfs race 'coldseal-unlock & pid=$!' \
    'while read -r name value </proc/$pid/io && [ "$value" -lt 16777216 ]; do :; done' \
    'cat /swapped.head >/dev/vda1' \
    'echo "SWAPPED PCR15 $(cat /sys/class/tpm/tpm0/pcr-sha256/15) TABLE $(dmsetup table)"' \
    'wait $pid; echo "UNLOCKED $?"' "$show" 'sync'
unlock_boot "$TMP/tpm" race race
console_has "^SWAPPED PCR15 $ZERO TABLE (No devices found)?$"
console_has '^UNLOCKED 0$'
console_has '^TABLE cloudimg-rootfs: 0 30720 crypt aes-xts-plain64 '
dd if="$TMP/race.img" of="$TMP/race.luks" bs=1M skip=1 count=16 status=none
luks2_json "$TMP/race.luks" | grep -q '"segments".*cipher_null-ecb' || fail "the swap did not reach the disk"
