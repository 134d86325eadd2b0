#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang-format and shellcheck have nothing to say.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
cd "$SRC"

note "C"
find lib cmd tests -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run --Werror ||
    fail "clang-format -i would change these"

note "shell"
scripts=(bootstrap .ci/run)
while IFS= read -r -d '' file; do
    # By the first line: scripts have no suffix everywhere.
    if head -c 60 "$file" | head -n 1 | grep -aqE '^#!.*[/ ](ba|da)?sh( |$)|^# shellcheck shell='; then
        scripts+=("$file")
    fi
done < <(find cmd completions test-images templates tests -type f -not -path 'tests/fuzz/corpus/*' -print0)
scripts+=(tests/lib/*.sh)
mapfile -t scripts < <(printf '%s\n' "${scripts[@]}" | sort -u)
[ ${#scripts[@]} -gt 5 ] || fail "where are the scripts?"
shellcheck -x "${scripts[@]}" || fail shellcheck
