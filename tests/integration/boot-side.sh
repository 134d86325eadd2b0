#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The boot side of a cloud-shaped image, read natively from raw and qcow2, against sfdisk, blkid,
# mtools, debugfs, dumpe2fs and binutils.
# images: noble.raw noble.qcow2 jammy.raw
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

show="$BUILD/tests/tools/layout_show"
raw="$IMAGES/noble.raw"
cd "$TMP"
export MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8

# IMAGE NUMBER FIELD: "start" or "size" in sectors.
sector()
{
    sfdisk -J "$1" 2>/dev/null | tr -d ' \n' |
        sed "s/.*\"node\":\"[^\"]*[a-z]$2\",\"start\":\([0-9]*\),\"size\":\([0-9]*\).*/start=\1 size=\2/" |
        sed "s/.*$3=\([0-9]*\).*/\1/"
}

# IMAGE: our table, made by blkid.
table_by_blkid()
{
    local number role
    for number in $2; do
        case $number in
        1) role=root ;;
        14) role=bios-boot ;;
        15) role=esp ;;
        16) role=boot ;;
        esac
        blkid -p -o export -O "$(($(sector "$1" "$number" start) * 512))" \
            -S "$(($(sector "$1" "$number" size) * 512))" "$1" >blkid.out || true
        printf '%s %s %s %s\n' "$number" "$role" "$(sed -n 's/^TYPE=//p' blkid.out)" \
            "$(sed -n 's/^LABEL=//p' blkid.out)"
    done
}

table_by_blkid "$raw" "1 14 15 16" >theirs
"$show" table "$raw" >ours
diff theirs ours >&2 || fail "table of noble"
"$show" table "$IMAGES/noble.qcow2" | diff ours - >&2 || fail "table of the qcow2"
table_by_blkid "$IMAGES/jammy.raw" "1 14 15" >theirs
"$show" table "$IMAGES/jammy.raw" | diff theirs - >&2 || fail "table of jammy"
expect_refusal 7 "no /boot partition" "$show" plan "$IMAGES/jammy.raw" 16777216 1

# Every file of the ESP.
esp="$raw@@$(($(sector "$raw" 15 start) * 512))"
mdir -b -/ -i "$esp" :: | sed 's/^:://' | grep -v '/$' >esp.files
[ "$(wc -l <esp.files)" -ge 4 ] || fail "only $(wc -l <esp.files) files on the ESP"
while read -r path; do
    mcopy -n -i "$esp" "::$path" theirs.file
    "$show" cat "$IMAGES/noble.qcow2" "$path" | cmp - theirs.file || fail "$path differs"
    rm -f theirs.file
done <esp.files

# The prefix, by binutils.
"$show" esp "$raw" >found
sed 's/^/-- /' found
grub=$(sed -n 's/^grub //p' found)
mcopy -n -i "$esp" "::$grub" grub.efi
objcopy -O binary --only-section=mods grub.efi mods
prefix=$(strings -n 4 mods | grep -x '/EFI/[a-zA-Z]*' | sort -u)
[ -n "$prefix" ] || fail "no prefix in the GRUB of the image"
[ "$("$show" prefix grub.efi)" = "$prefix" ] || fail "prefix is not $prefix"
[ "$(sed -n 's/^grub_cfg //p' found)" = "$prefix/grub.cfg" ] || fail "grub.cfg is not in $prefix"

# Files of /boot, over links and in the qcow2.
boot="$raw?offset=$(($(sector "$raw" 16 start) * 512))"
debugfs -R "ls -p /" "$boot" 2>/dev/null | awk -F/ '$3 ~ /^10/ { print $6 }' >boot.files
[ -s boot.files ] || fail "no files in /boot"
while read -r name; do
    debugfs -R "dump /$name theirs.file" "$boot" >/dev/null 2>&1
    "$show" bootcat "$IMAGES/noble.qcow2" "/$name" | cmp - theirs.file || fail "/boot/$name differs"
done <boot.files

# Root: only used blocks are kept, and nothing is lost.
dd if="$raw" of=root bs=1M iflag=skip_bytes,count_bytes conv=sparse status=none \
    skip="$(($(sector "$raw" 1 start) * 512))" count="$(($(sector "$raw" 1 size) * 512))"
"$show" keep root kept
e2fsck -fn kept >e2fsck.log 2>&1 || { cat e2fsck.log >&2; fail "root is not clean"; }
mkdir a b
debugfs -R "rdump /etc a" root >/dev/null 2>&1
debugfs -R "rdump /etc b" kept >/dev/null 2>&1
diff -r --no-dereference a b || fail "files of root differ"
[ "$(find a -type f | wc -l)" -gt 50 ] || fail "too few files were dumped"
"$show" used root | awk 'NR > 1 { n += $2 } END { print "-- root uses", n, "bytes" }'
