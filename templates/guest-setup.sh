#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs inside the guest, once, as root. Starting a program costs much in the appliance, so that this
# is one script. Says what it did in lines "change: …", "warning: …" and "initramfs: FILE".
# Arguments: KERNEL GENERATOR CONSOLE_LOGIN(0|1) HOST_CONFIG(deny|keep) ROOT_FILE_SYSTEM
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
DEBIAN_FRONTEND=noninteractive
export PATH LC_ALL DEBIAN_FRONTEND
umask 022

kernel=$1
generator=$2
console_login=$3
host_config=$4
root_type=${5:-}
# sh has one name space: a loop in a function could change them
readonly kernel generator console_login host_config root_type
units=/etc/systemd/system

change() {
    echo "change: $*"
}

warning() {
    echo "warning: $*"
}

mask() {
    for unit; do
        ln -sfn /dev/null "$units/$unit"
    done
}

# Those that are there, with the instances that have a file of their own: it would come before a
# masked template.
existing_units() {
    for unit; do
        for file in "/lib/systemd/system/"$unit "$units/"$unit; do
            if [ -e "$file" ] || [ -L "$file" ]; then
                echo "${file##*/}"
            fi
        done
    done
}

mask_shells() {
    mask emergency.service emergency.target rescue.service rescue.target debug-shell.service \
        breakpoint-pre-udev.service breakpoint-pre-basic.service breakpoint-pre-mount.service \
        breakpoint-pre-switch-root.service systemd-firstboot.service systemd-homed-firstboot.service
    change "emergency, rescue and debug shells are masked"
    [ "$console_login" = 0 ] || return 0
    mask getty@.service serial-getty@.service console-getty.service container-getty@.service \
        autovt@.service getty-static.service
    # shellcheck disable=SC2046 # one word each
    mask $(existing_units 'getty@*.service' 'serial-getty@*.service' 'container-getty@*.service' \
        'autovt@*.service')
    change "no login on consoles"
}

# What they do, the kernel's command line switches off already. But systemd before 258 reads options
# from an EFI variable as well where Secure Boot is off, and that is the host's.
mask_generators() {
    folder=/etc/systemd/system-generators
    mkdir -p "$folder"
    for name in systemd-run-generator systemd-gpt-auto-generator \
        systemd-hibernate-resume-generator systemd-import-generator; do
        ln -sfn /dev/null "$folder/$name"
    done
    # an SSH server on a socket that the host alone can reach
    if [ "$host_config" = deny ]; then
        ln -sfn /dev/null "$folder/systemd-ssh-generator"
    fi
}

# A BREAK on the serial line is a key of the host's.
turn_off_sysrq() {
    mkdir -p /etc/sysctl.d
    echo "kernel.sysrq = 0" >/etc/sysctl.d/zz-coldseal.conf
}

# A unit that mounts, or swaps to, what is not in the root: the host can add a partition that it finds.
names_outside() {
    sed -n 's/^ *What *= *//p' "$1" | grep -E '^(/dev/|UUID=|LABEL=|PARTUUID=|PARTLABEL=)' |
        grep -qvx '/dev/mapper/cloudimg-rootfs' ||
        grep -qE '^ *Type *= *(9p|virtiofs|vboxsf|vmhgfs|fuse\.vmhgfs-fuse) *$' "$1"
}

mask_outside_mounts() {
    for unit in $(existing_units '*.mount' '*.swap' | sort -u); do
        for file in "$units/$unit" "/lib/systemd/system/$unit"; do
            if [ -f "$file" ] && names_outside "$file"; then
                mask "$unit"
                warning "$unit is masked: what it mounts is not in the encrypted root"
                break
            fi
        done
    done
}

# They would write to /boot/grub, which is not mounted.
mask_boot_recorders() {
    for unit in grub-common.service grub-initrd-fallback.service; do
        if [ -e "/lib/systemd/system/$unit" ] || [ -e "/etc/init.d/${unit%.service}" ]; then
            mask "$unit"
        fi
    done
}

# Agents that carry out what the host says.
mask_host_agents() {
    [ "$host_config" = deny ] || return 0
    for unit in $(existing_units qemu-guest-agent.service open-vm-tools.service vmtoolsd.service \
        vgauth.service walinuxagent.service waagent.service 'google-guest-agent*.service' \
        'google-guest-compat-manager*.service' google-startup-scripts.service \
        google-shutdown-scripts.service google-osconfig-agent.service amazon-ssm-agent.service \
        'snap.amazon-ssm-agent.*.service' 'hv-*-daemon.service' 'hyperv-daemons.*.service' \
        'hypervkvpd.service' 'hypervfcopyd.service' 'hv_*_daemon.service' \
        'xe-daemon.service' 'xe-linux-distribution.service' ovirt-guest-agent.service \
        vboxadd-service.service virtualbox-guest-utils.service spice-vdagentd.service \
        'lxd-agent*.service' 'incus-agent*.service' prltoolsd.service ngt_guest_agent.service \
        'oracle-cloud-agent*.service' 'snap.oracle-cloud-agent.*.service' aliyun.service \
        AssistDaemon.service tat_agent.service droplet-agent.service | sort -u); do
        mask "$unit"
        change "$unit is masked: it takes orders from the host"
    done
    warn_of_host_keys
}

