# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Faults at chosen places; source it after common.sh. tests/fault/fail_write.c says how.

fault_build()
{
    FAULT_LIBRARY=$TMP/fail_write.so
    gcc -O1 -Wall -Werror -D_GNU_SOURCE -shared -fPIC -o "$FAULT_LIBRARY" \
        "$SRC/tests/fault/fail_write.c" -ldl
}

# fault_count COMMAND…: how many changes a run that succeeds makes. $TMP/fault-count has besides which
# are the longest row of them without a sync.
fault_count()
{
    FAIL_COUNT=$TMP/fault-count LD_PRELOAD=$FAULT_LIBRARY "$@" >"$TMP/out" 2>"$TMP/err" ||
        { cat "$TMP/err" >&2; fail "without a fault: $*"; }
    cut -d' ' -f1 "$TMP/fault-count"
}

# fault_points COUNT WANTED: which of COUNT places to try: the first four and the last eight, and WANTED that
# lie evenly between them.
fault_points()
{
    local count=$1 wanted=$2 i
    {
        for ((i = 1; i <= 4 && i <= count; i++)); do
            echo "$i"
        done
        for ((i = 1; i <= wanted; i++)); do
            echo $((1 + i * count / (wanted + 1)))
        done
        for ((i = count - 7; i <= count; i++)); do
            [ "$i" -lt 1 ] || echo "$i"
        done
    } | sort -nu
}

# fault_run HOW AT PART COMMAND…: returns the exit code.
fault_run()
{
    local how=$1 at=$2 part=$3 code=0
    shift 3
    # A shell between, so that it is not this one that says "Killed".
    # shellcheck disable=SC2016 # expanded there
    FAIL_HOW=$how FAIL_AT=$at FAIL_PART=$part FAULT_LIBRARY=$FAULT_LIBRARY \
        sh -c 'LD_PRELOAD=$FAULT_LIBRARY "$@"; exit $?' sh "$@" >"$TMP/out" 2>"$TMP/err" || code=$?
    return "$code"
}
