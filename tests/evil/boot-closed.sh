#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real boots of a sealed disk that a host changed. Each ends closed: powered off, the reason on the
# console, no shell and no prompt.
# images: noble.qcow2 upgrade.raw
# limit: 3600
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"
source "$SRC/tests/lib/tiny_image.sh"
source "$SRC/tests/lib/hostile.sh"

pool=$TMP/pool.qcow2
sealed_encrypt "$IMAGES/noble.qcow2" "$pool" "$TMP/key" --console-login
sealed_make one "$pool" "$TMP/key" "$TMP/sealed.qcow2"
qemu-img convert -O raw "$TMP/sealed.qcow2" "$TMP/good.raw"
vm_start one "$TMP/sealed.qcow2"
sealed_expect_open one
hostile_values one
vm_power_off one

# evil WHAT: a fresh copy of the disk, before its power-on, as it was sealed
evil()
{
    note "$1"
    cp --sparse=always "$TMP/good.raw" "$TMP/evil.raw"
}

# boot_closed PATTERN: the evil disk ends closed for that reason
boot_closed()
{
    vm_start one "$TMP/evil.raw"
    sealed_expect_closed one
    grep -aEq "coldseal: unlock failed: .*($1)" "$(vm_console one)" || fail "another reason than $1"
}

evil "init=/bin/sh in grub.cfg"
hostile_grub_cfg "$TMP/evil.raw" 's|panic=30|panic=30 init=/bin/sh|'
boot_closed 'PCR'

evil "a plain root with our label in the place of ours"
tiny_extract "$IMAGES/noble.raw" 1 "$TMP/plain"
hostile_root "$TMP/evil.raw" "$TMP/plain"
rm "$TMP/plain"
boot_closed 'no partition with LUKS2 UUID'

evil "a root of the host's own in the place of ours, sealed to the same TPM and policy"
hostile_own_volume one "$TMP/own.raw"
hostile_root "$TMP/evil.raw" "$TMP/host.luks"
boot_closed 'coldseal\.pin='

evil "another kernel, as well signed"
upgrade_debs=$(debugfs -R 'ls -p /' "$IMAGES/upgrade.raw" 2>/dev/null | cut -d/ -f6 | grep '^linux-image-[0-9].*\.deb$' | head -n 1)
[ -n "$upgrade_debs" ] || fail "no kernel among the upgrades"
debugfs -R "dump /$upgrade_debs $TMP/kernel.deb" "$IMAGES/upgrade.raw" 2>/dev/null
dpkg-deb --fsys-tarfile "$TMP/kernel.deb" | tar -x -C "$TMP" --wildcards './boot/vmlinuz-*'
hostile_boot_file "$TMP/evil.raw" vmlinuz "$(ls "$TMP"/boot/vmlinuz-*)"
boot_closed '.'

evil "our kernel with one bit changed: it is not even started"
hostile_boot_read "$TMP/evil.raw" vmlinuz "$TMP/vmlinuz"
printf '\001' | dd of="$TMP/vmlinuz" bs=1 seek=$(($(stat -c %s "$TMP/vmlinuz") / 2)) conv=notrunc status=none
hostile_boot_file "$TMP/evil.raw" vmlinuz "$TMP/vmlinuz"
vm_start one "$TMP/evil.raw"
vm_wait_off one 300
! grep -aq 'Linux version' "$(vm_console one)" || fail "a changed kernel was started"
[ -z "$(vm_shells one)" ] || fail "a prompt: $(vm_shells one)"

evil "a mount of the guest's that fails: no emergency shell"
vm_start one "$TMP/evil.raw"
sealed_expect_open one
vm_run one 30 'echo "UUID=0c7a4f5e-0000-4000-8000-000000000000 /srv ext4 x-systemd.device-timeout=5s 0 2" >>/etc/fstab && mkdir -p /srv'
vm_power_off one
vm_start one "$TMP/evil.raw"
vm_wait one 300 "$(vm_console one)" 'Dependency failed for.*(srv|Local File Systems)'
sleep 30
vm_type one $'\n'
sleep 5
[ -z "$(vm_shells one)" ] || fail "a shell: $(vm_shells one)"
! grep -aq 'COLDSEAL-TEST READY' "$(vm_report one)" || fail "the mount did not fail"
vm_kill one
