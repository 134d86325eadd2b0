#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A stage includes core, itself and the stages before it; programs see only what they may.
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

stages=(core image layout boot guest token crypt measure seal report pipeline)
unlock_sees=' core image layout token crypt measure seal '
setup_sees=' core guest '

# includes_of FOLDER: "FILE HEADER" for each quoted include.
includes_of()
{
    find "$1" -name '*.[ch]' -exec grep -H '^ *# *include *"' {} + |
        sed -E 's/^([^:]+): *# *include *"([^"]+)".*/\1 \2/'
}

# check_stage ROOT NUMBER: prints what stage NUMBER includes and may not.
check_stage()
{
    local root=$1 number=$2 stage=${stages[$2]} allowed file header
    [ -d "$root/lib/$stage" ] || fail "no stage $stage"
    allowed=" ${stages[*]:0:number+1} "
    includes_of "$root/lib/$stage" | while read -r file header; do
        case $header in
        coldseal.h | config.h) ;;
        */*) [[ $allowed == *" ${header%%/*} "* ]] || echo "$file includes $header" ;;
        *) echo "$file includes $header, which names no stage" ;;
        esac
    done
}

# check_program ROOT FOLDER STAGES: a program's own headers stand beside it, without a folder.
check_program()
{
    local root=$1 folder=$2 allowed=$3 file header
    includes_of "$root/$folder" | while read -r file header; do
        if [[ $header == coldseal.h || $header == config.h || -e $root/$folder/$header ]]; then
            continue
        fi
        [[ $allowed == *" ${header%%/*} "* ]] || echo "$file includes $header"
    done
}

check_tree()
{
    local number
    for ((number = 0; number < ${#stages[@]}; number++)); do
        check_stage "$1" "$number"
    done
    check_program "$1" cmd/coldseal ''
    check_program "$1" cmd/unlock "$unlock_sees"
    check_program "$1" cmd/setup "$setup_sees"
}

# The unlock goes into an initramfs: what it must not pull in.
unlock_libraries()
{
    readelf -d "$BUILD/coldseal-unlock" | grep NEEDED |
        grep -E 'libguestfs|libext2fs|libblkid|libdeflate' || true
}

# What runs in a guest before that, too: a guest has no libguestfs.
setup_libraries()
{
    readelf -d "$BUILD/coldseal-setup" | grep NEEDED | grep -vE 'lib(crypto|json-c|c)\.so' || true
}

for stage in "$SRC"/lib/*/; do
    name=$(basename "$stage")
    [[ $name == include || " ${stages[*]} " == *" $name "* ]] || fail "lib/$name is no known stage"
done
found=$(check_tree "$SRC")
[ -z "$found" ] || fail "$found"
found=$(unlock_libraries)
[ -z "$found" ] || fail "coldseal-unlock needs $found"
found=$(setup_libraries)
[ -z "$found" ] || fail "coldseal-setup needs $found"

note "the check sees what it is for"
mkdir "$TMP/tree"
cp -r "$SRC/lib" "$SRC/cmd" "$TMP/tree"
echo '#include "image/disk.h"' >"$TMP/tree/lib/core/planted.c"
echo '#include "core/error.h"' >"$TMP/tree/cmd/coldseal/planted.c"
echo '#include "guest/guest.h"' >"$TMP/tree/cmd/unlock/planted.c"
[ "$(check_tree "$TMP/tree" | wc -l)" -eq 3 ] || fail "three planted includes were not all found"
