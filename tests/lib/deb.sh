# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Debian packages of this tree; source it after common.sh.

# deb_build: the packages in $BUILD/deb, made anew when a source has changed. Tests of a run share them.
deb_build()
{
    local key
    exec 7>"$BUILD/deb.lock"
    flock 7
    key=$(cd "$SRC" && find cmd completions configure.ac debian lib Makefile.am man templates README.md \
        SECURITY.md -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
    if [ "$(cat "$BUILD/deb/key" 2>/dev/null)" != "$key" ]; then
        env -u BUILD DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" make -C "$BUILD" deb >"$BUILD/deb.log" 2>&1 7>&- ||
            { tail -n 40 "$BUILD/deb.log" >&2; fail "make deb"; }
        printf '%s\n' "$key" >"$BUILD/deb/key"
    fi
    exec 7>&-
}

# deb_file PACKAGE
deb_file()
{
    printf '%s\n' "$BUILD/deb/$1"_*.deb
}
