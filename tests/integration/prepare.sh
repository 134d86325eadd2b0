#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What prepare leaves in a guest with a /boot of its own, and in one that kept /boot inside root: read
# from the outside. On the way the first appliance is killed in the middle of its work.
# images: noble.qcow2 jammy.qcow2
# limit: 2400
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"
# shellcheck source=tests/lib/guest.sh
. "$SRC/tests/lib/guest.sh"

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
    ext4_cat "$1/1" /etc/coldseal/prepared.json | python3 -c 'import json, sys
stamp = json.load(sys.stdin)
assert stamp["format"] == 1 and stamp["host_config"] == "deny", stamp'
    debugfs -R "ls -p /usr/lib/coldseal" "$1/1" 2>/dev/null | seen guest-setup &&
        fail "the set-up script is left"
    return 0
}

# Kills the first appliance once it has begun to work.
kill_appliance_of()
{
    wait_for 600 grep -q '^prepare 15/' "$TMP/progress" || fail "no appliance starts"
    kill -KILL "$(pgrep -P "$1" qemu)" || fail "no appliance to kill"
}

note "noble: /boot is a partition; the first appliance dies"
make_overlay "$IMAGES/noble.qcow2" qcow2 "$TMP/noble.qcow2"
before=$(sha256 "$IMAGES/noble.qcow2")
: >"$TMP/progress"
prepare "$TMP/noble.qcow2" 1 15 16 &
preparing=$!
wait_for 20 pgrep -P "$preparing" prepare_guest >/dev/null
kill_appliance_of "$(pgrep -P "$preparing" prepare_guest)"
wait "$preparing" || fail "prepare did not survive the death of its appliance"
[ "$(grep -c '^prepare 15/' "$TMP/progress")" -ge 2 ] || fail "no second appliance was started"
[ "$(sha256 "$IMAGES/noble.qcow2")" = "$before" ] || fail "the image behind the overlay changed"
qemu-img convert -O raw "$TMP/noble.qcow2" "$TMP/noble.raw"
split_disk "$TMP/noble.raw" "$TMP/noble" 1 15 16
check_guest "$TMP/noble"
if ext4_has "$TMP/noble/1" /etc/cloud/cloud.cfg.d/zz-coldseal-seed.cfg; then
    fail "a seed that nobody gave"
fi
rm -f "$TMP/noble.raw"

note "jammy: /boot is inside root; a seed is baked in"
raw_bytes=$(qemu-img info --output=json "$IMAGES/jammy.qcow2" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["virtual-size"])')
offset=$(((raw_bytes + MIB - 1) / MIB * MIB)) length=$((512 * MIB))
make_overlay "$IMAGES/jammy.qcow2" qcow2 "$TMP/jammy.qcow2" $((offset + length + MIB))
mkdir "$TMP/seed"
printf '#cloud-config\nhostname: "one"\nwrite_files: [{path: /x, content: "a\\tb\\n"}]\n' \
    >"$TMP/seed/user-data"
printf 'instance-id: i-1\nlocal-hostname: one\n' >"$TMP/seed/meta-data"
printf 'version: 2\nethernets:\n  any: {match: {name: "e*"}, dhcp4: true}\n' \
    >"$TMP/seed/network-config"
mkdir -p "$TMP/package/DEBIAN" "$TMP/package/opt"
printf 'Package: coldseal-test\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: test\n' \
    >"$TMP/package/DEBIAN/control"
echo installed >"$TMP/package/opt/coldseal-test"
dpkg-deb --root-owner-group --build "$TMP/package" "$TMP/test.deb" >/dev/null
prepare "$TMP/jammy.qcow2" 1 15 "$offset:$length" "seed=$TMP/seed" arg=mitigations=auto \
    "deb=$TMP/test.deb"
qemu-img convert -O raw "$TMP/jammy.qcow2" "$TMP/jammy.raw"
sgdisk -v "$TMP/jammy.raw" | seen 'No problems found' || fail "the partition table"
sgdisk -i 16 "$TMP/jammy.raw" | seen -i BC13C2FF-59E6-4262-A352-B275FD6F7172 || fail "type of 16"
split_disk "$TMP/jammy.raw" "$TMP/jammy" 1 15 16
[ "$(blkid -p -o value -s LABEL "$TMP/jammy/16")" = BOOT ] || fail "label of /boot"
check_guest "$TMP/jammy"
left=$(debugfs -R 'ls -p /boot' "$TMP/jammy/1" 2>/dev/null | cut -d/ -f6 | grep -vxE '\.|\.\.|' || true)
[ "$left" = efi ] || fail "root keeps files in /boot: $left"
grep -q ' mitigations=auto$' "$TMP/grub.cfg" || fail "an added kernel argument"
[ "$(ext4_cat "$TMP/jammy/1" /opt/coldseal-test)" = installed ] || fail "a local package"
if ext4_has "$TMP/jammy/1" /var/tmp/coldseal-debs || ext4_has "$TMP/jammy/1" /usr/sbin/policy-rc.d; then
    fail "leavings of the local package's installation"
fi
for file in seed network; do
    name=/etc/cloud/cloud.cfg.d/zz-coldseal-$file.cfg
    [ "$(ext4_mode "$TMP/jammy/1" "$name")" = 0600 ] || fail "$name can be read by everybody"
    ext4_cat "$TMP/jammy/1" "$name" >"$TMP/$file.cfg"
done
# as cloud-init itself reads them
python3 - "$TMP" <<'EOF'
import sys, yaml
folder = sys.argv[1]
none = yaml.safe_load(open(folder + "/seed.cfg"))["datasource"]["None"]
assert none["userdata_raw"] == open(folder + "/seed/user-data").read(), none
assert none["metadata"] == {"instance-id": "i-1", "local-hostname": "one"}, none
network = yaml.safe_load(open(folder + "/network.cfg"))
assert network == {"network": yaml.safe_load(open(folder + "/seed/network-config"))}, network
EOF
