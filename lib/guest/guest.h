/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's part, done inside a libguestfs appliance, whose only user this is, or without one. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include "coldseal.h"
#include "core/error.h"
#include "core/own.h"
#include "image/disk.h"
#include "layout/plan.h"

/* A list of short lines for the report. */
struct lines {
    char **items;
    size_t count;
};

struct guest_request {
    const char *overlay_path; /* qcow2 that may be changed; the image behind it stays as it is */
    uint32_t block_bytes;     /* of the disk: 512 or 4096 */
    uint32_t root_partition;
    uint32_t esp_partition;
    uint32_t boot_partition; /* 0: /boot is inside root */
    /* where boot_partition is 0: the partition table gets number 16 here, made and filled */
    uint64_t new_boot_offset_bytes;
    uint64_t new_boot_length_bytes;
    const struct coldseal_guest_options *options;
    struct coldseal_progress progress;
};

struct guest_result {
    char os[64]; /* "ubuntu", "debian" */
    char os_version[64];
    char os_name[128];  /* PRETTY_NAME */
    char initramfs[32]; /* "initramfs-tools", "dracut" */
    char kernel[128];   /* release that boots */
    char grub_cfg[160]; /* path on the ESP */
    char boot_uuid[64];
    char accelerator[16];        /* "kvm", "tcg"; "none" without an appliance */
    char appliance_because[256]; /* why there was one where there need not be; empty otherwise */
    struct lines changes;        /* what was done */
    struct lines warnings;       /* what a user should know */
};

/* An appliance that dies, at the start or in the middle of work, is tried once more from the
 * beginning: the overlay is put back to the bytes it had at the call, which is why it must be fresh
 * (tables only, below 64 MiB). After a failure the overlay is of no use. The second attempt does
 * without KVM.
 *
 * COLDSEAL_UNSUPPORTED: guest that cannot be prepared, with the reason and the remedy;
 * COLDSEAL_TRY_AGAIN: the appliance died twice; COLDSEAL_IO: no appliance can be had here. */
struct guest_result *guest_prepare(const struct guest_request *request, struct error *err);

/* The same by this process, on a disk that may be changed and thrown away, with its table (both
 * borrowed). Where the appliance may do better, *is_final is false and the failure
 * COLDSEAL_UNSUPPORTED with the reason; nothing that is on the disk then is of any use. */
struct guest_result *guest_prepare_native(struct disk *disk, const struct partition_table *table,
                                          const struct coldseal_guest_options *options,
                                          struct coldseal_progress progress, bool *is_final,
                                          struct error *err);
void guest_result_free(struct guest_result *result);
DEFINE_OWNED(guest_result);

#endif
