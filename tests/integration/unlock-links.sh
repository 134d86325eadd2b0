#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the guest's initramfs has to carry: these libraries and no others.
. "$SRC/tests/lib/common.sh"

allowed='libcryptsetup|libtss2-(esys|mu|rc|tctildr)|libcrypto|libjson-c|libz|libdevmapper|libc'
program=$COLDSEAL_UNLOCK
needed=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ -n "$needed" ] || fail "no list of libraries"
for library in $needed; do
    grep -Eqx "($allowed)\.so(\.[0-9.]+)?" <<<"$library" || fail "needs $library"
done
for library in libcryptsetup libtss2-esys libcrypto libdevmapper; do
    grep -q "^$library" <<<"$needed" || fail "does not need $library: is this coldseal-unlock?"
done
