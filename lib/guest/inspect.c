/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/inspect.h"

#include <stdio.h>
#include <string.h>

#include "boot/grub.h"

#define OS_RELEASE_LIMIT ((size_t)64 << 10)
#define EFI_IMAGE_LIMIT ((size_t)32 << 20)
#define RELEASE_LIMIT 127
#define ESP "/boot/efi"

/* The release becomes part of paths and arguments. */
static bool is_plain_release(const char *release)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_~";
    size_t length = strlen(release);

    return length > 0 && length <= RELEASE_LIMIT && release[0] != '-' && release[0] != '.' &&
           strspn(release, allowed) == length;
}

static bool has_modules(struct guest_root *guest, const char *release)
{
    char path[RELEASE_LIMIT + 32];

    snprintf(path, sizeof(path), "/lib/modules/%s", release);
    return guest_has_folder(guest, path);
}

static bool find_kernel(struct guest_root *guest, struct guest_os *os, struct error *err)
{
    static const char prefix[] = "vmlinuz-";
    OWNED(lines) names = lines_new(err);

    if (names == NULL || !guest_list(guest, "/boot", names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
            continue;
        const char *release = name + sizeof(prefix) - 1;
        if (!is_plain_release(release) || !has_modules(guest, release))
            continue;
        if (os->kernel[0] == '\0' || kernel_is_newer(release, os->kernel))
            snprintf(os->kernel, sizeof(os->kernel), "%s", release);
    }
    if (os->kernel[0] != '\0')
        return true;
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "no kernel with its modules is in the guest's /boot and /lib/modules: install "
                     "one, for example: virt-customize -a IMAGE --install %s",
                     strcmp(os->id, "ubuntu") == 0 ? "linux-image-virtual"
                                                   : "linux-image-cloud-amd64");
}

static bool has_any_file(struct guest_root *guest, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (guest_has_file(guest, paths[i]))
            return true;
    }
    return false;
}
#define HAS_ANY_FILE(guest, paths) \
    has_any_file((guest), (paths), sizeof(paths) / sizeof((paths)[0]))

/* dracut's module for device-mapper wants dmsetup. */
static bool check_dracut(struct guest_root *guest, struct error *err)
{
    static const char *const dmsetup[] = {"/usr/sbin/dmsetup", "/sbin/dmsetup"};

    if (HAS_ANY_FILE(guest, dmsetup))
        return true;
    return error_set(
        err, COLDSEAL_UNSUPPORTED,
        "the guest's initramfs is dracut's, and dmsetup is not installed: run "
        "\"virt-customize -a IMAGE --install dmsetup\" first, or give the package with "
        "--deb");
}

/* dracut's module for the TPM wants tpm2-tools. */
static bool check_stock(struct guest_root *guest, struct error *err)
{
    static const char *const cryptsetup[] = {"/usr/bin/systemd-cryptsetup",
                                             "/usr/lib/systemd/systemd-cryptsetup"};
    static const char *const tools[] = {"/usr/bin/tpm2"};

    if (HAS_ANY_FILE(guest, cryptsetup) && HAS_ANY_FILE(guest, tools))
        return true;
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "--unlock stock, and systemd-cryptsetup or tpm2-tools is not installed in the "
                     "guest: run \"virt-customize -a IMAGE --install "
                     "systemd-cryptsetup,tpm2-tools\" first, or give the packages with --deb");
}

static bool find_initramfs(struct guest_root *guest, enum coldseal_unlock unlock,
                           struct guest_os *os, struct error *err)
{
    static const char *const mkinitramfs[] = {"/usr/sbin/mkinitramfs"};
    static const char *const dracut[] = {"/usr/bin/dracut", "/usr/sbin/dracut"};
    bool is_stock = unlock == COLDSEAL_UNLOCK_STOCK;

    if (HAS_ANY_FILE(guest, mkinitramfs)) {
        os->initramfs = INITRAMFS_TOOLS;
        return !is_stock || error_set(err, COLDSEAL_UNSUPPORTED,
                                      "--unlock stock is for guests with dracut; this one has "
                                      "initramfs-tools");
    }
    if (HAS_ANY_FILE(guest, dracut)) {
        os->initramfs = is_stock ? INITRAMFS_DRACUT_STOCK : INITRAMFS_DRACUT;
        return is_stock ? check_stock(guest, err) : check_dracut(guest, err);
    }
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "the guest has neither initramfs-tools nor dracut: run \"virt-customize -a "
                     "IMAGE --install initramfs-tools\" first");
}

unsigned systemd_version_of(const struct lines *names)
{
    static const char prefix[] = "libsystemd-shared-";

    for (size_t i = 0; i < names->count; i++) {
        if (strncmp(names->items[i], prefix, sizeof(prefix) - 1) == 0)
            return (unsigned)strtoul(names->items[i] + sizeof(prefix) - 1, NULL, 10);
    }
    return 0;
}

