/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/harden.h"

#include <stdio.h>
#include <string.h>

#include "guest/cloud_init.h"
#include "guest/fstab.h"
#include "guest/template.h"

#define TABLE_LIMIT ((size_t)1 << 20)
#define DRACUT_MODULE "/usr/lib/dracut/modules.d/90coldseal"
#define DEB_FOLDER "/var/tmp/coldseal-debs"

enum condition {
    ALWAYS,
    WITH_INITRAMFS_TOOLS,
    WITH_DRACUT,
    WITH_DRACUT_STOCK,
    WITH_CLOUD_INIT,
    WITH_CLOUD_INIT_DENIED,
};

struct guest_file {
    const char *template;
    const char *folder;
    const char *name;
    int mode;
    enum condition condition;
};

static const struct guest_file guest_files[] = {
    {"initramfs-hook", "/etc/initramfs-tools/hooks", "coldseal", 0755, WITH_INITRAMFS_TOOLS},
    {"initramfs-local-top", "/etc/initramfs-tools/scripts/local-top", "coldseal", 0755,
     WITH_INITRAMFS_TOOLS},
    {"initramfs-init-bottom", "/etc/initramfs-tools/scripts/init-bottom", "coldseal", 0755,
     WITH_INITRAMFS_TOOLS},
    {"initramfs-local-bottom", "/etc/initramfs-tools/scripts/local-bottom", "coldseal", 0755,
     WITH_INITRAMFS_TOOLS},
    /* last in the folder's order: a file "resume" there would win otherwise */
    {"initramfs-conf", "/etc/initramfs-tools/conf.d", "zz-coldseal", 0644, WITH_INITRAMFS_TOOLS},
    {"dracut.conf", "/etc/dracut.conf.d", "90-coldseal.conf", 0644, WITH_DRACUT},
    {"dracut-module-setup.sh", DRACUT_MODULE, "module-setup.sh", 0755, WITH_DRACUT},
    {"dracut-unlock.service", DRACUT_MODULE, "coldseal-unlock.service", 0644, WITH_DRACUT},
    {"dracut-root.service", DRACUT_MODULE, "coldseal-root.service", 0644, WITH_DRACUT},
    {"dracut-no-shell.service", DRACUT_MODULE, "no-shell.service", 0644, WITH_DRACUT},
    {"initramfs-local-bottom", DRACUT_MODULE, "check-root", 0755, WITH_DRACUT},
    {"dracut-check-init", DRACUT_MODULE, "check-init", 0755, WITH_DRACUT},
    {"dracut-stock.conf", "/etc/dracut.conf.d", "90-coldseal.conf", 0644, WITH_DRACUT_STOCK},
    {"grow-root", "/usr/lib/coldseal", "grow-root", 0755, ALWAYS},
    {"grow-root.service", "/etc/systemd/system", "coldseal-grow-root.service", 0644, ALWAYS},
    {"apt-preferences", "/etc/apt/preferences.d", "coldseal", 0644, ALWAYS},
    {"apt-unattended.conf", "/etc/apt/apt.conf.d", "52coldseal", 0644, ALWAYS},
    {"ssh-host-keys.service", "/etc/systemd/system", "coldseal-ssh-host-keys.service", 0644,
     ALWAYS},
    {"cloud-init-disk.cfg", "/etc/cloud/cloud.cfg.d", "zz-coldseal-disk.cfg", 0644,
     WITH_CLOUD_INIT},
    {"cloud-init-deny.cfg", "/etc/cloud/cloud.cfg.d", "zz-coldseal.cfg", 0644,
     WITH_CLOUD_INIT_DENIED},
    {"ds-identify.cfg", "/etc/cloud", "ds-identify.cfg", 0644, WITH_CLOUD_INIT_DENIED},
};

static bool holds(enum condition condition, const struct guest_os *os,
                  const struct coldseal_guest_options *options)
{
    switch (condition) {
    case ALWAYS:
        return true;
    case WITH_INITRAMFS_TOOLS:
        return os->initramfs == INITRAMFS_TOOLS;
    case WITH_DRACUT:
        return os->initramfs == INITRAMFS_DRACUT;
    case WITH_DRACUT_STOCK:
        return os->initramfs == INITRAMFS_DRACUT_STOCK;
    case WITH_CLOUD_INIT:
        return os->has_cloud_init;
    case WITH_CLOUD_INIT_DENIED:
        return os->has_cloud_init && options->host_config == COLDSEAL_HOST_CONFIG_DENY;
    }
    return false;
}

static bool install_file(struct guest_root *guest, const struct guest_file *file,
                         const struct coldseal_guest_options *options, struct error *err)
{
    char path[160];
    OWNED_PTR(char) text = template_read(options, file->template, err);

    if (text == NULL)
        return false;
    snprintf(path, sizeof(path), "%s/%s", file->folder, file->name);
    return guest_make_folder(guest, file->folder, err) &&
           guest_write(guest, path, text, strlen(text), file->mode, err);
}

