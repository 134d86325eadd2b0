#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host rewrites the LUKS2 header, with checksums that are right. coldseal-unlock refuses before the
# TPM is asked, says which rule was broken, prints no key and shuts the TPM.
# shellcheck disable=SC2016 # the dollars are perl's
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"
. "$SRC/tests/lib/luks2_edit.sh"

swtpm_start "$TMP/tpm" --create-spk --ecc
seal_disk good
seal_disk other
cmdline "$(pin_of good)"

# attack WHAT PERL LANDED CODE REASON [COPY…]: LANDED is a pattern that the new JSON has and the old
# one has not.
attack()
{
    local what=$1 statement=$2 landed=$3 code=$4 reason=$5 copy
    shift 5
    note "$what"
    cp "$TMP/good.luks" "$TMP/evil.luks"
    luks2_edit "$TMP/evil.luks" "$statement" "$@"
    for copy in "${@:-0}"; do
        luks2_json "$TMP/evil.luks" "$copy" | grep -Eq -- "$landed" || fail "$what: not landed"
        ! luks2_json "$TMP/good.luks" "$copy" | grep -Eq -- "$landed" || fail "$what: was there before"
    done
    # The change is what is refused, and not a checksum that is wrong: cryptsetup sees a header too.
    cryptsetup isLuks --type luks2 "$TMP/evil.luks" || note "  (cryptsetup refuses this one as well)"
    expect_closed "$code" "$reason" "$TMP/evil.luks"
    reboot_tpm "$TMP/tpm"
}

note "the tool that makes them: an edit that means nothing is accepted by cryptsetup and by us"
cp "$TMP/good.luks" "$TMP/evil.luks"
luks2_edit "$TMP/evil.luks" 's/:\{"digest"/: {"digest"/'
cryptsetup isLuks --type luks2 "$TMP/evil.luks" || fail "cryptsetup refuses the edited header"
expect_code 0 unlock_test "$TMP/evil.luks"
reboot_tpm "$TMP/tpm"

segment='("segments":\{"0":\{[^}]*)'
attack "null cipher for the data" "s/$segment\"aes-xts-plain64\"/\$1\"cipher_null-ecb\"/" \
    '"segments".*cipher_null-ecb' 4 'breaks rule segment-encryption'
attack "null cipher for the keyslot" 's/("area":\{"encryption":)"[^"]*"/$1"cipher_null-ecb"/' \
    '"area":."encryption":"cipher_null' 4 'breaks rule keyslot-area-encryption'
attack "segment begins elsewhere" "s/$segment\"16777216\"/\$1\"16781312\"/" \
    '"offset":"16781312"' 4 'breaks rule segment-offset'
attack "segment ends early" "s/$segment\"dynamic\"/\$1\"4096\"/" \
    '"size":"4096"' 4 'breaks rule segment-size'
attack "other sector size" "s/\"sector_size\":4096/\"sector_size\":512/" \
    '"sector_size":512' 4 'breaks rule segment-sector-size'
attack "linear segment" 's/"type":"crypt"/"type":"linear"/' \
    '"type":"linear"' 4 'breaks rule segment-type'
attack "second segment" "s/(\"segments\":\{)/\$1\"1\":{\"type\":\"linear\",\"offset\":\"16777216\",\"size\":\"4096\"},/" \
    '"segments":."1"' 4 'breaks rule one-segment'
attack "persistent flags" 's/("config":\{)/$1"flags":["allow-discards"],/' \
    'allow-discards' 4 'breaks rule config-members'
attack "reencryption to be resumed" 's/("config":\{)/$1"requirements":{"mandatory":["online-reencrypt-v2"]},/' \
    'online-reencrypt' 4 'breaks rule config-members'
attack "one name twice" 's/("encryption":)("aes-xts-plain64","iv_tweak")/$1"cipher_null-ecb",$1$2/' \
    'cipher_null-ecb","encryption"' 4 'breaks rule json-strict'
