/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/guest_disk.h"

#include <stdio.h>
#include <string.h>

#include "core/checked.h"

/* guestfs(3): less than a protocol message, which is 4 MiB. */
#define TRANSFER_BYTES ((size_t)1 << 20)

struct guest_disk {
    struct appliance *appliance;
    char device[32];
};

static bool guest_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    struct guest_disk *disk = self;
    uint8_t *out = buffer;

    while (size > 0) {
        size_t got = 0;
        int want = (int)min_u64(size, TRANSFER_BYTES);
        OWNED_PTR(char)
        data = guestfs_pread_device(disk->appliance->g, disk->device, want, (int64_t)offset, &got);
        if (data == NULL)
            return appliance_error(disk->appliance, err, "read %s", disk->device);
        if (got == 0)
            return error_set(err, COLDSEAL_IO, "%s ends early", disk->device);
        memcpy(out, data, got);
        out += got;
        offset += got;
        size -= got;
    }
    return true;
}

static bool guest_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                         struct error *err)
{
    struct guest_disk *disk = self;
    const char *in = buffer;

    while (size > 0) {
        size_t want = (size_t)min_u64(size, TRANSFER_BYTES);
        int written =
            guestfs_pwrite_device(disk->appliance->g, disk->device, in, want, (int64_t)offset);
        if (written <= 0)
            return appliance_error(disk->appliance, err, "write %s", disk->device);
        in += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return true;
}

static bool guest_flush(void *self, struct error *err)
{
    struct guest_disk *disk = self;

    return guestfs_sync(disk->appliance->g) == 0 || appliance_error(disk->appliance, err, "sync");
}

static bool guest_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    struct guest_disk *disk = self;
    int64_t size = guestfs_blockdev_getsize64(disk->appliance->g, disk->device);

    if (size < 0)
        return appliance_error(disk->appliance, err, "size of %s", disk->device);
    *extent = (struct extent){offset, (uint64_t)size - offset, EXTENT_DATA};
    return true;
}

static const struct disk_operations operations = {
    .format = "appliance",
    .pread = guest_pread,
    .pwrite = guest_pwrite,
    .flush = guest_flush,
    .extent = guest_extent,
    .free = free,
};

struct disk *guest_disk_open(struct appliance *appliance, const char *device, struct error *err)
{
    int64_t size = guestfs_blockdev_getsize64(appliance->g, device);
    struct guest_disk *disk;

    if (size < 0)
        return appliance_error(appliance, err, "size of %s", device), NULL;
    disk = calloc(1, sizeof(*disk));
    if (disk == NULL)
        return error_no_memory(err), NULL;
    disk->appliance = appliance;
    snprintf(disk->device, sizeof(disk->device), "%s", device);
    return disk_new(&operations, disk, (uint64_t)size, err);
}
