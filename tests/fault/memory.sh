#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Peak memory of encrypt, decrypt and seal stays under 96 MiB, and does not follow the image's size.
# libguestfs is left out: its appliance is a machine of its own.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
cd "$TMP"
limit_kib=$((96 * 1024))

# peak COMMAND…: notes and checks the most memory that COMMAND had at once.
peak()
{
    local kib
    /usr/bin/time -f '%M' -o peak "$@" >"$TMP/out" 2>"$TMP/err" ||
        { cat "$TMP/err" >&2; fail "$*"; }
    kib=$(tail -n 1 peak)
    note "$((kib / 1024)) MiB: ${*/#$COLDSEAL/coldseal}"
    [ "$kib" -gt 1000 ] || fail "time says $kib KiB"
    [ "$kib" -lt "$limit_kib" ] || fail "$kib KiB"
    last_peak=$kib
}

swtpm_target vm --create-spk
zero_pcrs >pcrs.json
head -c 32 /dev/urandom >pool.key

# all SIZE_MIB: the whole way of an image whose root has that size; sets `most`.
all()
{
    rm -f plain.* pool.raw pool.qcow2 back.raw sealed.qcow2
    tiny_image plain.raw "$1"
    qemu-img convert -c -O qcow2 plain.raw plain.qcow2
    most=0
    for command in \
        "encrypt plain.qcow2 pool.qcow2 --key-file pool.key --no-prepare --holes none --threads 4" \
        "encrypt plain.raw pool.raw --key-file pool.key --no-prepare --threads 4" \
        "decrypt pool.qcow2 back.raw --key-file pool.key --threads 4" \
        "seal pool.qcow2 -o sealed.qcow2 --key-file pool.key --target vm.json --pcr-values pcrs.json
            --pcrs 4,7,15 --allow-weak-policy --shared-key --no-recovery"; do
        # shellcheck disable=SC2086 # words
        peak "$COLDSEAL" $command --quiet
        [ "$last_peak" -le "$most" ] || most=$last_peak
    done
}

all 64
small=$most
all 1024
note "at most $((small / 1024)) MiB for a root of 64 MiB, $((most / 1024)) MiB for one of 1 GiB"
[ "$most" -lt $((small + 16 * 1024)) ] || fail "memory grows with the image"
