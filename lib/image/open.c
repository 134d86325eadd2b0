/* SPDX-License-Identifier: Apache-2.0 */
#include "image/open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/checked.h"
#include "image/file_io.h"
#include "image/lock.h"
#include "image/nbd.h"
#include "image/qcow2_backing.h"
#include "image/qcow2_header.h"

#define HEAD_BYTES 512

struct magic {
    const char *format;
    size_t offset;
    const char *bytes;
    size_t size;
};

/* What people call a disk image and what would only look like a broken raw one. */
static const struct magic foreign_formats[] = {
    {"VMDK image", 0, "KDMV", 4},
    {"VHDX image", 0, "vhdxfile", 8},
    {"VHD image", 0, "conectix", 8},
    {"QED image", 0, "QED\0", 4},
    {"VDI image", 64, "\x7f\x10\xda\xbe", 4},
    {"gzip file", 0, "\x1f\x8b\x08", 3},
    {"xz file", 0,
     "\xfd"
     "7zXZ\0",
     6},
    {"zstd file", 0, "\x28\xb5\x2f\xfd", 4},
    {"bzip2 file", 0, "BZh", 3},
    {"zip file", 0, "PK\x03\x04", 4},
    {"tar archive", 257, "ustar", 5},
};

static bool has_magic(const uint8_t *head, size_t size, const struct magic *magic)
{
    return size >= magic->offset + magic->size &&
           memcmp(head + magic->offset, magic->bytes, magic->size) == 0;
}

/* A disk with a boot sector is a disk, whatever its boot code looks like. */
static bool has_boot_sector(const uint8_t *head, size_t size)
{
    return size == HEAD_BYTES && head[510] == 0x55 && head[511] == 0xaa;
}

static bool check_foreign(const uint8_t *head, size_t size, struct error *err)
{
    if (has_boot_sector(head, size))
        return true;
    for (size_t i = 0; i < sizeof(foreign_formats) / sizeof(foreign_formats[0]); i++) {
        if (has_magic(head, size, &foreign_formats[i]))
            return error_set(err, COLDSEAL_UNSUPPORTED,
                             "a %s; make a raw or qcow2 image of it first",
                             foreign_formats[i].format);
    }
    return true;
}

static struct disk *open_by_content(int fd, bool writable, struct disk *backing, struct error *err)
{
    uint8_t head[HEAD_BYTES];
    uint64_t size_bytes;

    if (!file_size(fd, &size_bytes, err))
        return NULL;
    size_t size = min_u64(size_bytes, sizeof(head));
    if (!file_read_at(fd, head, size, 0, err))
        return NULL;
    if (qcow2_header_has_magic(head, size))
        return qcow2_open(fd, writable, backing, err);
    return check_foreign(head, size, err) ? raw_open(fd, writable, err) : NULL;
}

struct disk *image_open_fd(int fd, bool writable, struct disk *backing, struct error *err)
{
    bool locked = writable ? image_lock_writing(fd, err) : image_lock_reading(fd, err);

    return locked ? open_by_content(fd, writable, backing, err) : NULL;
}

/* open(2): O_EXCL without O_CREAT has a meaning for block devices only. */
static int open_flags(const char *path, bool writable)
{
    struct stat file;

    if (!writable)
        return O_RDONLY;
    return O_RDWR | (stat(path, &file) == 0 && S_ISBLK(file.st_mode) ? O_EXCL : 0);
}

/* O_NONBLOCK: a FIFO is refused rather than waited for. */
static int open_file(const char *path, bool writable, struct error *err)
{
    int fd = open(path, open_flags(path, writable) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == EBUSY)
        error_set(err, COLDSEAL_IO, "the device is in use: mounted, or part of a mapping or array");
    else if (fd < 0)
        error_errno(err, COLDSEAL_IO, "open");
    return fd;
}

/* A server that exports a file as it is where it should export the disk in it. */
static struct disk *open_remote(const char *uri, bool writable, struct error *err)
{
    OWNED(disk) disk = nbd_open(uri, writable, err);
    uint8_t head[HEAD_BYTES];

    if (disk == NULL)
        return NULL;
    size_t size = min_u64(disk_size(disk), sizeof(head));
    if (!disk_pread(disk, head, size, 0, err) || !check_foreign(head, size, err))
        return NULL;
    if (!qcow2_header_has_magic(head, size))
        return TAKE(disk);
    error_set(err, COLDSEAL_UNSUPPORTED,
              "the NBD server exports a qcow2 file as it is, not the disk in it");
    return NULL;
}

static struct disk *open_path(const char *path, bool writable, struct disk *backing,
                              struct error *err)
{
    if (nbd_is_uri(path))
        return open_remote(path, writable, err);
    if (strcmp(path, "-") == 0) {
        error_set(err, COLDSEAL_UNSUPPORTED,
                  "standard input is no image here: encrypt, decrypt, prepare, rekey to a new file "
                  "and inspect take one");
        return NULL;
    }
    OWNED_FD fd = open_file(path, writable, err);
    if (fd < 0)
        return NULL;
    struct disk *disk = image_open_fd(fd, writable, backing, err);
    if (disk != NULL)
        disk_adopt_fd(disk, TAKE_FD(fd));
    return disk;
}

struct disk *image_open(const char *path, struct disk *backing, struct error *err)
{
    return open_path(path, false, backing, err);
}

struct disk *image_open_writable(const char *path, struct error *err)
{
    return open_path(path, true, NULL, err);
}

struct disk *image_open_over(const char *path, const char *backing_path, bool writable,
                             struct error *err)
{
    if (backing_path == NULL)
        return open_path(path, writable, NULL, err);
    OWNED(disk) base = open_path(backing_path, false, NULL, err);
    if (base == NULL) {
        error_wrap(err, "backing file %s", backing_path);
        return NULL;
    }
    OWNED_FD fd = open_file(path, writable, err);
    if (fd < 0 || !qcow2_backing_check(fd, backing_path, disk_format(base), err))
        return NULL;
    struct disk *disk = image_open_fd(fd, writable, base, err);
    if (disk == NULL)
        return NULL;
    disk_adopt_fd(disk, TAKE_FD(fd));
    disk_adopt_base(disk, TAKE(base));
    return disk;
}
