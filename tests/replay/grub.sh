#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What GRUB measured in recorded boots, event by event, text and digest, from its configuration, the
# digests of its files, and what its binary says of itself. One changed byte is told.
# limit: 60
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/grub_tool

# events LOG: how many of GRUB's and of what it has verified tpm2_eventlog sees
events()
{
    tpm2_eventlog "$1" 2>/dev/null | awk '
        $1 == "PCRIndex:" { pcr = $2 }
        $1 == "EventType:" && pcr ~ /^[89]$/ && $2 == "EV_IPL" { seen = 1; count++ }
        $1 == "EventType:" && pcr == 4 && $2 == "EV_EFI_BOOT_SERVICES_APPLICATION" && seen { count++ }
        END { print count }'
}

# Cases and builds, with the memory disk of Debian's GRUB 2.06, where its first configuration is.
cp -r "$SRC/tests/replay" "$TMP/replay"
truncate -s 1M "$TMP/replay/memdisk.fat"
mformat -i "$TMP/replay/memdisk.fat" ::
mmd -i "$TMP/replay/memdisk.fat" ::fonts
mcopy -i "$TMP/replay/memdisk.fat" "$SRC/tests/replay/builds/debian-2.06-13+deb12u2.grub.cfg" ::grub.cfg
echo a font | mcopy -i "$TMP/replay/memdisk.fat" - ::fonts/unicode.pf2

# changed CASE SED-SCRIPT FILE: a copy of the case with one file changed
changed()
{
    rm -rf "$TMP/replay/changed"
    cp -r "$1" "$TMP/replay/changed"
    sed -i "$2" "$TMP/replay/changed/$3"
}

cases=0
for folder in "$TMP"/replay/*/case.json; do
    folder=${folder%/*}
    cases=$((cases + 1))
    note "${folder##*/}: $("$tool" replay "$folder")"
    [ "$("$tool" replay "$folder" | cut -d' ' -f1)" = "$(events "$folder/eventlog.bin")" ] ||
        fail "tpm2_eventlog counts $(events "$folder/eventlog.bin") events"
    "$tool" trace "$folder" | grep -qx boots || fail "it does not boot"

    changed "$folder" '/^grub.cfg /y/0123456789/1234567890/' digests.txt
    expect_refusal 1 'PCR 9, ".*grub.cfg' "$tool" replay "$TMP/replay/changed"
    if ! grep -q '^menuentry' "$folder/grub.cfg"; then
        changed "$folder" 's/^search /search --quiet /' grub.cfg
        expect_refusal 1 'PCR 8, "grub_cmd: search' "$tool" replay "$TMP/replay/changed"
        continue
    fi
    changed "$folder" 's/ root=/ root=x/' grub.cfg
    expect_refusal 1 'PCR 8, "grub_cmd: menuentry' "$tool" replay "$TMP/replay/changed"
    changed "$folder" 's/set timeout=[0-9]*$/set timeout=-1/' grub.cfg
    expect_refusal 1 'set timeout=[0-9]*' "$tool" replay "$TMP/replay/changed"
done
[ "$cases" -ge 12 ] || fail "only $cases recorded boots"
