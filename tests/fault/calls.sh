#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 1200
# inspect, encrypt, decrypt, seal and rekey, in which one call fails: no memory for the program or for a
# library, a file that cannot be read, reads and writes that do a part, memory that cannot be locked.
# No crash, one line that says why, no output left; or, where a call does not matter, the whole
# output. All memory is given back, and neither pool key nor volume key is left in it.
# POINTS (12) calls of each kind and command; "all" tries each.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
cd "$TMP"
points=${POINTS:-12} secrets=pool.key:volume.key
gcc -O1 -Wall -Werror -D_GNU_SOURCE -shared -fPIC -o fail_call.so "$SRC/tests/fault/fail_call.c" \
    "$SRC/tests/fault/left_behind.c" -ldl

tiny_image plain.raw 24
swtpm_target vm --create-spk
zero_pcrs >pcrs.json
qemu-img convert -c -O qcow2 plain.raw plain.qcow2
"$COLDSEAL" encrypt plain.qcow2 pool.raw --key-out pool.key --no-prepare --quiet
"$COLDSEAL" decrypt pool.raw back.raw --key-file pool.key --quiet
"$COLDSEAL" inspect pool.raw >inspected
tiny_extract pool.raw 1 root.luks
cryptsetup luksDump --batch-mode --dump-volume-key --volume-key-file volume.key --key-file pool.key \
    root.luks >/dev/null
inputs=(plain.qcow2 pool.raw pool.key vm.json pcrs.json)
sha256sum "${inputs[@]}" >inputs

# shellcheck disable=SC2034 # by name, in try
inspect=(inspect pool.raw)
# shellcheck disable=SC2034
encrypt=(encrypt plain.qcow2 work/out.raw --key-out work/key --no-prepare --quiet)
# shellcheck disable=SC2034
decrypt=(decrypt pool.raw work/out.raw --key-file pool.key --quiet)
# shellcheck disable=SC2034
seal=(seal pool.raw -o work/out.raw --key-file pool.key --target vm.json --pcr-values pcrs.json
    --pcrs "4,7,15" --allow-weak-policy --shared-key --recovery-key-out work/recovery --quiet)
# shellcheck disable=SC2034
rekey=(rekey pool.raw work/out.raw --key-file pool.key --quiet)

check_inspect()
{
    cmp -s out inspected || fail "inspect says something else, and nothing of a failure"
}

check_encrypt()
{
    "$COLDSEAL" decrypt work/out.raw again.raw --key-file work/key --quiet
    cmp -s again.raw back.raw || fail "what was encrypted is not what there was"
    rm again.raw
}

check_decrypt()
{
    cmp -s work/out.raw back.raw || fail "what was decrypted is not what there was"
}

check_seal()
{
    tiny_extract work/out.raw 1 root.luks
    cryptsetup open --test-passphrase --key-file work/recovery root.luks ||
        fail "the recovery key does not open what was sealed"
    rm root.luks
}

check_rekey()
{
    "$COLDSEAL" decrypt work/out.raw again.raw --key-file pool.key --quiet
    cmp -s again.raw back.raw || fail "what got a new key is not what there was"
    rm again.raw
}

# run KIND AT COMMAND…: the exit code.
run()
{
    local code=0
    rm -rf work left && mkdir work
    # A shell between, so that it is not this one that tells of a crash.
    # shellcheck disable=SC2016 # expanded there
    FAIL_KIND=$1 FAIL_AT=$2 FAIL_COUNT=$TMP/count FAIL_LEFT=$TMP/left FAIL_SECRETS=$secrets \
        sh -c 'LD_PRELOAD=$TMP/fail_call.so "$@"; exit $?' sh "$COLDSEAL" "${@:3}" >out 2>err || code=$?
    return "$code"
}

# expect_nothing_left WHAT: the program ended and told so.
expect_nothing_left()
{
    [ -e left ] || fail "$1: nothing is told of memory"
    [ ! -s left ] || fail "$1: $(cat left)"
}

# try KIND NAME: the command in the array of that name.
try()
{
    local kind=$1 name=$2 step count at code failed=0 well=0
    local -n command=$name
    run "$kind" 0 "${command[@]}" || { cat err >&2; fail "$name fails with no fault"; }
    expect_nothing_left "$name"
    count=$(cat count)
    [ "$count" -gt 0 ] || { [ "$kind $name" = "lock inspect" ] && return; fail "$kind, $name: no call"; }
    step=$((points == 0 ? 1 : count / points + 1))
    # An odd start, so that another call is met where calls come in pairs.
    for ((at = 1 + step / 3; at <= count; at += step)); do
        code=0
        run "$kind" "$at" "${command[@]}" || code=$?
        case $code in
        0)
            expect_nothing_left "$kind $at, $name"
            "check_$name"
            well=$((well + 1))
            ;;
        3 | 6)
            expect_nothing_left "$kind $at, $name"
            [ "$(wc -l <err)" -eq 1 ] || { cat err >&2; fail "$kind $at, $name: not one line"; }
            [ -z "$(ls -A work)" ] || fail "$kind $at, $name failed and left $(ls -A work)"
            failed=$((failed + 1))
            ;;
        *)
            cat err >&2
            fail "$kind $at of $count, $name: exit $code"
            ;;
        esac
    done
    note "$name, $kind: $failed of $((failed + well)) failed, of $count calls"
    case $kind in
    own | read) [ "$failed" -gt 0 ] || fail "$kind, $name: no fault was met" ;;
    short) [ "$failed" -eq 0 ] || fail "$kind, $name: a part is not a failure" ;;
    esac
}

# What is there is found: a text of the environment; memory that nobody gives back.
printf 'FAIL_SECRETS=known' >known
secrets=known run own 0 "${inspect[@]}"
grep -q '^secret known at' left || fail "what lies in memory is not found"
printf '#include <stdlib.h>\nint main(void) { return malloc(8) == NULL; }\n' | gcc -O0 -x c -o leaky -
(COLDSEAL=$TMP/leaky run own 0)
grep -q '^leak 0x' left || fail "a leak is not found"

[ "$points" != all ] || points=0
for kind in own library read short lock; do
    for name in inspect encrypt decrypt seal rekey; do
        try "$kind" "$name"
    done
done
sha256sum --quiet -c inputs || fail "an input changed"
