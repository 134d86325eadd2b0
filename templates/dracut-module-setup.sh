#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# dracut module: coldseal-unlock with its libraries, dm-crypt, the TPM and the disks of clouds; and
# no unit of the initramfs that would open a shell.
# shellcheck disable=SC2154 # moddir, initdir, systemdsystemunitdir are dracut's

check() {
    return 255
}

depends() {
    echo dm systemd-initrd
}

installkernel() {
    hostonly='' instmods dm_crypt xts aes cbc ecb sha256 aesni_intel \
        tpm_crb tpm_tis tpm_svsm \
        virtio_pci virtio_mmio virtio_blk virtio_scsi sd_mod nvme ahci \
        hv_vmbus hv_storvsc xen_blkfront ext4
}

install() {
    inst_binary /usr/lib/coldseal/coldseal-unlock /sbin/coldseal-unlock
    # opened by name, so that the program's own list does not have them
    inst_libdir_file 'libtss2-tcti-device.so.0*' 'libgcc_s.so.1'
    inst_multiple sh modprobe sleep poweroff chroot
    inst_simple "$moddir/check-root" /usr/lib/coldseal/check-root
    inst_simple "$moddir/check-init" /usr/lib/coldseal/check-init
    for unit in coldseal-unlock.service coldseal-root.service; do
        inst_simple "$moddir/$unit" "$systemdsystemunitdir/$unit"
    done
    $SYSTEMCTL -q --root "$initdir" add-requires initrd-root-device.target coldseal-unlock.service
    $SYSTEMCTL -q --root "$initdir" add-requires initrd-root-fs.target coldseal-root.service
    # /etc goes before what dracut's own modules put into /usr
    for unit in emergency.service rescue.service dracut-emergency.service; do
        inst_simple "$moddir/no-shell.service" "/etc/systemd/system/$unit"
    done
    ln -sfn /dev/null "$initdir/etc/systemd/system/debug-shell.service"
}
