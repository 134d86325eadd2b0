#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An image that an NBD server exports, changed in place: seal, reseal, recovery, rekey, over a socket and
# over TCP, raw and qcow2. The server is qemu-nbd, and what it wrote is judged by qemu-img and cryptsetup.
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

# serve FORMAT FILE [OPTION…]: until unserve; sets NBD_PID.
serve()
{
    local format=$1 file=$2
    shift 2
    rm -f "$sockets/nbd"
    qemu-nbd --persistent --format="$format" "$@" "$file" </dev/null >>nbd.log 2>&1 &
    NBD_PID=$!
    on_exit unserve "$NBD_PID"
}

serve_socket()
{
    serve "$@" --socket="$sockets/nbd"
    wait_for 10 test -S "$sockets/nbd" || { cat nbd.log; fail "qemu-nbd does not start"; }
}

# unserve PID: what it took is in the file then.
unserve()
{
    swtpm_end "$1"
}

tiny_image plain.raw 24
tiny_extract plain.raw 1 root.plain
"$COLDSEAL" encrypt plain.raw pool.raw --key-out pool.key --no-prepare --quiet
"$COLDSEAL" encrypt plain.raw pool.qcow2 --key-file pool.key --no-prepare --quiet
swtpm_target one
one=$SWTPM_TCTI
swtpm_target two
two=$SWTPM_TCTI
zero_pcrs >pcrs.json
policy=(--pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy)

