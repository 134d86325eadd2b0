#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recorded event logs replay to the PCR values that the TPM had, and to what tpm2_eventlog makes of
# them; the unlock's digest log carries the same through a console's text.
# limit: 120
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/seal_tool

# "PCR value" lines from our JSON
values()
{
    "$tool" pcrs-file "$1" | sed -n 's/.*"\([0-9]*\)": *"\([0-9a-f]*\)".*/\1 \2/p'
}

# The SHA-256 digests of the events in what tpm2_eventlog prints
digests_of_tools()
{
    sed -n '/AlgorithmId: sha256/{n;s/.*Digest: "\(.*\)"/\1/p}'
}

# Lines of kernel and unit messages, colours and carriage returns around and between the lines
noisy()
{
    printf '\033[2J\033[01;01HBdsDxe: starting Boot0001\r\n'
    printf -- '-----BEGIN COLDSEAL BOOT LOG-----\r\nan older one that was cut off\r\n'
    local line number=0
    while IFS= read -r line; do
        number=$((number + 1))
        printf '\033[0;1;31m%s\033[0m\r\n' "$line"
        [ $((number % 7)) -ne 0 ] || printf '[   12.%06d] virtio_net virtio1: a message\r\n' $number
        [ $((number % 11)) -ne 0 ] || printf '\r\n\033[K\a done\r\n'
    done
    printf '[   13.000000] reboot: Power down\r\n'
}

# What its 256-byte limit leaves of an event is more than replay needs.
for log in "$SRC"/tests/replay/*/eventlog.bin; do
    dir=${log%/*}
    note "${dir##*/}"
    values "$log" >"$TMP/ours"
    grep -E '^([0-9]|14|15) ' "$dir/pcrs.txt" >"$TMP/recorded"
    # Not every recording has PCR 15, which no event of a log leads to.
    grep -q '^15 ' "$TMP/recorded" || echo "15 $(printf '%064d' 0)" >>"$TMP/recorded"
    diff "$TMP/recorded" "$TMP/ours" || fail "not the TPM's values"

    tpm2_eventlog "$log" 2>/dev/null |
        sed -n '/^pcrs:/,$p' | sed -n '/sha256:/,/sha[135][82]*[124]*:$/s/^ *\([0-9]*\) *: 0x\(.*\)$/\1 \2/p' >"$TMP/tools"
    [ -s "$TMP/tools" ] || fail "tpm2_eventlog gives no values"
    grep -v '^15 ' "$TMP/ours" | diff "$TMP/tools" - || fail "not tpm2_eventlog's values"

    "$tool" digestlog "$log" >"$TMP/text"
    note "digest log: $(wc -c <"$TMP/text") bytes for $(wc -c <"$log")"
    [ "$(wc -c <"$TMP/text")" -lt 16384 ] || fail "the digest log is too long for a console"
    values "$TMP/text" | diff "$TMP/ours" - || fail "from the digest log"
    noisy <"$TMP/text" >"$TMP/console"
    values "$TMP/console" | diff "$TMP/ours" - || fail "from a noisy console"

    # tpm2_eventlog takes the decoded log as far as it finds events whole, which ends where data
    # of a key list is cut.
    "$tool" digestlog-decode "$TMP/text" >"$TMP/decoded.bin"
    { tpm2_eventlog "$TMP/decoded.bin" 2>/dev/null || true; } | digests_of_tools >"$TMP/first"
    count=$(wc -l <"$TMP/first")
    [ "$count" -ge 4 ] || fail "tpm2_eventlog does not read the decoded log"
    tpm2_eventlog "$log" 2>/dev/null | digests_of_tools | sed -n "1,${count}p" | diff - "$TMP/first" ||
        fail "tpm2_eventlog reads other digests in the decoded log"

    note "damage is told"
    lines=$(wc -l <"$TMP/text")
    for drop in 2 $((lines / 2)) $((lines - 1)); do
        sed "${drop}d" "$TMP/text" >"$TMP/damaged"
        expect_refusal 4 'damaged' "$tool" pcrs-file "$TMP/damaged"
        sed "${drop}s/^\(..........\)\(.\)/\1=/" "$TMP/text" >"$TMP/damaged"
        expect_refusal 4 'damaged' "$tool" pcrs-file "$TMP/damaged"
        sed "${drop}y/ABCDabcd/BCDAbcda/" "$TMP/text" >"$TMP/damaged"
        expect_refusal 4 'damaged' "$tool" pcrs-file "$TMP/damaged"
    done
    sed '$d' "$TMP/text" >"$TMP/damaged"
    expect_refusal 4 'neither an event log nor console text' "$tool" pcrs-file "$TMP/damaged"
    # A whole one before the one that was cut off still counts; the last whole one does.
    cat "$TMP/text" "$TMP/damaged" >"$TMP/both"
    values "$TMP/both" | diff "$TMP/ours" - || fail "a whole log before one that is cut off"
    { sed '5d' "$TMP/text" && cat "$TMP/text"; } >"$TMP/both"
    values "$TMP/both" | diff "$TMP/ours" - || fail "the last log counts"

    note "every cut of the binary log"
    size=$(stat -c %s "$log")
    for ((cut = 1; cut < size; cut += 997)); do
        head -c $((size - cut)) "$log" >"$TMP/cut"
        code=0
        values "$TMP/cut" >/dev/null 2>"$TMP/err" || code=$?
        [ $code -eq 0 ] || [ $code -eq 4 ] || fail "cut by $cut: exit $code"
    done
    { cat "$log" && head -c 4096 /dev/zero; } >"$TMP/padded"
    values "$TMP/padded" | diff "$TMP/ours" - || fail "zeros behind the last event"
    { cat "$log" && printf 'more'; } >"$TMP/padded"
    expect_refusal 4 'cut off or malformed' "$tool" pcrs-file "$TMP/padded"
done
