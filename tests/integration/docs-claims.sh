#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that the documents name exist; what they call a script can be run.
. "$SRC/tests/lib/common.sh"
cd "$SRC"

named=0
for document in README.md HACKING.md SECURITY.md NEWS docs/*.md test-images/README.md; do
    while read -r path; do
        named=$((named + 1))
        [ -e "$path" ] || fail "$document names $path"
        case $path in
        tests/lib/* | *.c | */) ;;
        tests/*.sh) [ -x "$path" ] || fail "$document: $path cannot be run" ;;
        esac
    done < <(grep -oP '(?<![\w/])(tests|cmd|lib|templates|man|test-images)/[A-Za-z0-9_./-]*[A-Za-z0-9/]' "$document" |
        grep -v 'NAME' | grep -vEx 'tests/[a-z]+/?' | sort -u) # kinds of tests may have none yet
    while read -r target; do
        [ -e "$(dirname "$document")/$target" ] || fail "$document links to $target"
    done < <(grep -oE '\]\([A-Za-z][^):]*\)' "$document" | tr -d '()]')
done
[ "$named" -gt 30 ] || fail "only $named files are named: is this looking at the documents?"
