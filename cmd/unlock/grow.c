/* SPDX-License-Identifier: Apache-2.0 */
#include "grow.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/blkpg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include "clock.h"
#include "image/open.h"
#include "layout/gpt.h"
#include "token/luks2_header.h"

/* What sysfs counts in, whatever the disk's blocks are. */
#define SYSFS_SECTOR_BYTES 512
#define SYSFS_NUMBER_BYTES 32
#define LOCK_SECONDS UINT64_C(10)
#define LOCK_POLL_MILLISECONDS 50

/* A partition as the kernel has it. */
struct kernel_partition {
    char disk[DEVICE_PATH_BYTES]; /* its node */
    uint64_t number;
    uint64_t start_bytes;
    uint64_t length_bytes;
};

static bool read_number(const char *folder, const char *name, uint64_t *value, struct error *err)
{
    char path[DEVICE_PATH_BYTES * 2], text[SYSFS_NUMBER_BYTES + 1] = "";
    char *end = NULL;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    OWNED(bytes) file = bytes_read_file(path, SYSFS_NUMBER_BYTES, err);
    if (file == NULL)
        return false;
    memcpy(text, file->data, file->size);
    errno = 0;
    *value = strtoull(text, &end, 10);
    return (errno == 0 && end != text) || error_set(err, COLDSEAL_IO, "%s: no number", path);
}

/* /sys/class/block/vda1 leads to …/block/vda/vda1. */
static bool find_disk(const struct device_roots *roots, const char *folder,
                      struct kernel_partition *partition, struct error *err)
{
    OWNED_PTR(char) place = realpath(folder, NULL);
    char *slash = place == NULL ? NULL : strrchr(place, '/');

    if (slash == NULL)
        return error_errno(err, COLDSEAL_IO, "%s", folder);
    *slash = '\0';
    slash = strrchr(place, '/');
    int size = snprintf(partition->disk, sizeof(partition->disk), "%s%s", roots->dev,
                        slash == NULL ? "/" : slash);
    return (size > 0 && (size_t)size < sizeof(partition->disk)) ||
           error_set(err, COLDSEAL_IO, "%s: name too long", folder);
}

static bool ask_kernel(const struct device_roots *roots, const struct candidate *candidate,
                       struct kernel_partition *partition, struct error *err)
{
    const char *slash = strrchr(candidate->path, '/');
    char folder[DEVICE_PATH_BYTES * 2];

    snprintf(folder, sizeof(folder), "%s/%s", roots->sysfs,
             slash == NULL ? candidate->path : slash + 1);
    if (!find_disk(roots, folder, partition, err) ||
        !read_number(folder, "partition", &partition->number, err) ||
        !read_number(folder, "start", &partition->start_bytes, err) ||
        !read_number(folder, "size", &partition->length_bytes, err))
        return false;
    if (partition->number == 0 || partition->number > GPT_MAX_ENTRIES ||
        partition->start_bytes > INT64_MAX / SYSFS_SECTOR_BYTES ||
        partition->length_bytes > INT64_MAX / SYSFS_SECTOR_BYTES)
        return error_set(err, COLDSEAL_IO, "%s: number or size out of bounds", folder);
    partition->start_bytes *= SYSFS_SECTOR_BYTES;
    partition->length_bytes *= SYSFS_SECTOR_BYTES;
    return true;
}

/* The kernel read the table before: since then the host may have written another. */
static bool same_partition(const struct gpt *gpt, const struct kernel_partition *partition,
                           struct error *err)
{
    const struct gpt_entry *entry = gpt_find(gpt, (uint32_t)partition->number);

    return (entry != NULL && gpt_entry_offset(gpt, entry) == partition->start_bytes &&
            gpt_entry_length(gpt, entry) == partition->length_bytes) ||
           error_set(err, COLDSEAL_BAD_IMAGE,
                     "the partition table is not the one that the kernel knows");
}

static bool tell_kernel(int fd, const struct kernel_partition *partition, uint64_t length_bytes,
                        struct error *err)
{
    struct blkpg_partition resized = {
        .pno = (int)partition->number,
        .start = (long long)partition->start_bytes,
        .length = (long long)length_bytes,
    };
    struct blkpg_ioctl_arg arg = {
        .op = BLKPG_RESIZE_PARTITION,
        .datalen = sizeof(resized),
        .data = &resized,
    };

    return ioctl(fd, BLKPG, &arg) == 0 ||
           error_errno(err, COLDSEAL_IO, "tell the kernel of the new size");
}

static bool grow_table(int fd, const struct kernel_partition *partition, struct growth *growth,
                       struct error *err)
{
    OWNED_PTR(struct gpt) gpt = calloc(1, sizeof(*gpt));
    uint8_t mbr_code[MBR_CODE_BYTES];
    bool grown;

    if (gpt == NULL)
        return error_no_memory(err);
    OWNED(disk) disk = raw_open(fd, true, err);
    if (disk == NULL || !gpt_read(disk, gpt, err) || !same_partition(gpt, partition, err) ||
        !gpt_grow_last(gpt, (uint32_t)partition->number, LUKS2_SECTOR_BYTES, &grown, err))
        return false;
    if (!grown)
        return true;
    uint64_t after = gpt_entry_length(gpt, gpt_find(gpt, (uint32_t)partition->number));
    if (!disk_pread(disk, mbr_code, sizeof(mbr_code), 0, err) ||
        !gpt_write(disk, gpt, mbr_code, err) || !disk_flush(disk, err) ||
        !tell_kernel(fd, partition, after, err))
        return false;
    growth->after_bytes = after;
    return true;
}

void growth_end(struct growth *growth)
{
    if (growth->disk_fd >= 0)
        close(growth->disk_fd);
    growth->disk_fd = -1;
}

/* systemd, "Locking Block Device Access": udev keeps off while somebody holds this lock; it may
 * hold it itself just now. */
static bool lock_disk(int fd)
{
    uint64_t deadline = clock_milliseconds() + LOCK_SECONDS * 1000;

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || clock_milliseconds() >= deadline)
            return false;
        clock_sleep_milliseconds(LOCK_POLL_MILLISECONDS);
    }
    return true;
}

bool grow_partition(const struct device_roots *roots, const struct candidate *candidate,
                    struct growth *growth, struct error *err)
{
    struct kernel_partition partition;

    *growth = (struct growth){.disk_fd = -1};
    if (!ask_kernel(roots, candidate, &partition, err))
        return false;
    growth->before_bytes = growth->after_bytes = partition.length_bytes;
    growth->disk_fd = open(partition.disk, O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (growth->disk_fd < 0 || !lock_disk(growth->disk_fd))
        return error_errno(err, COLDSEAL_IO, "lock %s", partition.disk);
    return grow_table(growth->disk_fd, &partition, growth, err) ||
           error_wrap(err, "%s", partition.disk);
}
