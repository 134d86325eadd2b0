#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# GRUB's own interpreter, in grub-emu, and ours say the same with `echo`: words, quotes, variables,
# conditions, loops, functions, tests, syntax errors, menus, files that are read. A snippet is a
# grub.cfg, or a folder with one.
# limit: 300
. "$SRC/tests/lib/common.sh"

tool=$BUILD/tests/tools/grub_tool

# What is left when messages, what the menu says and empty lines are taken away.
said()
{
    tr -d '\r' | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | grep -av -e '^error: ' -e '^  *Booting ' -e '^ *$' \
        -e '^  *Falling back ' -e '^Press any key ' || true
}

cd "$SRC/tests/grub-script"
snippets=0
for snippet in *; do
    rm -rf "$TMP/grub"
    if [ -d "$snippet" ]; then
        cp -r "$snippet" "$TMP/grub"
    else
        mkdir "$TMP/grub"
        { cat "$snippet"; printf '\nexit\n'; } >"$TMP/grub/grub.cfg"
    fi
    timeout 60 grub-emu -d "$TMP/grub" </dev/null 2>/dev/null | sed '0,/Welcome to GRUB!/d' | said >"$TMP/grubs"
    "$tool" emulate "$TMP/grub" | said >"$TMP/ours"
    [ -s "$TMP/grubs" ] || fail "$snippet: grub-emu says nothing"
    diff "$TMP/grubs" "$TMP/ours" || fail "$snippet: GRUB's words are on the left"
    note "$snippet: $(wc -l <"$TMP/ours") lines"
    snippets=$((snippets + 1))
done
[ "$snippets" -ge 15 ] || fail "only $snippets snippets"
