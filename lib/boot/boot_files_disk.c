/* SPDX-License-Identifier: Apache-2.0 */
/* Boot files from the partitions of a disk. */
#include <stdio.h>
#include <string.h>

#include "boot/boot_files.h"
#include "boot/ext4.h"
#include "boot/fat.h"

/* A file system, open once something was read from it. */
struct disk_volume {
    uint64_t offset_bytes;
    uint64_t length_bytes;
    bool is_fat;
    struct fat *fat;
    struct ext4 *ext4;
};

struct disk_files {
    struct disk *disk; /* borrowed */
    size_t count;
    struct disk_volume volumes[BOOT_VOLUME_LIMIT];
};

static void disk_files_free(void *self)
{
    struct disk_files *files = self;

    if (files == NULL)
        return;
    for (size_t i = 0; i < files->count; i++) {
        fat_free(files->volumes[i].fat);
        ext4_free(files->volumes[i].ext4);
    }
    free(files);
}

static struct disk_volume *open_volume(struct disk_files *files, size_t index, struct error *err)
{
    struct disk_volume *volume = &files->volumes[index];

    if (volume->fat != NULL || volume->ext4 != NULL)
        return volume;
    if (volume->is_fat)
        volume->fat = fat_open(files->disk, volume->offset_bytes, volume->length_bytes, err);
    else
        volume->ext4 = ext4_open(files->disk, volume->offset_bytes, volume->length_bytes, err);
    return volume->fat != NULL || volume->ext4 != NULL ? volume : NULL;
}

static void set_kind(bool found, bool is_regular, bool is_directory, enum boot_file_kind *kind)
{
    *kind = BOOT_FILE_NONE;
    if (found && is_regular)
        *kind = BOOT_FILE_REGULAR;
    if (found && is_directory)
        *kind = BOOT_FILE_DIRECTORY;
}

static bool disk_lookup(void *self, size_t index, const char *path, enum boot_file_kind *kind,
                        uint64_t *size_bytes, struct error *err)
{
    struct disk_volume *volume = open_volume(self, index, err);
    struct fat_entry fat = {0};
    struct ext4_entry ext4 = {0};
    bool found;

    if (volume == NULL)
        return false;
    if (volume->is_fat) {
        if (!fat_lookup(volume->fat, path, &fat, &found, err))
            return false;
        set_kind(found, !fat.is_directory, fat.is_directory, kind);
        *size_bytes = fat.size_bytes;
        return true;
    }
    if (!ext4_lookup(volume->ext4, path, &ext4, &found, err))
        return false;
    set_kind(found, ext4.is_regular, ext4.is_directory, kind);
    *size_bytes = ext4.size_bytes;
    return true;
}

static struct bytes *disk_read(void *self, size_t index, const char *path, size_t limit_bytes,
                               struct error *err)
{
    struct disk_volume *volume = open_volume(self, index, err);

    if (volume == NULL)
        return NULL;
    return volume->is_fat ? fat_read_file(volume->fat, path, limit_bytes, err)
                          : ext4_read_file(volume->ext4, path, limit_bytes, err);
}

static bool disk_feed(void *self, size_t index, const char *path, struct digest_set_stream *stream,
                      struct error *err)
{
    struct disk_volume *volume = open_volume(self, index, err);

    if (volume == NULL)
        return false;
    return volume->is_fat ? fat_feed_file(volume->fat, path, stream, err)
                          : ext4_feed_file(volume->ext4, path, stream, err);
}

struct listing {
    bool (*each)(void *context, const char *name);
    void *context;
};

static bool list_fat_entry(void *context, const struct fat_entry *entry)
{
    const struct listing *listing = context;

    return listing->each(listing->context, entry->name);
}

static bool disk_list(void *self, size_t index, const char *path,
                      bool (*each)(void *context, const char *name), void *context,
                      struct error *err)
{
    struct disk_volume *volume = open_volume(self, index, err);
    struct listing listing = {each, context};

    if (volume == NULL)
        return false;
    return volume->is_fat ? fat_list(volume->fat, path, list_fat_entry, &listing, err)
                          : ext4_list(volume->ext4, path, each, context, err);
}

static const struct boot_files_operations disk_operations = {
    .lookup = disk_lookup,
    .read = disk_read,
    .feed = disk_feed,
    .list = disk_list,
    .free = disk_files_free,
};

/* GRUB 2.12, grub-core/fs/fat.c and ext2.c: the names of its drivers. */
static const char *grub_file_system(const char *type)
{
    if (strcmp(type, "vfat") == 0)
        return "fat";
    if (strcmp(type, "ext2") == 0 || strcmp(type, "ext3") == 0 || strcmp(type, "ext4") == 0)
        return "ext2";
    return NULL;
}

static void describe_volume(const struct partition *partition, struct boot_volume *volume)
{
    volume->partition = partition->entry.number;
    snprintf(volume->uuid, sizeof(volume->uuid), "%s", partition->volume.uuid);
    snprintf(volume->label, sizeof(volume->label), "%s", partition->volume.label);
    volume->file_system = grub_file_system(partition->volume.type);
    guid_format(&partition->entry.unique, volume->partition_uuid);
    volume->is_esp = partition->role == ROLE_ESP;
}

struct boot_files *boot_files_from_disk(struct disk *disk, const struct partition_table *table,
                                        struct error *err)
{
    struct boot_volume volumes[BOOT_VOLUME_LIMIT] = {0};
    struct disk_files *files = calloc(1, sizeof(*files));

    if (files == NULL) {
        error_no_memory(err);
        return NULL;
    }
    files->disk = disk;
    files->count = table->count;
    for (size_t i = 0; i < table->count; i++) {
        const struct partition *partition = &table->partitions[i];
        describe_volume(partition, &volumes[i]);
        files->volumes[i] = (struct disk_volume){
            .offset_bytes = gpt_entry_offset(&table->gpt, &partition->entry),
            .length_bytes = gpt_entry_length(&table->gpt, &partition->entry),
            .is_fat = volumes[i].file_system != NULL && strcmp(volumes[i].file_system, "fat") == 0,
        };
    }
    return boot_files_new(&disk_operations, files, volumes, table->count, err);
}
