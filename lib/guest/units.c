/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/units.h"

#include <stdio.h>
#include <string.h>

#include "core/names.h"
#include "guest/mount_units.h"

#define UNITS "/etc/systemd/system"
#define STOCK_UNITS "/lib/systemd/system"
#define LOCAL_UNITS "/usr/local/lib/systemd/system"
#define GENERATORS "/etc/systemd/system-generators"
#define HOST_KEYS "coldseal-ssh-host-keys.service"
#define GROW_ROOT "coldseal-grow-root.service"

/* systemd.unit(5), of those that outlive a boot. */
static const char *const unit_folders[] = {UNITS, LOCAL_UNITS, STOCK_UNITS};
#define UNIT_FOLDERS (sizeof(unit_folders) / sizeof(unit_folders[0]))

static const char *const shells[] = {
    "emergency.service",
    "emergency.target",
    "rescue.service",
    "rescue.target",
    "debug-shell.service",
    "breakpoint-pre-udev.service",
    "breakpoint-pre-basic.service",
    "breakpoint-pre-mount.service",
    "breakpoint-pre-switch-root.service",
    "systemd-firstboot.service",
    "systemd-homed-firstboot.service",
};
static const char *const logins[] = {
    "getty@.service",           "serial-getty@.service", "console-getty.service",
    "container-getty@.service", "autovt@.service",       "getty-static.service",
};
/* A file of an instance's own would come before a masked template. */
static const char *const login_instances[] = {
    "getty@*.service",
    "serial-getty@*.service",
    "container-getty@*.service",
    "autovt@*.service",
};
/* What they do, the kernel's command line switches off already. But systemd before 258 reads
 * options from an EFI variable as well where Secure Boot is off, and that is the host's. */
static const char *const generators[] = {
    "systemd-run-generator",
    "systemd-gpt-auto-generator",
    "systemd-hibernate-resume-generator",
    "systemd-import-generator",
};
/* They would write to /boot/grub, which is not mounted. */
static const char *const boot_recorders[] = {"grub-common", "grub-initrd-fallback"};
/* Agents that carry out what the host says. */
static const char *const agents[] = {
    "qemu-guest-agent.service",
    "open-vm-tools.service",
    "vmtoolsd.service",
    "vgauth.service",
    "walinuxagent.service",
    "waagent.service",
    "google-guest-agent*.service",
    "google-guest-compat-manager*.service",
    "google-startup-scripts.service",
    "google-shutdown-scripts.service",
    "google-osconfig-agent.service",
    "amazon-ssm-agent.service",
    "snap.amazon-ssm-agent.*.service",
    "hv-*-daemon.service",
    "hyperv-daemons.*.service",
    "hypervkvpd.service",
    "hypervfcopyd.service",
    "hv_*_daemon.service",
    "xe-daemon.service",
    "xe-linux-distribution.service",
    "ovirt-guest-agent.service",
    "vboxadd-service.service",
    "virtualbox-guest-utils.service",
    "spice-vdagentd.service",
    "lxd-agent*.service",
    "incus-agent*.service",
    "prltoolsd.service",
    "ngt_guest_agent.service",
    "oracle-cloud-agent*.service",
    "snap.oracle-cloud-agent.*.service",
    "aliyun.service",
    "AssistDaemon.service",
    "tat_agent.service",
    "droplet-agent.service",
};
static const char *const agent_snaps[] = {"amazon-ssm-agent_*.snap", "oracle-cloud-agent_*.snap"};
static const char *const mount_units[] = {"*.mount", "*.swap"};
/* They let sshd ask the host's metadata service who may log in. */
static const char *const key_programs[] = {
    "/usr/share/ec2-instance-connect/eic_run_authorized_keys",
    "/usr/bin/google_authorized_keys",
};

/* Units of the distribution's and the guest's own, links included. */
static bool list_units(struct guest_root *guest, const char *const *patterns, size_t count,
                       struct lines *found, struct error *err)
{
    OWNED(lines) names = lines_new(err);

