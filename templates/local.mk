firmwaredir = $(pkgdatadir)/firmware
dist_firmware_DATA = \
	templates/firmware/debian-12-ovmf.json \
	templates/firmware/debian-12-ovmf-ms.json \
	templates/firmware/debian-13-ovmf.json \
	templates/firmware/debian-13-ovmf-ms.json
dist_pkgdata_DATA += \
	templates/apt-preferences \
	templates/apt-unattended.conf \
	templates/cloud-init-deny.cfg \
	templates/cloud-init-disk.cfg \
	templates/dracut-check-init \
	templates/dracut-module-setup.sh \
	templates/dracut-no-shell.service \
	templates/dracut-root.service \
	templates/dracut-stock.conf \
	templates/dracut-unlock.service \
	templates/dracut.conf \
	templates/grow-root \
	templates/grow-root.service \
	templates/ds-identify.cfg \
	templates/grub-recovery.cfg.in \
	templates/grub.cfg.in \
	templates/initramfs-build.sh \
	templates/initramfs-conf \
	templates/initramfs-hook \
	templates/initramfs-init-bottom \
	templates/initramfs-local-bottom \
	templates/initramfs-local-top \
	templates/ssh-host-keys.service
