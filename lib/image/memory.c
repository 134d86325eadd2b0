/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/bytes.h"
#include "image/open.h"

static bool memory_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    const struct bytes *memory = self;

    (void)err;
    memcpy(buffer, memory->data + offset, size);
    return true;
}

static bool memory_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                          struct error *err)
{
    struct bytes *memory = self;

    (void)err;
    memcpy(memory->data + offset, buffer, size);
    return true;
}

static bool memory_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    const struct bytes *memory = self;

    (void)err;
    *extent = (struct extent){offset, memory->size - offset, EXTENT_DATA};
    return true;
}

static void memory_free(void *self)
{
    bytes_free(self);
}

static const struct disk_operations memory_operations = {
    .format = "memory",
    .pread = memory_pread,
    .pwrite = memory_pwrite,
    .extent = memory_extent,
    .free = memory_free,
};

struct disk *memory_disk_new(uint64_t size_bytes, struct error *err)
{
    struct bytes *memory = bytes_new(size_bytes, err);

    return memory == NULL ? NULL : disk_new(&memory_operations, memory, size_bytes, err);
}
