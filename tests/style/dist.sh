#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# optional
# limit: 300
# The archive of `make dist` holds every file of the repository.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
cd "$SRC"
if ! git rev-parse --git-dir >/dev/null 2>&1; then
    echo "not a git repository: nothing to compare with"
    exit 77
fi

make -C "$BUILD" -s distdir distdir="$TMP/archive" >"$TMP/log" 2>&1 ||
    { cat "$TMP/log" >&2; fail "make distdir"; }
git ls-files | grep -vE '(^|/)\.git' | sort >"$TMP/repository"
(cd "$TMP/archive" && find . -type f -o -type l | sed 's|^\./||' | sort) >"$TMP/archived"
missing=$(comm -23 "$TMP/repository" "$TMP/archived")
[ -z "$missing" ] || fail "not in the archive:
$missing"