# They let sshd ask the host's metadata service who may log in.
warn_of_host_keys() {
    for file in /usr/share/ec2-instance-connect/eic_run_authorized_keys \
        /usr/bin/google_authorized_keys; do
        if [ -e "$file" ]; then
            warning "$file lets the host say who may log in by SSH: remove its package"
        fi
    done
    for file in /var/lib/snapd/seed/snaps/amazon-ssm-agent_*.snap \
        /var/lib/snapd/seed/snaps/oracle-cloud-agent_*.snap; do
        if [ -e "$file" ]; then
            warning "$file takes orders from the host once it is installed: remove it from the seed"
        fi
    done
    for file in /etc/cloud/cloud.cfg.d/*.cfg; do
        if expr "${file##*/}" '>' zz-coldseal.cfg >/dev/null && grep -q datasource_list "$file"; then
            warning "$file comes after ours and may bring back data sources of the host's"
        fi
    done
}

hold_boot_packages() {
    held=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' 'linux-*' 'shim*' 'grub*' \
        'systemd-boot*' 2>/dev/null |
        awk '$2 == "installed" && $1 !~ /^(linux-base|linux-libc-dev|linux-firmware|linux-sysctl|linux-tools)/ {
            print $1 " hold" }')
    [ -n "$held" ] || return 0
    echo "$held" | dpkg --set-selections
    change "held back from upgrades: $(echo "$held" | awk '{ printf "%s%s", sep, $1; sep = " " }')"
}

# A rebuilt initramfs would land in the encrypted root, where nothing boots it.
stop_initramfs_updates() {
    conf=/etc/initramfs-tools/update-initramfs.conf
    [ -f "$conf" ] || return 0
    if grep -q '^update_initramfs=' "$conf"; then
        sed -i 's/^update_initramfs=.*/update_initramfs=no/' "$conf"
    else
        echo update_initramfs=no >>"$conf"
    fi
}

clear_identity() {
    rm -f /etc/machine-id /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub \
        /var/lib/systemd/random-seed /var/lib/systemd/credential.secret \
        /var/lib/urandom/random-seed /boot/efi/loader/random-seed
    [ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id
    # empty, not absent: absent would mean a first boot with its questions
    : >/etc/machine-id
    change "machine-id, SSH host keys and random seeds are cleared"
    if [ -d /var/lib/cloud ]; then
        find /var/lib/cloud -mindepth 1 -maxdepth 1 ! -name seed -exec rm -rf {} +
        rm -f /var/log/cloud-init.log /var/log/cloud-init-output.log
        change "cloud-init's state is cleared"
    fi
}

make_host_keys_unit() {
    if [ -x /usr/bin/cloud-init ] && [ ! -e /etc/cloud/cloud-init.disabled ]; then
        rm -f "$units/coldseal-ssh-host-keys.service" \
            "$units/multi-user.target.wants/coldseal-ssh-host-keys.service"
    elif [ -x /usr/bin/ssh-keygen ]; then
        mkdir -p "$units/multi-user.target.wants"
        ln -sfn ../coldseal-ssh-host-keys.service \
            "$units/multi-user.target.wants/coldseal-ssh-host-keys.service"
    fi
}

# The file system follows its disk; only the key's owner, in the initramfs, can make the mapping larger.
enable_growth() {
    mkdir -p "$units/sysinit.target.wants"
    ln -sfn ../coldseal-grow-root.service "$units/sysinit.target.wants/coldseal-grow-root.service"
}

# MODULES=dep would look at the appliance's devices, not at a cloud's.
settle_initramfs_modules() {
    if cat /etc/initramfs-tools/initramfs.conf /etc/initramfs-tools/conf.d/* 2>/dev/null |
        grep -q '^MODULES=dep'; then
        echo MODULES=most >>/etc/initramfs-tools/conf.d/zz-coldseal
        change "initramfs: drivers for any machine (MODULES=most)"
    fi
}

# Root's device does not exist yet, so that the hook for fsck cannot find out by itself.
name_root_type() {
    case "$root_type" in
    '' | *[!a-z0-9]*) ;;
    *) echo "FSTYPE=$root_type" >>/etc/initramfs-tools/conf.d/zz-coldseal ;;
    esac
}

# It would grow the partition before root is mounted; /etc/initramfs-tools goes over /usr/share.
disable_growroot() {
    scripts=initramfs-tools/scripts/local-bottom
    [ -e "/usr/share/$scripts/growroot" ] || return 0
    mkdir -p "/etc/$scripts"
    printf '#!/bin/sh\nexit 0\n' >"/etc/$scripts/growroot"
    chmod 755 "/etc/$scripts/growroot"
    change "initramfs: growroot is off"
}

# Other kernels' files would be cleartext that nothing checked.
remove_other_initramfs() {
    for file in /boot/initrd.img-* /boot/initrd.img*.old* /boot/initrd.img*.bak; do
        if [ -e "$file" ] && [ "$file" != "/boot/initrd.img-$kernel" ]; then
            rm -f "$file"
            change "${file} is removed: it is of a kernel that does not boot"
        fi
    done
}

build_initramfs() {
    image=/boot/initrd.img-$kernel
    rm -f "$image"
    if [ "$generator" = dracut ]; then
        dracut --quiet --force --no-hostonly --kver "$kernel" "$image" >&2
        lsinitrd "$image" | awk 'NF >= 9 && $1 ~ /^[-ld]/ { print "initramfs: " $9 }'
    else
        settle_initramfs_modules
        name_root_type
        disable_growroot
        mkinitramfs -o "$image" "$kernel" >&2
        lsinitramfs "$image" | sed 's/^/initramfs: /'
    fi
    change "initramfs of $kernel is rebuilt by $generator"
}

mask_shells
mask_generators
turn_off_sysrq
mask_outside_mounts
mask_boot_recorders
mask_host_agents
hold_boot_packages
clear_identity
make_host_keys_unit
enable_growth
remove_other_initramfs
build_initramfs
stop_initramfs_updates
