#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Digests and signatures of EFI images, against pesign, osslsigncode and sbverify; the images are
# signed by others, and with keys of our own.
# images: noble.raw
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

efi="$BUILD/tests/tools/efi_tool"
cd "$TMP"

# A chain root - middle - leaf, and a key that stands alone.
make_keys()
{
    local name issuer=
    for name in root middle leaf; do
        openssl req -new -newkey rsa:2048 -nodes -keyout $name.key -subj "/CN=Test $name" \
            -out $name.csr 2>/dev/null
        if [ $name = leaf ]; then
            printf 'extendedKeyUsage=codeSigning\n' >extensions
        else
            printf 'basicConstraints=critical,CA:TRUE\n' >extensions
        fi
        if [ -z "$issuer" ]; then
            openssl x509 -req -in $name.csr -key $name.key -days 30 -sha256 -extfile extensions \
                -out $name.pem 2>/dev/null
        else
            openssl x509 -req -in $name.csr -CA $issuer.pem -CAkey $issuer.key -CAcreateserial \
                -days 30 -sha256 -extfile extensions -out $name.pem 2>/dev/null
        fi
        issuer=$name
    done
    openssl req -x509 -newkey rsa:2048 -nodes -keyout alone.key -subj "/CN=Test alone" -days 30 \
        -out alone.pem 2>/dev/null
    for name in root middle leaf alone; do
        cert-to-efi-sig-list -g 11111111-2222-3333-4444-555555555555 $name.pem $name.esl
        # what a dbx says of a certificate: the digest of its signed part, revoked from the start
        cert-to-efi-hash-list -g 11111111-2222-3333-4444-555555555555 -s 256 $name.pem $name.tbs \
            >/dev/null
        openssl x509 -in $name.pem -outform DER -out $name.der
    done
}

expect_verdict()
{
    local wanted=$1
    shift
    got=$("$efi" "$@" 2>&1) || true
    [ "$got" = "$wanted" ] || fail "$*: $got, not $wanted"
}

note "images of others"
show="$BUILD/tests/tools/layout_show"
image="$IMAGES/noble.raw"
"$show" esp "$image" >found
"$show" cat "$image" "$(sed -n 's/^shim //p' found)" >shim
"$show" cat "$image" "$(sed -n 's/^grub //p' found)" >grub
"$show" bootcat "$image" /vmlinuz >kernel
for file in shim grub kernel; do
    "$efi" digests $file >ours
    for bank in sha1 sha256; do
        theirs=$(pesign -h -d $bank -i $file | sed -n 's/^hash: //p')
        grep -qx "$bank $theirs" ours || fail "$bank of $file is $theirs"
    done
    objdump -h $file | awk '$1 ~ /^[0-9]+$/ { print $2, $6, $3 }' >theirs
    "$efi" sections $file | diff - theirs >&2 || fail "sections of $file"
done

note "signed with keys of our own, in several ways"
make_keys
sbattach --remove grub >/dev/null 2>&1
cp grub plain
sbsign --key leaf.key --cert leaf.pem --addcert middle.pem --output chain plain 2>/dev/null
sbsign --key leaf.key --cert leaf.pem --output bare plain 2>/dev/null
sbsign --key alone.key --cert alone.pem --output alone plain 2>/dev/null
sbsign --key alone.key --cert alone.pem --output twice chain 2>/dev/null
osslsigncode sign -h sha384 -key alone.key -certs alone.pem -in plain -out long >/dev/null
osslsigncode sign -h sha512 -key alone.key -certs alone.pem -in plain -out longer >/dev/null
osslsigncode sign -h sha1 -key alone.key -certs alone.pem -in plain -out short >/dev/null
for bank in sha1 sha384; do
    case $bank in sha1) file=short ;; sha384) file=long ;; esac
    # it does not trust the key and says so with its exit code
    theirs=$(osslsigncode verify -in "$file" 2>&1 |
        awk '/^Calculated message digest/ { print $NF; exit }') || true
    "$efi" digests "$file" | grep -qix "$bank $theirs" || fail "$bank of $file is not $theirs"
done

# Whose signature it is follows from how it was made. sbverify agrees where it can be asked: it takes
# certificates that come with the signature for trusted, and knows SHA-256 only.
expect_signer()
{
    local file=$1 certificate answer
    shift
    for certificate in root middle leaf alone; do
        answer=$("$efi" verify "$file" $certificate.esl -)
        if [[ " $* " == *" $certificate "* ]]; then
            [[ $file == long* || $file == short ]] ||
                sbverify --cert $certificate.pem "$file" >/dev/null 2>&1 ||
                fail "sbverify does not accept $file under $certificate"
            [[ $answer == "accepted db:0 signer Test "* ]] || fail "$file, $certificate: $answer"
        else
            [[ $answer == "un"* ]] || fail "$file, $certificate: $answer"
        fi
    done
}
expect_signer plain
expect_signer chain root middle leaf
expect_signer bare middle leaf
expect_signer alone alone
expect_signer twice root middle leaf alone
expect_signer long alone
expect_signer longer alone
expect_signer short alone

