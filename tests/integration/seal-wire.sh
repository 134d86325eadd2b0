#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What passes between us and a TPM: the secret never in the clear; a PCR is extended in every bank.
# limit: 120
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/seal_tool

swtpm_create "$TMP/tpm" --pcr-banks sha1,sha256,sha384,sha512
swtpm_start "$TMP/tpm"
export TPM2TOOLS_TCTI=$SWTPM_TCTI
head -c 32 /dev/urandom >"$TMP/secret"
"$tool" pcrs-tpm "$SWTPM_TCTI" >"$TMP/values.json"
"$tool" target-tpm "$SWTPM_TCTI" >"$TMP/target.json"
"$tool" seal "$TMP/target.json" "$TMP/values.json" 7,15 "$TMP/secret" "$TMP"

seen_in()
{
    xxd -p -c 100000000 "$1" | grep -q "$(xxd -p -c 100 "$TMP/secret")"
}

note "our unseal, recorded"
export TCTI_PCAP_FILE=$TMP/ours.pcap
"$tool" unseal "pcap:$SWTPM_TCTI" "$TMP/target.json" "$TMP" 7,15 >"$TMP/unsealed"
expect_same "$TMP/secret" "$TMP/unsealed"
[ -s "$TMP/ours.pcap" ] || fail "nothing was recorded"
! seen_in "$TMP/ours.pcap" || fail "the secret passes in the clear"

note "the same by tpm2-tools without a salted session, to see that the record would show it"
tpm2_createprimary -Q -C o -G ecc256 -c "$TMP/parent" \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
tpm2_flushcontext -t
tpm2_import -Q -C "$TMP/parent" -i "$TMP/dup" -s "$TMP/seed" -u "$TMP/pub" -r "$TMP/priv"
tpm2_flushcontext -t
tpm2_load -Q -C "$TMP/parent" -u "$TMP/pub" -r "$TMP/priv" -c "$TMP/loaded"
tpm2_flushcontext -t
tpm2_startauthsession --policy-session -S "$TMP/session"
tpm2_policypcr -Q -S "$TMP/session" -l sha256:7,15
export TCTI_PCAP_FILE=$TMP/tools.pcap
tpm2_unseal -T "pcap:$SWTPM_TCTI" -c "$TMP/loaded" -p "session:$TMP/session" >"$TMP/unsealed"
expect_same "$TMP/secret" "$TMP/unsealed"
seen_in "$TMP/tools.pcap" || fail "the record does not show a secret in the clear"
tpm2_flushcontext -t
tpm2_flushcontext -s

note "every bank of PCR 15"
value=$(printf key | sha256sum | cut -d' ' -f1)
"$tool" extend "$SWTPM_TCTI" 15 "$value"
check_bank()
{
    local bank=$1 digest=$2 zeros=$3
    wanted=$(printf '%0*d%s' "$zeros" 0 "$digest" | xxd -r -p | "${bank}sum" | cut -d' ' -f1)
    got=$(tpm2_pcrread "$bank:15" | sed -n 's/.*: 0x\([0-9A-F]*\)$/\L\1/p')
    [ "$got" = "$wanted" ] || fail "PCR 15 in $bank: $got, not $wanted"
}
check_bank sha256 "$value" 64
for bank in sha1 sha384 sha512; do
    digest=$(xxd -r -p <<<"$value" | "${bank}sum" | cut -d' ' -f1)
    check_bank $bank "$digest" ${#digest}
done

note "a TPM without a SHA-256 bank"
tpm2_pcrallocate -Q sha1:none+sha256:none+sha384:all+sha512:none
tpm2_shutdown -c
swtpm_stop "$SWTPM_PID"
swtpm_start "$TMP/tpm"
export TPM2TOOLS_TCTI=$SWTPM_TCTI
! tpm2_pcrread sha256:15 | grep -q 0x || fail "the SHA-256 bank is still there"
expect_refusal 5 'no active SHA-256 bank' "$tool" pcrs-tpm "$SWTPM_TCTI"
"$tool" target-tpm "$SWTPM_TCTI" >"$TMP/sha384.json"
"$tool" seal "$TMP/sha384.json" "$TMP/values.json" 7,15 "$TMP/secret" "$TMP"
expect_refusal 5 '^(PolicyPCR|another boot)' \
    "$tool" unseal "$SWTPM_TCTI" "$TMP/sha384.json" "$TMP" 7,15
"$tool" extend "$SWTPM_TCTI" 15 "$value"
