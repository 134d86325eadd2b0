#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What we seal offline is imported, loaded and unsealed by tpm2-tools on an swtpm, for each kind of
# storage key; Names and policy digests are those that tpm2-tools computes; our own unseal agrees
# and tells one failure from another.
# limit: 300
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/seal_tool
pcrs=4,7,8,9,14,15

swtpm_start "$TMP/tpm"
export TPM2TOOLS_TCTI=$SWTPM_TCTI
tcti=$SWTPM_TCTI

# tpm2-tools leave what they made in the TPM when no resource manager is there.
flush()
{
    tpm2_flushcontext -t
    tpm2_flushcontext -l
    tpm2_flushcontext -s
}

read_values()
{
    "$tool" pcrs-tpm "$tcti"
}

extend()
{
    tpm2_pcrextend "$1:sha256=$(printf %s "$2" | sha256sum | cut -d' ' -f1)"
}

# As a boot would: each PCR of the policy but 15 has a value.
for pcr in 4 7 8 9 14; do
    extend $pcr "boot $pcr"
done
read_values >"$TMP/values.json"
for pcr in 0 4 9 14 15 23; do
    got=$(tr -d ' "' <"$TMP/values.json" | sed -n "s/^$pcr:\([0-9a-f]*\),\{0,1\}$/\1/p")
    wanted=$(tpm2_pcrread "sha256:$pcr" | sed -n 's/.*: 0x\([0-9A-F]*\)$/\L\1/p')
    [ "$got" = "$wanted" ] || fail "PCR $pcr: $got, tpm2_pcrread has $wanted"
done

for list in $pcrs 7 0,1,2,3,4,5,6,7 16,17,18,19,20,21,22,23; do
    tpm2_createpolicy -Q --policy-pcr -l "sha256:$list" -L "$TMP/policy"
    [ "$("$tool" policy "$TMP/values.json" "$list")" = "$(xxd -p -c 64 "$TMP/policy")" ] ||
        fail "policy digest over $list"
    flush
done

name_of_document()
{
    sed -n 's/.*"name": *"\([0-9a-f]*\)".*/\1/p' "$1"
}

# tools_unseal DIR PARENT: as somebody with nothing but tpm2-tools does it
tools_unseal()
{
    local dir=$1 parent=$2 ok=0
    rm -f "$dir/loaded"
    tpm2_import -Q -C "$parent" -i "$dir/dup" -s "$dir/seed" -u "$dir/pub" -r "$dir/priv" \
        2>"$dir/err" || return 1
    tpm2_flushcontext -t
    tpm2_load -Q -C "$parent" -u "$dir/pub" -r "$dir/priv" -c "$dir/loaded" || return 1
    tpm2_flushcontext -t
    tpm2_startauthsession --policy-session -S "$dir/session"
    tpm2_policypcr -Q -S "$dir/session" -l "sha256:$pcrs"
    tpm2_unseal -c "$dir/loaded" -p "session:$dir/session" >"$dir/unsealed" 2>"$dir/err" || ok=1
    flush
    return $ok
}

# check_parent NAME OPTION…: OPTIONs are tpm2_createprimary's
check_parent()
{
    local dir=$TMP/$1
    note "$1"
    shift
    mkdir "$dir"
    tpm2_createprimary -Q -C o "$@" -c "$dir/parent"
    tpm2_readpublic -c "$dir/parent" -o "$dir/parent.pub" -n "$dir/parent.name" >/dev/null
    flush
    "$tool" target-public "$dir/parent.pub" srk >"$dir/target.json"
    [ "$(name_of_document "$dir/target.json")" = "$(xxd -p -c 100 "$dir/parent.name")" ] ||
        fail "Name of the storage key"
    head -c 32 /dev/urandom >"$dir/secret"
    "$tool" seal "$dir/target.json" "$TMP/values.json" $pcrs "$dir/secret" "$dir"
    tools_unseal "$dir" "$dir/parent" || { cat "$dir/err" >&2; fail "tpm2-tools do not unseal"; }
    expect_same "$dir/secret" "$dir/unsealed"
    # No key is persisted: the parent is made again from its template.
    "$tool" unseal "$tcti" "$dir/target.json" "$dir" $pcrs >"$dir/ours"
    expect_same "$dir/secret" "$dir/ours"
}

