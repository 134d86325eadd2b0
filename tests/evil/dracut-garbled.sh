#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A guest with dracut whose root the host garbled: fsck fails, the machine powers off, and no shell comes.
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

note "blocks of the root are garbled, all but its superblock"
qemu-img convert -O raw "$disk" "$TMP/garbled.raw"
root=$(($(sgdisk -i 1 "$TMP/garbled.raw" | sed -n 's/^First sector: \([0-9]*\).*/\1/p') * 512))
dd if=/dev/urandom of="$TMP/garbled.raw" bs=4096 oflag=seek_bytes seek=$((root + (16 << 20) + 4096)) count=64 \
    conv=notrunc status=none
vm_start dracut "$TMP/garbled.raw"
vm_wait_off dracut 400
console=$(vm_console dracut)
[ "$(vm_shells dracut)" = '' ] || fail "a shell: $(vm_shells dracut)"
grep -aq 'powering off' "$console" || { vm_show dracut && fail "does not say that it powers off"; }
grep -aq 'reboot: Power down' "$console" || { vm_show dracut && fail "did not power off"; }
