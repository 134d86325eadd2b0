# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For tests of the guest's part: running prepare_guest on an overlay, and looking at what it left
# from the outside, with debugfs and mtools.

# The tool itself has to find out that KVM does not work.
unset LIBGUESTFS_BACKEND LIBGUESTFS_BACKEND_SETTINGS

PREPARE=$BUILD/tests/tools/prepare_guest
MIB=1048576

# seen …: grep, to the end of its input: with pipefail, "grep -q" would make what writes fail.
seen()
{
    grep "$@" >/dev/null
}

# make_overlay IMAGE FORMAT OVERLAY
make_overlay()
{
    qemu-img create -q -f qcow2 -b "$(realpath "$1")" -F "$2" "$3"
}

# prepare OVERLAY ROOT ESP BOOT: output in $TMP/prepared
prepare()
{
    local overlay=$1
    shift
    "$PREPARE" "$overlay" "$SRC/templates" "$COLDSEAL_UNLOCK" "$@" >"$TMP/prepared" 2>"$TMP/progress" ||
        { cat "$TMP/progress" >&2; fail "prepare $overlay $*"; }
}

# split_disk RAW FOLDER NUMBER…: each partition as FOLDER/NUMBER
split_disk()
{
    local raw=$1 folder=$2 number first last
    shift 2
    mkdir -p "$folder"
    for number; do
        read -r first last < <(sgdisk -i "$number" "$raw" |
            awk '/^First sector:/ { f = $3 } /^Last sector:/ { print f, $3 }')
        dd if="$raw" of="$folder/$number" bs=$MIB iflag=skip_bytes,count_bytes conv=sparse \
            skip=$((first * 512)) count=$(((last - first + 1) * 512)) status=none
    done
}

# ext4_cat FILE PATH
ext4_cat()
{
    debugfs -R "cat $2" "$1" 2>/dev/null
}

# ext4_has FILE PATH
ext4_has()
{
    debugfs -R "stat $2" "$1" 2>/dev/null | seen '^Inode:'
}

# ext4_link FILE PATH: where a link leads
ext4_link()
{
    debugfs -R "stat $2" "$1" 2>/dev/null | sed -n 's/^Fast link dest: "\(.*\)"$/\1/p'
}

# ext4_mode FILE PATH: as 0600
ext4_mode()
{
    debugfs -R "stat $2" "$1" 2>/dev/null | sed -n 's/^Inode:.*Mode:  *\([0-7]*\).*/\1/p'
}

# ext4_size FILE PATH
ext4_size()
{
    debugfs -R "stat $2" "$1" 2>/dev/null | sed -n 's/^User:.*Size: *\([0-9]*\).*/\1/p'
}
