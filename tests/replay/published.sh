#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Event logs that others published replay, in every bank, to what tpm2_eventlog makes of them; a
# firmware state can be imported from those of a boot through UEFI, and cut ones fail cleanly.
# limit: 300
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/seal_tool

# "bank PCR value" lines of what tpm2_eventlog prints
values_of_tools()
{
    tpm2_eventlog "$1" 2>/dev/null | awk '
        /^pcrs:/ { on = 1; next }
        on && /^  sha[0-9]+:/ { gsub(/[: ]/, ""); bank = $0; next }
        on && /0x/ { print bank, $1, substr($NF, 3) }' | sort
}

# The same from our JSON
values()
{
    "$tool" pcrs-banks "$1" >"$TMP/banks" || return
    jq -r 'to_entries[] | .key as $bank | .value | to_entries[] | "\($bank) \(.key) \(.value)"' \
        "$TMP/banks" | sort
}

# expect_clean FILE: taken, or refused as a bad image with one line
expect_clean()
{
    local code=0
    "$COLDSEAL" firmware import "$1" -q -f -o "$TMP/x.json" 2>"$TMP/err" || code=$?
    [ $code -eq 0 ] || { [ $code -eq 4 ] && [ "$(wc -l <"$TMP/err")" -eq 1 ]; } ||
        { cat "$TMP/err" >&2; fail "exit $code"; }
}

# What that machine's TPM had in PCR 0, which starts at locality 3: go-eventlog,
# tpmeventlog/extract_test.go. tpm2_eventlog 5.4 passes over the event that says so.
locality_values='sha1 0 29d236609a5f9cc6912af44ba5f57b13a17c8a84
sha256 0 0e5ea849d7647a1ac1becc096fee4df98f00f8015f934afadaab0b8aa20b38a5'

banks=0
for log in "$SRC"/tests/replay/published/*.bin; do
    name=${log##*/}
    if [ "$name" = specid-vendordata.bin ]; then
        expect_refusal 4 'Spec ID event is malformed' "$tool" pcrs-banks "$log"
        continue
    fi
    values_of_tools "$log" >"$TMP/wanted"
    [ -s "$TMP/wanted" ] || fail "$name: tpm2_eventlog gives no values"
    if [ "$name" = glinux-alex.bin ]; then
        { grep -v '^sha[0-9]* 0 ' "$TMP/wanted" && echo "$locality_values"; } | sort >"$TMP/of-tpm"
        mv "$TMP/of-tpm" "$TMP/wanted"
    fi
    values "$log" >"$TMP/ours" || fail "$name"
    diff "$TMP/wanted" "$TMP/ours" || fail "$name: not tpm2_eventlog's values"
    banks=$((banks + $(cut -d ' ' -f 1 "$TMP/wanted" | sort -u | wc -l)))

    if [ "$name" = uefivar.bin ]; then # one event of no boot
        expect_clean "$log"
        continue
    fi
    "$COLDSEAL" firmware import "$log" -q -f -o "$TMP/firmware.json" || fail "$name: import"
    jq -r '.recorded.pcrs | to_entries[] | .key as $bank | .value | to_entries[] |
        "\($bank) \(.key) \(.value)"' "$TMP/firmware.json" | sort |
        diff <(grep -E '^sha[0-9]+ [012356] ' "$TMP/wanted") - || fail "$name: what is recorded"
    # the document is taken again as it is
    "$COLDSEAL" firmware import "$TMP/firmware.json" -q -f -o "$TMP/again.json"
    cmp <(jq 'del(.origin)' "$TMP/firmware.json") <(jq 'del(.origin)' "$TMP/again.json") ||
        fail "$name: the document is not taken as it is"

    size=$(stat -c %s "$log")
    for part in 1 2 3 4 5 6; do
        head -c $((size * part / 7)) "$log" >"$TMP/cut"
        expect_clean "$TMP/cut"
        { head -c $((size * part / 7)) "$log" && printf '\377\377\377\377' &&
            tail -c +$((size * part / 7 + 5)) "$log"; } >"$TMP/damaged"
        expect_clean "$TMP/damaged"
    done
done
note "$banks banks"
[ "$banks" -ge 20 ] || fail "few logs"
