#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each command has a page that lists the options of its help, and no others; mandoc finds no fault.
. "$SRC/tests/lib/common.sh"

for page in "$SRC"/man/*.[158]; do
    mandoc -T lint -W warning "$page" >"$TMP/lint" || { cat "$TMP/lint"; fail "$page"; }
    # every page that it points to as one of ours is there
    while read -r name section; do
        [ -e "$SRC/man/$name.$section" ] || fail "${page##*/} points to $name($section)"
    done < <(sed -n 's/^\.Xr \(coldseal[a-z-]*\) \([0-9]\).*/\1 \2/p' "$page")
done

# options_of PAGE: those that have an entry of their own.
options_of()
{
    sed -n 's/^\.It Fl \(. , Fl \)\{0,1\}Fl \([a-z-]*\).*/--\2/p' "$1" | sort -u
}

common=$(options_of "$SRC/man/coldseal.1")
commands=$("$COLDSEAL" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\).*/\1/p' | sort -u)
for command in $commands; do
    words=("$command")
    [ "$command" != firmware ] || words=(firmware import)
    [ "$command" != target ] || words=(target read)
    [ "$command" != recovery ] || words=(recovery add)
    grep -q "Xr coldseal-$command 1" "$SRC/man/coldseal.1" || fail "coldseal.1 has no $command"
    diff <("$COLDSEAL" "${words[@]}" --help |
        sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p' | grep -vxF -e "$common" | sort) \
        <(options_of "$SRC/man/coldseal-$command.1") || fail "options of coldseal-$command.1"
done

note "exit codes"
diff <(sed -n 's/^ *COLDSEAL_[A-Z_]* = \([0-9]*\),.*/\1/p' "$SRC/lib/include/coldseal.h") \
    <(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EX/s/^\.It \([0-9]*\)$/\1/p' "$SRC/man/coldseal.1") ||
    fail "exit codes of coldseal.1"
