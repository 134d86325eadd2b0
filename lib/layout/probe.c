/* SPDX-License-Identifier: Apache-2.0 */
#include "layout/probe.h"

#include <blkid.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "layout/probe_beyond.h"

/* Every signature that libblkid knows lies this close to a volume's start or end. */
#define PROBE_BYTES ((uint64_t)2 << 20)
#define COPY_BYTES ((size_t)64 << 10)

static inline void blkid_probe_cleanup(blkid_probe *probe)
{
    if (*probe != NULL)
        blkid_free_probe(*probe);
}
#define OWNED_PROBE __attribute__((cleanup(blkid_probe_cleanup))) blkid_probe

static bool write_at(int fd, const uint8_t *data, size_t size, uint64_t offset, struct error *err)
{
    while (size > 0) {
        ssize_t done = pwrite(fd, data, size, (off_t)offset);
        if (done <= 0)
            return error_errno(err, COLDSEAL_IO, "copy a partition's ends for probing");
        data += done;
        size -= (size_t)done;
        offset += (uint64_t)done;
    }
    return true;
}

/* `offset` is within the partition, which begins at `base`. */
static bool copy_part(int fd, struct disk *disk, uint64_t base, uint64_t offset, uint64_t length,
                      struct error *err)
{
    OWNED(bytes) buffer = bytes_new(COPY_BYTES, err);

    if (buffer == NULL)
        return false;
    while (length > 0) {
        struct extent extent;
        if (!disk_extent(disk, base + offset, &extent, err))
            return false;
        uint64_t size = min_u64(length, extent.length_bytes);
        if (extent.kind == EXTENT_DATA) {
            size = min_u64(size, COPY_BYTES);
            if (!disk_pread(disk, buffer->data, size, base + offset, err) ||
                !write_at(fd, buffer->data, size, offset, err))
                return false;
        }
        offset += size;
        length -= size;
    }
    return true;
}

/* A sparse file with the partition's ends, so that libblkid sees its size and needs no path. */
static int copy_ends(struct disk *disk, uint64_t offset, uint64_t length, struct error *err)
{
    OWNED_FD fd = memfd_create("volume", MFD_CLOEXEC);
    uint64_t head = min_u64(length, PROBE_BYTES);
    uint64_t tail = min_u64(length - head, PROBE_BYTES);

    if (fd < 0 || ftruncate(fd, (off_t)length) != 0) {
        error_errno(err, COLDSEAL_IO, "make a file for probing");
        return -1;
    }
    if (!copy_part(fd, disk, offset, 0, head, err) ||
        !copy_part(fd, disk, offset, length - tail, tail, err))
        return -1;
    return TAKE_FD(fd);
}

static void take_value(blkid_probe probe, const char *name, char *out, size_t room)
{
    const char *value;

    if (blkid_probe_lookup_value(probe, name, &value, NULL) == 0)
        snprintf(out, room, "%s", value);
}

static bool probe_file(int fd, struct volume *volume, struct error *err)
{
    OWNED_PROBE probe = blkid_new_probe();

    if (probe == NULL)
        return error_no_memory(err);
    if (blkid_probe_set_device(probe, fd, 0, 0) != 0 ||
        blkid_probe_enable_superblocks(probe, 1) != 0 ||
        blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_VERSION |
                                                     BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID) != 0)
        return error_set(err, COLDSEAL_IO, "libblkid cannot probe");
    int result = blkid_do_safeprobe(probe);
    if (result == -2)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "holds the signatures of more than one file system");
    if (result < 0)
        return error_set(err, COLDSEAL_IO, "libblkid failed to probe");
    take_value(probe, "TYPE", volume->type, sizeof(volume->type));
    take_value(probe, "VERSION", volume->version, sizeof(volume->version));
    take_value(probe, "LABEL", volume->label, sizeof(volume->label));
    take_value(probe, "UUID", volume->uuid, sizeof(volume->uuid));
    return true;
}

bool volume_probe(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                  struct volume *volume, struct error *err)
{
    memset(volume, 0, sizeof(*volume));
    if (!range_within(offset_bytes, length_bytes, disk_size(disk)) || length_bytes > INT64_MAX)
        return error_set(err, COLDSEAL_BAD_IMAGE, "a volume that ends behind the disk");
    OWNED_FD fd = copy_ends(disk, offset_bytes, length_bytes, err);
    return fd >= 0 && probe_file(fd, volume, err) &&
           volume_find_beyond(disk, offset_bytes, length_bytes, volume, err);
}
