# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A machine that is no more than a kernel, coldseal-unlock and disks, for attacks that need a real
# device-mapper. The kernel is started directly, so that only PCR 15 can be in the policy; the whole
# chain is tests/boot's business. To be sourced after common.sh and unlock.sh.

UNLOCK_ROOT=$TMP/initramfs
EXTRA_FILES=()

# partition_file IMAGE NUMBER: how debugfs names the file system in a partition.
partition_file()
{
    local sector
    sector=$(sgdisk -i "$2" "$1" | sed -n 's/^First sector: \([0-9]*\).*/\1/p')
    printf '%s?offset=%d\n' "$1" $((sector * 512))
}

copy_program()
{
    local file
    for file in "$1" $(ldd "$1" | grep -o '/[^ ]*'); do
        [ -e "$UNLOCK_ROOT$file" ] || install -D "$file" "$UNLOCK_ROOT$file"
    done
}

# Kernel and modules as the test image has them: $TMP/vmlinuz, $TMP/insmod with the order of modules.
unpack_kernel()
{
    local image=$IMAGES/noble.raw boot root release module
    boot=$(partition_file "$image" 16)
    root=$(partition_file "$image" 1)
    release=$(debugfs -R 'ls -p /usr/lib/modules' "$root" 2>/dev/null | cut -d/ -f6 | grep '^[0-9]')
    mkdir -p "$TMP/modules/lib/modules"
    debugfs -R "dump vmlinuz-$release $TMP/vmlinuz" "$boot" 2>/dev/null
    debugfs -R "rdump /usr/lib/modules/$release $TMP/modules/lib/modules" "$root" 2>/dev/null
    for module in virtio_pci virtio_blk dm-crypt xts aesni_intel tpm_crb; do
        modprobe -d "$TMP/modules" -S "$release" --show-depends "$module" || fail "no module $module"
    done | sed -n "s|^insmod $TMP/modules||p" | awk '!seen[$1]++ { print $1 }' >"$TMP/insmod"
    if [ ! -s "$TMP/vmlinuz" ] || [ ! -s "$TMP/insmod" ]; then
        fail "no kernel in $image"
    fi
}

# make_initramfs NAME COMMAND…: $TMP/NAME.initrd, which runs these lines of shell and powers off. Files
# in the array EXTRA_FILES lie in its root.
make_initramfs()
{
    local name=$1 module program
    shift
    rm -rf "$UNLOCK_ROOT"
    mkdir -p "$UNLOCK_ROOT"/{bin,dev,proc,run,sbin,sys,tmp}
    for program in dash kmod mount dmsetup cat sleep chroot timeout sync; do
        copy_program "$(realpath "$(command -v "$program")")"
        ln -s "$(realpath "$(command -v "$program")")" "$UNLOCK_ROOT/bin/$program" 2>/dev/null || true
    done
    ln -s kmod "$UNLOCK_ROOT/bin/insmod"
    install -D "$COLDSEAL_UNLOCK" "$UNLOCK_ROOT/sbin/coldseal-unlock"
    copy_program "$COLDSEAL_UNLOCK"
    rm "$UNLOCK_ROOT$COLDSEAL_UNLOCK"
    [ ${#EXTRA_FILES[@]} -eq 0 ] || cp -r "${EXTRA_FILES[@]}" "$UNLOCK_ROOT"
    for program in libtss2-tcti-device.so.0 libgcc_s.so.1; do
        copy_program "$(ldconfig -p | sed -n "s|.*$program .*x86-64.* => ||p" | head -n 1)"
    done
    {
        echo '#!/bin/dash'
        echo 'export PATH=/bin:/sbin'
        echo 'mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev'
        while read -r module; do
            install -D "$TMP/modules$module" "$UNLOCK_ROOT$module"
            echo "insmod $module"
        done <"$TMP/insmod"
        printf '%s\n' "$@" 'echo END' 'echo o >/proc/sysrq-trigger' 'sleep 60'
    } >"$UNLOCK_ROOT/init"
    sed -i "1s|.*|#!$(realpath "$(command -v dash)")|" "$UNLOCK_ROOT/init"
    chmod +x "$UNLOCK_ROOT/init"
    (cd "$UNLOCK_ROOT" && find . | cpio -o -H newc --quiet | gzip -1) >"$TMP/$name.initrd"
}

# make_disk NAME SEALED…: $TMP/NAME.img, a GPT with one partition for each, and no room behind them.
make_disk()
{
    local name=$1 number=0 sealed
    shift
    truncate -s $(((1 + 32 * $#) << 20)) "$TMP/$name.img"
    for sealed in "$@"; do
        number=$((number + 1))
        sgdisk -n "$number:$(((1 + 32 * (number - 1)) * 2048)):+31M" "$TMP/$name.img" >/dev/null
        dd if="$TMP/$sealed.luks" of="$TMP/$name.img" bs=1M seek=$((1 + 32 * (number - 1))) count=24 \
            conv=notrunc status=none
    done
}

# unlock_boot TPM-FOLDER INITRAMFS DISK: $TMP/console until the machine is off, which it must be by
# itself.
unlock_boot()
{
    local sockets
    sockets=$(mktemp -d /tmp/vm-XXXXXX)
    on_exit rm -rf "$sockets"
    swtpm socket --tpm2 --tpmstate "dir=$1" --ctrl "type=unixio,path=$sockets/tpm" --terminate \
        </dev/null >>"$TMP/swtpm.log" 2>&1 &
    on_exit swtpm_end $!
    wait_for 10 test -S "$sockets/tpm" || fail "swtpm does not start"
    # What a host types: lines and interrupts.
    [ -e "$TMP/keys.fifo" ] || mkfifo "$TMP/keys.fifo"
    { for _ in $(seq 300); do printf '\n\003\003root\n'; sleep 1; done; } >"$TMP/keys.fifo" &
    on_exit swtpm_end $!
    timeout $((400 * ${VM_PATIENCE:-1})) qemu-system-x86_64 -nodefaults -display none -no-reboot -m 512 -machine q35 \
        -accel tcg,thread=single -smp 1 -cpu Westmere,-cx16 -kernel "$TMP/vmlinuz" -initrd "$TMP/$2.initrd" \
        -append "console=ttyS0 panic=5 no_timer_check $(sed 's/^[^ ]* //' "$TMP/cmdline")" \
        -drive "if=none,id=disk,format=raw,file=$TMP/$3.img" -device virtio-blk-pci,drive=disk \
        -chardev "socket,id=tpm,path=$sockets/tpm" -tpmdev emulator,id=tpm0,chardev=tpm \
        -device tpm-crb,tpmdev=tpm0 -chardev "stdio,id=console,signal=off,logfile=$TMP/console.raw,logappend=off" \
        -serial chardev:console <"$TMP/keys.fifo" >/dev/null 2>"$TMP/qemu.log" ||
        { tail -n 30 "$TMP/console.raw" "$TMP/qemu.log" >&2; fail "the machine did not end by itself"; }
    tr -d '\r' <"$TMP/console.raw" >"$TMP/console"
}

# console_has PATTERN, console_lacks PATTERN
console_has()
{
    grep -aEq -- "$1" "$TMP/console" || { tail -n 40 "$TMP/console" >&2; fail "no \"$1\" on the console"; }
}

console_lacks()
{
    ! grep -aEq -- "$1" "$TMP/console" || { tail -n 40 "$TMP/console" >&2; fail "\"$1\" on the console"; }
}
