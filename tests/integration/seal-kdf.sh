#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The TPM's key derivations against OpenSSL's: KDFa is SP 800-108 in counter mode with HMAC, KDFe is
# SP 800-56C's one-step derivation.
# limit: 120
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/seal_tool

random_hex()
{
    head -c "$1" /dev/urandom | xxd -p -c 1000
}

hex_of_text()
{
    printf %s "$1" | xxd -p -c 1000
}

kdf()
{
    openssl kdf -keylen "$@" | tr -d ':\n' | tr A-F a-f
}

for hash in sha256 sha384 sha512; do
    for bits in 8 128 256 384 512; do
        for label in STORAGE INTEGRITY; do
            key=$(random_hex 32) name=$(random_hex 34) v=$(random_hex 7)
            wanted=$(kdf $((bits / 8)) -kdfopt mode:counter -kdfopt mac:HMAC -kdfopt "digest:$hash" \
                -kdfopt "hexkey:$key" -kdfopt "hexsalt:$(hex_of_text $label)" \
                -kdfopt "hexinfo:$name$v" KBKDF)
            got=$("$tool" kdfa $hash "$key" $label "$name" "$v" $bits)
            [ "$got" = "$wanted" ] || fail "KDFa $hash $bits $label: $got, OpenSSL has $wanted"
        done
        for field in 32 48; do
            z=$(random_hex $field) u=$(random_hex $field) v=$(random_hex $field)
            wanted=$(kdf $((bits / 8)) -kdfopt "digest:$hash" -kdfopt "hexkey:$z" \
                -kdfopt "hexinfo:$(hex_of_text DUPLICATE)00$u$v" SSKDF)
            got=$("$tool" kdfe $hash "$z" DUPLICATE "$u" "$v" $bits)
            [ "$got" = "$wanted" ] || fail "KDFe $hash $bits: $got, OpenSSL has $wanted"
        done
    done
done
