#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A first boot with all that a host can add beside the disk it was given: it comes up as predicted and
# takes no notice. Inside the guest it is looked at that each thing is there, and that nothing uses it.
# images: noble.qcow2
# limit: 1800
# full
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"
source "$SRC/tests/lib/tiny_image.sh"
source "$SRC/tests/lib/hostile.sh"

disk=$TMP/sealed.raw
hostile_start one "$disk"

note "on the same disk: a swap partition and a /home, of the types that systemd mounts by itself"
truncate -s +64M "$disk"
sgdisk -e -n 2:0:+16M -t 2:8200 -n 3:0:+16M -t 3:8302 "$disk" >/dev/null
read -r swap swap_bytes < <(hostile_bytes "$disk" 2)
read -r home home_bytes < <(hostile_bytes "$disk" 3)
truncate -s "$swap_bytes" "$TMP/swap"
mkswap -q "$TMP/swap"
dd if="$TMP/swap" of="$disk" bs=1M oflag=seek_bytes seek="$swap" conv=notrunc status=none
mke2fs -q -t ext4 -L home -E "offset=$home" "$disk" $((home_bytes / 1024))k

note "a second disk: a root of the host's own, our UUID, sealed to the same TPM and policy"
hostile_values one "$disk"
hostile_own_volume one "$TMP/own.raw"

note "a third: a plain root with our labels"
tiny_image "$TMP/plain.raw"

note "a fourth: CIDATA, whose user-data runs as root"
truncate -s 64M "$TMP/cidata.raw"
mformat -i "$TMP/cidata.raw" -v CIDATA -F ::
printf 'instance-id: evil\n' >"$TMP/meta-data"
printf '#cloud-config\nbootcmd: [ "touch /evil-cidata" ]\nruncmd: [ "touch /evil-cidata" ]\n' >"$TMP/user-data"
mcopy -i "$TMP/cidata.raw" "$TMP/meta-data" "$TMP/user-data" ::

extra=()
for name in own plain cidata; do
    extra+=(-drive "if=none,id=$name,format=raw,file=$TMP/$name.raw" -device "virtio-blk-pci,drive=$name")
done
vm_start one "$disk" "${extra[@]}" \
    -smbios 'type=1,serial=ds=nocloud;s=http://192.0.2.1/' \
    -smbios 'type=11,value=io.systemd.credential:tmpfiles.extra=f /evil-smbios' \
    -fw_cfg 'name=opt/io.systemd.credentials/tmpfiles.extra,string=f /evil-fw_cfg'

note "while the kernel runs: /boot and the ESP become zeros"
vm_wait one 300 "$(vm_console one)" 'Linux version'
for number in 15 16; do
    read -r offset size < <(hostile_bytes "$disk" $number)
    dd if=/dev/zero of="$disk" bs=1M oflag=seek_bytes seek="$offset" count=$((size >> 20)) conv=notrunc status=none
done

sealed_expect_open one
# shellcheck disable=SC2016 # the guest's
vm_run one 120 '
    modprobe qemu_fw_cfg; modprobe dmi_sysfs
    echo "there: serial $(cat /sys/class/dmi/id/product_serial)"
    echo "there: oem $(grep -ac io.systemd.credential:tmpfiles.extra /sys/firmware/dmi/entries/11-0/raw)"
    echo "there: fw_cfg $(cat /sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/tmpfiles.extra/raw)"
    for part in /dev/vd*; do echo "there: $part $(blkid -p -o value -s LABEL $part) $(blkid -p -o value -s TYPE $part)"; done
    echo "there: zeros $(head -c 1048576 /dev/vda16 | tr -d "\0" | wc -c) of $(blockdev --getsize64 /dev/vda16)"
    echo "root: $(dmsetup deps -o devname cloudimg-rootfs)"
    echo "swap: $(tail -n +2 /proc/swaps | wc -l)"
    echo "home: $(findmnt -no SOURCE /home)"
    echo "mounts: $(findmnt -rno SOURCE | grep -c "^/dev/vd")"
    echo "evil: $(find / -maxdepth 1 -name "evil*" | wc -l)"
    echo "credentials: $(find /run/credentials -path "*@*" -type f 2>/dev/null | wc -l)"
    echo "cloud-init: $(grep -o "DataSource[A-Za-z]*" /run/cloud-init/result.json /var/lib/cloud/instance/datasource | tr "\n" " ")"
    ' >"$TMP/inside"
cat "$TMP/inside"
inside()
{
    grep -Eqx -- "$1" "$TMP/inside" || fail "not so in the guest: $1"
}
# each attack was there …
inside 'there: serial ds=nocloud;s=http://192\.0\.2\.1/'
inside 'there: oem [1-9]'
inside 'there: fw_cfg f /evil-fw_cfg'
inside 'there: /dev/vd.2  swap'
inside 'there: /dev/vd.3 home ext4'
inside 'there: /dev/vd. CIDATA vfat'
inside 'there: /dev/vd.1 cloudimg-rootfs ext4'
[ "$(grep -c 'there: /dev/vd.1 cloudimg-rootfs-enc crypto_LUKS' "$TMP/inside")" = 2 ] || fail "two LUKS roots"
inside 'there: zeros 0 of [1-9][0-9]+'
# … and none had an effect
inside 'root: 1 dependencies.*: \(vda1\)'
inside 'swap: 0'
inside 'home: '
inside 'mounts: 0'
inside 'evil: 0'
inside 'credentials: 0'
grep -q '^cloud-init: .*DataSourceNone' "$TMP/inside" || fail "cloud-init's data source"
! grep -q '^cloud-init: .*NoCloud' "$TMP/inside" || fail "cloud-init's data source"
note "the root is not the last partition any more: it keeps its size, and says so"
grep -aq 'coldseal: the root keeps its size: /dev/vda: partition 1 is not the last one' "$(vm_console one)" ||
    fail "no word on the size"
vm_power_off one
