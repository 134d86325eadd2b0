/* SPDX-License-Identifier: Apache-2.0 */
/* The cleartext side as firmware, shim and GRUB see it: volumes, and files by path. An image, a
 * folder and a recorded boot serve it through one table of operations. */
#ifndef BOOT_BOOT_FILES_H
#define BOOT_BOOT_FILES_H

#include "core/bytes.h"
#include "core/digest_set.h"
#include "core/guid.h"
#include "layout/plan.h"

enum boot_file_kind { BOOT_FILE_NONE, BOOT_FILE_REGULAR, BOOT_FILE_DIRECTORY };

#define BOOT_VOLUME_LIMIT GPT_MAX_ENTRIES
#define BOOT_PATH_LIMIT_BYTES 4096
/* Of archives that are put together. */
#define BOOT_JOINED_LIMIT 16

/* One partition. Values are an image's and may be hostile text. */
struct boot_volume {
    uint32_t partition;      /* GPT number */
    char uuid[64];           /* as libblkid writes it: FAT "1234-ABCD", ext4 lower case */
    char label[256];         /* of the file system */
    const char *file_system; /* "fat" or "ext2", GRUB's names; NULL where no file can be read */
    char partition_uuid[GUID_TEXT_BYTES];
    bool is_esp;
};

struct boot_file {
    size_t volume;
    const char *path;
};

/* What a back end provides. `volume` is an index below the count given to boot_files_new(), of a
 * volume that has a file system; paths are absolute, with '/'. */
struct boot_files_operations {
    bool (*lookup)(void *self, size_t volume, const char *path, enum boot_file_kind *kind,
                   uint64_t *size_bytes, struct error *err);
    struct bytes *(*read)(void *self, size_t volume, const char *path, size_t limit_bytes,
                          struct error *err);
    bool (*feed)(void *self, size_t volume, const char *path, struct digest_set_stream *stream,
                 struct error *err);
    /* In place of `feed`, for what knows digests and not the content; see
     * boot_files_digest_joined(). */
    bool (*digest)(void *self, const struct boot_file *files, size_t count,
                   struct digest_set *digests, struct error *err);
    bool (*list)(void *self, size_t volume, const char *path,
                 bool (*each)(void *context, const char *name), void *context, struct error *err);
    void (*free)(void *self);
};

struct boot_files;

/* Takes `self` over, also on failure; copies the volumes. */
struct boot_files *boot_files_new(const struct boot_files_operations *operations, void *self,
                                  const struct boot_volume *volumes, size_t count,
                                  struct error *err);
void boot_files_free(struct boot_files *files);
DEFINE_OWNED(boot_files);

/* `disk` and `table` are borrowed. A file system is opened when its first file is asked for. */
struct boot_files *boot_files_from_disk(struct disk *disk, const struct partition_table *table,
                                        struct error *err);
/* A folder with volumes.json, an array of { "partition", "uuid", "label", "file_system": "fat" or
 * "ext2" or "", "partition_uuid", "esp": bool, "folder": where its files lie, relative }. Names on
 * FAT are compared without case; links are followed inside their volume only. */
struct boot_files *boot_files_from_folder(const char *path, struct error *err);

size_t boot_files_count(const struct boot_files *files);
/* Borrowed, of one array in order of partition number. */
const struct boot_volume *boot_files_volume(const struct boot_files *files, size_t index);
/* The first ESP; false where there is none. */
bool boot_files_esp(const struct boot_files *files, size_t *index);

/* *kind is BOOT_FILE_NONE, and the result true, where nothing is there. `size_bytes` may be NULL.
 */
bool boot_files_lookup(struct boot_files *files, size_t volume, const char *path,
                       enum boot_file_kind *kind, uint64_t *size_bytes, struct error *err);
/* Whole file. COLDSEAL_BAD_IMAGE when it is absent, a directory or longer than `limit_bytes`. */
struct bytes *boot_files_read(struct boot_files *files, size_t volume, const char *path,
                              size_t limit_bytes, struct error *err);
/* Of the whole file, which is never in memory as a whole; kept, so that each file is read once. */
bool boot_files_digest(struct boot_files *files, size_t volume, const char *path,
                       struct digest_set *digests, struct error *err);
/* Of several files one after the other, each but the first at the next multiple of 4 bytes: as
 * loaders put initramfs archives together. BOOT_JOINED_LIMIT files at the most. */
bool boot_files_digest_joined(struct boot_files *files, const struct boot_file *parts, size_t count,
                              struct digest_set *digests, struct error *err);
/* Calls `each` for every name in a directory, in no order, until it returns false.
 * COLDSEAL_BAD_IMAGE when it is no directory. */
bool boot_files_list(struct boot_files *files, size_t volume, const char *path,
                     bool (*each)(void *context, const char *name), void *context,
                     struct error *err);

#endif
