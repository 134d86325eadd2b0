#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# full
# limit: 900
# `make deb`: what is in the packages is what `make install` puts into place, and lintian has nothing
# against them.
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/deb.sh"

deb_build
as_user=()
[ "$(id -u)" != 0 ] || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
cp "$BUILD"/deb/coldseal*.deb "$BUILD"/deb/coldseal*.changes "$BUILD"/deb/coldseal*.buildinfo "$TMP"
chmod -R a+rwX "$TMP"
"${as_user[@]}" lintian --fail-on error,warning "$TMP"/*.changes || fail "lintian"

note "the packages together hold what is installed"
make -C "$BUILD" -s install prefix=/usr libexecdir=/usr/lib DESTDIR="$TMP/root" >/dev/null
for package in coldseal coldseal-guest; do
    dpkg-deb --extract "$(deb_file "$package")" "$TMP/debs"
done
rm -r "$TMP/debs/usr/share/doc" "$TMP/debs/usr/share/lintian"
find "$TMP/debs" -name '*.gz' -exec gunzip {} +
diff <(cd "$TMP/root" && find . -type f | sort) <(cd "$TMP/debs" && find . -type f | sort) || fail "other files"
# compiled anew, with the distribution's flags
diff -rq -x coldseal -x coldseal-unlock -x coldseal-setup "$TMP/root/usr" "$TMP/debs/usr" || fail "other content"
diff -rq "$TMP/root/usr/share" "$TMP/debs/usr/share" || fail "other content in share"
"$TMP/debs/usr/bin/coldseal" --version | grep -qx 'coldseal [0-9.]*' || fail "coldseal does not run"
readelf -d "$TMP/debs/usr/lib/coldseal/coldseal-unlock" | grep -q BIND_NOW || fail "not hardened"

note "coldseal-guest can be installed on releases from before and after the change to 64-bit time_t"
depends=$(dpkg-deb -f "$(deb_file coldseal-guest)" Depends)
for pair in 'libssl3 libssl3t64' 'libtss2-mu0 libtss2-mu-4.0.1-0t64' \
    'libtss2-tcti-device0 libtss2-tcti-device0t64' 'libtss2-esys-3.0.2-0 libtss2-esys-3.0.2-0t64'; do
    grep -Eq "(^|, )${pair% *}( \([^)]*\))? \| ${pair#* }(,|$)" <<<"$depends" || fail "$pair: $depends"
done
for program in coldseal-unlock coldseal-setup; do
    newest=$(objdump -T "$(find "$TMP/debs" -name "$program" -type f)" | grep -oP 'GLIBC_\K[0-9.]+' | sort -Vu | tail -n 1)
    [ "$(printf '%s\n2.35\n' "$newest" | sort -V | tail -n 1)" = 2.35 ] || fail "$program needs glibc $newest"
done
