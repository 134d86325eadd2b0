#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The completion offers what each command's help lists, and nothing else.
. "$SRC/tests/lib/common.sh"
# shellcheck source=completions/coldseal
. "$SRC/completions/coldseal"

# offers WORD…: what completing after these words (the last one is begun) gives, sorted.
offers()
{
    COMP_WORDS=(coldseal "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _coldseal
    printf '%s\n' "${COMPREPLY[@]}" | sort
}

same()
{
    diff <(printf '%s\n' "$1" | tr ' ' '\n' | sed '/^$/d' | sort) <(printf '%s\n' "$2" | sed '/^$/d') ||
        fail "$3"
}

commands=$("$COLDSEAL" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\).*/\1/p' | sort -u)
[ "$(wc -l <<<"$commands")" -ge 7 ] || fail "the help lists no commands"
same "$commands --help --version" "$(offers '')" "commands"

for command in $commands; do
    words=("$command")
    [ "$command" != firmware ] || words=(firmware import)
    [ "$command" != target ] || words=(target read)
    [ "$command" != recovery ] || words=(recovery add)
    listed=$("$COLDSEAL" "${words[@]}" --help | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')
    [ -n "$listed" ] || fail "$command --help lists no options"
    same "$listed" "$(offers "${words[@]}" --)" "options of $command"
done

note "values"
same "deny keep" "$(offers prepare --host-config '')" "--host-config"
same "qcow2" "$(offers encrypt a b --format q)" "--format"
same "read" "$(offers target '')" "target"
same "import" "$(offers firmware '')" "firmware"
same "add rotate test remove" "$(offers recovery '')" "recovery"
same "srk" "$(offers seal x --parent-kind '')" "--parent-kind"
mkdir "$TMP/folder"
touch "$TMP/image.raw"
same "$TMP/folder $TMP/image.raw" "$(offers inspect "$TMP/" | grep -v "$TMP/out\|$TMP/err")" "files"
same "$TMP/folder" "$(offers target read --swtpm-state "$TMP/f")" "folders"
same "" "$(offers encrypt --disk-size '')" "sizes"
