#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Target documents: from a TPM that answers, from the state of one that is shut off, from a bare
# public key. Names and keys are those that tpm2-tools reads.
# limit: 180
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/seal_tool

member()
{
    sed -n "s/.*\"$2\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | sed 's,\\/,/,g'
}

folder_state()
{
    (cd "$1" && find . -printf '%P %m %s %T@\n' | sort && find . -type f -exec sha256sum {} +)
}

# expect_key DOCUMENT HANDLE: the storage key is the one that lies there
expect_key()
{
    local public=$TMP/key.pub name=$TMP/key.name
    tpm2_readpublic -c "$2" -o "$public" -n "$name" >/dev/null
    member "$1" storage_key | base64 -d >"$TMP/ours.pub"
    expect_same "$public" "$TMP/ours.pub"
    [ "$(member "$1" name)" = "$(xxd -p -c 100 "$name")" ] || fail "Name in $1"
}

# check_vm NAME OPTION…: a VM's TPM with those options of swtpm_setup
check_vm()
{
    local dir=$TMP/$1 before
    note "VM with $*"
    shift
    swtpm_create "$dir" "$@"
    before=$(folder_state "$dir")
    "$tool" target-state "$dir" >"$TMP/state.json"
    [ "$(folder_state "$dir")" = "$before" ] || fail "the state folder changed"
    swtpm_start "$dir"
    export TPM2TOOLS_TCTI=$SWTPM_TCTI
    "$tool" target-tpm "$SWTPM_TCTI" >"$TMP/tcti.json"
    expect_key "$TMP/tcti.json" 0x81000001
    [ "$(member "$TMP/tcti.json" persisted)" = true ] || fail "not persisted"
    [ "$(member "$TMP/tcti.json" origin)" = "tcti $SWTPM_TCTI" ] || fail "origin"
    [ "$(member "$TMP/state.json" origin)" = "swtpm state" ] || fail "origin of a state"
    diff <(grep -v '"origin"' "$TMP/state.json") <(grep -v '"origin"' "$TMP/tcti.json") ||
        fail "the state and the TPM itself say different things"
    "$tool" target-document "$TMP/tcti.json" | diff "$TMP/tcti.json" - || fail "read and written"
}

# expect_endorsement HANDLE INDEX
expect_endorsement()
{
    tpm2_readpublic -c "$1" -o "$TMP/ek.pub" >/dev/null
    member "$TMP/tcti.json" ek_public | base64 -d | cmp - "$TMP/ek.pub" || fail "EK"
    tpm2_nvread "$2" >"$TMP/ek.der"
    member "$TMP/tcti.json" ek_certificate | base64 -d >"$TMP/ours.der"
    openssl x509 -inform DER -in "$TMP/ours.der" -noout -pubkey >"$TMP/ours.pem"
    openssl x509 -inform DER -in "$TMP/ek.der" -noout -pubkey | cmp - "$TMP/ours.pem" ||
        fail "EK certificate"
    cmp -n "$(stat -c %s "$TMP/ours.der")" "$TMP/ours.der" "$TMP/ek.der" || fail "EK certificate"
}

export XDG_CONFIG_HOME=$TMP/config
check_vm ecc --createek --create-ek-cert --create-spk --ecc
expect_endorsement 0x81010016 0x01c00016
swtpm_stop
check_vm rsa --createek --create-ek-cert --create-spk
expect_endorsement 0x81010016 0x01c00016
note "with an RSA endorsement key alone"
tpm2_evictcontrol -Q -C o -c 0x81010016 2>/dev/null || tpm2_evictcontrol -Q -C e -c 0x81010016
"$tool" target-tpm "$SWTPM_TCTI" >"$TMP/tcti.json"
expect_endorsement 0x81010001 0x01c00002

note "a bare public key, in each form"
tpm2_readpublic -c 0x81000001 -o "$TMP/srk.tpm2b" >/dev/null
tail -c +3 "$TMP/srk.tpm2b" >"$TMP/srk.tpmt"
tpm2_readpublic -c 0x81000001 -f pem -o "$TMP/srk.pem" >/dev/null
tpm2_readpublic -c 0x81000001 -f der -o "$TMP/srk.der" >/dev/null
for form in tpm2b tpmt pem der; do
    "$tool" target-public "$TMP/srk.$form" srk >"$TMP/bare.json"
    expect_key "$TMP/bare.json" 0x81000001
    [ "$(member "$TMP/bare.json" origin)" = file ] || fail "origin of a bare key"
    expect_refusal 7 'endorsement key' "$tool" target-public "$TMP/srk.$form" ek
    expect_refusal 7 'unknown kind' "$tool" target-public "$TMP/srk.$form" other
done