srk='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
check_parent ecc256 -G ecc256 -g sha256 -a "$srk"
check_parent rsa2048 -G rsa2048 -g sha256 -a "$srk"
check_parent ecc384-sha384 -G ecc384:aes256cfb -g sha384 -a "$srk"
check_parent rsa3072-sha384 -G rsa3072:null:aes256cfb -g sha384 -a "$srk"
check_parent ecc384-sha256 -G ecc384:aes128cfb -g sha256 -a "$srk"
check_parent rsa3072-sha256 -G rsa3072:null:aes128cfb -g sha256 -a "$srk"

note "the TCG's templates have zeros where others have nothing"
# TPMU_PUBLIC_ID as the tool has it in memory: sizes little-endian, room for 128 bytes a coordinate
unique_rsa()
{
    printf '\000\001' && head -c 256 "$1"
}
unique_ecc()
{
    printf '\040\000' && head -c 128 "$1" && printf '\040\000' && head -c 128 "$1"
}
unique_rsa /dev/zero >"$TMP/zeros.rsa"
unique_ecc /dev/zero >"$TMP/zeros.ecc"
check_parent rsa2048-zeros -G rsa2048 -g sha256 -a "$srk" -u "$TMP/zeros.rsa"
check_parent ecc256-zeros -G ecc256 -g sha256 -a "$srk" -u "$TMP/zeros.ecc"
for key in rsa2048 ecc256; do
    ! cmp -s "$TMP/$key/parent.name" "$TMP/$key-zeros/parent.name" || fail "the same $key key"
done

note "a persisted key"
tpm2_createprimary -Q -C o -G ecc256 -g sha256 -a "$srk" -c "$TMP/p256"
unique_rsa /dev/urandom >"$TMP/unique"
tpm2_createprimary -Q -C o -G rsa2048 -a "$srk" -u "$TMP/unique" -c "$TMP/other"
tpm2_evictcontrol -Q -C o -c "$TMP/other" 0x81000001
flush
"$tool" target-tpm "$tcti" >"$TMP/persisted.json"
tpm2_readpublic -c 0x81000001 -n "$TMP/name" >/dev/null
[ "$(name_of_document "$TMP/persisted.json")" = "$(xxd -p -c 100 "$TMP/name")" ] ||
    fail "target read does not take the persisted key"
mkdir "$TMP/persisted"
head -c 128 /dev/urandom >"$TMP/persisted/secret"
"$tool" seal "$TMP/persisted.json" "$TMP/values.json" $pcrs "$TMP/persisted/secret" "$TMP/persisted"
"$tool" unseal "$tcti" "$TMP/persisted.json" "$TMP/persisted" $pcrs >"$TMP/persisted/ours"
expect_same "$TMP/persisted/secret" "$TMP/persisted/ours"
# A key that is not the persisted one is still found, by its template.
"$tool" unseal "$tcti" "$TMP/ecc256/target.json" "$TMP/ecc256" $pcrs >"$TMP/ours"
expect_same "$TMP/ecc256/secret" "$TMP/ours"

note "a policy over every PCR, and one that lacks a value"
all=$(seq -s, 0 23)
mkdir "$TMP/all"
"$tool" seal "$TMP/ecc256/target.json" "$TMP/values.json" "$all" "$TMP/ecc256/secret" "$TMP/all"
"$tool" unseal "$tcti" "$TMP/ecc256/target.json" "$TMP/all" "$all" >"$TMP/ours"
expect_same "$TMP/ecc256/secret" "$TMP/ours"
grep -v '"9":' "$TMP/values.json" >"$TMP/lacking.json"
expect_refusal 5 'value of PCR 9 is not known' "$tool" policy "$TMP/lacking.json" $pcrs

note "nothing stays behind in the TPM"
for _ in 1 2 3 4 5; do
    "$tool" unseal "$tcti" "$TMP/ecc256/target.json" "$TMP/ecc256" $pcrs >/dev/null
done
for handles in handles-transient handles-loaded-session; do
    [ -z "$(tpm2_getcap $handles)" ] || fail "$handles are left: $(tpm2_getcap $handles)"
done

note "too long a secret"
head -c 129 /dev/urandom >"$TMP/long"
expect_refusal 6 'seals 1 to 128 bytes' \
    "$tool" seal "$TMP/persisted.json" "$TMP/values.json" $pcrs "$TMP/long" "$TMP"

