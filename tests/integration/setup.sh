#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.raw
# limit: 600
# coldseal-setup, where `make install` puts it, in the files of an image, as a builder of images runs
# it: in a chroot, without root's rights outside it, a virtual machine or a device. boot/package has the
# appliance's result beside it, and the boot.
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/guest.sh"
. "$SRC/tests/lib/guest_checks.sh"

root=$TMP/root
split_disk "$IMAGES/noble.raw" "$TMP" 1 15 16
mkdir -p "$root" "$TMP/boot" "$TMP/esp"
debugfs -R "rdump / $root" "$TMP/1" >"$TMP/rdump.log" 2>&1
debugfs -R "rdump / $TMP/boot" "$TMP/16" >>"$TMP/rdump.log" 2>&1
mcopy -s -n -i "$TMP/15" ::EFI "$TMP/esp"
rm "$TMP/1"
cp "$TMP/16" "$root/boot.img"
make -C "$BUILD" -s install DESTDIR="$root" >"$TMP/install.log" 2>&1 || { cat "$TMP/install.log" >&2; fail install; }
prefix=$(sed -n 's/^prefix = //p' "$BUILD/Makefile")

# in_guest COMMAND…: the partitions are mounted; blkid finds the one of /boot under its device's name.
in_guest()
{
    # shellcheck disable=SC2016 # the inner shell's
    unshare --user --map-root-user --mount sh -euc 'root=$1 boot=$2 esp=$3
        shift 3
        mount --rbind "$root" "$root"
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs /boot.img "$root/boot"
        cp -a "$boot/." "$root/boot"
        mkdir -p "$root/boot/efi"
        mount -t tmpfs none "$root/boot/efi"
        cp -r "$esp/." "$root/boot/efi"
        chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" && code=0 || code=$?
        rm -rf "$boot" "$esp"
        cp -a "$root/boot" "$boot"
        cp -a "$root/boot/efi" "$esp"
        exit "$code"' sh "$root" "$TMP/boot" "$TMP/esp" "$@"
}
expect_code 0 in_guest "$prefix/sbin/coldseal-setup" --kernel-arg mitigations=auto
grep -q '^coldseal-setup: warning: cloud-init has no seed' "$TMP/err" || fail "no warning: $(cat "$TMP/err")"
grep -q '^initramfs of .* is rebuilt by initramfs-tools$' "$TMP/out" || fail "$(cat "$TMP/out")"
python3 -c 'import json, sys
stamp = json.load(open(sys.argv[1]))
print("kernel=%s\ngrub_cfg=%s" % (stamp["kernel"], stamp["grub_cfg"]))' "$root/etc/coldseal/prepared.json" >"$TMP/prepared"

note "what it made is what a prepared guest must hold"
mkdir "$TMP/made"
mke2fs -q -t ext4 -d "$root" "$TMP/made/1" 1500M
mke2fs -q -t ext4 -U "$(blkid -p -o value -s UUID "$TMP/16")" -d "$TMP/boot" "$TMP/made/16" 300M
cp "$TMP/15" "$TMP/made/15"
mdeltree -i "$TMP/made/15" ::EFI
mcopy -s -n -i "$TMP/made/15" "$TMP/esp/EFI" ::
check_guest "$TMP/made"
grep -q ' mitigations=auto$' "$TMP/grub.cfg" || fail "an added kernel argument"

note "done twice is done once"
find "$root/etc" "$root/usr/lib/coldseal" "$TMP/esp" -type f | sort | xargs -d '\n' sha256sum >"$TMP/once"
expect_code 0 in_guest "$prefix/sbin/coldseal-setup" --kernel-arg mitigations=auto --quiet
[ ! -s "$TMP/out" ] || fail "--quiet: $(cat "$TMP/out")"
find "$root/etc" "$root/usr/lib/coldseal" "$TMP/esp" -type f | sort | xargs -d '\n' sha256sum >"$TMP/twice"
expect_same "$TMP/once" "$TMP/twice"

note "prepare without an appliance, which runs nothing of the guest's, makes the same of the image"
"$COLDSEAL" prepare --quiet --appliance no --no-sync --kernel-arg mitigations=auto "$IMAGES/noble.raw" "$TMP/native.raw" ||
    fail "prepare: exit $?"
split_disk "$TMP/native.raw" "$TMP/native" 1 15 16
rm "$TMP/native.raw"
mkdir "$TMP/native/root" "$TMP/native/boot" "$TMP/native/esp"
debugfs -R "rdump / $TMP/native/root" "$TMP/native/1" >"$TMP/rdump.log" 2>&1
debugfs -R "rdump / $TMP/native/boot" "$TMP/native/16" >>"$TMP/rdump.log" 2>&1
mcopy -s -n -i "$TMP/native/15" ::EFI "$TMP/native/esp"
rm "$TMP/native/1" "$TMP/native/16"
# dpkg keeps a copy of its list before it writes another
rm -f "$root/var/lib/dpkg/status-old" "$TMP/native/root/var/lib/dpkg/status-old"
for folder in etc usr/lib/coldseal var/lib; do
    diff -r --no-dereference "$root/$folder" "$TMP/native/root/$folder" || fail "other files in $folder"
    for name in "$root" "$TMP/native/root"; do
        (cd "$name/$folder" && find . -printf '%P %y %m %l\n' | sort) >"$TMP/modes-$(basename "$(dirname "$name")")"
    done
    diff "$TMP/modes-$(basename "$TMP")" "$TMP/modes-native" || fail "other modes in $folder"
done
diff -r "$TMP/esp/EFI" "$TMP/native/esp/EFI" || fail "another ESP"

note "and of the initramfs what mkinitramfs makes"
for name in boot native/boot; do
    folder=$TMP/initramfs-$(dirname "$name")
    unmkinitramfs "$TMP/$name"/initrd.img-* "$folder.parts"
    mkdir "$folder"
    for part in "$folder.parts"/*; do
        cp -a "$part/." "$folder/"
    done
    # Of independent modules either may come first; kmod has several ways to lay out one index, which
    # tests/unit/test_kernel_modules.c reads with modprobe. Libraries are found without a cache as well.
    find "$folder" \( -name 'modules.*.bin' -o -name ld.so.cache \) -exec truncate -s 0 {} +
    dep=$(find "$folder" -name modules.dep)
    tr ' ' '\n' <"$dep" | sort >"$TMP/dep"
    cat "$TMP/dep" >"$dep"
    (cd "$folder" && find . -printf '%P %y %m %l\n' | sort) >"$folder.list"
    rm "$TMP/$name"/initrd.img-*
done
diff "$TMP/initramfs-..list" "$TMP/initramfs-native.list" || fail "other files in the initramfs"
diff -r --no-dereference "$TMP/initramfs-." "$TMP/initramfs-native" || fail "other content in the initramfs"
[ "$(wc -l <"$TMP/initramfs-native.list")" -gt 300 ] || fail "this compares nothing"
diff <(ls "$TMP/boot") <(ls "$TMP/native/boot") || fail "other files in /boot"

note "a guest that lacks a library is told so before anything is changed"
rm "$root"/usr/lib/x86_64-linux-gnu/libtss2-tcti-device.so.0*
expect_refusal 7 'lacks libtss2-tcti-device.so.0, .*--install libtss2-tcti-device0t64' \
    in_guest "$prefix/sbin/coldseal-setup" --console-login
find "$root/etc" "$root/usr/lib/coldseal" "$TMP/esp" -type f | sort | xargs -d '\n' sha256sum >"$TMP/refused"
expect_same "$TMP/once" "$TMP/refused"
