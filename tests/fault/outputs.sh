#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# encrypt, decrypt and seal are killed, or find no room, at any change they make to a file: the
# output is complete or absent, nothing else lies about, and the input is as it was.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/tiny_image.sh
. "$SRC/tests/lib/tiny_image.sh"
# shellcheck source=tests/lib/fault.sh
. "$SRC/tests/lib/fault.sh"
cd "$TMP"
fault_build

tiny_image plain.raw 48
qemu-img convert -c -O qcow2 plain.raw plain.qcow2
swtpm_target vm --create-spk
zero_pcrs >pcrs.json
"$COLDSEAL" encrypt plain.qcow2 pool.raw --key-out pool.key --no-prepare --quiet
"$COLDSEAL" encrypt plain.qcow2 pool.qcow2 --key-file pool.key --no-prepare --quiet
"$COLDSEAL" decrypt pool.qcow2 back.raw --key-file pool.key --quiet
chmod a-w plain.qcow2 plain.raw pool.raw pool.qcow2 pool.key
inputs=(plain.qcow2 plain.raw pool.raw pool.qcow2 pool.key vm.json pcrs.json)
sha256sum "${inputs[@]}" >inputs
# Any write changes these times, and reading them is quick.
stat -c '%n %s %y %z' "${inputs[@]}" >input.times

# A LUKS passphrase is tried on a copy: cryptsetup repairs what it opens.
opens()
{
    rm -f root.luks
    case $1 in
    *.qcow2) qemu-img convert -O raw "$1" whole.raw && tiny_extract whole.raw 1 root.luks ;;
    *) tiny_extract "$1" 1 root.luks ;;
    esac
    cryptsetup open --test-passphrase --key-file "$2" root.luks 2>/dev/null
}

complete_encrypt()
{
    local key=work/key
    [ -e "$key" ] || fail "an image without its key"
    [ "$(stat -c %s "$key")" = 32 ] || fail "half a key"
    opens "$1" "$key" || fail "$1 does not open"
    "$COLDSEAL" decrypt "$1" work/again.raw --key-file "$key" --quiet
    tiny_extract work/again.raw 1 root.again
    e2fsck -fn root.again >/dev/null 2>&1 || fail "the decrypted root is damaged"
    rm -f work/again.raw
}

complete_decrypt()
{
    expect_same back.raw "$1"
}

complete_seal()
{
    [ -e work/recovery ] || fail "a sealed image without its recovery key"
    opens "$1" work/recovery || fail "the recovery key does not open $1"
    ! opens "$1" pool.key || fail "the pool key still opens $1"
}

# check_after WHAT OUTPUT CODE: what the run left.
check_after()
{
    local what=$1 output=$2 code=$3 left
    if [ -e "$output" ]; then
        complete_"$what" "$output"
        completed=$((completed + 1))
    elif [ "$code" -eq 0 ]; then
        fail "$what succeeded without an output"
    fi
    # A key that no image needs may stay behind a kill, whole, and only under its own name.
    left=$(find work -mindepth 1 ! -path "$output" ! -name key ! -name recovery ! -name '.*.tmp')
    [ -z "$left" ] || fail "$what left $left"
    stat -c '%n %s %y %z' "${inputs[@]}" | cmp -s input.times - || fail "$what touched its input"
    if [ "$code" -ne 137 ]; then
        left=$(find work -mindepth 1)
        [ "$code" -eq 0 ] || [ -z "$left" ] || fail "$what failed and left $left"
    fi
}

# try WHAT OUTPUT POINTS COMMAND…
try()
{
    local what=$1 output=$2 points=$3 count point how code failed=0 killed=0
    shift 3
    rm -rf work && mkdir work
    count=$(fault_count "$@")
    [ "$count" -gt 3 ] || fail "only $count changes: is the library preloaded?"
    completed=0
    for how in room kill; do
        for point in $(fault_points "$count" "$points"); do
            rm -rf work && mkdir work
            code=0
            fault_run "$how" "$point" 500 "$@" || code=$?
            case $how$code in
            room3)
                failed=$((failed + 1))
                [ "$(wc -l <"$TMP/err")" -eq 1 ] || { cat "$TMP/err"; fail "$what: not one line"; }
                grep -q 'No space left on device' "$TMP/err" || { cat "$TMP/err"; fail "$what: no reason"; }
                ;;
            kill137) killed=$((killed + 1)) ;;
            room0 | kill0) ;; # this run made fewer changes
            *) cat "$TMP/err" && fail "$what: exit $code at change $point of $count ($how)" ;;
            esac
            check_after "$what" "$output" "$code"
        done
    done
    note "$what: $count changes; $failed without room, $killed killed, $completed left an output"
    # The last change is behind the new name: a kill there leaves a whole output.
    if [ "$failed" -le 5 ] || [ "$killed" -le 5 ] || [ "$completed" -eq 0 ]; then
        fail "$what: too few faults took place"
    fi
}

encrypt=("$COLDSEAL" encrypt --no-prepare --threads 2 --quiet --key-out work/key)
try encrypt work/out.raw 8 "${encrypt[@]}" plain.qcow2 work/out.raw
try encrypt work/out.qcow2 6 "${encrypt[@]}" plain.raw work/out.qcow2
try decrypt work/out.raw 6 "$COLDSEAL" decrypt --quiet pool.qcow2 work/out.raw --key-file pool.key
seal=(seal --quiet --key-file pool.key --target vm.json --pcr-values pcrs.json --pcrs "4,7,15" --allow-weak-policy
    --shared-key --recovery-key-out work/recovery)
try seal work/out.raw 6 "$COLDSEAL" "${seal[@]}" pool.raw -o work/out.raw
sha256sum --quiet -c inputs || fail "an input changed"