static bool install_program(struct guest_root *guest, const struct coldseal_guest_options *options,
                            struct error *err)
{
    OWNED_PTR(char) program = unlock_program_path(options, err);

    return program != NULL && guest_make_folder(guest, "/usr/lib/coldseal", err) &&
           guest_upload(guest, program, "/usr/lib/coldseal/coldseal-unlock", 0755, err);
}

static bool install_files(struct guest_root *guest, const struct guest_os *os,
                          const struct coldseal_guest_options *options, struct error *err)
{
    for (size_t i = 0; i < sizeof(guest_files) / sizeof(guest_files[0]); i++) {
        if (holds(guest_files[i].condition, os, options) &&
            !install_file(guest, &guest_files[i], options, err))
            return false;
    }
    return true;
}

static bool harden_fstab(struct guest_root *guest, const char *boot_uuid,
                         struct guest_result *result, struct error *err)
{
    OWNED_PTR(char) old = guest_read_text(guest, "/etc/fstab", TABLE_LIMIT, err);

    if (old == NULL)
        return false;
    OWNED_PTR(char) new = fstab_harden(old, boot_uuid, &result->warnings, err);
    if (new == NULL)
        return error_wrap(err, "/etc/fstab");
    return guest_write(guest, "/etc/fstab", new, strlen(new), 0644, err) &&
           lines_add(&result->changes, err, "fstab: / is %s; /boot and the ESP are not mounted",
                     ROOT_DEVICE);
}

static bool harden_crypttab(struct guest_root *guest, struct guest_result *result,
                            struct error *err)
{
    OWNED_PTR(char) old = guest_read_text(guest, "/etc/crypttab", TABLE_LIMIT, err);

    if (old == NULL)
        return false;
    if (old[0] == '\0')
        return true;
    OWNED_PTR(char) new = crypttab_harden(old, &result->warnings, err);
    if (new == NULL)
        return error_wrap(err, "/etc/crypttab");
    return guest_write(guest, "/etc/crypttab", new, strlen(new), 0600, err);
}

static bool close_cloud_init(struct guest_root *guest, const struct guest_os *os,
                             const struct coldseal_guest_options *options,
                             struct guest_result *result, struct error *err)
{
    const char *seed = options->cloud_init_seed;
    bool is_denied = options->host_config == COLDSEAL_HOST_CONFIG_DENY;

    if (!os->has_cloud_init && seed != NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "--cloud-init-seed: the guest has no cloud-init");
    if (!os->has_cloud_init)
        return true;
    if (seed != NULL)
        return cloud_init_bake(guest, seed, options->host_config, &result->changes, err);
    if (is_denied)
        return lines_add(&result->changes, err,
                         "cloud-init takes nothing from the host (data source None)") &&
               lines_add(&result->warnings, err,
                         "cloud-init has no seed: users and keys are those of the image");
    return lines_add(&result->warnings, err,
                     "cloud-init obeys the host (--host-config keep): the host is root in the "
                     "guest if it wants to be");
}

bool harden_install(struct guest_root *guest, const struct guest_os *os,
                    const struct coldseal_guest_options *options, const char *boot_uuid,
                    struct guest_result *result, struct error *err)
{
    bool is_ours = os->initramfs != INITRAMFS_DRACUT_STOCK;

    return (!is_ours || install_program(guest, options, err)) &&
           install_files(guest, os, options, err) && harden_fstab(guest, boot_uuid, result, err) &&
           harden_crypttab(guest, result, err) && close_cloud_init(guest, os, options, result, err);
}

static bool upload_debs(struct guest_root *guest, const struct coldseal_guest_options *options,
                        struct error *err)
{
    char path[64];

    if (!guest_make_folder(guest, DEB_FOLDER, err))
        return false;
    for (size_t i = 0; i < options->deb_count; i++) {
        snprintf(path, sizeof(path), DEB_FOLDER "/%05zu.deb", i);
        if (!guest_upload(guest, options->debs[i], path, 0644, err))
            return false;
    }
    return true;
}

bool harden_install_debs(struct guest_root *guest, const struct coldseal_guest_options *options,
                         struct lines *changes, struct error *err)
{
    /* no service may start, and the initramfs is built later */
    static const char install[] =
        "set -e; export DEBIAN_FRONTEND=noninteractive LC_ALL=C\n" GUEST_NO_SERVICES
        "trap 'rm -rf $added " DEB_FOLDER "' EXIT\n"
        "dpkg --force-confold --no-triggers -i " DEB_FOLDER "/*.deb >&2\n"
        "dpkg --triggers-only ldconfig libc-bin >&2 || ldconfig\n";
    static const char *const argv[] = {"/bin/sh", "-c", install, NULL};

    if (options->deb_count == 0)
        return true;
    if (!upload_debs(guest, options, err))
        return false;
    OWNED_PTR(char) output = guest_run(guest, argv, err);
    if (output == NULL)
        return error_wrap(err, "install local packages");
    return lines_add(changes, err, "%zu local packages are installed", options->deb_count);
}
