/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/initramfs_settings.h"

#include <stdio.h>
#include <string.h>

#include "core/names.h"

#define TOOLS "/etc/initramfs-tools"
#define SETTINGS TOOLS "/conf.d/zz-coldseal"
#define UPDATES TOOLS "/update-initramfs.conf"
#define GROWROOT "initramfs-tools/scripts/local-bottom/growroot"
#define TEXT_LIMIT ((size_t)1 << 20)

static bool has_line(const char *text, const char *start)
{
    for (const char *line = text; *line != '\0'; line = text_next_line(line)) {
        if (text_starts_with(line, start))
            return true;
    }
    return false;
}

char *text_set_line(const char *text, const char *start, const char *line, struct error *err)
{
    OWNED_TEXT out = {0};
    bool is_found = false;

    for (const char *at = text; *at != '\0'; at = text_next_line(at)) {
        bool is_it = text_starts_with(at, start);
        is_found = is_found || is_it;
        if (is_it)
            text_add(&out, "%s\n", line);
        else
            text_add(&out, "%.*s\n", (int)strcspn(at, "\n"), at);
    }
    if (!is_found)
        text_add(&out, "%s\n", line);
    return text_take(&out, err);
}

static bool append_setting(struct guest_root *guest, const char *line, struct error *err)
{
    OWNED_TEXT text = {0};
    OWNED_PTR(char) old = guest_read_text(guest, SETTINGS, TEXT_LIMIT, err);

    if (old == NULL)
        return false;
    text_add(&text, "%s%s\n", old, line);
    OWNED_PTR(char) new = text_take(&text, err);
    return new != NULL &&guest_write(guest, SETTINGS, new, strlen(new), 0644, err);
}

/* MODULES=dep looks at the devices of the machine it runs on, not at a cloud's. */
static bool depends_on_devices(struct guest_root *guest, bool *depends, struct error *err)
{
    OWNED(lines) names = lines_new(err);
    OWNED_PTR(char) main_conf = guest_read_text(guest, TOOLS "/initramfs.conf", TEXT_LIMIT, err);

    if (names == NULL || main_conf == NULL || !guest_list(guest, TOOLS "/conf.d", names, err))
        return false;
    *depends = has_line(main_conf, "MODULES=dep");
    for (size_t i = 0; i < names->count; i++) {
        OWNED_PTR(char) path = NULL;
        if (asprintf(&path, TOOLS "/conf.d/%s", names->items[i]) < 0)
            return path = NULL, error_no_memory(err);
        OWNED_PTR(char) conf = guest_read_text(guest, path, TEXT_LIMIT, err);
        if (conf == NULL)
            return false;
        *depends = *depends || has_line(conf, "MODULES=dep");
    }
    return true;
}

static bool settle_modules(struct guest_root *guest, struct lines *changes, struct error *err)
{
    bool depends;

    if (!depends_on_devices(guest, &depends, err))
        return false;
    return !depends ||
           (append_setting(guest, "MODULES=most", err) &&
            lines_add(changes, err, "initramfs: drivers for any machine (MODULES=most)"));
}

/* Root's device does not exist yet, so that the hook for fsck cannot find out by itself. */
static bool name_root_type(struct guest_root *guest, const struct guest_os *os, struct error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char line[64];

    if (os->root_type[0] == '\0' || strspn(os->root_type, allowed) != strlen(os->root_type))
        return true;
    snprintf(line, sizeof(line), "FSTYPE=%s", os->root_type);
    return append_setting(guest, line, err);
}

/* It would grow the partition before root is mounted; /etc/initramfs-tools goes over /usr/share. */
static bool disable_growroot(struct guest_root *guest, struct lines *changes, struct error *err)
{
    static const char nothing[] = "#!/bin/sh\nexit 0\n";

    if (!guest_has_file(guest, "/usr/share/" GROWROOT))
        return true;
    return guest_make_folder(guest, TOOLS "/scripts/local-bottom", err) &&
           guest_write(guest, "/etc/" GROWROOT, nothing, sizeof(nothing) - 1, 0755, err) &&
           lines_add(changes, err, "initramfs: growroot is off");
}

static bool is_other_initramfs(const char *name, const char *kernel)
{
    static const char *const patterns[] = {"initrd.img-*", "initrd.img*.old*", "initrd.img*.bak"};

    if (strncmp(name, "initrd.img-", 11) == 0 && strcmp(name + 11, kernel) == 0)
        return false;
    return name_matches(name, NAMES(patterns));
}

static bool remove_others(struct guest_root *guest, const char *kernel, struct lines *changes,
                          struct error *err)
{
    OWNED(lines) names = lines_new(err);
    char path[320];

    if (names == NULL || !guest_list(guest, "/boot", names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        snprintf(path, sizeof(path), "/boot/%s", names->items[i]);
        if (!is_other_initramfs(names->items[i], kernel) || !guest_has_file(guest, path))
            continue;
        if (!guest_remove(guest, path, err) ||
            !lines_add(changes, err, "%s is removed: it is of a kernel that does not boot", path))
            return false;
    }
    return true;
}

bool initramfs_settle(struct guest_root *guest, const struct guest_os *os, struct lines *changes,
                      struct error *err)
{
    return remove_others(guest, os->kernel, changes, err) &&
           (os->initramfs != INITRAMFS_TOOLS ||
            (settle_modules(guest, changes, err) && name_root_type(guest, os, err) &&
             disable_growroot(guest, changes, err)));
}

bool initramfs_stop_updates(struct guest_root *guest, struct error *err)
{
    if (!guest_has_file(guest, UPDATES))
        return true;
    OWNED_PTR(char) old = guest_read_text(guest, UPDATES, TEXT_LIMIT, err);
    OWNED_PTR(char)
    new = old == NULL ? NULL : text_set_line(old, "update_initramfs=", "update_initramfs=no", err);
    return new != NULL &&guest_write(guest, UPDATES, new, strlen(new), 0644, err);
}
