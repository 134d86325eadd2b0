#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The measured command line is taken strictly, and what is wrong with it shuts the TPM too.
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"

swtpm_start "$TMP/tpm" --create-spk
seal_disk good
pin=$(pin_of good)

refused()
{
    note "$1"
    printf '%s\n' "$2" >"$TMP/cmdline"
    expect_closed 4 "$3" "$TMP/good.luks"
    reboot_tpm "$TMP/tpm"
}

refused "no fields" "ro quiet" 'uuid= stands there 0 times'
refused "no pin" "coldseal.uuid=$UUID" 'pin= stands there 0 times'
refused "pin twice" "coldseal.uuid=$UUID coldseal.pin=$pin coldseal.pin=$pin" 'pin= stands there 2 times'
refused "uuid twice" "coldseal.uuid=$UUID coldseal.uuid=$UUID coldseal.pin=$pin" 'uuid= stands there 2 times'
refused "pin too short" "coldseal.uuid=$UUID coldseal.pin=${pin:2}" '64 hexadecimal digits'
refused "never encrypted" "coldseal.uuid=$UUID coldseal.pin=$ZERO" 'all zeros'

note "no option without --test, and none in its place"
before=$(pcr15)
expect_refusal 2 'no options but' "$COLDSEAL_UNLOCK" --tcti "$SWTPM_TCTI"
expect_refusal 2 'takes --cmdline' "$COLDSEAL_UNLOCK" --test
expect_refusal 2 'unknown or incomplete' "$COLDSEAL_UNLOCK" --test --shell
case $(stat -f -c %T /) in
tmpfs | ramfs) fail "this machine looks like an initramfs: not asking the program to prove it" ;;
esac
expect_refusal 2 'not an initramfs' "$COLDSEAL_UNLOCK"
[ "$(pcr15)" = "$before" ] || fail "a usage error reached the TPM"

note "no variable is honoured: a loader's configuration for the TPM and for OpenSSL"
cmdline "$pin"
printf 'broken' >"$TMP/openssl.cnf"
expect_code 0 env OPENSSL_CONF="$TMP/openssl.cnf" TSS2_LOG=all+trace TCTI=none \
    "$COLDSEAL_UNLOCK" --test --cmdline "$TMP/cmdline" --device "$TMP/good.luks" --tcti "$SWTPM_TCTI"
[ ! -s "$TMP/err" ] || fail "said $(cat "$TMP/err")"
