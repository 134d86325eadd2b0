#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# As many tokens as there can be, all of which the TPM opens, for a keyslot of the highest cost that
# is let through and that none of them opens: the guest is held up, but not for long.
# full
# shellcheck disable=SC2016 # the dollars are perl's
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"
. "$SRC/tests/lib/luks2_edit.sh"

swtpm_start "$TMP/tpm" --create-spk --ecc
seal_disk good
cmdline "$(pin_of good)"
cp "$TMP/good.luks" "$TMP/evil.luks"
luks2_edit "$TMP/evil.luks" \
    's/"tokens":\{"0":(\{.*?\})\}\}$/"\"tokens\":{" . join(",", map { "\"$_\":$1" } 0..31) . "}}"/se'
luks2_edit "$TMP/evil.luks" \
    's/"kdf":\{[^}]*("salt":"[^"]*")[^}]*\},"key_size"/"kdf":{"type":"argon2id","time":16,"memory":65536,"cpus":1,$1},"key_size"/'
[ "$(luks2_json "$TMP/evil.luks" | grep -o '"type":"systemd-tpm2"' | wc -l)" = 32 ] || fail "32 tokens"
luks2_json "$TMP/evil.luks" | grep -q '"time":16' || fail "no high cost"
started=$SECONDS
expect_closed 6 'opens no keyslot|more tokens than can be tried' "$TMP/evil.luks"
note "refused after $((SECONDS - started)) s"
[ $((SECONDS - started)) -lt 180 ] || fail "held up for $((SECONDS - started)) s"
