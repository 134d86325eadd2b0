#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host rewrites the LUKS2 header, with checksums that are right. coldseal-unlock refuses before the
# TPM is asked, says which rule was broken, prints no key and shuts the TPM.
# shellcheck disable=SC2016 # the dollars are perl's
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"
. "$SRC/tests/lib/luks2_edit.sh"
. "$SRC/tests/lib/header_attacks.sh"

swtpm_start "$TMP/tpm" --create-spk --ecc
seal_disk good
seal_disk other
cmdline "$(pin_of good)"

# attack WHAT PERL LANDED CODE REASON
attack()
{
    local what=$1 statement=$2 landed=$3 code=$4 reason=$5
    note "$what"
    header_attack "$what" "$statement" "$landed"
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

header_attacks attack

segment='("segments":\{"0":\{[^}]*)'
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
