#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --recipient: pool and recovery keys leave only as CMS. OpenSSL's own program opens it with the private
# key, cryptsetup opens the disk with what comes out, and nothing else that was written holds the key.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
# shellcheck source=tests/lib/fault.sh
. "$SRC/tests/lib/fault.sh"
cd "$TMP"
fault_build

# certificate NAME KEY_USAGE NEW_KEY…
certificate()
{
    local name=$1 usage=$2
    shift 2
    openssl req -x509 -nodes -subj "/CN=$name" -keyout "$name.key.pem" -out "$name.pem" -days 30 "$@" \
        -addext "keyUsage=critical,$usage" 2>/dev/null
}

# opened FILE NAME OUT: by the private key alone.
opened()
{
    openssl cms -decrypt -inform PEM -in "$1" -inkey "$2.key.pem" -recip "$2.pem" -out "$3"
}

# holds FILE KEY: the bytes of KEY, anywhere.
# shellcheck disable=SC2016 # for perl
holds()
{
    perl -0777 -ne 'BEGIN { $key = pack("H*", shift) } exit(index($_, $key) < 0)' "$(xxd -p -c 64 "$2")" "$1"
}

fingerprint()
{
    openssl x509 -in "$1.pem" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f
}

certificate rsa keyEncipherment -newkey rsa:2048
certificate p256 keyAgreement -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
certificate p384 keyAgreement -newkey ec -pkeyopt ec_paramgen_curve:secp384r1
certificate stranger keyEncipherment -newkey rsa:2048
openssl x509 -in p384.pem -outform DER -out p384.der
tiny_image plain.raw 24

note "encrypt: one key, three recipients"
expect_code 0 "$COLDSEAL" encrypt plain.raw pool.raw --no-prepare --key-out pool.cms --json \
    --recipient rsa.pem --recipient p256.pem --recipient p384.der
for name in rsa p256 p384; do
    opened pool.cms $name pool.$name
    [ "$(stat -c %s pool.$name)" = 32 ] || fail "a pool key has 32 bytes"
    expect_same pool.rsa pool.$name
    jq -e --arg sha256 "$(fingerprint $name)" '.recipients | index($sha256)' "$TMP/out" >/dev/null ||
        fail "the report does not name $name"
done
[ "$(jq '.recipients | length' "$TMP/out")" = 3 ] || fail "the report names others"
luks_opens pool.raw pool.rsa || fail "the pool key does not open the image"
[ "$(stat -c %a pool.cms)" = 600 ] || fail "mode of the file"
! opened pool.cms stranger pool.stranger 2>/dev/null || fail "a stranger opens it"
! luks_opens pool.raw pool.cms || fail "the wrapped key opens the image"

note "what protects it: AuthEnvelopedData, AES-256-GCM, OAEP and ECDH with SHA-256, AES-256 key wrap"
openssl cms -cmsout -print -inform PEM -in pool.cms >shown
for wanted in id-smime-ct-authEnvelopedData aes-256-gcm rsaesOaep dhSinglePass-stdDH-sha256kdf-scheme id-aes256-wrap; do
    grep -q "$wanted" shown || { cat shown; fail "no $wanted"; }
done
[ "$(grep -c 'd.ktri:' shown) $(grep -c 'd.kari:' shown)" = '1 2' ] || fail "kinds of recipients"
! grep -qi 'sha1' shown || fail "SHA-1"

note "to standard output, and a changed byte is noticed"
"$COLDSEAL" encrypt plain.raw again.raw --no-prepare --key-out - --recipient rsa.pem >piped.cms
opened piped.cms rsa piped.key
luks_opens again.raw piped.key || fail "the piped key does not open the image"
openssl cms -cmsout -inform PEM -in piped.cms -outform DER -out piped.der
printf '\377' | dd of=piped.der bs=1 seek=$(($(stat -c %s piped.der) - 20)) conv=notrunc status=none
! openssl cms -decrypt -inform DER -in piped.der -inkey rsa.key.pem -out changed 2>/dev/null || fail "not authenticated"

swtpm_target vm
zero_pcrs >pcrs.json
policy=(--target vm.json --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy)

note "seal, reseal, recovery add and rotate, rekey: each key is a recipient's alone"
expect_code 0 "$COLDSEAL" seal pool.raw -o one.raw --key-file pool.rsa "${policy[@]}" --shared-key \
    --recovery-key-out seal.cms --recipient p256.pem
opened seal.cms p256 seal.key
grep -Eqx '([0-9]{5}-){7}[0-9]{5}' seal.key || fail "not a recovery key"
luks_opens one.raw seal.key || fail "seal"
expect_code 0 "$COLDSEAL" recovery test one.raw --key-file seal.key
expect_code 0 "$COLDSEAL" reseal one.raw -o two.raw --key-file seal.key "${policy[@]}" \
    --recovery-key-out reseal.cms --recipient rsa.pem
expect_code 0 "$COLDSEAL" recovery add two.raw --in-place --tcti "$SWTPM_TCTI" \
    --recovery-key-out add.cms --recipient rsa.pem
for key in reseal add; do
    opened $key.cms rsa $key.key
    luks_opens two.raw $key.key || fail "$key"
done
expect_code 0 "$COLDSEAL" recovery rotate two.raw -o three.raw --key-file add.key \
    --recovery-key-out rotate.cms --recipient p384.der