note "what is not a storage key"
tpm2_createprimary -Q -C e -G ecc256 -c "$TMP/signer" \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign'
tpm2_readpublic -c "$TMP/signer" -o "$TMP/signer.pub" >/dev/null
tpm2_flushcontext -t
tpm2_createprimary -Q -C o -G ecc256 -c "$TMP/portable" \
    -a 'sensitivedataorigin|userwithauth|restricted|decrypt'
tpm2_readpublic -c "$TMP/portable" -o "$TMP/portable.pub" >/dev/null
tpm2_flushcontext -t
for key in signer portable; do
    expect_refusal 7 'not a storage key' "$tool" target-public "$TMP/$key.pub" srk
done
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-384 2>/dev/null |
    openssl pkey -pubout >"$TMP/p384.pem"
openssl genpkey -quiet -algorithm ed25519 | openssl pkey -pubout >"$TMP/ed25519.pem"
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null >"$TMP/private.pem"
expect_refusal 7 'template' "$tool" target-public "$TMP/p384.pem" srk
expect_refusal 7 'template' "$tool" target-public "$TMP/ed25519.pem" srk
expect_refusal 4 'not a public key' "$tool" target-public "$TMP/private.pem" srk
expect_refusal 4 'not a TPM public area' "$tool" target-public /dev/null srk
expect_refusal 3 'No such file' "$tool" target-public "$TMP/absent" srk

note "a P-256 key in PEM is the SRK of a TPM that made it from the template"
tpm2_createprimary -Q -C o -G ecc256 -g sha256 -c "$TMP/p256" \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
tpm2_readpublic -c "$TMP/p256" -f pem -o "$TMP/p256.pem" >/dev/null
tpm2_readpublic -c "$TMP/p256" -n "$TMP/p256.name" >/dev/null
tpm2_flushcontext -t
"$tool" target-public "$TMP/p256.pem" srk >"$TMP/p256.json"
[ "$(member "$TMP/p256.json" name)" = "$(xxd -p -c 100 "$TMP/p256.name")" ] || fail "Name from PEM"

note "without a persisted key it is the one that the template gives"
tpm2_evictcontrol -Q -C o -c 0x81000001
"$tool" target-tpm "$SWTPM_TCTI" >"$TMP/made.json"
[ "$(member "$TMP/made.json" name)" = "$(xxd -p -c 100 "$TMP/p256.name")" ] ||
    fail "Name of the key made again"
[ "$(member "$TMP/made.json" persisted)" = false ] || fail "said to be persisted"
[ "$(member "$TMP/made.json" handle)" = 0 ] || fail "a handle of a key that has none"
[ -z "$(tpm2_getcap handles-transient)" ] || fail "the key stays in the TPM"
swtpm_stop

note "libvirt's folder has the state in tpm2/"
mkdir "$TMP/libvirt"
mv "$TMP/ecc" "$TMP/libvirt/tpm2"
"$tool" target-state "$TMP/libvirt" >"$TMP/libvirt.json"

note "what is not a state"
mkdir "$TMP/empty" "$TMP/broken"
expect_refusal 3 'tpm2-00.permall' "$tool" target-state "$TMP/empty"
head -c 2000 "$TMP/libvirt/tpm2/tpm2-00.permall" >"$TMP/broken/tpm2-00.permall"
expect_refusal 5 'damaged' "$tool" target-state "$TMP/broken"
expect_refusal 7 'swtpm' env PATH=/nonexistent "$tool" target-state "$TMP/libvirt"
leftover=("$TMP"/coldseal-swtpm-*)
[ ! -e "${leftover[0]}" ] || fail "left behind: ${leftover[*]}"

note "documents that are not right"
good=$TMP/libvirt.json
"$tool" target-document "$good" >/dev/null
change()
{
    sed "$1" "$good" >"$TMP/bad.json"
    ! cmp -s "$good" "$TMP/bad.json" || fail "the change did not land: $1"
}
change 's/"format":1/"format":2/'
expect_refusal 7 'newer coldseal' "$tool" target-document "$TMP/bad.json"
change 's/"kind":"srk"/"kind":"ek"/'
expect_refusal 7 'endorsement key' "$tool" target-document "$TMP/bad.json"
change 's/"name":"000c/"name":"000d/'
expect_refusal 4 'name is not that of the storage key' "$tool" target-document "$TMP/bad.json"
change 's/"handle":2164260865/"handle":2164260866/'
expect_refusal 7 'handle' "$tool" target-document "$TMP/bad.json"
change 's/"storage_key":"AH/"storage_key":"AG/'
expect_refusal 4 'public area' "$tool" target-document "$TMP/bad.json"
change '/"storage_key"/d'
expect_refusal 4 '"storage_key" is missing' "$tool" target-document "$TMP/bad.json"
expect_refusal 4 'not a target document' "$tool" target-document "$TMP/srk.tpm2b"