attack "huge cost of a keyslot" 's/"iterations":1000,("salt":"[^"]*","type":"pbkdf2"\},"key_size")/"iterations":2147483647,$1/' \
    '2147483647' 4 'breaks rule keyslot-kdf-iterations'
attack "huge memory for a keyslot" 's/"kdf":\{[^}]*("salt":"[^"]*")[^}]*\}/"kdf":{"type":"argon2id","time":4,"memory":4194304,"cpus":4,$1}/' \
    '"memory":4194304' 4 'breaks rule keyslot-kdf-memory'
attack "unknown kind of token" 's/"type":"systemd-tpm2"/"type":"systemd-tpm3"/' \
    'systemd-tpm3' 4 'breaks rule token-type'
attack "token removed" 's/"tokens":\{.*\}\}\}/"tokens":{}}/s' \
    '"tokens":\{\}' 5 'no systemd-tpm2 token'
attack "token with fewer PCRs" 's/"tpm2-pcrs":\[[^]]*\]/"tpm2-pcrs":[7]/' \
    '"tpm2-pcrs":.7.' 5 'PCR|policy'

digest=$(luks2_json "$TMP/other.luks" | sed 's/.*"digest":"\([^"]*\)".*/\1/')
attack "digest of another key" "s#\"digest\":\"[^\"]*\"#\"digest\":\"$digest\"#" \
    "$(printf '%s' "$digest" | sed 's/[+]/\\+/g')" 6 'opens no keyslot'

token=$(luks2_json "$TMP/other.luks" | sed 's/.*"tpm2-blob":"\([^"]*\)".*/\1/')
attack "token of another disk of the same machine" "s#\"tpm2-blob\":\"[^\"]*\"#\"tpm2-blob\":\"$token\"#" \
    "$(printf '%s' "${token:0:40}" | sed 's/[+]/\\+/g')" 6 'opens no keyslot'

note "the two copies disagree: the changed one is newer"
cp "$TMP/good.luks" "$TMP/evil.luks"
luks2_edit "$TMP/evil.luks" "s/$segment\"aes-xts-plain64\"/\$1\"cipher_null-ecb\"/" 1
luks2_sequence "$TMP/evil.luks" 1 0000000000001000
expect_closed 4 'breaks rule segment-encryption' "$TMP/evil.luks"
reboot_tpm "$TMP/tpm"

note "the two copies disagree: the changed one is older and is not used"
cp "$TMP/good.luks" "$TMP/evil.luks"
luks2_edit "$TMP/evil.luks" "s/$segment\"aes-xts-plain64\"/\$1\"cipher_null-ecb\"/" 1
luks2_sequence "$TMP/evil.luks" 0 0000000000001000
expect_code 0 unlock_test "$TMP/evil.luks"
reboot_tpm "$TMP/tpm"

note "as many tokens as there can be, and none that opens: an end within a minute"
cp "$TMP/good.luks" "$TMP/evil.luks"
luks2_edit "$TMP/evil.luks" \
    's/"tokens":\{"0":(\{.*?\})\}\}$/"\"tokens\":{" . join(",", map { "\"$_\":$1" } 0..31) . "}}"/se'
[ "$(luks2_json "$TMP/evil.luks" | grep -o '"type":"systemd-tpm2"' | wc -l)" = 32 ] || fail "32 tokens"
tpm2_pcrextend --tcti "$SWTPM_TCTI" "8:sha256=$FAILURE"
started=$SECONDS
expect_closed 5 PCR "$TMP/evil.luks"
[ $((SECONDS - started)) -lt 60 ] || fail "took $((SECONDS - started)) s"
reboot_tpm "$TMP/tpm"

note "sealed by the host under a policy of its own"
seal_disk evil 0
cmdline "$(pin_of good)"
expect_closed 6 'coldseal\.pin=' "$TMP/evil.luks"
