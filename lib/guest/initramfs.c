/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/initramfs.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "guest/initramfs_settings.h"
#include "guest/template.h"

#define MODULE_LIST_LIMIT ((size_t)4 << 20)
#define FOLDER "/usr/lib/coldseal"
#define SCRIPT FOLDER "/initramfs-build"

struct needed_file {
    const char *pattern;
    const char *what;
    unsigned kinds; /* NEEDED_IN(kind) | … */
};

#define NEEDED_IN(kind) (1U << (kind))
#define IN_TOOLS NEEDED_IN(INITRAMFS_TOOLS)
#define IN_DRACUT NEEDED_IN(INITRAMFS_DRACUT)
#define IN_STOCK NEEDED_IN(INITRAMFS_DRACUT_STOCK)

static const struct needed_file needed_files[] = {
    {"*sbin/coldseal-unlock", "coldseal-unlock", IN_TOOLS | IN_DRACUT},
    {"scripts/local-top/coldseal", "the script that starts coldseal-unlock", IN_TOOLS},
    {"scripts/init-bottom/coldseal", "the script that looks for the root's init", IN_TOOLS},
    {"scripts/local-bottom/coldseal", "the script that looks at the mounted root", IN_TOOLS},
    {"*initrd-root-device.target.requires/coldseal-unlock.service",
     "the unit that starts coldseal-unlock", IN_DRACUT},
    {"*initrd-root-fs.target.requires/coldseal-root.service",
     "the unit that looks at the mounted root", IN_DRACUT},
    {"*coldseal/check-root", "the script that looks at the mounted root", IN_DRACUT},
    {"*coldseal/check-init", "the script that looks for the root's init", IN_DRACUT},
    {"etc/systemd/system/emergency.service", "the unit in the place of shells", IN_DRACUT},
    {"etc/systemd/system/rescue.service", "the unit in the place of shells", IN_DRACUT},
    {"etc/systemd/system/dracut-emergency.service", "the unit in the place of shells", IN_DRACUT},
    {"*/libtss2-tcti-device.so.0", "the TPM's device library", IN_TOOLS | IN_DRACUT | IN_STOCK},
    {"*/libcryptsetup.so.12", "libcryptsetup", IN_TOOLS | IN_DRACUT | IN_STOCK},
    {"*/systemd-cryptsetup", "systemd-cryptsetup", IN_STOCK},
    {"*/libcryptsetup-token-systemd-tpm2.so", "systemd's TPM2 token library", IN_STOCK},
};

/* They would ask on the console, or open what the host brings. */
static const char *const forbidden_in_dracut[] = {
    "*/systemd-cryptsetup",
    "*/systemd-cryptsetup-generator",
    "*/bin/lvm",
    "*/sbin/lvm",
};

static const char *const forbidden_patterns[] = {
    "*dropbear*", "*authorized_keys*", "*ssh_host_*_key*", "*/keyfiles/*",  "*cryptsetup-keys.d/*",
    "*.key",      "*.keyfile",         "*/id_rsa*",        "*/id_ed25519*", "*credential.secret*",
    "*/sshd",
};

static const char *find_name(const struct lines *names, const char *pattern)
{
    for (size_t i = 0; i < names->count; i++) {
        if (fnmatch(pattern, names->items[i], 0) == 0)
            return names->items[i];
    }
    return NULL;
}

static bool check_needed(const struct lines *names, enum initramfs_kind kind, struct error *err)
{
    for (size_t i = 0; i < sizeof(needed_files) / sizeof(needed_files[0]); i++) {
        const struct needed_file *file = &needed_files[i];
        if ((file->kinds & NEEDED_IN(kind)) != 0 && find_name(names, file->pattern) == NULL)
            return error_set(err, COLDSEAL_UNSUPPORTED,
                             "the guest's %s left %s out of the initramfs", initramfs_name(kind),
                             file->what);
    }
    return true;
}

