# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a prepared guest must hold; source it after guest.sh. $TMP/prepared has its kernel= and grub_cfg=.

zeros=0000000000000000000000000000000000000000000000000000000000000000

check_masks()
{
    local unit
    for unit in emergency.service emergency.target rescue.service rescue.target \
        debug-shell.service getty@.service serial-getty@.service console-getty.service; do
        [ "$(ext4_link "$1" "/etc/systemd/system/$unit")" = /dev/null ] || fail "$unit is not masked"
    done
    for unit in run gpt-auto ssh; do
        [ "$(ext4_link "$1" "/etc/systemd/system-generators/systemd-$unit-generator")" = /dev/null ] ||
            fail "systemd-$unit-generator is not masked"
    done
    ext4_cat "$1" /etc/sysctl.d/zz-coldseal.conf | seen -x 'kernel.sysrq = 0' || fail "SysRq is on"
}

check_fstab()
{
    local table
    table=$(ext4_cat "$1" /etc/fstab | grep -v '^#' | awk '{ print $1, $2 }' | grep ' /$')
    [ "$table" = "/dev/mapper/cloudimg-rootfs /" ] || fail "root in fstab: $table"
    ext4_cat "$1" /etc/fstab | awk '$2 ~ "^/boot" {
        n++; for (i = 1; i <= split("noauto nofail nodev nosuid noexec", w, " "); i++)
            if (index("," $4 ",", "," w[i] ",") == 0) bad = 1 }
        END { exit bad || n < 1 }' || fail "/boot in fstab"
}

check_identity()
{
    ext4_has "$1" /etc/machine-id || fail "no machine-id file"
    [ "$(ext4_size "$1" /etc/machine-id)" = 0 ] || fail "machine-id is not empty"
    if debugfs -R "ls -p /etc/ssh" "$1" 2>/dev/null | seen ssh_host_; then
        fail "an SSH host key is left"
    fi
    ! ext4_has "$1" /var/lib/systemd/random-seed || fail "a random seed is left"
    ! ext4_has "$1" /var/lib/cloud/instance || fail "cloud-init's state is left"
}

check_holds()
{
    ext4_cat "$1" /var/lib/dpkg/status >"$TMP/status"
    local package
    for package in linux-image-cloud-amd64 shim-signed grub-efi-amd64-signed; do
        awk -v p="$package" '/^Package: / { here = $2 == p } here && /^Status: / { print $2 }' \
            "$TMP/status" | seen -x hold || fail "$package is not held"
    done
    ext4_cat "$1" /etc/apt/preferences.d/coldseal | seen 'Pin-Priority: -1' || fail "apt pin"
    ext4_cat "$1" /etc/initramfs-tools/update-initramfs.conf | seen -x update_initramfs=no ||
        fail "upgrades rebuild the initramfs"
}

