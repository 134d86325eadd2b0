/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/initramfs_native.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/names.h"
#include "guest/elf.h"
#include "guest/initramfs_add.h"
#include "guest/initramfs_fresh.h"
#include "guest/initramfs_order.h"
#include "guest/libraries.h"

#define TOOLS "/etc/initramfs-tools"
#define HOOK TOOLS "/hooks/coldseal"
#define SETTINGS "conf/conf.d/zz-coldseal"
#define TEXT_LIMIT ((size_t)1 << 20)
#define PATH_BYTES 512
#define FILE_MODE 0644

/* The hook for resuming writes it where nothing says RESUME=none. */
static const char *const dropped[] = {"conf/conf.d/zz-resume-auto"};

static char *copy_text(const struct initrd_member *member, struct error *err)
{
    char *text = member == NULL ? strdup("") : strndup((const char *)member->data, member->size);

    if (text == NULL)
        error_no_memory(err);
    return text;
}

/* What a new initramfs would leave out or have anew. */
static bool check_kind(const struct initrd *initrd, struct error *err)
{
    const struct initrd_member *crypttab = initrd_find(initrd, "cryptroot/crypttab");
    const struct initrd_member *conf = initrd_find(initrd, "conf/initramfs.conf");

    if (crypttab != NULL && crypttab->size > 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the image's initramfs opens encrypted devices of its own");
    if (conf == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the image's initramfs is not initramfs-tools'");
    if (initrd_find(initrd, "scripts/local-top/coldseal") != NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the image's initramfs was completed before");
    return true;
}

/* Settings that were in our file before it had what is added for this guest mean that the old
 * initramfs was for this machine's devices alone. */
static bool add_settings(const struct initramfs_work *work, struct error *err)
{
    OWNED_PTR(char)
    text = guest_read_text(&work->native->root, TOOLS "/conf.d/zz-coldseal", TEXT_LIMIT, err);

    if (text == NULL)
        return false;
    if (strstr(text, "\nMODULES=most") != NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the image's initramfs was built for one machine (MODULES=dep)");
    return initrd_add(work->additions, SETTINGS, S_IFREG | FILE_MODE,
                      bytes_copy(text, strlen(text), err), err);
}

static bool add_program_at(const struct initramfs_work *work, const char *path, struct error *err)
{
    return !guest_has_file(&work->native->root, path) ||
           initramfs_add_program(work, path, path + 1, err);
}

static bool add_library(const struct initramfs_work *work, uint16_t machine, const char *soname,
                        struct error *err)
{
    char path[PATH_BYTES];

    return !library_find(&work->native->root, machine, soname, path, sizeof(path)) ||
           initramfs_add_program(work, path, path + 1, err);
}

/* As our hook does it, and the one for fsck where the root's file system is named. */
static bool add_programs(const struct initramfs_work *work, const struct guest_os *os,
                         struct error *err)
{
    static const char program[] = "/usr/lib/coldseal/coldseal-unlock";
    char fsck[PATH_BYTES];

    OWNED(bytes) file = guest_read(&work->native->root, program, (size_t)64 << 20, err);
    OWNED(elf) elf = file == NULL ? NULL : elf_read(file, err);
    if (elf == NULL)
        return false;
    snprintf(fsck, sizeof(fsck), "/usr/sbin/fsck.%s", os->root_type);
    return initramfs_add_program(work, program, "usr/sbin/coldseal-unlock", err) &&
           add_library(work, elf->machine, "libtss2-tcti-device.so.0", err) &&
           add_library(work, elf->machine, "libgcc_s.so.1", err) &&
           add_program_at(work, "/usr/sbin/fsck", err) &&
           add_program_at(work, "/usr/sbin/logsave", err) && add_program_at(work, fsck, err);
}

/* The words behind manual_add_modules in our hook, which goes on where a line ends in '\'. */
static bool add_modules(const struct initramfs_work *work, struct error *err)
{
    static const char call[] = "\nmanual_add_modules ";
    OWNED_PTR(char) hook = guest_read_text(&work->native->root, HOOK, TEXT_LIMIT, err);
    char *rest = NULL;

    if (hook == NULL)
        return false;
    char *at = strstr(hook, call);
    if (at == NULL)
        return error_set(err, COLDSEAL_BUG, HOOK " names no modules");
    for (char *word = strtok_r(at + sizeof(call) - 1, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        bool is_end = strchr(word, '\n') != NULL && word[0] != '\\';
        word[strcspn(word, "\n")] = '\0';
        if (word[0] != '\\' && word[0] != '\0' && !initramfs_add_module(work, word, err))
            return false;
        if (is_end)
            break;
    }
    return initramfs_add_module_lists(work, err);
}

static bool add_order(const struct initramfs_work *work, const char *folder, const char *script,
                      bool has_prerequisites, struct error *err)
{
    char name[PATH_BYTES];

    snprintf(name, sizeof(name), "scripts/%s/ORDER", folder);
    OWNED_PTR(char) old = copy_text(initrd_find(work->initrd, name), err);
    OWNED_PTR(char)
    new = old == NULL ? NULL : initramfs_order_add(old, folder, script, has_prerequisites, err);
    return new != NULL &&initrd_add(work->additions, name, S_IFREG | FILE_MODE,
                                    bytes_copy(new, strlen(new), err), err);
}

/* Ours is new; another of /etc replaces one of the distribution's, as growroot's does. */
static bool add_script(const struct initramfs_work *work, const char *folder, const char *script,
                       struct error *err)
{
    char path[PATH_BYTES];
    bool is_ours = strcmp(script, "coldseal") == 0;

    snprintf(path, sizeof(path), TOOLS "/scripts/%s/%s", folder, script);
    const char *name = path + sizeof(TOOLS);
    if (!guest_has_file(&work->native->root, path))
        return true;
    if (!is_ours && initrd_find(work->initrd, name) == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the image's initramfs is not up to date: it has no %s", name);
    return initramfs_add_file(work, path, name, err) &&
           (!is_ours || add_order(work, folder, script, strcmp(folder, "init-bottom") == 0, err));
}

static bool add_scripts(const struct initramfs_work *work, struct error *err)
{
    OWNED(lines) folders = lines_new(err);
    char path[PATH_BYTES];

    if (folders == NULL || !guest_list(&work->native->root, TOOLS "/scripts", folders, err))
        return false;
    for (size_t i = 0; i < folders->count; i++) {
        OWNED(lines) names = lines_new(err);
        snprintf(path, sizeof(path), TOOLS "/scripts/%s", folders->items[i]);
        if (names == NULL || !guest_list(&work->native->root, path, names, err))
            return false;
        for (size_t j = 0; j < names->count; j++) {
            if (!add_script(work, folders->items[i], names->items[j], err))
                return false;
        }
    }
    return true;
}

static bool list_module_files(const struct initramfs_work *work, struct error *err)
{
    char folder[PATH_BYTES];
    size_t length = (size_t)snprintf(folder, sizeof(folder), "usr/lib/modules/%s/", work->kernel);

    for (size_t i = 0; i < work->initrd->count; i++) {
        const struct initrd_member *member = &work->initrd->members[i];
        if (S_ISREG(member->mode) && strncmp(member->name, folder, length) == 0 &&
            strstr(member->name, ".ko") != NULL &&
            !lines_add(work->module_files, err, "%s", member->name + length))
            return false;
    }
    return true;
}

static bool list_content(const struct initramfs_work *work, struct lines *names, struct error *err)
{
    for (size_t i = 0; i < work->initrd->count; i++) {
        const char *name = work->initrd->members[i].name;
        if (!name_is_among(name, NAMES(dropped)) && !lines_add(names, err, "%s", name))
            return false;
    }
    for (size_t i = 0; i < work->additions->count; i++) {
        if (!lines_add(names, err, "%s", work->additions->items[i].name))
            return false;
    }
    return true;
}

static bool complete(const struct initramfs_work *work, const struct guest_os *os, const char *path,
                     struct lines *names, struct error *err)
{
    struct native_place place = native_place_of(work->native, path);
    struct ext4_entry entry;
    bool found;

    if (!check_kind(work->initrd, err) ||
        !initramfs_check_fresh(work->native, os->kernel, work->initrd, work->modules, err) ||
        !list_module_files(work, err) || !add_settings(work, err) || !add_programs(work, os, err) ||
        !add_scripts(work, err) || !add_modules(work, err) ||
        !ext4_lookup(place.ext4, place.path, &entry, &found, err))
        return false;
    OWNED(bytes)
    file = initrd_write(work->initrd, work->additions, NAMES(dropped), err);
    return file != NULL &&
           guest_write(&work->native->root, path, file->data, file->size, entry.mode & 07777,
                       err) &&
           list_content(work, names, err);
}

static bool work_on(struct guest_root *guest, const struct guest_os *os, const char *path,
                    const struct initrd *initrd, struct lines *names, struct error *err)
{
    OWNED(initrd_additions) additions = calloc(1, sizeof(*additions));
    OWNED(lines) module_files = lines_new(err);
    OWNED(kernel_modules) modules = kernel_modules_read(guest, os->kernel, err);

    if (modules == NULL || module_files == NULL)
        return false;
    if (additions == NULL)
        return error_no_memory(err);
    const struct initramfs_work work = {
        .native = native_root_of(guest),
        .kernel = os->kernel,
        .initrd = initrd,
        .additions = additions,
        .modules = modules,
        .module_files = module_files,
    };
    return complete(&work, os, path, names, err);
}

bool initramfs_complete(struct guest_root *guest, const struct guest_os *os, struct lines *names,
                        struct error *err)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "/boot/initrd.img-%s", os->kernel);
    if (os->initramfs != INITRAMFS_TOOLS)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the guest's initramfs is dracut's");
    if (!guest_has_file(guest, path))
        return error_set(err, COLDSEAL_UNSUPPORTED, "the image has no initramfs for its kernel %s",
                         os->kernel);
    struct bytes *file = guest_read(guest, path, INITRD_LIMIT_BYTES, err);
    OWNED(initrd) initrd = file == NULL ? NULL : initrd_read(file, err);
    return initrd != NULL && work_on(guest, os, path, initrd, names, err);
}