static bool find_systemd(struct guest_root *guest, struct guest_os *os, struct error *err)
{
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu/systemd",
                                          "/usr/lib/aarch64-linux-gnu/systemd", "/usr/lib/systemd"};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        OWNED(lines) names = lines_new(err);
        if (names == NULL ||
            (guest_has_folder(guest, folders[i]) && !guest_list(guest, folders[i], names, err)))
            return false;
        os->systemd_version = systemd_version_of(names);
        if (os->systemd_version != 0)
            break;
    }
    return true;
}

static bool read_os_release(struct guest_root *guest, struct guest_os *os, struct error *err)
{
    OWNED_PTR(char)
    text = guest_read_text(guest, "/etc/os-release", OS_RELEASE_LIMIT, err);

    if (text == NULL)
        return false;
    os_release_value(text, "ID", os->id, sizeof(os->id));
    os_release_value(text, "VERSION_ID", os->version, sizeof(os->version));
    os_release_value(text, "PRETTY_NAME", os->name, sizeof(os->name));
    if (os->id[0] == '\0')
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the root partition has no /etc/os-release: it holds no guest system");
    if (!guest_has_file(guest, "/usr/bin/dpkg"))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "%s: only guests of Debian's and Ubuntu's kind can be prepared", os->name);
    return true;
}

/* The distribution's folder on the ESP: EFI/ubuntu, EFI/debian, … */
static bool find_vendor_folder(struct guest_root *guest, struct guest_os *os, struct error *err)
{
    OWNED(lines) names = lines_new(err);
    char path[192];

    if (names == NULL || !guest_list(guest, ESP "/EFI", names, err))
        return false;
    for (size_t i = 0; i < names->count && os->vendor_dir[0] == '\0'; i++) {
        const char *name = names->items[i];
        if (strcasecmp(name, "BOOT") == 0 || strlen(name) > 64)
            continue;
        snprintf(path, sizeof(path), ESP "/EFI/%s/grubx64.efi", name);
        if (guest_has_file(guest, path))
            snprintf(os->vendor_dir, sizeof(os->vendor_dir), "/EFI/%s", name);
    }
    return true;
}

/* The GRUB that the shim in EFI/BOOT starts: beside it, else the one that will be put there. */
static bool find_grub_image(struct guest_root *guest, const struct guest_os *os, char *path,
                            size_t size, struct error *err)
{
    snprintf(path, size, ESP "/EFI/BOOT/grubx64.efi");
    if (guest_has_file(guest, path))
        return true;
    snprintf(path, size, ESP "%s/grubx64.efi", os->vendor_dir);
    if (os->vendor_dir[0] != '\0')
        return true;
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "no signed GRUB (grubx64.efi) is on the EFI system partition: only images "
                     "that boot by shim and GRUB can be prepared");
}

static bool is_plain_folder(const char *path)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-";

    return path[0] == '/' && strspn(path, allowed) == strlen(path) && strlen(path) < 80;
}

static bool find_grub(struct guest_root *guest, struct guest_os *os, struct error *err)
{
    char path[192];

    if (!guest_has_file(guest, ESP "/EFI/BOOT/BOOTX64.EFI"))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the EFI system partition has no /EFI/BOOT/BOOTX64.EFI, which a new "
                         "machine boots");
    if (!find_vendor_folder(guest, os, err) || !find_grub_image(guest, os, path, sizeof(path), err))
        return false;
    OWNED(bytes) image = guest_read(guest, path, EFI_IMAGE_LIMIT, err);
    if (image == NULL)
        return false;
    OWNED_PTR(char) prefix = grub_image_prefix(image, err);
    if (prefix == NULL)
        return error_wrap(err, "%s", path + sizeof(ESP) - 1);
    if (!is_plain_folder(prefix))
        return error_set(err, COLDSEAL_UNSUPPORTED, "GRUB's prefix is \"%s\"", prefix);
    snprintf(os->grub_dir, sizeof(os->grub_dir), "%s", prefix);
    return true;
}

bool guest_inspect(struct guest_root *guest, const char *root_type, enum coldseal_unlock unlock,
                   struct guest_os *os, struct error *err)
{
    *os = (struct guest_os){0};
    if (!read_os_release(guest, os, err) || !find_initramfs(guest, unlock, os, err) ||
        !find_systemd(guest, os, err) || !find_kernel(guest, os, err) || !find_grub(guest, os, err))
        return false;
    snprintf(os->root_type, sizeof(os->root_type), "%s", root_type);
    os->has_cloud_init = guest_has_file(guest, "/usr/bin/cloud-init");
    return true;
}