    if (names == NULL)
        return false;
    for (size_t i = 0; i < UNIT_FOLDERS; i++) {
        if (!guest_list(guest, unit_folders[i], names, err))
            return false;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (name_matches(names->items[i], patterns, count) &&
            !lines_add_once(found, names->items[i], err))
            return false;
    }
    return true;
}

static bool mask_in(struct guest_root *guest, const char *folder, const char *name,
                    struct error *err)
{
    OWNED_PTR(char) path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return path = NULL, error_no_memory(err);
    return guest_link(guest, "/dev/null", path, err);
}

static bool mask_all(struct guest_root *guest, const char *const *names, size_t count,
                     struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!mask_in(guest, UNITS, names[i], err))
            return false;
    }
    return true;
}

static bool mask_logins(struct guest_root *guest, struct lines *changes, struct error *err)
{
    OWNED(lines) instances = lines_new(err);

    if (instances == NULL || !mask_all(guest, NAMES(logins), err) ||
        !list_units(guest, NAMES(login_instances), instances, err))
        return false;
    for (size_t i = 0; i < instances->count; i++) {
        if (!mask_in(guest, UNITS, instances->items[i], err))
            return false;
    }
    return lines_add(changes, err, "no login on consoles");
}

static bool mask_shells(struct guest_root *guest, const struct coldseal_guest_options *options,
                        struct lines *changes, struct error *err)
{
    return mask_all(guest, NAMES(shells), err) &&
           lines_add(changes, err, "emergency, rescue and debug shells are masked") &&
           (options->console_login || mask_logins(guest, changes, err));
}

static bool mask_generators(struct guest_root *guest, const struct coldseal_guest_options *options,
                            struct error *err)
{
    if (!guest_make_folder(guest, GENERATORS, err))
        return false;
    for (size_t i = 0; i < sizeof(generators) / sizeof(generators[0]); i++) {
        if (!mask_in(guest, GENERATORS, generators[i], err))
            return false;
    }
    /* an SSH server on a socket that the host alone can reach */
    return options->host_config == COLDSEAL_HOST_CONFIG_KEEP ||
           mask_in(guest, GENERATORS, "systemd-ssh-generator", err);
}

/* A BREAK on the serial line is a key of the host's. */
static bool turn_off_sysrq(struct guest_root *guest, struct error *err)
{
    static const char setting[] = "kernel.sysrq = 0\n";

    return guest_make_folder(guest, "/etc/sysctl.d", err) &&
           guest_write(guest, "/etc/sysctl.d/zz-coldseal.conf", setting, sizeof(setting) - 1, 0644,
                       err);
}

static bool has_outside(struct guest_root *guest, const char *unit, bool *outside,
                        struct error *err)
{
    *outside = false;
    for (size_t i = 0; i < UNIT_FOLDERS; i++) {
        if (!mount_unit_is_outside(guest, unit_folders[i], unit, outside, err))
            return false;
    }
    return true;
}

/* A unit that mounts, or swaps to, what is not in the root: the host can add a partition that it
 * finds. */
static bool mask_outside_mounts(struct guest_root *guest, struct lines *warnings, struct error *err)
{
    OWNED(lines) found = lines_new(err);
    bool outside;

    if (found == NULL || !list_units(guest, NAMES(mount_units), found, err))
        return false;
    for (size_t i = 0; i < found->count; i++) {
        if (!has_outside(guest, found->items[i], &outside, err))
            return false;
        if (outside &&
            (!mask_in(guest, UNITS, found->items[i], err) ||
             !lines_add(warnings, err, "%s is masked: what it mounts is not in the encrypted root",
                        found->items[i])))
            return false;
    }
    return true;
}