opened rotate.cms p384 rotate.key
luks_opens three.raw rotate.key || fail "rotate"
! luks_opens three.raw add.key || fail "rotate keeps the key from before"
expect_code 0 "$COLDSEAL" rekey three.raw four.raw --key-file rotate.key --drop-slot 0 --key-out rekey.cms \
    --recovery-key-out rekey2.cms --recipient rsa.pem
for key in rekey rekey2; do
    opened $key.cms rsa $key.key
    luks_opens four.raw $key.key || fail "$key"
done
# shellcheck disable=SC2094 # what a key was piped into is not what it came from
"$COLDSEAL" decrypt four.raw back.raw --key-file <(openssl cms -decrypt -inform PEM -in rekey.cms -inkey rsa.key.pem) --quiet
tiny_extract plain.raw 1 root.plain
tiny_extract back.raw 1 root.back
e2image -ra root.plain used.plain 2>/dev/null
e2image -ra root.back used.back 2>/dev/null
expect_same used.plain used.back

note "many machines in one run, and run again: what is there stays"
for vm in a b; do
    printf '{"output": "many.%s.raw", "target": "vm.json", "pcr_values": "pcrs.json", "recovery_key_out": "many.%s.cms"}\n' $vm $vm
done >many.jsonl
many=("$COLDSEAL" seal pool.raw --targets many.jsonl --key-file pool.rsa --pcrs "4,7,15" --allow-weak-policy
    --shared-key --recipient rsa.pem --recipient p256.pem)
expect_code 0 "${many[@]}"
sha256sum many.*.raw many.*.cms >many.sums
for vm in a b; do
    opened many.$vm.cms p256 many.$vm.key
    luks_opens many.$vm.raw many.$vm.key || fail "machine $vm"
done
! luks_opens many.a.raw many.b.key || fail "machines share a recovery key"
expect_code 0 "${many[@]}"
sha256sum --quiet -c many.sums || fail "the second run changed what was there"

note "rekey in place, cut off in its middle: finished with the key that its recipient has opened"
rekey=(rekey place.raw --in-place --quiet --key-file pool.rsa --drop-slot 0 --key-out place.cms --recipient rsa.pem)
cp --sparse=always pool.raw place.raw
cp --sparse=always pool.raw place.raw
code=0
fault_run kill 24 500 "$COLDSEAL" "${rekey[@]}" || code=$?
[ "$code" = 137 ] || fail "not killed: $code"
expect_code 0 "$COLDSEAL" inspect place.raw
grep -q "being rekeyed" "$TMP/out" || fail "not in the middle"
expect_refusal 6 'decrypt the wrapped one' "$COLDSEAL" "${rekey[@]}"
opened place.cms rsa place.key
expect_code 0 "$COLDSEAL" "${rekey[@]}" --key-file place.key
luks_opens place.raw place.key || fail "the new key does not open the disk"
! luks_opens place.raw pool.rsa || fail "the old key opens the disk"

note "which certificates are refused, before anything is written"
expect_refused()
{
    local code=$1 pattern=$2 file=$3
    expect_refusal "$code" "$pattern" "$COLDSEAL" encrypt plain.raw x.raw --no-prepare --key-out x.key --recipient "$file"
    if [ -e x.raw ] || [ -e x.key ]; then
        fail "something was left"
    fi
}
certificate signer digitalSignature -newkey rsa:2048
certificate ecsigner digitalSignature -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
certificate short keyEncipherment -newkey rsa:1024
certificate edwards digitalSignature -newkey ed25519
# dated NAME FROM TO
dated()
{
    mkdir "$1" && : >"$1/index"
    printf '[ca]\ndefault_ca=a\n[a]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\npolicy=p\ndefault_md=sha256\n[p]\nCN=supplied\n' \
        "$1" "$1" >"$1/config"
    openssl req -new -key rsa.key.pem -subj "/CN=$1" -out "$1/request" 2>/dev/null
    openssl ca -batch -selfsign -config "$1/config" -keyfile rsa.key.pem -in "$1/request" -startdate "$2" -enddate "$3" \
        -notext -out "$1.pem" 2>/dev/null
}
dated expired 20200101000000Z 20210101000000Z
dated early "$(date -u -d '+2 days' +%Y%m%d%H%M%SZ)" "$(date -u -d '+9 days' +%Y%m%d%H%M%SZ)"
expect_refused 6 'signer.pem.*keyEncipherment' signer.pem
expect_refused 6 'ecsigner.pem.*keyAgreement' ecsigner.pem
expect_refused 6 'short.pem.*1024 bits' short.pem
expect_refused 7 'neither RSA nor EC' edwards.pem
expect_refused 6 'expired.pem.*expired' expired.pem
expect_refused 6 'early.pem.*not valid yet' early.pem
expect_refused 6 'not a certificate' rsa.key.pem
expect_refused 3 'none.pem' none.pem
expect_refusal 2 'for a new key' "$COLDSEAL" encrypt plain.raw x.raw --no-prepare --key-file pool.rsa --recipient rsa.pem
expect_refusal 2 'for a new key' "$COLDSEAL" recovery remove three.raw -o x.raw --key-file rotate.key --recipient rsa.pem --no-recovery

note "the keys are in none of the files that were written"
for key in pool.rsa seal.key add.key rotate.key rekey.key place.key; do
    for file in pool.raw one.raw two.raw three.raw four.raw place.raw ./*.cms; do
        ! holds "$file" $key || fail "$file holds $key"
    done
done
holds pool.rsa pool.rsa || fail "the search finds nothing"