note "what the firmware makes of db and dbx (EDK2, DxeImageVerificationLib)"
# the digest is the same for the signed ones
hash-to-efi-sig-list plain plain.hash >/dev/null
cat alone.esl middle.esl >both.esl
cat alone.esl plain.hash >hash.esl
expect_verdict "accepted db:1 signer Test leaf" verify chain both.esl -
# the second signature is by the first entry; the file's order decides
expect_verdict "accepted db:1 signer Test leaf" verify twice both.esl -
expect_verdict "accepted db:0 signer Test alone" verify twice alone.esl -
expect_verdict "unknown signer Test leaf" verify twice - -
expect_verdict "unsigned signer " verify plain both.esl -
expect_verdict "accepted db:0 signer " verify plain plain.hash -
# a digest in db holds for SHA-256 signatures of any signer
expect_verdict "accepted db:1 signer Test leaf" verify chain hash.esl -
expect_verdict "unknown signer Test alone" verify long plain.hash -
expect_verdict "revoked dbx:0 signer Test leaf" verify chain middle.esl plain.hash
expect_verdict "revoked dbx:1 signer Test leaf" verify chain middle.esl hash.esl
for certificate in root middle leaf; do
    expect_verdict "revoked dbx:0 signer Test leaf" verify chain middle.esl $certificate.esl
done
# by digest: the signer's certificate and the one in db, not those between
expect_verdict "revoked dbx:0 signer Test leaf" verify chain middle.esl leaf.tbs
expect_verdict "unknown signer Test leaf" verify chain middle.esl middle.tbs
expect_verdict "accepted db:0 signer Test leaf" verify chain root.esl middle.tbs
# one forbidden signature spoils the other
expect_verdict "revoked dbx:0 signer Test alone" verify twice middle.esl alone.tbs

note "what shim makes of its lists"
shim_verdict()
{
    local wanted=$1 file=$2 lists=(- - - - - - -)
    shift 2
    while [ $# -gt 0 ]; do
        lists[${1%%=*}]=${1#*=}
        shift
    done
    expect_verdict "$wanted" verify-shim "$file" "${lists[@]}"
}
db=0 vendor_db=1 mok_list=2 vendor=3 vendor_dbx=4 dbx=5 mok_list_x=6
shim_verdict "unsigned signer " plain $db=middle.esl
shim_verdict "unknown signer Test leaf" chain $db=alone.esl
shim_verdict "accepted db:0 signer Test leaf" chain $db=middle.esl $mok_list=root.esl
shim_verdict "accepted vendor_db:0 signer Test leaf" chain $vendor_db=middle.esl $mok_list=root.esl
shim_verdict "accepted MokList:0 signer Test leaf" chain $vendor=middle.esl $mok_list=root.esl
shim_verdict "accepted vendor_cert:0 signer Test leaf" chain $vendor=middle.esl
# each accepted signature is measured
shim_verdict "accepted MokList:1 MokList:0 signer Test leaf" twice $mok_list=both.esl
# a digest is looked up before any signature
shim_verdict "accepted MokList:1 signer " chain $db=alone.esl $vendor=middle.esl $mok_list=hash.esl
shim_verdict "revoked MokListX:0 signer " chain $db=middle.esl $mok_list_x=plain.hash
shim_verdict "revoked vendor_dbx:0 signer " plain $db=plain.hash $vendor_dbx=plain.hash
shim_verdict "revoked dbx:0 signer Test leaf" chain $db=middle.esl $dbx=root.esl
# a forbidden signature does not spoil another; digests of certificates do not count
shim_verdict "accepted db:1 signer Test leaf" twice $db=both.esl $dbx=alone.esl
shim_verdict "accepted db:0 signer Test leaf" chain $db=middle.esl $dbx=leaf.tbs
# signatures over other digests than SHA-256 are none
shim_verdict "unknown signer Test alone" long $db=alone.esl

note "damaged images"
damage()
{
    cp chain damaged
    printf '%b' "$2" | dd of=damaged bs=1 seek="$1" conv=notrunc status=none
}
damage 4096 'changed'
expect_verdict "unknown signer Test leaf" verify damaged middle.esl -
shim_verdict "unknown signer Test leaf" damaged $db=middle.esl
table=$(($(stat -c %s plain) + 0))
[ "$(xxd -s $((table + 4)) -l 4 -p chain)" = 00020200 ] || fail "no certificate table at $table"
damage "$table" '\x00\x00\x00\x00'
expect_refusal 4 "an entry is damaged" "$efi" verify damaged middle.esl -
damage "$table" '\xff\xff\xff\x7f'
expect_refusal 4 "an entry is damaged" "$efi" verify damaged middle.esl -
damage "$((table + 6))" '\x01\x00' # X.509 certificates are no signatures
expect_verdict "unknown signer " verify damaged middle.esl -
shim_verdict "unknown signer " damaged $db=middle.esl
damage "$((table + 60))" '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'
expect_refusal 4 "a signature cannot be read" "$efi" verify damaged middle.esl -
shim_verdict "unknown signer " damaged $db=middle.esl
head -c -8 chain >damaged
expect_refusal 4 "certificate table" "$efi" verify damaged middle.esl -
