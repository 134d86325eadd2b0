/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions that may be our root: those that carry a LUKS2 header with the wanted UUID. */
#ifndef UNLOCK_DEVICE_H
#define UNLOCK_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/error.h"

/* The host can add as many disks as it likes; nobody has to try them all. */
#define DEVICE_MAX_CANDIDATES 16
#define DEVICE_PATH_BYTES 256

struct candidate {
    char path[DEVICE_PATH_BYTES];
    uint64_t offset_bytes; /* of the header; 0 on a partition, anything in a test's image file */
};

struct candidates {
    size_t count;
    struct candidate items[DEVICE_MAX_CANDIDATES];
};

/* Where the kernel lists block devices and where their nodes are. */
struct device_roots {
    const char *sysfs; /* "/sys/class/block" */
    const char *dev;   /* "/dev" */
};

/* Either copy of the binary header says `uuid`; nothing else of it is checked here. */
bool device_has_uuid(const struct candidate *candidate, const char *uuid);

/* Looks once. No candidate is no error; COLDSEAL_IO when sysfs cannot be read. */
bool device_scan(const struct device_roots *roots, const char *uuid, struct candidates *found,
                 struct error *err);

/* Looks until there is one. COLDSEAL_IO when there is none after `seconds`. */
bool device_wait(const struct device_roots *roots, const char *uuid, unsigned seconds,
                 struct candidates *found, struct error *err);

/* The first LUKS2_HEADER_BYTES, read once. */
struct bytes *device_read_header(const struct candidate *candidate, struct error *err);

#endif
