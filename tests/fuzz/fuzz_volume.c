/* SPDX-License-Identifier: Apache-2.0 */
/* The input as the first bytes of a partition; libblkid says what it is. */
#include <stdlib.h>
#include <string.h>

#include "core/checked.h"
#include "fuzz.h"
#include "image/open.h"
#include "layout/probe.h"

#define DISK_BYTES ((uint64_t)1 << 20)
#define OFFSET_BYTES 512

static void check_text(const char *text, size_t room)
{
    if (memchr(text, '\0', room) == NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct volume volume;
    OWNED(disk) disk = memory_disk_new(DISK_BYTES, &err);
    size_t used = (size_t)min_u64(size, DISK_BYTES - OFFSET_BYTES);

    if (disk == NULL)
        return 0;
    if (!disk_pwrite(disk, data, used, OFFSET_BYTES, &err))
        abort();
    if (!volume_probe(disk, OFFSET_BYTES, DISK_BYTES - OFFSET_BYTES, &volume, &err))
        return 0;
    check_text(volume.type, sizeof(volume.type));
    check_text(volume.label, sizeof(volume.label));
    check_text(volume.beyond, sizeof(volume.beyond));
    if (volume.beyond[0] != '\0' && volume.type[0] == '\0')
        abort();
    return 0;
}
