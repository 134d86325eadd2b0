/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's file systems as they lie on a disk, read and written by this process: no appliance,
 * nothing is mounted, and nothing of the guest's is run. */
#ifndef GUEST_NATIVE_ROOT_H
#define GUEST_NATIVE_ROOT_H

#include "boot/ext4_edit.h"
#include "boot/fat_edit.h"
#include "guest/guest_root.h"
#include "layout/plan.h"

struct native_root {
    struct guest_root root;
    struct ext4 *main; /* "/" */
    struct ext4 *boot; /* "/boot" */
    struct fat *esp;   /* "/boot/efi" */
    /* The first look at a name that failed: it was taken for one that is not there. */
    struct error failure;
};

/* Over a disk that may be written and thrown away; borrowed. Root and /boot must be partitions with
 * ext4: COLDSEAL_UNSUPPORTED. */
struct native_root *native_root_open(struct disk *disk, const struct partition_table *table,
                                     struct error *err);
void native_root_free(struct native_root *native);
DEFINE_OWNED(native_root);
/* Whether every look at a name was answered. COLDSEAL_UNSUPPORTED: reading a folder failed. */
bool native_root_saw_all(const struct native_root *native, struct error *err);
/* Writes what is still in memory, where all was seen. */
bool native_root_finish(struct native_root *native, struct error *err);

struct native_root *native_root_of(struct guest_root *guest);
/* Which of the three has a path, and the path in it. Links between them are not followed. */
struct native_place {
    struct ext4 *ext4; /* NULL: the ESP */
    const char *path;
};
struct native_place native_place_of(const struct native_root *native, const char *path);

#endif
