/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is larger than the image that was written to it. */
#ifndef UNLOCK_GROW_H
#define UNLOCK_GROW_H

#include <stdint.h>

#include "device.h"

struct growth {
    uint64_t before_bytes; /* of the partition */
    uint64_t after_bytes;  /* the same where there was no room */
    int disk_fd; /* locked: while it is open udev does not read the table anew and take the
                  * partition away meanwhile. -1: not open. */
};

void growth_end(struct growth *growth);

/* Lets the candidate's partition, the last one on its disk, end where the disk ends, in the table
 * on the disk and in the kernel's. The LUKS2 header stays as it is: its segment goes to the end of
 * the device. To be called before the root is mapped, for a candidate whose pin was right. The
 * table is the host's to forge: what cannot be done leaves the partition as it was, which is no
 * reason not to boot. */
bool grow_partition(const struct device_roots *roots, const struct candidate *candidate,
                    struct growth *growth, struct error *err);

#endif
