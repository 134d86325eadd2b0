#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# More boots as in boot-closed.sh: disks that a host changed, and a mount of the guest's that fails.
# images: noble.qcow2 upgrade.raw
# limit: 2400
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"
source "$SRC/tests/lib/tiny_image.sh"
source "$SRC/tests/lib/hostile.sh"

hostile_start one "$TMP/good.raw"

hostile_copy "a plain root with our label in the place of ours"
tiny_extract "$IMAGES/noble.raw" 1 "$TMP/plain"
hostile_root "$TMP/evil.raw" "$TMP/plain"
rm "$TMP/plain"
hostile_boot_closed 'no partition with LUKS2 UUID'

hostile_copy "another kernel, as well signed: its modules are not in the initramfs, so that there is no disk"
debugfs -R "rdump /pool $TMP" "$IMAGES/upgrade.raw" 2>/dev/null
dpkg-deb --fsys-tarfile "$(find "$TMP/pool" -name 'linux-image-[0-9]*.deb')" |
    tar -x -C "$TMP" --wildcards './boot/vmlinuz-*'
hostile_boot_file "$TMP/evil.raw" vmlinuz "$(find "$TMP/boot" -name 'vmlinuz-*')"
hostile_boot_closed 'no partition with LUKS2 UUID|PCR'

hostile_copy "a mount of the guest's that fails: the boot goes on without it, and without an emergency shell"
vm_start one "$TMP/evil.raw"
sealed_expect_open one
vm_run one 30 'echo "UUID=0c7a4f5e-0000-4000-8000-000000000000 /srv ext4 x-systemd.device-timeout=5s 0 2" >>/etc/fstab && mkdir -p /srv'
vm_power_off one
vm_start one "$TMP/evil.raw"
vm_wait one 300 "$(vm_console one)" 'Dependency failed for.*(srv|Local File Systems)'
vm_wait_ready one
vm_type one $'\n'
vm_run one 60 'findmnt -n /srv; systemctl is-active emergency.target rescue.target; echo END' >"$TMP/after"
printf 'inactive\ninactive\nEND\n\n' | cmp - "$TMP/after" || fail "after the mount failed: $(cat "$TMP/after")"
# the login is the one that --console-login asks for
shells=$(vm_shells one | grep -v 'login:' || true)
[ -z "$shells" ] || fail "a shell: $shells"
vm_kill one
