#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is built into a signed shim, against binutils and OpenSSL, and what follows from it for the
# GRUB and the kernel beside it.
# images: noble.raw
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

efi="$BUILD/tests/tools/efi_tool"
show="$BUILD/tests/tools/layout_show"
image="$IMAGES/noble.raw"
cd "$TMP"
"$show" esp "$image" >found
"$show" cat "$image" "$(sed -n 's/^shim //p' found)" >shim.efi
"$show" cat "$image" "$(sed -n 's/^grub //p' found)" >grub.efi
"$show" bootcat "$image" /vmlinuz >kernel

note "sections"
mkdir built_in
"$efi" shim shim.efi built_in >facts
for section in vendor_cert sbat sbatlevel data.ident; do
    objcopy -O binary --only-section=.$section shim.efi $section
done
grep -aq "^\$Version: $(sed -n 's/^version //p' facts) " data.ident || fail "version: $(cat facts)"
# the sections end where their data ends
od -An -tu4 -w4 -N16 vendor_cert >table
mapfile -t table <table
dd if=vendor_cert bs=1 skip=$((table[2])) count=$((table[0])) status=none | cmp - built_in/vendor_db ||
    fail "vendor certificate"
dd if=vendor_cert bs=1 skip=$((table[3])) count=$((table[1])) status=none | cmp - built_in/vendor_dbx ||
    fail "vendor dbx"
grep -qx 'vendor certificate' facts || fail "Debian's shim has a certificate"
openssl x509 -inform DER -in built_in/vendor_db -out vendor.pem || fail "no certificate"
cmp sbat built_in/sbat || fail "SBAT data"
tail -c +13 sbatlevel | tr '\0' '\n' | sed '/^$/d' | diff - <(cat built_in/automatic built_in/latest) >&2 ||
    fail "SBAT levels"

note "who is started"
cert-to-efi-sig-list vendor.pem vendor.esl
for file in grub.efi kernel; do
    sbverify --cert vendor.pem $file >/dev/null 2>&1 || fail "sbverify of $file"
    answer=$("$efi" verify-shim $file - - - vendor.esl built_in/vendor_dbx - -)
    [[ $answer == "accepted vendor_cert:0 signer Debian Secure Boot Signer"* ]] || fail "$file: $answer"
    answer=$("$efi" verify-shim $file - - - - built_in/vendor_dbx - -)
    [[ $answer == "unknown signer Debian Secure Boot Signer"* ]] || fail "$file: $answer"
done
