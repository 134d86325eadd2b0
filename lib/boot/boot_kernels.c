/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot_kernels.h"

#include <stdio.h>
#include <string.h>

#define KERNEL "/vmlinuz"
#define INITRAMFS "/initrd.img"

static bool both_there(struct boot_files *files, size_t volume, const char *version, bool *there,
                       struct error *err)
{
    static const char *const names[] = {KERNEL, INITRAMFS};
    char path[BOOT_KERNEL_VERSION_BYTES + 32];
    enum boot_file_kind kind = BOOT_FILE_REGULAR;

    for (size_t i = 0; i < 2 && kind == BOOT_FILE_REGULAR; i++) {
        snprintf(path, sizeof(path), "%s%s%s", names[i], version[0] == '\0' ? "" : "-", version);
        if (!boot_files_lookup(files, volume, path, &kind, NULL, err))
            return false;
    }
    *there = kind == BOOT_FILE_REGULAR;
    return true;
}

static bool find_volume(struct boot_files *files, size_t *volume, struct error *err)
{
    bool there = false;

    for (size_t i = 0; i < boot_files_count(files); i++) {
        if (!both_there(files, i, "", &there, err))
            return false;
        if (there)
            return *volume = i, true;
    }
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "no partition has " KERNEL " and " INITRAMFS
                     ", by which coldseal's grub.cfg starts a kernel");
}

struct names {
    struct boot_kernels *kernels;
    bool too_many;
};

static bool collect(void *context, const char *name)
{
    static const char prefix[] = "vmlinuz-";
    struct names *names = context;
    struct boot_kernels *kernels = names->kernels;

    if (strncmp(name, prefix, strlen(prefix)) != 0 ||
        strlen(name + strlen(prefix)) >= BOOT_KERNEL_VERSION_BYTES)
        return true;
    names->too_many = kernels->count == BOOT_KERNEL_LIMIT;
    if (!names->too_many)
        snprintf(kernels->versions[kernels->count++], BOOT_KERNEL_VERSION_BYTES, "%s",
                 name + strlen(prefix));
    return !names->too_many;
}

static int newest_first(const void *a, const void *b)
{
    return strverscmp(b, a);
}

static bool same_file(struct boot_files *files, size_t volume, const char *stable,
                      const char *version, bool *same, struct error *err)
{
    char path[BOOT_KERNEL_VERSION_BYTES + 32];
    struct digest_set a, b;

    snprintf(path, sizeof(path), "%s-%s", stable, version);
    if (!boot_files_digest(files, volume, stable, &a, err) ||
        !boot_files_digest(files, volume, path, &b, err))
        return false;
    *same = digest_set_equal(&a, &b);
    return true;
}

static bool is_other(struct boot_files *files, size_t volume, const char *version, bool *other,
                     struct error *err)
{
    bool same_kernel = true, same_initramfs = true;

    if (!both_there(files, volume, version, other, err))
        return false;
    if (!*other)
        return true;
    if (!same_file(files, volume, KERNEL, version, &same_kernel, err) ||
        !same_file(files, volume, INITRAMFS, version, &same_initramfs, err))
        return false;
    *other = !same_kernel || !same_initramfs;
    return true;
}

/* What is no kernel that could boot instead goes. */
static bool keep_others(struct boot_files *files, struct boot_kernels *kernels, struct error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < kernels->count; i++) {
        bool other;
        if (!is_other(files, kernels->volume, kernels->versions[i], &other, err))
            return false;
        if (other)
            memmove(kernels->versions[kept++], kernels->versions[i], sizeof(kernels->versions[0]));
    }
    kernels->count = kept;
    return true;
}

bool boot_kernels_find(struct boot_files *files, struct boot_kernels *kernels, struct error *err)
{
    struct names names = {.kernels = kernels};

    *kernels = (struct boot_kernels){0};
    if (!find_volume(files, &kernels->volume, err) ||
        !boot_files_list(files, kernels->volume, "/", collect, &names, err))
        return false;
    if (names.too_many)
        return error_set(err, COLDSEAL_UNSUPPORTED, "more than %d kernels in /boot",
                         BOOT_KERNEL_LIMIT);
    qsort(kernels->versions, kernels->count, sizeof(kernels->versions[0]), newest_first);
    return keep_others(files, kernels, err);
}

/* The other files behind two names. */
struct linked {
    struct boot_files *files; /* borrowed */
    size_t volume;
    char kernel[BOOT_KERNEL_VERSION_BYTES + 32];
    char initramfs[BOOT_KERNEL_VERSION_BYTES + 32];
};

static const char *follow(const struct linked *linked, size_t volume, const char *path)
{
    if (volume == linked->volume && strcmp(path, KERNEL) == 0)
        return linked->kernel;
    return volume == linked->volume && strcmp(path, INITRAMFS) == 0 ? linked->initramfs : path;
}

static bool linked_lookup(void *self, size_t volume, const char *path, enum boot_file_kind *kind,
                          uint64_t *size_bytes, struct error *err)
{
    const struct linked *linked = self;

    return boot_files_lookup(linked->files, volume, follow(linked, volume, path), kind, size_bytes,
                             err);
}

static struct bytes *linked_read(void *self, size_t volume, const char *path, size_t limit_bytes,
                                 struct error *err)
{
    const struct linked *linked = self;

    return boot_files_read(linked->files, volume, follow(linked, volume, path), limit_bytes, err);
}

static bool linked_digest(void *self, const struct boot_file *files, size_t count,
                          struct digest_set *digests, struct error *err)
{
    const struct linked *linked = self;
    struct boot_file followed[BOOT_JOINED_LIMIT];

    for (size_t i = 0; i < count; i++)
        followed[i] =
            (struct boot_file){files[i].volume, follow(linked, files[i].volume, files[i].path)};
    return boot_files_digest_joined(linked->files, followed, count, digests, err);
}

static bool linked_list(void *self, size_t volume, const char *path,
                        bool (*each)(void *context, const char *name), void *context,
                        struct error *err)
{
    const struct linked *linked = self;

    return boot_files_list(linked->files, volume, path, each, context, err);
}

static const struct boot_files_operations linked_operations = {
    .lookup = linked_lookup,
    .read = linked_read,
    .digest = linked_digest,
    .list = linked_list,
    .free = free,
};

struct boot_files *boot_files_with_kernel(struct boot_files *files, size_t volume,
                                          const char *version, struct error *err)
{
    struct linked *linked = calloc(1, sizeof(*linked));

    if (linked == NULL) {
        error_no_memory(err);
        return NULL;
    }
    linked->files = files;
    linked->volume = volume;
    snprintf(linked->kernel, sizeof(linked->kernel), KERNEL "-%s", version);
    snprintf(linked->initramfs, sizeof(linked->initramfs), INITRAMFS "-%s", version);
    return boot_files_new(&linked_operations, linked, boot_files_volume(files, 0),
                          boot_files_count(files), err);
}
