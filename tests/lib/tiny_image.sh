# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A small image in Ubuntu's cloud layout, made in a second, for tests that need no guest: a GRUB of
# grub-mkimage, the grub.cfg that prepare would write, an ext4 root with known files.

TINY_BOOT_UUID=8d1c3f52-6a0e-4c87-9b1d-2f60a7e3c914

# tiny_grub_cfg: the configuration with its field not set, as lib/guest/boot_files.c fills it in.
tiny_grub_cfg()
{
    local arguments='panic=30 noresume sysctl.kernel.sysrq=0 systemd.import_credentials=no'
    arguments+=' systemd.gpt_auto=0 systemd.getty_auto=0 console=tty1 console=ttyS0'
    arguments+=' systemd.mask=emergency.service systemd.mask=rescue.service'
    arguments+=' systemd.mask=debug-shell.service'
    sed "s|@BOOT_UUID@|$TINY_BOOT_UUID|; s|@KERNEL_ARGS@|$arguments|" "$SRC/templates/grub.cfg.in"
}

# tiny_root DIR: files of a root: text, holes, allocated zeros, a link, random bytes.
tiny_root()
{
    local dir=$1
    mkdir -p "$dir/etc/coldseal" "$dir/data"
    printf '{"format": 1, "host_config": "deny", "console_login": false, "cloud_init_seed": false}\n' \
        >"$dir/etc/coldseal/prepared.json"
    printf 'ID=debian\nVERSION_ID="13"\n' >"$dir/etc/os-release"
    printf 'LABEL=cloudimg-rootfs / ext4 defaults 0 1\n' >"$dir/etc/fstab"
    head -c 5000000 /dev/urandom >"$dir/data/random"
    head -c 8000000 /dev/zero >"$dir/data/zeros"
    seq 400000 >"$dir/data/text"
    ln -s random "$dir/data/link"
}

# tiny_partition FILE NUMBER: "offset size" in bytes.
tiny_partition()
{
    sgdisk -i "$2" "$1" | awk '/^First sector/ { first = $3 } /^Last sector/ { last = $3 }
        END { print first * 512, (last - first + 1) * 512 }'
}

# tiny_image FILE [ROOT_MIB [ROOT_DIR [MKE2FS_OPTION…]]]: raw; partitions 14, 15, 16 and, last on the
# disk, 1 with the files of ROOT_DIR, or those of tiny_root.
tiny_image()
{
    local file=$1 root_mib=${2:-96} root=${3:-} work offset size
    work=$(mktemp -d "$TMP/tiny-XXXXXX")
    rm -f "$file"
    truncate -s $((root_mib + 64))M "$file"
    sgdisk -a 2048 -n 14:2048:+1M -t 14:ef02 -n 15:0:+40M -t 15:ef00 -n 16:0:+16M -t 16:ea00 \
        -n 1:0:+"$root_mib"M -t 1:8300 "$file" >/dev/null

    read -r offset size < <(tiny_partition "$file" 15)
    grub-mkimage -O x86_64-efi -p /EFI/debian -o "$work/grubx64.efi" normal
    tiny_grub_cfg >"$work/grub.cfg"
    truncate -s "$size" "$work/esp"
    mformat -i "$work/esp" -F -v UEFI ::
    mmd -i "$work/esp" ::/EFI ::/EFI/BOOT ::/EFI/debian
    mcopy -i "$work/esp" "$work/grubx64.efi" ::/EFI/BOOT/BOOTX64.EFI
    mcopy -i "$work/esp" "$work/grubx64.efi" ::/EFI/BOOT/grubx64.efi
    mcopy -i "$work/esp" "$work/grub.cfg" ::/EFI/debian/grub.cfg
    dd if="$work/esp" of="$file" bs=1M seek="$offset" oflag=seek_bytes conv=notrunc,sparse status=none

    read -r offset size < <(tiny_partition "$file" 16)
    mkdir "$work/boot"
    printf 'a kernel' >"$work/boot/vmlinuz"
    printf 'an initramfs' >"$work/boot/initrd.img"
    mke2fs -q -t ext4 -L BOOT -U "$TINY_BOOT_UUID" -d "$work/boot" -E offset="$offset" "$file" $((size / 1024))k

    read -r offset size < <(tiny_partition "$file" 1)
    if [ -z "$root" ]; then
        root=$work/root
        tiny_root "$root"
    fi
    mke2fs -q -t ext4 "${@:4}" -L cloudimg-rootfs -d "$root" -E offset="$offset" "$file" \
        $((size / 1024))k
    rm -rf "$work"
}

# tiny_bootable FILE: raw; noble's boot side, with our grub.cfg, before a root with the files of tiny_root.
tiny_bootable()
{
    local file=$1 work offset size esp boot
    work=$(mktemp -d "$TMP/tiny-XXXXXX")
    tiny_root "$work/root"
    read -r offset _ < <(tiny_partition "$IMAGES/noble.raw" 1)
    dd if="$IMAGES/noble.raw" of="$file" bs=1M count=$((offset / 1048576)) conv=sparse status=none
    truncate -s $((offset + 34 * 1048576)) "$file"
    sgdisk -e "$file" >/dev/null 2>&1 || true
    sgdisk -d 1 -n "1:$((offset / 512)):+32M" -t 1:8300 "$file" >/dev/null 2>&1
    read -r offset size < <(tiny_partition "$file" 1)
    mke2fs -q -t ext4 -L cloudimg-rootfs -d "$work/root" -E offset="$offset" "$file" $((size / 1024))k

    read -r esp _ < <(tiny_partition "$file" 15)
    read -r boot _ < <(tiny_partition "$file" 16)
    TINY_BOOT_UUID=$(dumpe2fs -h "$file?offset=$boot" 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')
    tiny_grub_cfg >"$work/grub.cfg"
    mcopy -o -i "$file@@$esp" "$work/grub.cfg" \
        "::$(mdir -/ -b -i "$file@@$esp" | sed -n 's/^::\(.*debian\/grub\.cfg\)$/\1/p')"
    mdel -i "$file@@$esp" ::/EFI/BOOT/fbx64.efi 2>/dev/null || true
    mcopy -i "$file@@$esp" ::/EFI/debian/grubx64.efi "$work/grubx64.efi"
    mcopy -o -i "$file@@$esp" "$work/grubx64.efi" ::/EFI/BOOT/grubx64.efi
    rm -rf "$work"
}

# tiny_extract FILE NUMBER OUT: a partition as a file of its own.
tiny_extract()
{
    local offset size
    read -r offset size < <(tiny_partition "$1" "$2")
    dd if="$1" of="$3" bs=1M iflag=skip_bytes,count_bytes skip="$offset" count="$size" conv=sparse \
        status=none
    truncate -s "$size" "$3"
}
