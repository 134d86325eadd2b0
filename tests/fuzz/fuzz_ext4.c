/* SPDX-License-Identifier: Apache-2.0 */
/* A volume that begins with the input, opened as ext4. Checksums are off in the seeds, so that what
 * is behind them is reached. */
#include <stdlib.h>

#include "boot/ext4.h"
#include "core/checked.h"
#include "fuzz.h"
#include "image/open.h"

#define VOLUME_BYTES ((uint64_t)256 << 10)
#define FILE_LIMIT_BYTES ((size_t)1 << 20)

/* In order, apart, within the volume; all of it where the bitmaps are not to be trusted. */
static void check_ranges(const struct ranges *used, bool reliable)
{
    uint64_t end = 0;

    for (size_t i = 0; i < used->count; i++) {
        const struct range *range = &used->items[i];
        if (range->length_bytes == 0 || (i > 0 && range->offset_bytes <= end) ||
            !range_within(range->offset_bytes, range->length_bytes, VOLUME_BYTES))
            abort();
        end = range->offset_bytes + range->length_bytes;
    }
    /* The superblock at least. */
    if (used->count == 0 || used->items[0].offset_bytes != 0 ||
        used->items[0].length_bytes < 2048 || (!reliable && end != VOLUME_BYTES))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"/file", "/dir/file", "/link", "/lost+found"};
    struct error err = {0};
    bool reliable;
    OWNED(disk) disk = memory_disk_new(VOLUME_BYTES, &err);

    if (disk == NULL)
        return 0;
    if (!disk_pwrite(disk, data, (size_t)min_u64(size, VOLUME_BYTES), 0, &err))
        abort();
    OWNED(ext4) ext4 = ext4_open(disk, 0, VOLUME_BYTES, &err);
    if (ext4 == NULL)
        return 0;
    OWNED(ranges) used = ext4_used_ranges(ext4, &reliable, &err);
    if (used != NULL)
        check_ranges(used, reliable);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        bytes_free(ext4_read_file(ext4, paths[i], FILE_LIMIT_BYTES, &err));
    return 0;
}