note "damaged blobs"
for part in dup seed pub; do
    rm -rf "$TMP/damaged"
    cp -r "$TMP/ecc256" "$TMP/damaged"
    size=$(stat -c %s "$TMP/damaged/$part")
    last=$(tail -c 1 "$TMP/damaged/$part" | xxd -p)
    printf '%02x' $((0x$last ^ 1)) | xxd -r -p |
        dd of="$TMP/damaged/$part" bs=1 seek=$((size - 1)) conv=notrunc status=none
    expect_refusal 5 'does not import it' \
        "$tool" unseal "$tcti" "$TMP/damaged/target.json" "$TMP/damaged" $pcrs
    head -c $((size - 1)) "$TMP/ecc256/$part" >"$TMP/damaged/$part"
    expect_refusal 4 'malformed|not a TPM public area' \
        "$tool" unseal "$tcti" "$TMP/damaged/target.json" "$TMP/damaged" $pcrs
done

note "no TPM"
expect_refusal 5 '^no TPM at swtpm:path=/nonexistent' \
    "$tool" unseal swtpm:path=/nonexistent "$TMP/ecc256/target.json" "$TMP/ecc256" $pcrs

note "another TPM"
swtpm_start "$TMP/tpm2"
other=$SWTPM_TCTI
expect_refusal 5 '^another TPM: it does not have the storage key' \
    "$tool" unseal "$other" "$TMP/ecc256/target.json" "$TMP/ecc256" $pcrs

note "PCR 15 is extended by us, in a bank that is active and by the value given"
value=$(printf key | sha256sum | cut -d' ' -f1)
"$tool" extend "$tcti" 15 "$value"
wanted=$(printf '%064d%s' 0 "$value" | xxd -r -p | sha256sum | cut -d' ' -f1)
[ "$(tpm2_pcrread sha256:15 | sed -n 's/.*: 0x\([0-9A-F]*\)$/\L\1/p')" = "$wanted" ] ||
    fail "PCR 15 after the extension"
expect_refusal 5 '^PCR 15 is already extended.*4\+7\+8\+9\+14\+15' \
    "$tool" unseal "$tcti" "$TMP/ecc256/target.json" "$TMP/ecc256" $pcrs
! tools_unseal "$TMP/ecc256" "$TMP/ecc256/parent" || fail "tpm2_unseal with PCR 15 extended"

note "another boot"
mkdir "$TMP/no15"
head -c 32 /dev/urandom >"$TMP/no15/secret"
"$tool" seal "$TMP/ecc256/target.json" "$TMP/values.json" 4,7 "$TMP/no15/secret" "$TMP/no15"
"$tool" unseal "$tcti" "$TMP/ecc256/target.json" "$TMP/no15" 4,7 >"$TMP/no15/ours"
expect_same "$TMP/no15/secret" "$TMP/no15/ours"
extend 4 'another kernel'
expect_refusal 5 '^another boot: .*policy over PCRs 4\+7' \
    "$tool" unseal "$tcti" "$TMP/ecc256/target.json" "$TMP/no15" 4,7
read_values >"$TMP/later.json"
expect_refusal 5 '^PCR 15 is already extended' \
    "$tool" unseal "$tcti" "$TMP/ecc256/target.json" "$TMP/ecc256" $pcrs
for handles in handles-transient handles-loaded-session; do
    [ -z "$(tpm2_getcap $handles)" ] || fail "after failures $handles are left"
done

note "a TPM that was cleared is another TPM"
swtpm_start "$TMP/tpm3"
export TPM2TOOLS_TCTI=$SWTPM_TCTI
"$tool" target-tpm "$SWTPM_TCTI" >"$TMP/before.json"
"$tool" many "$TMP/before.json" "$SWTPM_TCTI" 200
tpm2_clear -Q
expect_refusal 5 '^another TPM' "$tool" many "$TMP/before.json" "$SWTPM_TCTI" 1

note "coordinates that begin with a zero byte"
"$BUILD/tests/tools/seal_zeros" "$SWTPM_TCTI"

note "an owner hierarchy that needs a password"
tpm2_evictcontrol -Q -C o -c 0x81000001
tpm2_changeauth -c o password
expect_refusal 5 'make the storage key again from its template: .*authorization' \
    "$tool" target-tpm "$SWTPM_TCTI"
