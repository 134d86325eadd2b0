#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is read over NBD: formats that coldseal does not know, behind a qemu-nbd that serves them for
# reading only, over a socket and over TCP; byte for byte what qemu-img makes of them.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/luks.sh
. "$SRC/tests/lib/luks.sh"
cd "$TMP"
sockets=$(mktemp -d /tmp/nbd-XXXXXX)
on_exit rm -rf "$sockets"
URI="nbd+unix:///?socket=$sockets/nbd"
disk_cat=$BUILD/tests/tools/disk_cat

# serve FORMAT FILE [OPTION…]: one client at a time, until unserve.
serve()
{
    local format=$1 file=$2
    shift 2
    qemu-nbd --read-only --fork --persistent --pid-file="$TMP/nbd.pid" --format="$format" "$@" "$file"
    on_exit unserve
}

unserve()
{
    local pid
    [ -s "$TMP/nbd.pid" ] || return 0
    pid=$(cat "$TMP/nbd.pid")
    kill "$pid" 2>/dev/null || true
    wait_for 10 sh -c "! kill -0 $pid 2>/dev/null" || true
    rm -f "$TMP/nbd.pid" "$sockets/nbd"
}

tiny_image plain.raw 24
tiny_extract plain.raw 1 root.plain
"$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --holes none --quiet
"$COLDSEAL" decrypt pool.raw back.raw --key-file pool.key --quiet

for format in vmdk vhdx vpc; do
    note "$format: every byte, the root that goes in, the image that comes out"
    qemu-img convert -O $format plain.raw plain.$format
    qemu-img convert -O $format pool.raw pool.$format
    qemu-img convert -f $format -O raw plain.$format expected.raw
    serve $format plain.$format --socket="$sockets/nbd"
    "$disk_cat" cat "$URI" | cmp - expected.raw || fail "cat"
    "$disk_cat" random "$URI" 5 | cmp - expected.raw || fail "random reads"
    # QEMU's own VHDX driver, for one, knows of none
    [ $format != vmdk ] || "$disk_cat" map "$URI" | grep -q zero || fail "no holes over NBD"
    expect_code 0 "$COLDSEAL" inspect "$URI"
    rm -f new.key
    expect_code 0 "$COLDSEAL" encrypt "$URI" new.qcow2 --key-out new.key --no-prepare --holes none --force --json
    jq -e '.input.path == $uri and (.input | has("sha256") | not) and (.output | has("sha256"))' --arg uri "$URI" \
        "$TMP/out" >/dev/null || fail "report: $(cat "$TMP/out")"
    unserve
    luks_decrypt new.qcow2 new.key root.found
    cmp -n "$(stat -c %s root.plain)" root.plain root.found || fail "another root"
    serve $format pool.$format --socket="$sockets/nbd"
    expect_code 0 "$COLDSEAL" decrypt "$URI" found.raw --key-file pool.key --force
    expect_same back.raw found.raw
    unserve
    rm plain.$format pool.$format
done

note "over TCP, an export with a name: to standard output, and rekeyed into a file"
qemu-img convert -O vmdk -o subformat=streamOptimized pool.raw pool.vmdk
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    ! serve vmdk pool.vmdk --bind=127.0.0.1 --port=$port --export-name=disk 2>serve.err || break
done
tcp="nbd://127.0.0.1:$port/disk"
"$COLDSEAL" decrypt "$tcp" - --key-file pool.key | cmp - back.raw || fail "decrypt to standard output"
expect_code 0 "$COLDSEAL" rekey "$tcp" rekeyed.raw --key-file pool.key --drop-slot 0 --key-out rekeyed.key --quiet
luks_decrypt rekeyed.raw rekeyed.key root.found
cmp -n "$(stat -c %s root.plain)" root.plain root.found || fail "another root after rekey"

note "what cannot be read is refused, and nothing is left"
expect_refusal 3 'connect to the NBD server' "$COLDSEAL" decrypt "nbd://127.0.0.1:$port/other" x.raw --key-file pool.key
unserve
expect_refusal 3 'connect to the NBD server' "$COLDSEAL" decrypt "$tcp" x.raw --key-file pool.key
qemu-img create -q -f vmdk plain.vmdk 20M
serve raw plain.vmdk --socket="$sockets/nbd"
expect_refusal 7 'a VMDK image' "$COLDSEAL" encrypt "$URI" x.raw --key-out x.key
unserve
if [ -e x.raw ] || [ -e x.key ]; then
    fail "something was left"
fi
