/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/initramfs_fresh.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/names.h"

#define PATH_BYTES 512
#define MODULE_LIMIT 8192
#define TOOLS "/etc/initramfs-tools"
#define SHARE "/usr/share/initramfs-tools"

/* Where a name of the initramfs comes from; "%s" is the name, or what follows the pattern's part
 * before its first '*'. */
struct source {
    const char *pattern;
    const char *format;
    bool is_needed; /* what is not there any more is refused as well */
};
static const struct source sources[] = {
    {"init", SHARE "/init", true},
    {"scripts/*/ORDER", NULL, false},
    {"scripts/*", SHARE "/scripts/%s", false},
    {"conf/initramfs.conf", TOOLS "/initramfs.conf", true},
    {"conf/conf.d/*", TOOLS "/conf.d/%s", false},
    {"etc/modprobe.d/*", "/etc/modprobe.d/%s", true},
    {"etc/udev/*", "/etc/udev/%s", false},
    {"usr/lib/modules/*/modules.*", NULL, false}, /* depmod's, of fewer modules */
    {"usr/lib/modules/*", "/usr/lib/modules/%s", true},
    {"usr/lib/firmware/*", "/usr/lib/firmware/%s", true},
    {"usr/lib/*", "/usr/lib/%s", false},
};

/* Where the generator's own settings are. */
static const char *const setting_folders[] = {
    TOOLS,
    TOOLS "/conf.d",
    TOOLS "/hooks",
    TOOLS "/scripts/*",
    SHARE "/conf.d",
    SHARE "/conf-hooks.d",
    SHARE "/hooks",
    SHARE "/modules.d",
    "/etc/modprobe.d",
};
/* Ours, which has just been put there, and what is not about an initramfs' content. */
static const char *const other_settings[] = {"coldseal", "zz-coldseal", "growroot",
                                             "update-initramfs.conf"};

static bool is_old(const char *path, struct error *err)
{
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "the image's initramfs is not up to date: %s is another in its root", path);
}

static const struct source *find_source(const char *name)
{
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (fnmatch(sources[i].pattern, name, 0) == 0)
            return &sources[i];
    }
    return NULL;
}

/* Of a file of another size nothing is read: all that is compared is as long as the initramfs. */
static bool is_same(struct native_root *native, const char *path,
                    const struct initrd_member *member, bool *same, struct error *err)
{
    struct ext4_entry entry;
    bool found;

    *same = false;
    if (!ext4_lookup(native->main, path, &entry, &found, err))
        return false;
    if (!found || entry.size_bytes != member->size)
        return true;
    OWNED(bytes) file = ext4_read_file(native->main, path, member->size, err);
    *same = file != NULL && memcmp(file->data, member->data, file->size) == 0;
    return file != NULL;
}

static bool check_member(struct native_root *native, const struct initrd_member *member,
                         struct error *err)
{
    const struct source *source = find_source(member->name);
    char path[PATH_BYTES];
    bool same;

    if (!S_ISREG(member->mode) || source == NULL || source->format == NULL)
        return true;
    size_t prefix = strcspn(source->pattern, "*");
    if (strlen(member->name) >= PATH_BYTES / 2)
        return is_old(member->name, err);
    if (source->pattern[prefix] == '\0')
        snprintf(path, sizeof(path), "%s", source->format);
    else
        snprintf(path, sizeof(path), "%.*s%s", (int)strcspn(source->format, "%"), source->format,
                 member->name + prefix);
    if (!guest_has_file(&native->root, path))
        return !source->is_needed || is_old(path, err);
    return is_same(native, path, member, &same, err) && (same || is_old(path, err));
}

/* Every module must be one that depmod knew: the lists are made of its. */
static bool check_module(const char *kernel, const struct kernel_modules *modules,
                         const struct initrd_member *member, struct error *err)
{
    char pattern[PATH_BYTES];
    size_t length = (size_t)snprintf(pattern, sizeof(pattern), "usr/lib/modules/%s/", kernel);

    if (!S_ISREG(member->mode) || strncmp(member->name, pattern, length) != 0 ||
        strstr(member->name, ".ko") == NULL)
        return true;
    return kernel_modules_have(modules, member->name + length) || is_old(member->name, err);
}

static bool check_folder(struct native_root *native, const char *folder, uint32_t built,
                         struct error *err)
{
    OWNED(lines) names = lines_new(err);
    char path[PATH_BYTES];
    struct ext4_entry entry;
    bool found;

    if (names == NULL || !guest_list(&native->root, folder, names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        if (name_is_among(names->items[i], NAMES(other_settings)))
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, names->items[i]);
        if (!ext4_lookup(native->main, path, &entry, &found, err))
            return false;
        if (found && entry.is_regular && entry.modified > built)
            return is_old(path, err);
    }
    return true;
}

static bool check_script_folders(struct native_root *native, uint32_t built, struct error *err)
{
    OWNED(lines) names = lines_new(err);
    char path[PATH_BYTES];

    if (names == NULL || !guest_list(&native->root, TOOLS "/scripts", names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        snprintf(path, sizeof(path), TOOLS "/scripts/%s", names->items[i]);
        if (!check_folder(native, path, built, err))
            return false;
    }
    return true;
}

static bool check_settings(struct native_root *native, const char *kernel, struct error *err)
{
    char path[PATH_BYTES];
    struct ext4_entry entry;
    bool found;

    snprintf(path, sizeof(path), "/initrd.img-%s", kernel);
    if (!ext4_lookup(native->boot, path, &entry, &found, err))
        return false;
    for (size_t i = 0; i < sizeof(setting_folders) / sizeof(setting_folders[0]); i++) {
        bool is_pattern = strchr(setting_folders[i], '*') != NULL;
        if (!(is_pattern ? check_script_folders(native, entry.modified, err)
                         : check_folder(native, setting_folders[i], entry.modified, err)))
            return false;
    }
    return true;
}

bool initramfs_check_fresh(struct native_root *native, const char *kernel,
                           const struct initrd *initrd, const struct kernel_modules *modules,
                           struct error *err)
{
    size_t module_count = 0;

    for (size_t i = 0; i < initrd->count; i++) {
        module_count += strstr(initrd->members[i].name, ".ko") != NULL;
        if (module_count > MODULE_LIMIT)
            return error_set(err, COLDSEAL_BAD_IMAGE, "an initramfs of more than %d modules",
                             MODULE_LIMIT);
        if (!check_member(native, &initrd->members[i], err) ||
            !check_module(kernel, modules, &initrd->members[i], err))
            return false;
    }
    return check_settings(native, kernel, err);
}
