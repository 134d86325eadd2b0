/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/boot_files.h"

#include <stdio.h>
#include <string.h>

#include "boot/grub_form.h"

#define ESP "/boot/efi"

static const char common_arguments[] =
    "panic=30 noresume sysctl.kernel.sysrq=0 systemd.import_credentials=no systemd.gpt_auto=0";
static const char no_login_argument[] = "systemd.getty_auto=0";
static const char console_arguments[] = "console=tty1 console=ttyS0";
/* Masked in the root as well; but there the host can garble what it cannot read. */
static const char mask_arguments[] =
    "systemd.mask=emergency.service systemd.mask=rescue.service systemd.mask=debug-shell.service";
/* What replaces them in dracut's initramfs powers off, and so does the rest of dracut; and for a
 * root that the host has garbled beyond recognition it does not wait without an end. */
static const char dracut_arguments[] = "rd.shell=0 rd.emergency=poweroff rd.timeout=600";
static const char stock_arguments[] =
    "rd.luks.name=$coldseal_uuid=cloudimg-rootfs rd.luks.options=$coldseal_uuid=tpm2-device=auto";
/* systemd 260, crypttab(5): the volume key must have this measurement, which is the pin. */
static const char fixate_option[] = ",fixate-volume-key=$coldseal_pin";
#define FIXATE_SINCE_SYSTEMD 260

static bool check_argument(const char *argument, struct error *err)
{
    if (grub_argument_is_plain(argument, strlen(argument)))
        return true;
    return error_set(err, COLDSEAL_USAGE,
                     "kernel argument \"%s\": only letters, digits and . _ , = : / @ %% + - can be "
                     "in one",
                     argument);
}

static void add_dracut_arguments(struct text *text, const struct guest_os *os)
{
    if (os->initramfs == INITRAMFS_TOOLS)
        return;
    text_add(text, " %s", dracut_arguments);
    if (os->initramfs == INITRAMFS_DRACUT_STOCK)
        text_add(text, " %s%s", stock_arguments,
                 os->systemd_version >= FIXATE_SINCE_SYSTEMD ? fixate_option : "");
}

static char *kernel_arguments(const struct guest_os *os,
                              const struct coldseal_guest_options *options, struct error *err)
{
    OWNED_TEXT text = {0};

    text_add(&text, "%s", common_arguments);
    if (!options->console_login)
        text_add(&text, " %s", no_login_argument);
    /* for the root's systemd alone: an initramfs' own looks for rd.systemd.mask= */
    text_add(&text, " %s %s", console_arguments, mask_arguments);
    add_dracut_arguments(&text, os);
    for (size_t i = 0; i < options->kernel_arg_count; i++) {
        if (!check_argument(options->kernel_args[i], err))
            return NULL;
        text_add(&text, " %s", options->kernel_args[i]);
    }
    return text_take(&text, err);
}

struct substitution {
    const char *name; /* "@BOOT_UUID@" */
    const char *value;
};

static const struct substitution *substitution_at(const char *p, const struct substitution *all,
                                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(p, all[i].name, strlen(all[i].name)) == 0)
            return &all[i];
    }
    return NULL;
}

char *grub_cfg_render(const char *template, const char *boot_uuid, const struct guest_os *os,
                      const struct coldseal_guest_options *options, struct error *err)
{
    OWNED_TEXT text = {0};
    OWNED_PTR(char) arguments = kernel_arguments(os, options, err);

    if (arguments == NULL)
        return NULL;
    if (boot_uuid[0] == '\0' || strspn(boot_uuid, "0123456789abcdefABCDEF-") != strlen(boot_uuid))
        return error_set(err, COLDSEAL_UNSUPPORTED, "the file system of /boot has UUID \"%s\"",
                         boot_uuid),
               NULL;
    const struct substitution all[] = {{"@BOOT_UUID@", boot_uuid}, {"@KERNEL_ARGS@", arguments}};
    for (const char *p = template; *p != '\0';) {
        const struct substitution *found = substitution_at(p, all, 2);
        if (found != NULL) {
            text_add(&text, "%s", found->value);
            p += strlen(found->name);
        } else {
            text_add_bytes(&text, p++, 1);
        }
    }
    return text_take(&text, err);
}

static bool link_kernel(struct guest_root *guest, const char *kernel, struct error *err)
{
    static const char *const names[][2] = {{"vmlinuz", "/boot/vmlinuz"},
                                           {"initrd.img", "/boot/initrd.img"}};
    char target[160];

    for (size_t i = 0; i < 2; i++) {
        snprintf(target, sizeof(target), "%s-%s", names[i][0], kernel);
        if (!guest_link(guest, target, names[i][1], err))
            return false;
    }
    return true;
}

static bool copy_on_esp(struct guest_root *guest, const char *from, const char *to,
                        struct error *err)
{
    return !guest_has_file(guest, from) || guest_has_file(guest, to) ||
           guest_copy(guest, from, to, err);
}

/* A shim on the removable path starts fbx64.efi, if that is there, which adds boot entries and
 * resets the machine; else grubx64.efi beside it. */
static bool settle_fallback(struct guest_root *guest, const struct guest_os *os,
                            struct lines *changes, struct error *err)
{
    char grub[192], mok_manager[192];

    snprintf(grub, sizeof(grub), ESP "%s/grubx64.efi", os->vendor_dir);
    snprintf(mok_manager, sizeof(mok_manager), ESP "%s/mmx64.efi", os->vendor_dir);
    if (os->vendor_dir[0] != '\0' &&
        (!copy_on_esp(guest, grub, ESP "/EFI/BOOT/grubx64.efi", err) ||
         !copy_on_esp(guest, mok_manager, ESP "/EFI/BOOT/mmx64.efi", err)))
        return false;
    if (!guest_has_file(guest, ESP "/EFI/BOOT/fbx64.efi"))
        return true;
    return guest_remove(guest, ESP "/EFI/BOOT/fbx64.efi", err) &&
           lines_add(changes, err, "EFI/BOOT: GRUB is beside the shim, fbx64.efi is gone");
}

bool boot_files_install(struct guest_root *guest, const struct guest_os *os,
                        const char *grub_cfg_text, char *grub_cfg, size_t grub_cfg_size,
                        struct lines *changes, struct error *err)
{
    char path[192], folder[128];

    snprintf(grub_cfg, grub_cfg_size, "%s/grub.cfg", os->grub_dir);
    snprintf(folder, sizeof(folder), ESP "%s", os->grub_dir);
    snprintf(path, sizeof(path), ESP "%s", grub_cfg);
    return link_kernel(guest, os->kernel, err) && guest_make_folder(guest, folder, err) &&
           guest_write(guest, path, grub_cfg_text, strlen(grub_cfg_text), GUEST_MODE_FAT, err) &&
           settle_fallback(guest, os, changes, err) &&
           lines_add(changes, err, "%s: written; boots /vmlinuz, which is %s", grub_cfg,
                     os->kernel);
}
