#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job on the layout with a separate /boot: from the zlib qcow2 to a VM that boots by itself
# under Secure Boot, again and again, also after an upgrade of packages with a newer kernel waiting;
# and neither on another TPM nor with one byte of its initramfs changed.
# images: noble.qcow2 upgrade.raw
# limit: 2400
source "${SRC:?}/tests/lib/common.sh"
source "$SRC/tests/lib/vm.sh"
source "$SRC/tests/lib/sealed.sh"

pool=$TMP/pool.qcow2
disk=$TMP/sealed.qcow2
sealed_encrypt "$IMAGES/noble.qcow2" "$pool" "$TMP/key" --console-login
sealed_make one "$pool" "$TMP/key" "$disk"

sealed_flip_initramfs "$disk" "$TMP/flipped.raw"
vm_start one "$TMP/flipped.raw"
sealed_expect_closed one
rm "$TMP/flipped.raw"
expect_code 1 "$COLDSEAL" explain "$disk" "$(vm_console one)" --json
grep -q '"differences":\[{"pcr":9,.*"reason":"initramfs-rebuilt"[^}]*}\]' "$TMP/out" || fail "$(cat "$TMP/out")"

vm_create other
qemu-img create -q -f qcow2 -b "$disk" -F qcow2 "$TMP/stolen.qcow2"
vm_start other "$TMP/stolen.qcow2"
sealed_expect_closed other
expect_code 0 "$COLDSEAL" explain "$disk" "$(vm_console other)" --json
grep -q '"differences":\[\],.*the TPM is not the one' "$TMP/out" || fail "$(cat "$TMP/out")"

vm_start one "$disk"
sealed_expect_open one
first=${vm_boots[one]}
vm_power_off one

note "the disk grows by 4 GiB: the next boot follows, with the same PCRs and no key in a file"
qemu-img resize -q "$disk" +4G
vm_start one "$disk" -drive "if=none,id=upgrade,format=raw,readonly=on,file=$IMAGES/upgrade.raw" \
    -device virtio-blk-pci,drive=upgrade
sealed_expect_open one
expect_same "$TMP/one-pcrs-$first" "$TMP/one-pcrs-${vm_boots[one]}"
kernel=$(vm_value one kernel)
grep -aq "coldseal: the root's partition grows from " "$(vm_console one)" || fail "no word of the growth"
# shellcheck disable=SC2016
vm_run one 120 '
    echo "file system: $(($(stat -f -c "%b * %S" /) >> 20)) MiB"
    echo "mapping: $(($(blockdev --getsize64 /dev/mapper/cloudimg-rootfs) >> 20)) MiB"
    echo "keys: $(find / -xdev \( -name "*.key" -o -name "*keyfile*" -o -path "*cryptsetup-keys.d/*" \) \
        -type f ! -path "/usr/share/*" ! -path "/sys/*" ! -path "/proc/*" | wc -l)"
    echo "crypttab: $(grep -cv "^#" /etc/crypttab)"' >"$TMP/grown"
cat "$TMP/grown"
awk '/^(file system|mapping):/ && $(NF - 1) < 5000 { exit 1 }' "$TMP/grown" || fail "the root did not grow"
grep -qx 'keys: 0' "$TMP/grown" || fail "a key lies in the guest"
qemu-img convert -U -O raw "$disk" "$TMP/grown.raw"
sgdisk -v "$TMP/grown.raw" | grep -q 'No problems found' || fail "the partition table: $(sgdisk -v "$TMP/grown.raw")"
rm "$TMP/grown.raw"

# What is on offer must be newer, or this shows nothing.
# shellcheck disable=SC2016
vm_run one 500 '
    set -e
    mkdir -p /mnt/upgrade
    mount -o ro LABEL=coldseal-upgrade /mnt/upgrade
    echo "deb [trusted=yes] file:/mnt/upgrade ./" >/etc/apt/sources.list.d/upgrade.list
    rm -f /etc/apt/sources.list.d/*.sources
    mv /etc/apt/sources.list /etc/apt/sources.list.off 2>/dev/null || true
    apt-get -qq update
    offered=$(apt-cache madison linux-image-cloud-amd64 | cut -d "|" -f 2 | head -n 1 | tr -d " ")
    installed=$(dpkg-query -W -f "\${Version}" linux-image-cloud-amd64)
    echo "kernel: installed $installed, offered $offered"
    dpkg --compare-versions "$offered" gt "$installed" && echo NEWER
    DEBIAN_FRONTEND=noninteractive apt-get -q -y --with-new-pkgs upgrade
    update-initramfs -u -k all
    echo UPGRADED' >"$TMP/upgrade.log" || { cat "$TMP/upgrade.log" >&2 && fail "upgrade in the guest"; }
cat "$TMP/upgrade.log"
grep -q '^NEWER$' "$TMP/upgrade.log" || fail "no newer kernel was on offer"
grep -q '^UPGRADED$' "$TMP/upgrade.log" || fail "the upgrade did not finish"
vm_power_off one

vm_start one "$disk"
sealed_expect_open one
expect_same "$TMP/one-pcrs-$first" "$TMP/one-pcrs-${vm_boots[one]}"
[ "$(vm_value one kernel)" = "$kernel" ] || fail "another kernel: $(vm_value one kernel)"
vm_power_off one