static bool mask_boot_recorders(struct guest_root *guest, struct error *err)
{
    char stock[96], script[96], name[64];

    for (size_t i = 0; i < sizeof(boot_recorders) / sizeof(boot_recorders[0]); i++) {
        snprintf(name, sizeof(name), "%s.service", boot_recorders[i]);
        snprintf(stock, sizeof(stock), STOCK_UNITS "/%s", name);
        snprintf(script, sizeof(script), "/etc/init.d/%s", boot_recorders[i]);
        if ((guest_has_file(guest, stock) || guest_has_file(guest, script)) &&
            !mask_in(guest, UNITS, name, err))
            return false;
    }
    return true;
}

static bool mask_agents(struct guest_root *guest, struct lines *changes, struct error *err)
{
    OWNED(lines) found = lines_new(err);

    if (found == NULL || !list_units(guest, NAMES(agents), found, err))
        return false;
    for (size_t i = 0; i < found->count; i++) {
        if (!mask_in(guest, UNITS, found->items[i], err) ||
            !lines_add(changes, err, "%s is masked: it takes orders from the host",
                       found->items[i]))
            return false;
    }
    return true;
}

static bool warn_of_key_programs(struct guest_root *guest, struct lines *warnings,
                                 struct error *err)
{
    for (size_t i = 0; i < sizeof(key_programs) / sizeof(key_programs[0]); i++) {
        if (guest_has_file(guest, key_programs[i]) &&
            !lines_add(warnings, err,
                       "%s lets the host say who may log in by SSH: remove its package",
                       key_programs[i]))
            return false;
    }
    return true;
}

static bool warn_of_snaps(struct guest_root *guest, struct lines *warnings, struct error *err)
{
    static const char folder[] = "/var/lib/snapd/seed/snaps";
    OWNED(lines) names = lines_new(err);

    if (names == NULL || !guest_list(guest, folder, names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        if (name_matches(names->items[i], NAMES(agent_snaps)) &&
            !lines_add(warnings, err,
                       "%s/%s takes orders from the host once it is installed: remove it from the "
                       "seed",
                       folder, names->items[i]))
            return false;
    }
    return true;
}

bool units_close(struct guest_root *guest, const struct coldseal_guest_options *options,
                 struct guest_result *result, struct error *err)
{
    bool is_denied = options->host_config == COLDSEAL_HOST_CONFIG_DENY;

    return guest_make_folder(guest, UNITS, err) &&
           mask_shells(guest, options, &result->changes, err) &&
           mask_generators(guest, options, err) && turn_off_sysrq(guest, err) &&
           mask_outside_mounts(guest, &result->warnings, err) && mask_boot_recorders(guest, err) &&
           (!is_denied || (mask_agents(guest, &result->changes, err) &&
                           warn_of_key_programs(guest, &result->warnings, err) &&
                           warn_of_snaps(guest, &result->warnings, err)));
}

static bool enable(struct guest_root *guest, const char *target, const char *unit,
                   struct error *err)
{
    char folder[96], path[192], unit_path[96];

    snprintf(folder, sizeof(folder), UNITS "/%s.wants", target);
    snprintf(path, sizeof(path), "%s/%s", folder, unit);
    snprintf(unit_path, sizeof(unit_path), "../%s", unit);
    return guest_make_folder(guest, folder, err) && guest_link(guest, unit_path, path, err);
}

static bool settle_host_keys(struct guest_root *guest, struct error *err)
{
    if (guest_has_file(guest, "/usr/bin/cloud-init") &&
        !guest_has_file(guest, "/etc/cloud/cloud-init.disabled"))
        return guest_remove(guest, UNITS "/" HOST_KEYS, err) &&
               guest_remove(guest, UNITS "/multi-user.target.wants/" HOST_KEYS, err);
    return !guest_has_file(guest, "/usr/bin/ssh-keygen") ||
           enable(guest, "multi-user.target", HOST_KEYS, err);
}

bool units_enable(struct guest_root *guest, struct error *err)
{
    return settle_host_keys(guest, err) && enable(guest, "sysinit.target", GROW_ROOT, err);
}
