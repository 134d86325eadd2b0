# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # runs: set by the caller
# Measuring, and the tables; source it after common.sh. Commands are text for sh -c, run where the
# outputs "ours" and "peer" lie.

# measure FIGURES COMMAND: appends wall, user and system seconds and the most KiB at once. What a command
# changes, "setup" makes anew before it.
setup=:
measure()
{
    rm -f ours ours.* peer peer.*
    sh -c "$setup"
    sync
    /usr/bin/time -a -q -o "$1" -f '%e %U %S %M' sh -c "$2" >measured.log 2>&1 ||
        { cat measured.log >&2; fail "$2"; }
}

# warm FILE…: into the page cache, for both sides alike.
warm()
{
    cat "$@" >/dev/null
}

# median EXPRESSION FILE: of what awk makes of each line.
median()
{
    awk "{ print $1 }" "$2" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# shown COMMAND: without the folders of this machine.
shown()
{
    printf '%s' "$1" | tr -s ' \n' ' ' | sed "s#$COLDSEAL#coldseal#g; s#$INPUTS/##g; s#$IMAGES/##g"
}

pairs_begin()
{
    printf 'Machine: %s processors (%s), %s; %s; medians of %s\n\n' "$(nproc)" \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(uname -sr)" \
        "$(df --output=fstype . | tail -n 1)" "$runs"
    printf '| | coldseal: s (processor s, MiB) | peer: s (processor s, MiB) | ratio of wall times (least–most) | aim |\n'
    printf '|---|---|---|---|---|\n'
    number=0 commands=()
}

# pair LABEL INPUT OURS PEER AIM
# shellcheck disable=SC2016 # for awk
pair()
{
    local label=$1 input=$2 ours=$3 peer=$4 aim=$5 i side
    number=$((number + 1))
    for ((i = 0; i < runs; i++)); do
        for side in ours peer; do
            warm "$input"
            measure "figures.$number.$side" "${!side}"
        done
    done
    paste -d ' ' "figures.$number.ours" "figures.$number.peer" >"figures.$number"
    printf '| %s. %s | %s | %s | **%.2f** (%.2f–%.2f) | %s |\n' "$number" "$label" \
        "$(side_text "figures.$number.ours")" "$(side_text "figures.$number.peer")" \
        "$(median '$1 / $5' "figures.$number")" \
        "$(awk '{ print $1 / $5 }' "figures.$number" | sort -g | head -n 1)" \
        "$(awk '{ print $1 / $5 }' "figures.$number" | sort -g | tail -n 1)" "$aim"
    commands+=("$number. \`$(shown "$ours")\` against \`$(shown "$peer")\`")
}

# shellcheck disable=SC2016 # for awk
side_text()
{
    printf '%.2f (%.2f, %.0f)' "$(median '$1' "$1")" "$(median '$2 + $3' "$1")" \
        "$(median '$4 / 1024' "$1")"
}

pairs_end()
{
    printf '\n'
    [ ${#commands[@]} -eq 0 ] || printf '%s\n' "${commands[@]}"
}

# alone LABEL INPUT COMMAND: a row without a peer.
# shellcheck disable=SC2016 # for awk
alone()
{
    local i
    rm -f figures.alone
    for ((i = 0; i < runs; i++)); do
        warm "$2"
        measure figures.alone "$3"
    done
    printf '| %s | %.2f | %.2f | %.0f | `%s` |\n' "$1" "$(median '$1' figures.alone)" \
        "$(median '$2 + $3' figures.alone)" "$(median '$4 / 1024' figures.alone)" "$(shown "$3")"
}

# small LABEL COMMAND: many runs of a quick command; milliseconds of processor and wall time of one.
# shellcheck disable=SC2016 # for awk
small()
{
    local i times=20
    rm -f figures.small
    for ((i = 0; i < runs; i++)); do
        measure figures.small "i=0; while [ \$i -lt $times ]; do $2 || exit 1; i=\$((i + 1)); done"
    done
    printf '| %s | %.0f | %.0f | %.0f | `%s` |\n' "$1" "$(median "\$1 * 1000 / $times" figures.small)" \
        "$(median "(\$2 + \$3) * 1000 / $times" figures.small)" \
        "$(median '$4 / 1024' figures.small)" "$(shown "$2")"
}
