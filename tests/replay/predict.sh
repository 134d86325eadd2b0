#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recorded boots, predicted event by event from what was recorded of the image and of the firmware's
# state: digests and data of all that firmware, shim, GRUB and kernel measured into PCR 4, 7, 8, 9
# and 14. One change of what the prediction is made from is told.
# limit: 120
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/predict_tool

# events LOG: how many tpm2_eventlog sees in those PCRs
events()
{
    { tpm2_eventlog "$1" 2>/dev/null || true; } | awk '
        $1 == "PCRIndex:" { pcr = $2 }
        $1 == "EventType:" && $2 != "EV_NO_ACTION" && pcr ~ /^(4|7|8|9|14)$/ { count++ }
        END { print count }'
}

# Cases and builds, with the memory disk of Debian's GRUB 2.06, where its first configuration is.
cp -r "$SRC/tests/replay" "$TMP/replay"
truncate -s 1M "$TMP/replay/memdisk.fat"
mformat -i "$TMP/replay/memdisk.fat" ::
mmd -i "$TMP/replay/memdisk.fat" ::fonts
mcopy -i "$TMP/replay/memdisk.fat" "$SRC/tests/replay/builds/debian-2.06-13+deb12u2.grub.cfg" ::grub.cfg
echo a font | mcopy -i "$TMP/replay/memdisk.fat" - ::fonts/unicode.pf2

# changed CASE FILE SED-SCRIPT: a copy of the case with one file changed
changed()
{
    rm -rf "$TMP/replay/changed"
    cp -r "$1" "$TMP/replay/changed"
    sed -i "$3" "$TMP/replay/changed/$2"
    ! cmp -s "$1/$2" "$TMP/replay/changed/$2" || fail "$2 did not change"
}

cases=0
for folder in "$TMP"/replay/*/programs.json; do
    folder=${folder%/*}
    cases=$((cases + 1))
    result=$("$tool" replay "$folder") || fail "${folder##*/}"
    note "${folder##*/}: $result"
    [ "${result%% *}" = "$(events "$folder/eventlog.bin")" ] ||
        fail "tpm2_eventlog counts $(events "$folder/eventlog.bin") events"

    changed "$folder" programs.json '0,/"sha256":"\(.\)/s//"sha256":"x/;s/"sha256":"x/"sha256":"0/'
    expect_refusal 1 'PCR 4, program' "$tool" replay "$TMP/replay/changed"
    # without Secure Boot shim sets the first level of all, whatever it has built in; 15.4 has no other
    if grep -q '"secure_boot": *true' "$folder/firmware.json" && grep -q sbat,1,20 "$folder/programs.json"; then
        changed "$folder" programs.json 's/sbat,1,20/sbat,1,19/'
        expect_refusal 1 'PCR 7, variable SbatLevel' "$tool" replay "$TMP/replay/changed"
    fi
    changed "$folder" programs.json '/"name":"MokListX"/,/vendor/s/true/False/;/"name":"MokListX"/,/vendor/s/false/true/;s/False/false/'
    expect_refusal 1 'PCR 14, variable MokListX' "$tool" replay "$TMP/replay/changed"
    changed "$folder" firmware.json 's/"measured":true/"measured":false/'
    expect_refusal 1 'PCR 4, separator' "$tool" replay "$TMP/replay/changed"
    changed "$folder" grub.cfg 's/ root=/ root=x/'
    expect_refusal 1 'PCR [89]' "$tool" replay "$TMP/replay/changed"
done
[ "$cases" -ge 13 ] || fail "only $cases recorded boots"
