#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# images: noble.raw systemd.tar
# limit: 1500
# full
# systemd-cryptsetup from version 260 on, which takes the pin as fixate-volume-key=: with our token, it opens
# our volume and not the host's own, which the same TPM opens under the same policy.
# shellcheck disable=SC2016 # the dollars are the guest's
. "$SRC/tests/lib/common.sh"
. "$SRC/tests/lib/unlock.sh"
. "$SRC/tests/lib/unlock_vm.sh"

stock=$TMP/stock
unpack_kernel
mkdir "$stock"
tar -x -C "$stock" -f "$IMAGES/systemd.tar" --exclude='./dev/*' --exclude=./usr/share
ln -s usr/lib usr/lib64 "$stock"
mkdir -p "$stock"/{dev,proc,run,sys,tmp}
version=$(chroot "$stock" /usr/bin/systemd-cryptsetup --version | sed -n 's/^systemd \([0-9]*\).*/\1/p')
note "systemd-cryptsetup of systemd $version"
[ "$version" -ge 260 ] || fail "too old to know of pins"
# without it the program takes the machine for something else than a system that boots
printf 'ID=debian\n' >"$stock/etc/initrd-release"

swtpm_start "$TMP/tpm" --create-spk --ecc
PCRS=15
seal_disk good
seal_disk evil
swtpm_stop
cmdline "$(pin_of good)"
make_disk both good evil

EXTRA_FILES=("$stock")
# attach DISK OPTION: as a line of the guest's init
attach()
{
    echo "echo 'TRY $1 $2'; timeout 100 chroot /stock /usr/bin/systemd-cryptsetup attach cloudimg-rootfs /dev/vda$1 none 'tpm2-device=auto,headless=yes,tries=1$2' 2>&1;" \
        "echo 'MAPPED $1 $2' \$(dmsetup table cloudimg-rootfs 2>/dev/null); dmsetup remove cloudimg-rootfs 2>/dev/null"
}
pinned=,fixate-volume-key=$(pin_of good)
make_initramfs stock 'for f in dev proc sys; do mount --rbind /$f /stock/$f; done; mount -t tmpfs run /stock/run' \
    "$(attach 1 "$pinned")" "$(attach 2 "$pinned")" "$(attach 2 '')"
unlock_boot "$TMP/tpm" stock both

console_has "^MAPPED 1 $pinned 0 30720 crypt aes-xts-plain64 "
console_has "^MAPPED 2 $pinned *$"
console_has "does not match the expectation: '$(pin_of good)'"
note "without the pin it opens the host's as well: it is the pin that refused"
console_has '^MAPPED 2 +0 30720 crypt aes-xts-plain64 '
