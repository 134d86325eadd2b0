#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The recovery key typed into a console: only where the command line says so, without the TPM, the
# pin counts, and three attempts are all. Keyslot and token are made by cryptsetup.
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"

recovery=12345-67890-12345-67890-12345-67890-12345-67890

# add_recovery NAME: with what systemd-cryptenroll --recovery-key would add.
add_recovery()
{
    local token='{"type":"systemd-recovery","keyslots":["1"]}'
    printf '%s' "$recovery" >"$TMP/recovery.pass"
    cryptsetup luksAddKey --batch-mode --key-file "$TMP/$1.pass" --new-keyfile "$TMP/recovery.pass" \
        --key-slot 1 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$TMP/$1.luks"
    cryptsetup token import --json-file - "$TMP/$1.luks" <<<"$token"
}

# typed TEXT…: the unlock over $TMP/cmdline with these lines typed.
typed()
{
    local disk=$1
    shift
    printf '%s\n' "$@" | unlock_test "$disk"
}

swtpm_start "$TMP/tpm" --create-spk --ecc
seal_disk good
seal_disk evil
add_recovery good
add_recovery evil
pin=$(pin_of good)

note "without the word on the command line the key is not asked for"
cmdline "$pin"
tpm2_pcrextend --tcti "$SWTPM_TCTI" "8:sha256=$FAILURE"
expect_code 5 typed "$TMP/good.luks" "$recovery"
! grep -q 'recovery key' "$TMP/err" || fail "asked for the recovery key"

note "with it, another boot and all: it opens, says what that means, and shuts the TPM with the pin"
cmdline "$pin" coldseal.recovery=console
reboot_tpm "$TMP/tpm"
tpm2_pcrextend --tcti "$SWTPM_TCTI" "8:sha256=$FAILURE"
expect_code 0 typed "$TMP/good.luks" "$recovery"
grep -q 'host knows this recovery key now' "$TMP/err" || fail "does not say that the host knows it"
grep -q '^pin ok$' "$TMP/out" || fail "no pin"
! grep -q "$recovery" "$TMP/err" "$TMP/out" || fail "the key is shown"
expect_shut "$pin"

note "corrected with Backspace, at the third attempt, with blanks around"
reboot_tpm "$TMP/tpm"
expect_code 0 typed "$TMP/good.luks" wrong '' "  ${recovery%0}1"$'\b0  '
expect_shut "$pin"

note "three wrong ones, the right one behind them, and nothing at all"
reboot_tpm "$TMP/tpm"
expect_code 6 typed "$TMP/good.luks" a b c "$recovery"
grep -q '3 attempts' "$TMP/err" || fail "does not name the attempts"
expect_shut "$FAILURE"
reboot_tpm "$TMP/tpm"
expect_code 6 unlock_test "$TMP/good.luks" </dev/null
expect_shut "$FAILURE"
reboot_tpm "$TMP/tpm"
expect_code 6 typed "$TMP/good.luks" "$(printf '%0300d' 1)"
grep -q 'more than 256' "$TMP/err" || fail "a line without end"

note "the host's own disk with the same recovery key: the pin"
reboot_tpm "$TMP/tpm"
expect_code 6 typed "$TMP/evil.luks" "$recovery" "$recovery" "$recovery"
grep -q 'coldseal\.pin=' "$TMP/err" || fail "not refused by the pin"
expect_shut "$FAILURE"

note "the TPM's passphrase is not taken, since its keyslot is not a recovery token's"
reboot_tpm "$TMP/tpm"
expect_code 6 typed "$TMP/good.luks" "$(cat "$TMP/good.pass")" x x
swtpm_stop

note "no TPM at all"
expect_code 0 typed "$TMP/good.luks" "$recovery"
