/* SPDX-License-Identifier: Apache-2.0 */
/* kern/file.c, kern/disk.c and kern/verifiers.c of GRUB 2.06: devices by name, and what opening a
 * file measures. One disk is assumed; its partitions are the volumes. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "boot/grub_run.h"

#define MEMDISK "memdisk"

char *grub_device_name(struct grub_run *run, size_t volume)
{
    return grub_run_format(run, "%s,gpt%u", run->start->disk,
                           boot_files_volume(run->files, volume)->partition);
}

/* kern/partition.c, grub_partition_probe(): the table's name may be left out. */
static bool take_partition(const char *text, unsigned long *partition)
{
    char *end;

    if (strncmp(text, "gpt", 3) == 0)
        text += 3;
    if (!isdigit((unsigned char)text[0]))
        return false;
    *partition = strtoul(text, &end, 10);
    return *end == '\0';
}

bool grub_device_find(struct grub_run *run, const char *name, size_t *volume)
{
    size_t disk = strcspn(name, ",");
    unsigned long partition;

    if (disk != strlen(run->start->disk) || strncmp(name, run->start->disk, disk) != 0) {
        if (isdigit((unsigned char)name[disk == 0 ? 0 : disk - 1]))
            grub_run_note(run, "the disk of \"%.64s\" is taken to be absent: there is only %s here",
                          name, run->start->disk);
        return false;
    }
    if (name[disk] != ',' || !take_partition(name + disk + 1, &partition))
        return false;
    for (*volume = 0; *volume < boot_files_count(run->files); ++*volume) {
        const struct boot_volume *found = boot_files_volume(run->files, *volume);
        if (found->partition == partition)
            return found->file_system != NULL;
    }
    return false;
}

/* The device and the path there of a name; the device is $root where none is given. */
static enum grub_error split_name(struct grub_run *run, const char *name, const char **device,
                                  const char **path)
{
    if (name[0] != '(') {
        *device = grub_env_get(run, "root");
        *path = name;
        return *device == NULL ? GRUB_FILE_NOT_FOUND : GRUB_OK;
    }
    const char *end = strchr(name, ')');
    if (end == NULL)
        return GRUB_BAD_FILENAME;
    *device = grub_run_format(run, "%.*s", (int)(end - name - 1), name + 1);
    *path = end + 1;
    return *device == NULL ? GRUB_BAD_FILENAME : GRUB_OK;
}

/* What an operation on the disk itself gets wrong ends the run. */
static bool checked(struct grub_run *run, bool ok)
{
    if (!ok && !run->failed)
        error_wrap(run->err, "%.200s, line %u", run->config, run->line);
    run->failed = run->failed || !ok;
    return ok;
}

static enum boot_file_kind look_up(struct grub_run *run, size_t volume, const char *path,
                                   uint64_t *size_bytes)
{
    enum boot_file_kind kind = BOOT_FILE_NONE;

    checked(run, boot_files_lookup(run->files, volume, path, &kind, size_bytes, run->err));
    return kind;
}

static bool is_on_memdisk(struct grub_run *run, const char *path)
{
    struct fat_entry entry;
    bool found = false;
    struct error ignored = {0};

    return run->memdisk != NULL && fat_lookup(run->memdisk, path, &entry, &found, &ignored) &&
           found && !entry.is_directory;
}

enum boot_file_kind grub_stat(struct grub_run *run, const char *name, uint64_t *size_bytes)
{
    const char *device;
    const char *path;
    size_t volume;

    if (split_name(run, name, &device, &path) != GRUB_OK)
        return BOOT_FILE_NONE;
    if (strcmp(device, MEMDISK) == 0)
        return is_on_memdisk(run, path) ? BOOT_FILE_REGULAR : BOOT_FILE_NONE;
    if (!grub_device_find(run, device, &volume))
        return BOOT_FILE_NONE;
    /* commands/test.c, get_fileinfo(): the device itself is a directory. */
    return path[strspn(path, "/")] == '\0' ? BOOT_FILE_DIRECTORY
                                           : look_up(run, volume, path, size_bytes);
}

enum grub_error grub_open(struct grub_run *run, const char *name, bool measured,
                          struct grub_file *file)
{
    const char *device;
    enum grub_error result = split_name(run, name, &device, &file->path);

    if (result != GRUB_OK)
        return result;
    file->on_memdisk = strcmp(device, MEMDISK) == 0;
    if (file->on_memdisk)
        return is_on_memdisk(run, file->path) ? GRUB_OK : GRUB_FILE_NOT_FOUND;
    if (!grub_device_find(run, device, &file->volume))
        return GRUB_UNKNOWN_DEVICE;
    if (file->path[0] != '/')
        return GRUB_BAD_FILENAME; /* a list of blocks, which no configuration of ours has */
    enum boot_file_kind kind = look_up(run, file->volume, file->path, NULL);
    if (kind != BOOT_FILE_REGULAR)
        return kind == BOOT_FILE_NONE ? GRUB_FILE_NOT_FOUND : GRUB_BAD_FILE_TYPE;
    if (measured)
        grub_run_step(run, GRUB_STEP_FILE, name, file->volume, file->path);
    return GRUB_OK;
}

struct bytes *grub_read(struct grub_run *run, const struct grub_file *file)
{
    struct bytes *bytes = file->on_memdisk ? fat_read_file(run->memdisk, file->path,
                                                           GRUB_CONFIG_LIMIT_BYTES, run->err)
                                           : boot_files_read(run->files, file->volume, file->path,
                                                             GRUB_CONFIG_LIMIT_BYTES, run->err);

    checked(run, bytes != NULL);
    return bytes;
}