for format in raw qcow2; do
    note "$format: sealed, resealed, another recovery key, rekeyed, in place"
    cp --sparse=always pool.$format work.$format
    rm -f ./*.recovery ./*.pass
    serve_socket $format work.$format
    expect_code 0 "$COLDSEAL" seal "$URI" --in-place --key-file pool.key --target one.json "${policy[@]}" \
        --shared-key --recovery-key-out first.recovery --json
    jq -e '.output.path == $uri and (.output | has("sha256") | not)' --arg uri "$URI" "$TMP/out" >/dev/null || fail "report"
    expect_code 0 "$COLDSEAL" unseal "$URI" --tcti "$one" --key-out one.pass
    expect_code 0 "$COLDSEAL" inspect "$URI"
    expect_code 0 "$COLDSEAL" reseal "$URI" --in-place --tcti "$one" --target two.json "${policy[@]}"
    expect_code 0 "$COLDSEAL" unseal "$URI" --tcti "$two" --key-out two.pass
    expect_code 0 "$COLDSEAL" recovery rotate "$URI" --in-place --key-file first.recovery --recovery-key-out second.recovery
    expect_code 0 "$COLDSEAL" recovery test "$URI" --key-file second.recovery
    unserve "$NBD_PID"
    luks_opens work.$format two.pass || fail "the second TPM's secret does not open it"
    for key in pool.key one.pass first.recovery; do
        ! luks_opens work.$format $key || fail "$key opens it"
    done
    luks_expect_root work.$format second.recovery root.plain

    serve_socket $format work.$format
    expect_code 0 "$COLDSEAL" rekey "$URI" --in-place --key-file second.recovery --target two.json "${policy[@]}"
    unserve "$NBD_PID"
    ! luks_opens work.$format two.pass || fail "the old secret opens it"
    luks_expect_root work.$format second.recovery root.plain
    [ $format = raw ] || qemu-img check -q work.qcow2 || fail "qemu-img check"
done

note "the server dies in the middle of a rekey: exit 3, and the same command finishes"
"$COLDSEAL" encrypt plain.raw full.raw --key-file pool.key --no-prepare --holes none --quiet
rekey=("$COLDSEAL" rekey "$URI" --in-place --key-file pool.key --drop-slot 0 --key-out new.key --quiet)
# slow enough that there is a middle
rm -f "$sockets/nbd"
qemu-nbd --persistent --socket="$sockets/nbd" --object throttle-group,id=slow,x-bps-write=8000000 \
    --image-opts driver=throttle,throttle-group=slow,file.driver=file,file.filename=full.raw </dev/null >>nbd.log 2>&1 &
slow=$!
on_exit unserve "$slow"
wait_for 10 test -S "$sockets/nbd" || { cat nbd.log; fail "qemu-nbd does not start"; }
read -r offset _ < <(tiny_partition full.raw 1)
"${rekey[@]}" 2>rekey.err &
running=$!
in_the_middle()
{
    dd if=full.raw bs=1M iflag=skip_bytes skip="$offset" count=1 status=none | grep -ac coldseal-rekey >/dev/null && [ -s new.key ]
}
wait_for 60 in_the_middle || fail "no middle"
code=0
timeout 1 "${rekey[@]}" || code=$?
[ "$code" = 124 ] || fail "qemu-nbd serves two at once: exit $code"
kill -0 "$running" || fail "the first did not run that long"
kill -KILL "$slow"
code=0
wait "$running" || code=$?
[ "$code" = 3 ] || { cat rekey.err; fail "exit $code"; }
grep -q 'NBD server' rekey.err || { cat rekey.err; fail "it does not say why"; }
expect_code 0 "$COLDSEAL" inspect full.raw
grep -q "being rekeyed" "$TMP/out" || fail "not in the middle"
serve_socket raw full.raw
expect_code 0 "${rekey[@]}"
unserve "$NBD_PID"
luks_expect_root full.raw new.key root.plain
! luks_opens full.raw pool.key || fail "the old key opens it"

note "what is refused"
cp --sparse=always pool.raw work.raw
before=$(sha256 work.raw)
seal=(--in-place --key-file pool.key --target one.json "${policy[@]}" --shared-key --no-recovery)
serve_socket raw work.raw --read-only
expect_refusal 3 'for reading only' "$COLDSEAL" seal "$URI" "${seal[@]}"
expect_code 0 "$COLDSEAL" inspect "$URI"
unserve "$NBD_PID"
cp pool.qcow2 work.qcow2
serve_socket raw work.qcow2
expect_refusal 7 'exports a qcow2 file as it is' "$COLDSEAL" seal "$URI" "${seal[@]}"
unserve "$NBD_PID"
serve_socket raw work.raw
expect_refusal 7 'in-place' "$COLDSEAL" seal "$URI" -o x.raw "${seal[@]:1}"
expect_refusal 3 'connect to the NBD server' "$COLDSEAL" seal "nbd+unix:///other?socket=$sockets/nbd" "${seal[@]}"
unserve "$NBD_PID"
expect_refusal 3 'connect to the NBD server' "$COLDSEAL" seal "$URI" "${seal[@]}"
expect_refusal 7 'only nbd:// and nbd.unix://' "$COLDSEAL" seal "nbds://localhost/" "${seal[@]}"
expect_refusal 7 'only nbd:// and nbd.unix://' "$COLDSEAL" seal "nbd+vsock:///" "${seal[@]}"
[ "$(sha256 work.raw)" = "$before" ] || fail "a refused run changed the disk"
if [ -e x.raw ] || [ -e x.key ]; then
    fail "something was left"
fi

note "over TCP, an export with a name"
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    serve raw work.raw --bind=127.0.0.1 --port=$port --export-name=disk
    ! wait_for 5 sh -c "ss -Hltn 'sport = :$port' | grep -q . || ! kill -0 $NBD_PID 2>/dev/null" || break
done
expect_refusal 3 'connect to the NBD server' "$COLDSEAL" inspect "nbd://127.0.0.1:$port/other"
expect_code 0 "$COLDSEAL" seal "nbd://127.0.0.1:$port/disk" "${seal[@]}"
expect_code 0 "$COLDSEAL" unseal "nbd://127.0.0.1:$port/disk" --tcti "$one" --key-out tcp.pass
unserve "$NBD_PID"
luks_opens work.raw tcp.pass || fail "sealed over TCP"