# check_initramfs BOOT: the links, then the archive itself, unpacked here
check_initramfs()
{
    local kernel image=$TMP/initrd.img
    kernel=$(sed -n 's/^kernel=//p' "$TMP/prepared")
    [ "$(ext4_link "$1" /vmlinuz)" = "vmlinuz-$kernel" ] || fail "link vmlinuz"
    [ "$(ext4_link "$1" /initrd.img)" = "initrd.img-$kernel" ] || fail "link initrd.img"
    debugfs -R "ls -p /" "$1" 2>/dev/null | grep -c '/initrd.img-' | seen -x 1 ||
        fail "more than one initramfs"
    ext4_cat "$1" "/initrd.img-$kernel" >"$image"
    rm -rf "$TMP/unpacked"
    unmkinitramfs "$image" "$TMP/unpacked"
    local main=$TMP/unpacked/main
    [ -d "$main" ] || main=$TMP/unpacked
    expect_same "$main/usr/sbin/coldseal-unlock" "$COLDSEAL_UNLOCK"
    expect_same "$main/scripts/local-top/coldseal" "$SRC/templates/initramfs-local-top"
    expect_same "$main/scripts/local-bottom/coldseal" "$SRC/templates/initramfs-local-bottom"
    expect_same "$main/scripts/init-bottom/coldseal" "$SRC/templates/initramfs-init-bottom"
    # run-init needs the /dev that udev's script moves
    grep -oE '/(udev|coldseal) ' "$main/scripts/init-bottom/ORDER" | tr -d '/ \n' | seen -x udevcoldseal ||
        fail "order of init-bottom"
    grep -q coldseal "$main/scripts/local-top/ORDER" || fail "the script is not in ORDER"
    grep -q coldseal "$main/scripts/local-bottom/ORDER" || fail "the second is not in ORDER"
    find "$TMP/unpacked" -name 'dm-crypt.ko*' | seen . || fail "no dm-crypt"
    find "$main" -name 'libtss2-tcti-device.so.0' | seen . || fail "no TPM library"
    if grep -rlE 'BEGIN [A-Z ]*PRIVATE KEY' "$TMP/unpacked"; then
        fail "a private key"
    fi
    if find "$TMP/unpacked" -path '*keyfiles/*' -o -name 'authorized_keys' -o -name '*dropbear*' |
        grep .; then
        fail "a key or a remote shell"
    fi
    # every library that the programs name is there
    local soname
    for soname in $(readelf -d "$main/usr/sbin/coldseal-unlock" |
        sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        find "$main" -name "$soname" | seen . || fail "$soname is not in the initramfs"
    done
}

# check_grub_cfg ESP BOOT
check_grub_cfg()
{
    local path uuid
    path=$(sed -n 's/^grub_cfg=//p' "$TMP/prepared")
    uuid=$(blkid -p -o value -s UUID "$2")
    mtype -i "$1" "::$path" >"$TMP/grub.cfg"
    head -n 1 "$TMP/grub.cfg" | seen -x '# coldseal grub.cfg format 1' || fail "first line"
    grep -qx 'set coldseal_uuid=00000000-0000-0000-0000-000000000000' "$TMP/grub.cfg" || fail uuid
    grep -qx "set coldseal_pin=$zeros" "$TMP/grub.cfg" || fail pin
    grep -qx "search --no-floppy --fs-uuid --set=root $uuid" "$TMP/grub.cfg" || fail search
    local words
    words=$(sed -n 's/^linux //p' "$TMP/grub.cfg")
    # shellcheck disable=SC2016 # GRUB expands them
    for word in /vmlinuz root=/dev/mapper/cloudimg-rootfs 'coldseal.uuid=$coldseal_uuid' \
        'coldseal.pin=$coldseal_pin' panic=30 noresume systemd.import_credentials=no \
        systemd.gpt_auto=0 systemd.getty_auto=0; do
        [[ " $words " == *" $word "* ]] || fail "kernel argument $word"
    done
    if grep -nE 'load_env|recordfail|menuentry|\(hd|@' "$TMP/grub.cfg"; then
        fail "grub.cfg is not the same on every boot"
    fi
    # the prefix that GRUB itself holds
    mcopy -n -i "$1" ::EFI/BOOT/grubx64.efi "$TMP/grubx64.efi"
    strings "$TMP/grubx64.efi" | seen -x "${path%/grub.cfg}" || fail "GRUB does not read $path"
    if mdir -b -i "$1" ::EFI/BOOT | grep -i fbx64; then
        fail "the fallback program is left"
    fi
}

# check_guest FOLDER
check_guest()
{
    e2fsck -fn "$1/1" >/dev/null 2>&1 || fail "root is not clean"
    e2fsck -fn "$1/16" >/dev/null 2>&1 || fail "/boot is not clean"
    check_masks "$1/1"
    check_fstab "$1/1"
    check_identity "$1/1"
    check_holds "$1/1"
    check_initramfs "$1/16"
    check_grub_cfg "$1/15" "$1/16"
    ext4_cat "$1/1" /etc/cloud/ds-identify.cfg | seen -x 'policy: enabled' || fail ds-identify
    ext4_cat "$1/1" /etc/cloud/cloud.cfg.d/zz-coldseal.cfg | seen -x 'datasource_list: \[ None \]' ||
        fail "cloud-init's data sources"
    # the unlock grows the partition
    ext4_cat "$1/1" /etc/cloud/cloud.cfg.d/zz-coldseal-disk.cfg | python3 -c 'import sys, yaml
disk = yaml.safe_load(sys.stdin)
assert disk == {"growpart": {"mode": "off"}, "resize_rootfs": False}, disk' || fail "cloud-init grows the disk"
    ext4_cat "$1/1" /etc/coldseal/prepared.json | python3 -c 'import json, sys
stamp = json.load(sys.stdin)
assert stamp["format"] == 1 and stamp["host_config"] == "deny", stamp'
    debugfs -R "ls -p /usr/lib/coldseal" "$1/1" 2>/dev/null | seen initramfs-build &&
        fail "the set-up script is left"
    return 0
}
