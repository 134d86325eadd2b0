# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every test script begins with. The runner gives SRC, BUILD, IMAGES and TMP; by hand only
# SRC and BUILD are needed.
set -euo pipefail

: "${SRC:?source folder}" "${BUILD:?build folder}"
export SRC BUILD
export IMAGES="${IMAGES:-${COLDSEAL_CACHE:-$SRC/.cache}/images}"
# The program is told where it lies, since it is not installed.
export COLDSEAL="$BUILD/coldseal" COLDSEAL_UNLOCK="$BUILD/coldseal-unlock"
export COLDSEAL_DATA_DIR="$SRC/templates"
# The programs of sgdisk, mke2fs and the like are not in everybody's PATH.
PATH="$PATH:/usr/sbin:/sbin"

fail()
{
    printf 'FAIL: %s (%s:%s)\n' "$*" "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" >&2
    exit 1
}

note()
{
    printf -- '-- %s\n' "$*"
}

# on_exit COMMAND ARG…: run when the script ends, the last one first.
cleanup_stack=()
on_exit()
{
    cleanup_stack+=("$(printf '%q ' "$@")")
}

run_cleanups()
{
    local i
    set +e
    for ((i = ${#cleanup_stack[@]} - 1; i >= 0; i--)); do
        eval "${cleanup_stack[i]}"
    done
}
trap run_cleanups EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "${TMP:-}" ]; then
    TMP=$(mktemp -d "${TMPDIR:-/tmp}/coldseal-test-XXXXXX")
    on_exit rm -rf "$TMP"
fi
export TMP TMPDIR="$TMP"
# libguestfs would make its appliance anew in every TMPDIR, half a minute each time
export LIBGUESTFS_CACHEDIR="${LIBGUESTFS_CACHEDIR:-/var/tmp}"

# expect_code N COMMAND…: fails unless COMMAND exits with N. What it prints goes to $TMP/out and
# $TMP/err as well, for a closer look.
expect_code()
{
    local wanted=$1 got=0
    shift
    "$@" >"$TMP/out" 2>"$TMP/err" || got=$?
    if [ "$got" -ne "$wanted" ]; then
        cat "$TMP/out" "$TMP/err" >&2
        printf 'FAIL: exit %s where %s is expected: %s (%s:%s)\n' "$got" "$wanted" "$*" \
            "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" >&2
        exit 1
    fi
}

# expect_refusal N PATTERN COMMAND…: exit code N and exactly one line on stderr that matches.
expect_refusal()
{
    local wanted=$1 pattern=$2
    shift 2
    expect_code "$wanted" "$@"
    [ "$(wc -l <"$TMP/err")" -eq 1 ] ||
        { cat "$TMP/err" >&2; fail "not one line on stderr: $*"; }
    grep -Eq -- "$pattern" "$TMP/err" ||
        { cat "$TMP/err" >&2; fail "no \"$pattern\" on stderr: $*"; }
}

# expect_same A B: two files with equal bytes.
expect_same()
{
    cmp -- "$1" "$2" || fail "$1 and $2 differ"
}

sha256()
{
    sha256sum <"$1" | cut -d' ' -f1
}

# wait_for SECONDS COMMAND…: until COMMAND succeeds.
wait_for()
{
    local tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

# swtpm_create DIR [OPTION…]: a TPM state folder as a new VM gets it; options are swtpm_setup's, for
# example --createek --create-spk --ecc. The storage key then lies at 0x81000001. Without --ecc it
# is RSA-2048; with it, P-384 or P-256 as swtpm's version has it.
swtpm_create()
{
    local dir=$1
    shift
    mkdir -p "$dir"
    if ! swtpm_setup --tpm2 --tpmstate "$dir" --config "$(swtpm_config)/swtpm_setup.conf" \
        --pcr-banks sha256 --overwrite "$@" >"$TMP/swtpm_setup.log" 2>&1; then
        cat "$TMP/swtpm_setup.log" >&2
        fail "swtpm_setup"
    fi
}

# A configuration with a local CA of the test's own: swtpm's stands where only root may write.
swtpm_config()
{
    local dir=$TMP/swtpm-config
    if [ ! -e "$dir/swtpm_setup.conf" ]; then
        mkdir -p "$dir/ca"
        printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s\n' \
            "$(command -v swtpm_localca)" "$dir/localca.conf" >"$dir/swtpm_setup.conf"
        printf 'statedir = %s\nsigningkey = %s/key.pem\nissuercert = %s/cert.pem\ncertserial = %s/serial\n' \
            "$dir/ca" "$dir/ca" "$dir/ca" "$dir/ca" >"$dir/localca.conf"
    fi
    printf '%s\n' "$dir"
}

# swtpm_start DIR [OPTION…]: a TPM of its own over the state in DIR, made with swtpm_create when DIR
# has none. Sets SWTPM_TCTI, SWTPM_PID and SWTPM_SOCKET; several may run, each under its own name:
# keep the three variables. Sockets live in a short path, since sun_path has 108 bytes.
swtpm_start()
{
    local dir=$1 sockets
    shift
    [ -e "$dir/tpm2-00.permall" ] || swtpm_create "$dir" "$@"
    sockets=$(mktemp -d /tmp/swtpm-XXXXXX)
    on_exit rm -rf "$sockets"
    SWTPM_SOCKET=$sockets/tpm
    swtpm socket --tpm2 --tpmstate "dir=$dir" --server "type=unixio,path=$SWTPM_SOCKET" \
        --ctrl "type=unixio,path=$SWTPM_SOCKET.ctrl" --flags not-need-init,startup-clear \
        </dev/null >>"$TMP/swtpm.log" 2>&1 &
    SWTPM_PID=$!
    SWTPM_TCTI="swtpm:path=$SWTPM_SOCKET"
    on_exit swtpm_end "$SWTPM_PID"
    wait_for 10 swtpm_listens || fail "swtpm does not start: $(cat "$TMP/swtpm.log")"
    export SWTPM_TCTI SWTPM_PID SWTPM_SOCKET
}

# The control socket is there before the TPM's own, and a name before it is listened to (the kernel's
# __SO_ACCEPTCON, 0x10000).
swtpm_listens()
{
    grep -q " 00010000 .* $SWTPM_SOCKET\$" /proc/net/unix
}

# swtpm_target NAME [OPTION…]: a TPM of its own over $TMP/NAME, as swtpm_start makes one, by default with a
# storage key on an elliptic curve; and its target document, NAME.json.
swtpm_target()
{
    local name=$1
    shift
    [ $# -gt 0 ] || set -- --create-spk --ecc
    swtpm_start "$TMP/$name" "$@"
    "$COLDSEAL" target read --tcti "$SWTPM_TCTI" -o "$name.json" --quiet || fail "target read: exit $?"
}

# zero_pcrs: the PCR values of a TPM that has measured nothing, as --pcr-values takes them.
zero_pcrs()
{
    local pcr
    for pcr in 4 7 8 9 14 15; do
        printf '"%d": "%064d"\n' $pcr 0
    done | paste -sd, | sed 's/.*/{"sha256": {&}}/'
}

# is_child PID: a process of this script that has not ended. The number of one that has may be another's by now.
is_child()
{
    grep -Eqsx "PPid:[[:space:]]($$|$BASHPID)" "/proc/$1/status"
}

# swtpm_end PID: the same for any of several.
swtpm_end()
{
    ! is_child "$1" || kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# swtpm_stop: shuts the TPM that was started last down; its state stays in the folder.
swtpm_stop()
{
    swtpm_end "$SWTPM_PID"
}
