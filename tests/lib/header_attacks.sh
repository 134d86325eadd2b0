# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a host writes into a LUKS2 header, one list for everybody that is to be tried with it. To be
# sourced after common.sh, unlock.sh and luks2_edit.sh.
# shellcheck disable=SC2016 # the dollars are perl's

# header_attack WHAT PERL LANDED: $TMP/evil.luks from $TMP/good.luks, both copies. LANDED is a pattern
# that the new JSON has and the old one has not.
header_attack()
{
    local what=$1 statement=$2 landed=$3
    cp "$TMP/good.luks" "$TMP/evil.luks"
    luks2_edit "$TMP/evil.luks" "$statement"
    luks2_json "$TMP/evil.luks" | grep -Eq -- "$landed" || fail "$what: not landed"
    ! luks2_json "$TMP/good.luks" | grep -Eq -- "$landed" || fail "$what: was there before"
}

# header_attacks CALLBACK: calls CALLBACK WHAT PERL LANDED CODE REASON for each; code and reason are
# those of coldseal-unlock. $TMP/good.luks and $TMP/other.luks are sealed disks of one machine.
header_attacks()
{
    local attack=$1 segment digest token
    segment='("segments":\{"0":\{[^}]*)'
    "$attack" "null cipher for the data" "s/$segment\"aes-xts-plain64\"/\$1\"cipher_null-ecb\"/" \
        '"segments".*cipher_null-ecb' 4 'breaks rule segment-encryption'
    "$attack" "null cipher for the keyslot" 's/("area":\{"encryption":)"[^"]*"/$1"cipher_null-ecb"/' \
        '"area":."encryption":"cipher_null' 4 'breaks rule keyslot-area-encryption'
    "$attack" "segment begins elsewhere" "s/$segment\"16777216\"/\$1\"16781312\"/" \
        '"offset":"16781312"' 4 'breaks rule segment-offset'
    "$attack" "segment ends early" "s/$segment\"dynamic\"/\$1\"4096\"/" \
        '"size":"4096"' 4 'breaks rule segment-size'
    "$attack" "other sector size" "s/\"sector_size\":4096/\"sector_size\":512/" \
        '"sector_size":512' 4 'breaks rule segment-sector-size'
    "$attack" "linear segment" 's/"type":"crypt"/"type":"linear"/' \
        '"type":"linear"' 4 'breaks rule segment-type'
    "$attack" "second segment" "s/(\"segments\":\{)/\$1\"1\":{\"type\":\"linear\",\"offset\":\"16777216\",\"size\":\"4096\"},/" \
        '"segments":."1"' 4 'breaks rule one-segment'
    "$attack" "persistent flags" 's/("config":\{)/$1"flags":["allow-discards"],/' \
        'allow-discards' 4 'breaks rule config-members'
    "$attack" "reencryption to be resumed" 's/("config":\{)/$1"requirements":{"mandatory":["online-reencrypt-v2"]},/' \
        'online-reencrypt' 4 'breaks rule config-members'
    # As cryptsetup leaves a decryption that was cut off after its first block (the document's clause 4).
    "$attack" "decryption that has begun, to be resumed" 's/("config":\{)/$1"requirements":{"mandatory":["online-reencrypt-v2"]},/;
        s/("keyslots":\{)("0":)/$1"1":{"type":"reencrypt","key_size":1,"mode":"decrypt","direction":"forward","area":{"type":"none","offset":"520192","size":"4096"}},$2/;
        s/("segments":)\["0"\]/$1\["1","2"\]/;
        s/"segments":\{"0":\{(.*?)\}\}/"segments":{"0":{"type":"linear","offset":"16777216","size":"4096"},"1":{"type":"crypt","offset":"16781312","size":"dynamic","iv_tweak":"8","encryption":"aes-xts-plain64","sector_size":4096},"2":{$1,"flags":["backup-previous"]},"3":{"type":"linear","offset":"16777216","size":"dynamic","flags":["backup-final"]}}/' \
        '"backup-final"' 4 'breaks rule config-members'
    "$attack" "one name twice" 's/("encryption":)("aes-xts-plain64","iv_tweak")/$1"cipher_null-ecb",$1$2/' \
        'cipher_null-ecb","encryption"' 4 'breaks rule json-strict'
    "$attack" "huge cost of a keyslot" 's/"iterations":1000,("salt":"[^"]*","type":"pbkdf2"\},"key_size")/"iterations":2147483647,$1/' \
        '2147483647' 4 'breaks rule keyslot-kdf-iterations'
    "$attack" "huge memory for a keyslot" 's/"kdf":\{[^}]*("salt":"[^"]*")[^}]*\}/"kdf":{"type":"argon2id","time":4,"memory":4194304,"cpus":4,$1}/' \
        '"memory":4194304' 4 'breaks rule keyslot-kdf-memory'
    "$attack" "unknown kind of token" 's/"type":"systemd-tpm2"/"type":"systemd-tpm3"/' \
        'systemd-tpm3' 4 'breaks rule token-type'
    "$attack" "token removed" 's/"tokens":\{.*\}\}\}/"tokens":{}}/s' \
        '"tokens":\{\}' 5 'no systemd-tpm2 token'
    "$attack" "token with fewer PCRs" 's/"tpm2-pcrs":\[[^]]*\]/"tpm2-pcrs":[7]/' \
        '"tpm2-pcrs":.7.' 5 'PCR|policy'

    digest=$(luks2_json "$TMP/other.luks" | sed 's/.*"digest":"\([^"]*\)".*/\1/')
    "$attack" "digest of another key" "s#\"digest\":\"[^\"]*\"#\"digest\":\"$digest\"#" \
        "$(printf '%s' "$digest" | sed 's/[+]/\\+/g')" 6 'opens no keyslot'

    token=$(luks2_json "$TMP/other.luks" | sed 's/.*"tpm2-blob":"\([^"]*\)".*/\1/')
    "$attack" "token of another disk of the same machine" "s#\"tpm2-blob\":\"[^\"]*\"#\"tpm2-blob\":\"$token\"#" \
        "$(printf '%s' "${token:0:40}" | sed 's/[+]/\\+/g')" 6 'opens no keyslot'
}
