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

# changed CASE SED-SCRIPT FILE: a copy of the case with one file changed
changed()
{
    rm -rf "$TMP/case"
    cp -r "$1" "$TMP/case"
    cp -r "${1%/*}/builds" "$TMP/"
    sed -i "$2" "$TMP/case/$3"
}

cases=0
for folder in "$SRC"/tests/replay/*/case.json; do
    folder=${folder%/*}
    cases=$((cases + 1))
    note "${folder##*/}: $("$tool" replay "$folder")"
    [ "$("$tool" replay "$folder" | cut -d' ' -f1)" = "$(events "$folder/eventlog.bin")" ] ||
        fail "tpm2_eventlog counts $(events "$folder/eventlog.bin") events"
    "$tool" trace "$folder" | grep -qx boots || fail "it does not boot"

    changed "$folder" 's/root=LABEL=/root=LABEL=x/' grub.cfg
    expect_refusal 1 'PCR 8, "grub_cmd: menuentry' "$tool" replay "$TMP/case"
    changed "$folder" '/^grub.cfg /y/0123456789/1234567890/' digests.txt
    expect_refusal 1 'PCR 9, ".*grub.cfg' "$tool" replay "$TMP/case"
    changed "$folder" 's/^set timeout=0/set timeout=-1/;s/^  *set timeout=0/set timeout=-1/' grub.cfg
    expect_refusal 1 'set timeout=0' "$tool" replay "$TMP/case"
done
[ "$cases" -ge 4 ] || fail "only $cases recorded boots"
