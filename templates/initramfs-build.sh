#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs inside the guest, once, as root: builds the initramfs by the guest's own generator, and says
# what is in it, a file a line.
# Arguments: KERNEL GENERATOR
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022

kernel=$1
generator=$2
image=/boot/initrd.img-$kernel

rm -f "$image"
if [ "$generator" = dracut ]; then
    dracut --quiet --force --no-hostonly --kver "$kernel" "$image" >&2
    lsinitrd "$image" | awk 'NF >= 9 && $1 ~ /^[-ld]/ { print $9 }'
else
    mkinitramfs -o "$image" "$kernel" >&2
    lsinitramfs "$image"
fi
