# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Rewriting LUKS2 headers as an attacker would: any change to the JSON, with a checksum that is right
# (LUKS2 On-Disk Format Specification 1.1.2, clauses 3.1 and 3.2). To be sourced after common.sh.

LUKS2_COPY_BYTES=$((128 << 10))
LUKS2_BINARY_BYTES=4096
LUKS2_SEQUENCE_AT=16
LUKS2_CHECKSUM_AT=448

# luks2_json FILE [COPY]: the text in the first or second copy.
luks2_json()
{
    dd if="$1" iflag=skip_bytes,count_bytes skip=$((${2:-0} * LUKS2_COPY_BYTES + LUKS2_BINARY_BYTES)) \
        count=$((LUKS2_COPY_BYTES - LUKS2_BINARY_BYTES)) status=none | tr -d '\0'
}

luks2_put()
{
    dd of="$1" oflag=seek_bytes seek="$2" conv=notrunc status=none
}

luks2_checksum()
{
    local file=$1 at=$(($2 * LUKS2_COPY_BYTES))
    head -c 64 /dev/zero | luks2_put "$file" $((at + LUKS2_CHECKSUM_AT))
    dd if="$file" iflag=skip_bytes,count_bytes skip="$at" count="$LUKS2_COPY_BYTES" status=none |
        sha256sum | cut -d' ' -f1 | xxd -r -p | luks2_put "$file" $((at + LUKS2_CHECKSUM_AT))
}

# luks2_edit FILE PERL [COPY…]: applies a perl statement to the JSON of these copies (both). Fails
# unless it changed something.
luks2_edit()
{
    local file=$1 statement=$2 copy at copies=(0 1)
    shift 2
    [ $# -eq 0 ] || copies=("$@")
    for copy in "${copies[@]}"; do
        at=$((copy * LUKS2_COPY_BYTES + LUKS2_BINARY_BYTES))
        luks2_json "$file" "$copy" >"$TMP/json.before"
        perl -0pe "$statement" <"$TMP/json.before" >"$TMP/json.after"
        ! cmp -s "$TMP/json.before" "$TMP/json.after" || fail "changes nothing: $statement"
        truncate -s $((LUKS2_COPY_BYTES - LUKS2_BINARY_BYTES)) "$TMP/json.after"
        luks2_put "$file" "$at" <"$TMP/json.after"
        luks2_checksum "$file" "$copy"
    done
}

# luks2_sequence FILE COPY HEX: the sequence id, 16 digits.
luks2_sequence()
{
    xxd -r -p <<<"$3" | luks2_put "$1" $(($2 * LUKS2_COPY_BYTES + LUKS2_SEQUENCE_AT))
    luks2_checksum "$1" "$2"
}
