#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One image prepared in an appliance and without: every file of root, /boot and the ESP is the same, and so
# is every file of the initramfs, but for what is explained here. Since all settings of the generator are
# the same, what it would build later is the same as well.
# images: noble.qcow2
# limit: 2400
# full
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/guest.sh
. "$SRC/tests/lib/guest.sh"

for way in yes no; do
    started=$SECONDS
    "$COLDSEAL" prepare --quiet --appliance "$way" --no-sync "$IMAGES/noble.qcow2" "$TMP/$way.raw" ||
        fail "prepare --appliance $way: exit $?"
    note "--appliance $way took $((SECONDS - started)) s"
    split_disk "$TMP/$way.raw" "$TMP/$way" 1 15 16
    rm "$TMP/$way.raw"
    mkdir -p "$TMP/$way/root" "$TMP/$way/boot" "$TMP/$way/esp" "$TMP/$way/parts" "$TMP/$way/initramfs"
    debugfs -R "rdump / $TMP/$way/root" "$TMP/$way/1" >/dev/null 2>&1
    debugfs -R "rdump / $TMP/$way/boot" "$TMP/$way/16" >/dev/null 2>&1
    mcopy -s -n -i "$TMP/$way/15" ::EFI "$TMP/$way/esp"
    unmkinitramfs "$TMP/$way/boot"/initrd.img-* "$TMP/$way/parts"
    for part in "$TMP/$way/parts"/*; do
        cp -al "$part/." "$TMP/$way/initramfs/"
    done
    rm -r "$TMP/$way/parts" "$TMP/$way/boot"/initrd.img-* "$TMP/$way/1" "$TMP/$way/16"
    for folder in root boot esp initramfs; do
        (cd "$TMP/$way/$folder" && find . -printf '%P %y %m %U:%G %l\n' | LC_ALL=C sort) >"$TMP/$way/$folder.list"
    done
done

# dpkg keeps a copy of its list before it writes another
sed -i '/^var\/lib\/dpkg\/status-old /d' "$TMP"/*/root.list
rm -f "$TMP"/*/root/var/lib/dpkg/status-old
# either of two names for one partition's driver has its turn in depmod's lists, and its own way to lay
# out an index; the archive's cache of libraries is of those that are found without it
initramfs=$TMP/yes/initramfs
for way in yes no; do
    find "$TMP/$way/initramfs" \( -name 'modules.*.bin' -o -name ld.so.cache \) -delete
    dep=$(find "$TMP/$way/initramfs" -name modules.dep)
    tr ' ' '\n' <"$dep" | sort >"$TMP/dep"
    mv "$TMP/dep" "$dep"
done
[ "$(find "$initramfs" -type f | wc -l)" -gt 300 ] || fail "this compares nothing"
[ "$(find "$TMP/no/root" -type f | wc -l)" -gt 3000 ] || fail "this compares nothing"
for folder in root boot esp initramfs; do
    diff "$TMP/yes/$folder.list" "$TMP/no/$folder.list" || fail "other files in $folder"
    diff -r --no-dereference "$TMP/yes/$folder" "$TMP/no/$folder" || fail "other content in $folder"
done
