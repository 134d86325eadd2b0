#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An image that its builder prepares with the package alone: virt-customize installs coldseal-guest and
# runs coldseal-setup; then it is encrypted without an appliance, sealed from the prediction, and boots
# to the login. What is in it is what `coldseal prepare` makes.
# images: noble.qcow2
# limit: 2400
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"
source "$SRC/tests/lib/guest.sh"
source "$SRC/tests/lib/deb.sh"

options=("${SEALED_KERNEL_ARGS[@]}" --console-login)
deb_build
cp "$IMAGES/noble.qcow2" "$TMP/image.qcow2"
cp "$(deb_file coldseal-guest)" "$TMP/coldseal-guest.deb"

customize()
{
    LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg virt-customize -a "$TMP/image.qcow2" \
        --no-network --upload "$TMP/coldseal-guest.deb:/var/tmp/coldseal-guest.deb" \
        --run-command 'dpkg -i /var/tmp/coldseal-guest.deb && rm /var/tmp/coldseal-guest.deb' \
        --run-command "coldseal-setup ${options[*]}" >"$TMP/customize.log" 2>&1
}
started=$SECONDS
customize || { tail -n 30 "$TMP/customize.log" >&2; fail "virt-customize"; }
note "virt-customize took $((SECONDS - started)) s"

note "what it made is what coldseal prepare makes"
prepared=$(sealed_prepare "$IMAGES/noble.qcow2" "${options[@]}")
for image in "$TMP/image.qcow2" "$prepared"; do
    [ "$image" = "$prepared" ] && name=prepared || name=package
    qemu-img convert -O raw "$image" "$TMP/$name.raw"
    split_disk "$TMP/$name.raw" "$TMP/$name" 1 15 16
    rm "$TMP/$name.raw"
    mkdir "$TMP/$name/root" "$TMP/$name/esp"
    for folder in /etc /usr/lib/coldseal; do
        debugfs -R "rdump $folder $TMP/$name/root" "$TMP/$name/1" >/dev/null 2>&1
    done
    debugfs -R "ls -p /" "$TMP/$name/16" 2>/dev/null | cut -d/ -f6 | sort >"$TMP/$name/boot"
    mcopy -s -n -i "$TMP/$name/15" ::EFI "$TMP/$name/esp"
    ext4_cat "$TMP/$name/16" "/$(grep -x 'initrd.img-.*' "$TMP/$name/boot")" >"$TMP/$name/initrd"
    lsinitramfs "$TMP/$name/initrd" | sort >"$TMP/$name/initrd.names"
    (cd "$TMP/$name/root" && find . -printf '%P %y %m %l\n' | sort) >"$TMP/$name/modes"
    rm "$TMP/$name/1" "$TMP/$name/16"
done
# stripped in the package
diff -r --no-dereference -x coldseal-unlock "$TMP/prepared/root" "$TMP/package/root" || fail "other files in root"
diff "$TMP/prepared/modes" "$TMP/package/modes" || fail "other modes in root"
diff -r "$TMP/prepared/esp" "$TMP/package/esp" || fail "another ESP"
diff "$TMP/prepared/boot" "$TMP/package/boot" || fail "other files in /boot"
diff "$TMP/prepared/initrd.names" "$TMP/package/initrd.names" || fail "another initramfs"
[ "$(wc -l <"$TMP/prepared/initrd.names")" -gt 100 ] || fail "this compares nothing"

note "encrypt --no-prepare starts no appliance: there is none to be had here"
started=$SECONDS
env LIBGUESTFS_PATH=/nonexistent SUPERMIN_KERNEL=/nonexistent \
    "$COLDSEAL" encrypt --quiet "$TMP/image.qcow2" "$TMP/pool.qcow2" --no-prepare --key-out "$TMP/key" ||
    fail "encrypt: exit $?"
note "encrypt took $((SECONDS - started)) s"
sealed_make one "$TMP/pool.qcow2" "$TMP/key" "$TMP/sealed.qcow2"
vm_start one "$TMP/sealed.qcow2"
sealed_expect_open one
vm_power_off one
