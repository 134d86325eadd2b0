#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The prediction of one recorded image against what the console of a machine printed after one thing
# was changed each time (README.md says what): the event that differs first in each PCR, and the
# reason.
# limit: 60
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/predict_tool
case=$SRC/tests/replay/debian-2.12-coldseal

# explained NAME LINE…: just these lines, each a pattern.
explained()
{
    local name=$1 line number=0
    shift
    "$tool" explain "$case" "$SRC/tests/replay/explain/$name.txt" >"$TMP/lines"
    [ "$(wc -l <"$TMP/lines")" -eq $# ] || { cat "$TMP/lines" >&2; fail "$name: not $# PCRs"; }
    for line; do
        number=$((number + 1))
        sed -n "${number}p" "$TMP/lines" | grep -qx -- "$line" || { cat "$TMP/lines" >&2; fail "$name: no \"$line\""; }
    done
    note "$name: $(paste -sd';' "$TMP/lines" | cut -c1-200)"
}

explained good
explained othertpm
explained cmdline '8 command-line-edited: linux /vmlinuz .*' '9 grub-cfg-edited: .*/EFI/debian/grub\.cfg'
explained comment '9 grub-cfg-edited: .*/EFI/debian/grub\.cfg'
explained initramfs '9 initramfs-rebuilt: /initrd\.img'
explained module '9 grub-module: .*/EFI/debian/x86_64-efi/command\.lst'
explained grub '4 grub-replaced: /EFI/BOOT/grubx64\.efi' '8 grub-command-extra: \[ -z .*' '9 grub-files: /vmlinuz'
explained shim '4 shim-replaced: /EFI/BOOT/BOOTX64\.EFI' '14 shim-state: MokListX'
explained sboff '4 program-missing: /vmlinuz' '7 secure-boot-off: SecureBoot'
explained dbx '7 dbx-update: dbx'
explained sbat '7 sbat-level: SbatLevel'
explained mok '14 mok-enrolled: MokList'
explained failed '4 boot-option-failed: Returning from EFI Application from Boot Option'