static bool check_dracut_modules(const struct lines *names, enum initramfs_kind kind,
                                 struct error *err)
{
    if (kind != INITRAMFS_DRACUT)
        return true;
    for (size_t i = 0; i < sizeof(forbidden_in_dracut) / sizeof(forbidden_in_dracut[0]); i++) {
        const char *name = find_name(names, forbidden_in_dracut[i]);
        if (name != NULL)
            return error_set(err, COLDSEAL_UNSUPPORTED,
                             "the guest's dracut configuration brings %s into the initramfs, which "
                             "opens what the host brings: take it out",
                             name);
    }
    return true;
}

bool initramfs_check(const struct lines *names, enum initramfs_kind kind, bool is_crypt_builtin,
                     struct error *err)
{
    if (!check_needed(names, kind, err) || !check_dracut_modules(names, kind, err))
        return false;
    if (!is_crypt_builtin && find_name(names, "*/dm-crypt.ko*") == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the guest's kernel has no dm-crypt module: its package of modules is "
                         "missing or too small");
    for (size_t i = 0; i < sizeof(forbidden_patterns) / sizeof(forbidden_patterns[0]); i++) {
        const char *name = find_name(names, forbidden_patterns[i]);
        if (name != NULL)
            return error_set(err, COLDSEAL_UNSUPPORTED,
                             "the initramfs, which stays in the clear, would hold %s: take the key "
                             "or the remote shell out of the guest's initramfs configuration",
                             name);
    }
    return true;
}

static bool take_output(char *output, struct lines *names, struct error *err)
{
    char *rest = NULL;

    for (char *line = strtok_r(output, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!lines_add(names, err, "%s", line))
            return false;
    }
    return true;
}

static bool has_builtin_crypt(struct guest_root *guest, const struct guest_os *os, bool *is_builtin,
                              struct error *err)
{
    char path[192];

    snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", os->kernel);
    OWNED_PTR(char) text = guest_read_text(guest, path, MODULE_LIST_LIMIT, err);
    if (text == NULL)
        return false;
    *is_builtin = strstr(text, "/dm-crypt.ko") != NULL;
    return true;
}

static char *run_script(struct guest_root *guest, const struct guest_os *os,
                        const struct coldseal_guest_options *options, struct error *err)
{
    const char *const argv[] = {"/bin/sh", SCRIPT, os->kernel, initramfs_name(os->initramfs), NULL};
    OWNED_PTR(char) script = template_path(options, "initramfs-build.sh", err);

    if (script == NULL || !guest_make_folder(guest, FOLDER, err) ||
        !guest_upload(guest, script, SCRIPT, 0700, err))
        return NULL;
    OWNED_PTR(char) output = guest_run(guest, argv, err);
    if (output == NULL || !guest_remove(guest, SCRIPT, err))
        return NULL;
    return TAKE(output);
}

static bool build(struct guest_root *guest, const struct guest_os *os,
                  const struct coldseal_guest_options *options, struct lines *names,
                  struct error *err)
{
    if (guest->ops->build_initramfs != NULL)
        return guest->ops->build_initramfs(guest, os, names, err);
    OWNED_PTR(char) output = run_script(guest, os, options, err);
    return output != NULL && take_output(output, names, err);
}

bool initramfs_build(struct guest_root *guest, const struct guest_os *os,
                     const struct coldseal_guest_options *options, struct lines *changes,
                     struct error *err)
{
    bool is_crypt_builtin = false;
    OWNED(lines) names = lines_new(err);

    return names != NULL && has_builtin_crypt(guest, os, &is_crypt_builtin, err) &&
           initramfs_settle(guest, os, changes, err) && build(guest, os, options, names, err) &&
           initramfs_check(names, os->initramfs, is_crypt_builtin, err) &&
           initramfs_stop_updates(guest, err) &&
           lines_add(changes, err, "initramfs of %s is %s %s", os->kernel,
                     guest_can_run(guest) ? "rebuilt by" : "completed as by",
                     initramfs_name(os->initramfs));
}
