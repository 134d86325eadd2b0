#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Guests and machines that prepare refuses, and what it says of them.
# images: noble.raw
# limit: 1200
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/guest.sh
. "$SRC/tests/lib/guest.sh"

# refused CODE PATTERN COMMAND…: progress lines aside, one line that matches
refused()
{
    local wanted=$1 pattern=$2
    shift 2
    expect_code "$wanted" "$@"
    grep -v '^prepare [0-9]*/[0-9]*$' "$TMP/err" >"$TMP/lines" || true
    [ "$(wc -l <"$TMP/lines")" -eq 1 ] || { cat "$TMP/err" >&2; fail "not one line"; }
    grep -Eq -- "$pattern" "$TMP/lines" || { cat "$TMP/err" >&2; fail "no \"$pattern\""; }
}

run=("$PREPARE" "$TMP/overlay.qcow2" "$SRC/templates" "$COLDSEAL_UNLOCK" 1 15 16)

note "no folder for the appliance"
make_overlay "$IMAGES/noble.raw" raw "$TMP/overlay.qcow2"
LIBGUESTFS_CACHEDIR=$TMP/absent refused 3 "settings of libguestfs in the environment: .*$TMP/absent" "${run[@]}"

note "a guest without libraries"
cp --sparse=always "$IMAGES/noble.raw" "$TMP/lacking.raw"
first=$(sgdisk -i 1 "$TMP/lacking.raw" | awk '/^First sector:/ { print $3 * 512 }')
libraries=/usr/lib/x86_64-linux-gnu
for name in libtss2-esys.so.0 libjson-c.so.5; do
    debugfs -w -R "rm $libraries/$name" "$TMP/lacking.raw?offset=$first" >/dev/null 2>&1
    if debugfs -R "stat $libraries/$name" "$TMP/lacking.raw?offset=$first" 2>/dev/null |
        grep -q '^Inode:'; then
        fail "$name is still there"
    fi
done
make_overlay "$TMP/lacking.raw" raw "$TMP/overlay.qcow2"
refused 7 'lacks .*(libtss2-esys.so.0.*libjson-c.so.5|libjson-c.so.5.*libtss2-esys.so.0).*virt-customize -a IMAGE --install (libtss2-esys-3.0.2-0t64,libjson-c5|libjson-c5,libtss2-esys-3.0.2-0t64)"' \
    "${run[@]}"

note "an appliance that dies each time"
make_overlay "$IMAGES/noble.raw" raw "$TMP/overlay.qcow2"
code=0
"${run[@]}" >"$TMP/out" 2>"$TMP/err" &
preparing=$!
for count in 1 2; do
    wait_for 600 sh -c "[ \"\$(grep -c '^prepare 15/' '$TMP/err')\" -ge $count ]" ||
        fail "no appliance starts"
    kill -KILL "$(pgrep -P "$preparing" qemu)" || fail "no appliance to kill"
done
wait "$preparing" || code=$?
[ "$code" = 75 ] || fail "exit $code where 75 is expected: $(cat "$TMP/err")"
tail -n 1 "$TMP/err" | grep -q 'the same command may work' || fail "it does not say what to do"
