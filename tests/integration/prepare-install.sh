#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# prepare --install: a guest without the TPM's libraries fetches them from its own sources and is prepared; one whose
# sources cannot be reached is refused, and nothing is left.
# images: noble.raw
# limit: 1800
# full
# shellcheck disable=SC2002 # the pipe is the point
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/guest.sh
. "$SRC/tests/lib/guest.sh"

libraries=/usr/lib/x86_64-linux-gnu

# on_root COMMAND: debugfs on the root of lacking.raw, which succeeds whatever happens
on_root()
{
    debugfs -w -R "$*" "$TMP/lacking.raw?offset=$first" >/dev/null 2>&1
}

# What "apt-get purge libtss2*" leaves: no file of them, and dpkg knows of none.
take_libraries_away()
{
    local name
    cp --sparse=always "$IMAGES/noble.raw" "$TMP/lacking.raw"
    first=$(sgdisk -i 1 "$TMP/lacking.raw" | awk '/^First sector:/ { print $3 * 512 }')
    debugfs -R "ls -p $libraries" "$TMP/lacking.raw?offset=$first" 2>/dev/null | cut -d/ -f6 | grep '^libtss2' >"$TMP/names"
    [ "$(wc -l <"$TMP/names")" -gt 8 ] || fail "the image has no TPM libraries"
    while read -r name; do
        on_root "rm $libraries/$name"
    done <"$TMP/names"
    debugfs -R "cat /var/lib/dpkg/status" "$TMP/lacking.raw?offset=$first" 2>/dev/null >"$TMP/status"
    awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^Package: libtss2/' "$TMP/status" >"$TMP/status.lacking"
    [ "$(stat -c %s "$TMP/status.lacking")" -lt "$(stat -c %s "$TMP/status")" ] || fail "dpkg's status"
    on_root "rm /var/lib/dpkg/status"
    on_root "write $TMP/status.lacking /var/lib/dpkg/status"
    debugfs -R "ls -p /var/lib/dpkg/info" "$TMP/lacking.raw?offset=$first" 2>/dev/null | cut -d/ -f6 |
        grep '^libtss2' >"$TMP/info"
    while read -r name; do
        on_root "rm /var/lib/dpkg/info/$name"
    done <"$TMP/info"
    e2fsck -fp "$TMP/lacking.raw?offset=$first" >/dev/null 2>&1 || true
}

take_libraries_away
before=$(sha256 "$TMP/lacking.raw")

note "fetched, and prepared, from a pipe"
from_pipe()
{
    cat "$TMP/lacking.raw" | "$COLDSEAL" prepare - "$TMP/out.raw" --install --json >"$TMP/report"
}
code=0
from_pipe || code=$?
[ "$code" != 75 ] || { code=0 && from_pipe || code=$?; }
[ "$code" = 0 ] || fail "exit $code"
jq -r '.guest.changes[]' "$TMP/report" | seen "^packages fetched from the guest's sources: .*libtss2-esys" ||
    fail "the report does not say so: $(cat "$TMP/report")"
split_disk "$TMP/out.raw" "$TMP/parts" 1 16
for name in libtss2-esys.so.0 libtss2-mu.so.0 libtss2-tcti-device.so.0; do
    ext4_has "$TMP/parts/1" "$libraries/$name" || fail "no $name"
done
ext4_cat "$TMP/parts/1" /var/lib/dpkg/status |
    awk 'BEGIN { RS = "" } /^Package: libtss2-esys/ && /\nStatus: install ok installed\n/ { found = 1 } END { exit !found }' ||
    fail "dpkg does not know of them"
! ext4_has "$TMP/parts/1" /usr/sbin/policy-rc.d || fail "policy-rc.d was left"
! ext4_cat "$TMP/parts/1" /etc/resolv.conf | seen '169\.254\.' || fail "the appliance's name server was left"
[ "$(sha256 "$TMP/lacking.raw")" = "$before" ] || fail "the input changed"
rm -r "$TMP/parts" "$TMP/out.raw"

note "sources that cannot be reached, of an image that a server exports"
printf 'deb http://127.0.0.1:9/debian trixie main\n' >"$TMP/sources"
on_root "rm /etc/apt/sources.list"
on_root "write $TMP/sources /etc/apt/sources.list"
sockets=$(mktemp -d /tmp/nbd-XXXXXX)
on_exit rm -rf "$sockets"
qemu-nbd --read-only --persistent --format=raw --socket="$sockets/nbd" "$TMP/lacking.raw" </dev/null &
on_exit kill $!
wait_for 10 test -S "$sockets/nbd" || fail "qemu-nbd does not start"
code=0
"$COLDSEAL" prepare "nbd+unix:///?socket=$sockets/nbd" "$TMP/out.raw" --install --quiet 2>"$TMP/err" || code=$?
[ "$code" = 3 ] || fail "exit $code: $(cat "$TMP/err")"
[ "$(wc -l <"$TMP/err")" = 1 ] || fail "not one line: $(cat "$TMP/err")"
grep -q 'fetch .*libtss2-esys.*127\.0\.0\.1:9' "$TMP/err" || fail "$(cat "$TMP/err")"
[ ! -e "$TMP/out.raw" ] || fail "an output was left"
