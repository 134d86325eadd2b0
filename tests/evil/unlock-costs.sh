#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# As many keyslots and tokens as there can be, each keyslot of the highest cost that is let through. The
# TPM opens every token, and none opens its keyslot: the guest is held up, but not for long.
# full
# limit: 600
# shellcheck disable=SC2016 # the dollars are perl's
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"
. "$SRC/tests/lib/luks2_edit.sh"

# cost KDF: all keyslots of $TMP/evil.luks get it.
cost()
{
    luks2_edit "$TMP/evil.luks" \
        "s/\"kdf\":\\{[^}]*(\"salt\":\"[^\"]*\")[^}]*\\},\"key_size\"/\"kdf\":{$1,\$1},\"key_size\"/g"
}

# held_up WHAT LANDED PATTERN: $TMP/evil.luks is refused for PATTERN, and that takes no longer than it may.
held_up()
{
    local started=$SECONDS
    [ "$(luks2_json "$TMP/evil.luks" | grep -o "$2" | wc -l)" = 32 ] || fail "$1: not landed"
    expect_closed 6 "$3" "$TMP/evil.luks"
    note "$1: refused after $((SECONDS - started)) s: $(cat "$TMP/err")"
    [ $((SECONDS - started)) -lt 180 ] || fail "$1: held up for $((SECONDS - started)) s"
    reboot_tpm "$TMP/tpm"
}

swtpm_start "$TMP/tpm" --create-spk --ecc
seal_disk good
cmdline "$(pin_of good)"
cp "$TMP/good.luks" "$TMP/evil.luks"
luks2_edit "$TMP/evil.luks" \
    's/("keyslots":\{)"0":(\{.*?\})(\},"segments")/
        my ($before, $slot, $behind) = ($1, $2, $3);
        $before . join(",", map {
            my ($one, $offset) = ($slot, 262144 + $_ * 258048);
            $one =~ s|"offset":"\d+"|"offset":"$offset"|;
            "\"$_\":$one"
        } 0..31) . $behind/se'
luks2_edit "$TMP/evil.luks" 's/("digests":.*?"keyslots":)\["0"\]/$1 . "[" . join(",", map { "\"$_\"" } 0..31) . "]"/se'
luks2_edit "$TMP/evil.luks" \
    's/"tokens":\{"0":(\{.*?\})\}\}$/
        my $token = $1;
        "\"tokens\":{" . join(",", map {
            my ($one, $keyslot) = ($token, $_);
            $one =~ s|"keyslots":\["0"\]|"keyslots":["$keyslot"]|;
            "\"$_\":$one"
        } 0..31) . "}}"/se'
luks2_json "$TMP/evil.luks" | jq -e '(.keyslots | length) == 32 and
    ([.tokens[].keyslots[0]] | unique | length) == 32 and ([.keyslots[].area.offset] | unique | length) == 32' \
    >"$TMP/landed" || fail "not 32 keyslots with a token each"

cost '"type":"argon2id","time":16,"memory":65536,"cpus":1'
held_up "argon2id" '"time":16' 'opens no keyslot'
cost '"type":"pbkdf2","hash":"sha512","iterations":10000000'
held_up "pbkdf2" '"iterations":10000000' 'opens no keyslot'
