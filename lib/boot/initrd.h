/* SPDX-License-Identifier: Apache-2.0 */
/* An initramfs as a file: cpio archives that are not compressed (processors' microcode, modules),
 * then one that may be (linux, early-userspace/buffer-format.rst). Reading it, and writing another
 * with other files in its last archive. */
#ifndef BOOT_INITRD_H
#define BOOT_INITRD_H

#include "core/bytes.h"

#define INITRD_LIMIT_BYTES ((size_t)512 << 20)

enum initrd_compression { INITRD_PLAIN, INITRD_GZIP, INITRD_ZSTD };

/* One header of an archive with its name and content: all borrowed from the initrd. */
struct initrd_member {
    const char *name; /* "usr/bin/sh", without "./" or a leading slash */
    uint32_t mode;    /* with the file's type */
    const uint8_t *data;
    size_t size;
    const uint8_t *raw; /* header to padding */
    size_t raw_size;
    bool is_last; /* of the last archive */
};

struct initrd {
    size_t count;
    struct initrd_member *members;
    enum initrd_compression compression;
    size_t leading_bytes; /* of the file: what comes before the last archive */
    struct bytes *file;
    struct bytes *last; /* the last archive, where it was compressed */
};

/* Takes `file` over, also on failure. COLDSEAL_BAD_IMAGE for what is malformed;
 * COLDSEAL_UNSUPPORTED for other compressions, and for archives behind a compressed one. */
struct initrd *initrd_read(struct bytes *file, struct error *err);
void initrd_free(struct initrd *initrd);
DEFINE_OWNED(initrd);

/* NULL where there is none of that name. */
const struct initrd_member *initrd_find(const struct initrd *initrd, const char *name);

/* What is to be in the file beside what was. */
struct initrd_addition {
    char *name;
    uint32_t mode; /* S_IFREG, S_IFDIR or S_IFLNK with permissions */
    struct bytes *data;
};
struct initrd_additions {
    size_t count;
    struct initrd_addition *items;
};
/* Takes `data` over, also on failure; copies the name. */
bool initrd_add(struct initrd_additions *additions, const char *name, uint32_t mode,
                struct bytes *data, struct error *err);
bool initrd_has_addition(const struct initrd_additions *additions, const char *name);
void initrd_additions_free(struct initrd_additions *additions);
DEFINE_OWNED(initrd_additions);

/* The leading archives as they are; an archive of the additions that are compressed already, if
 * any; the last archive with its other additions, which replace members of the same name, and
 * without the members named in `dropped`, compressed as it was. Folders that are missing are made.
 */
struct bytes *initrd_write(const struct initrd *initrd, const struct initrd_additions *additions,
                           const char *const *dropped, size_t dropped_count, struct error *err);

#endif
