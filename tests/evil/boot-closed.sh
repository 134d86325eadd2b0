#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real boots of a sealed disk that a host changed. Each ends closed: no shell and no prompt, the reason on
# the console, and power-off where a kernel was started. More of them are in boot-closed-full.sh.
# images: noble.qcow2 upgrade.raw
# full
# limit: 1800
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"
source "$SRC/tests/lib/tiny_image.sh"
source "$SRC/tests/lib/hostile.sh"

hostile_start one "$TMP/good.raw"

hostile_copy "init=/bin/sh in grub.cfg"
hostile_grub_cfg "$TMP/evil.raw" 's|panic=30|panic=30 init=/bin/sh|'
hostile_boot_closed 'PCR'

hostile_copy "a root of the host's own in the place of ours, sealed to the same TPM and policy"
hostile_values one "$TMP/good.raw"
hostile_own_volume one "$TMP/own.raw"
hostile_root "$TMP/evil.raw" "$TMP/host.luks"
hostile_boot_closed 'coldseal\.pin='

hostile_copy "another shim, as well signed"
debugfs -R "dump /shimx64.efi $TMP/shim" "$IMAGES/upgrade.raw" 2>/dev/null
hostile_esp_file "$TMP/evil.raw" EFI/BOOT/BOOTX64.EFI "$TMP/shim"
hostile_boot_closed 'PCR'

hostile_copy "our shim with one bit changed"
mcopy -n -o -i "$(hostile_esp "$TMP/evil.raw")" ::EFI/BOOT/BOOTX64.EFI "$TMP/shim"
hostile_flip "$TMP/shim"
hostile_esp_file "$TMP/evil.raw" EFI/BOOT/BOOTX64.EFI "$TMP/shim"
hostile_boot_stopped 'Access Denied'

hostile_copy "our kernel with one bit changed"
hostile_boot_read "$TMP/evil.raw" vmlinuz "$TMP/vmlinuz"
hostile_flip "$TMP/vmlinuz"
hostile_boot_file "$TMP/evil.raw" vmlinuz "$TMP/vmlinuz"
hostile_boot_stopped 'bad shim signature'
