#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the set-up script closes in a guest, over folders that stand for the guest's: units that the
# host could reach, generators that take options from it, and what it can only warn of.
# limit: 60
# shellcheck source=tests/lib/common.sh
. "$SRC/tests/lib/common.sh"

guest=$TMP/guest
units=$guest/etc/systemd/system
stock=$guest/lib/systemd/system

# the functions alone, without the calls at the end
sed -e '/^mask_shells$/,$d' "$SRC/templates/guest-setup.sh" |
    sed -E "s,(^|[^A-Za-z0-9_\"/}*])/(etc|lib|usr/share|usr/bin|var|boot)/,\\1$guest/\\2/,g
        s,\"/(etc|lib|usr/share|usr/bin|var|boot)/,\"$guest/\\1/,g" >"$TMP/functions"
# Nothing of this machine may be in reach.
if sed "/^ *#/d; s,$guest/,,g; s,/dev/null,,g; s,^PATH=.*,," "$TMP/functions" |
    grep -nE '(^|[^A-Za-z0-9_}*.])/(etc|lib|usr|var|boot|run|proc|sys)\b'; then
    fail "a path of this machine's is left"
fi

new_guest()
{
    rm -rf "$guest"
    mkdir -p "$units/getty.target.wants" "$stock"
    touch "$stock/serial-getty@.service" "$stock/qemu-guest-agent.service" \
        "$stock/hyperv-daemons.hv-fcopy-daemon.service" "$stock/google-guest-agent-manager.service" \
        "$stock/lxd-agent.service" "$stock/lxd-agent-9p.service" \
        "$stock/ssh.service" "$units/snap.amazon-ssm-agent.amazon-ssm-agent.service" \
        "$units/serial-getty@ttyS0.service"
}

# In dash a file that is read in sees no arguments of its own.
# shellcheck disable=SC2016 # the script is to expand them
sed -i 's/^\(kernel\|generator\|console_login\|host_config\)=\$\([1-4]\)/\1=${ARGUMENT_\2}/' \
    "$TMP/functions"

# setup CONSOLE_LOGIN HOST_CONFIG COMMAND…
setup()
{
    ARGUMENT_1=6.1 ARGUMENT_2=initramfs-tools ARGUMENT_3=$1 ARGUMENT_4=$2 \
        sh -c '. "$0"; for command; do "$command"; done' "$TMP/functions" "${@:3}" >"$TMP/said" ||
        fail "${*:3}"
}

masked()
{
    [ "$(readlink "$1")" = /dev/null ]
}

new_guest
setup 0 deny mask_shells mask_generators turn_off_sysrq mask_host_agents
for unit in emergency.service rescue.service debug-shell.service breakpoint-pre-mount.service \
    serial-getty@.service serial-getty@ttyS0.service qemu-guest-agent.service \
    hyperv-daemons.hv-fcopy-daemon.service google-guest-agent-manager.service \
    lxd-agent.service lxd-agent-9p.service snap.amazon-ssm-agent.amazon-ssm-agent.service; do
    masked "$units/$unit" || fail "$unit is not masked"
done
[ ! -e "$units/ssh.service" ] || fail "ssh.service is no agent of the host's"
for generator in run gpt-auto hibernate-resume import ssh; do
    masked "$guest/etc/systemd/system-generators/systemd-$generator-generator" ||
        fail "systemd-$generator-generator is not masked"
done
for generator in fstab cryptsetup debug; do
    [ ! -e "$guest/etc/systemd/system-generators/systemd-$generator-generator" ] ||
        fail "systemd-$generator-generator is needed"
done
grep -qx 'kernel.sysrq = 0' "$guest/etc/sysctl.d/zz-coldseal.conf" || fail "sysrq"
grep -q '^change: qemu-guest-agent.service is masked' "$TMP/said" || fail "it was not said"
! grep -q '^warning:' "$TMP/said" || fail "a warning of nothing"

note "units that mount what is not in the root, as entries of fstab do"
new_guest
# mount_unit FILE WHAT [TYPE]
mount_unit()
{
    printf '[Mount]\nWhat=%s\nWhere=/x\n%s\n' "$2" "${3:+Type=$3}" >"$1"
}
mount_unit "$units/srv-data.mount" LABEL=data
mount_unit "$stock/srv-disk.mount" /dev/disk/by-partlabel/data ext4
mount_unit "$units/srv-host.mount" share virtiofs
mount_unit "$stock/srv-my\\x2ddisk.mount" UUID=0c7a4f5e-0000-4000-8000-000000000000
mount_unit "$units/dev-sdb1.swap" PARTUUID=0c7a4f5e-0000-4000-8000-000000000000
mount_unit "$stock/tmp.mount" tmpfs tmpfs
mount_unit "$units/snap-core-1.mount" /var/lib/snapd/snaps/core_1.snap squashfs
mount_unit "$units/home.mount" /dev/mapper/cloudimg-rootfs btrfs
mount_unit "$units/swapfile.swap" /swapfile
setup 0 keep mask_outside_mounts
for unit in srv-data.mount srv-disk.mount srv-host.mount 'srv-my\x2ddisk.mount' dev-sdb1.swap; do
    masked "$units/$unit" || fail "$unit is not masked"
    grep -qF "warning: $unit is masked" "$TMP/said" || fail "no warning of $unit"
done
[ "$(grep -c . "$TMP/said")" = 5 ] || fail "others: $(cat "$TMP/said")"

note "what is asked for is kept"
new_guest
setup 1 keep mask_shells mask_generators mask_host_agents
masked "$units/rescue.service" || fail "a login is not a rescue shell"
[ ! -L "$units/serial-getty@ttyS0.service" ] ||
    fail "the login that was asked for is masked"
[ ! -L "$units/qemu-guest-agent.service" ] || fail "an agent is masked under --host-config keep"
[ ! -L "$guest/etc/systemd/system-generators/systemd-ssh-generator" ] || fail "SSH over vsock"

note "what it warns of"
new_guest
mkdir -p "$guest/usr/bin" "$guest/usr/share/ec2-instance-connect" "$guest/etc/cloud/cloud.cfg.d" \
    "$guest/var/lib/snapd/seed/snaps"
touch "$guest/usr/bin/google_authorized_keys" \
    "$guest/usr/share/ec2-instance-connect/eic_run_authorized_keys" \
    "$guest/var/lib/snapd/seed/snaps/amazon-ssm-agent_1.snap"
for name in 90_dpkg zz-coldseal-seed zz-coldseal zzz-late; do
    echo 'datasource_list: [ NoCloud ]' >"$guest/etc/cloud/cloud.cfg.d/$name.cfg"
done
setup 0 deny mask_host_agents
for word in google_authorized_keys eic_run_authorized_keys amazon-ssm-agent_1.snap zzz-late.cfg; do
    grep -q "^warning: .*/$word " "$TMP/said" || fail "no warning of $word"
done
[ "$(grep -c '^warning:' "$TMP/said")" = 4 ] || fail "other warnings: $(cat "$TMP/said")"
