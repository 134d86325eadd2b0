/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/boot_partition.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "guest/guest_disk.h"
#include "layout/gpt.h"
#include "layout/plan.h"

#define DISK_DEVICE "/dev/sda"
#define MBR_CODE_BYTES 440
#define NEW_BOOT "/coldseal-boot"

static bool fill_entry(struct gpt *gpt, uint64_t offset_bytes, uint64_t length_bytes,
                       struct error *err)
{
    struct gpt_entry *entry = &gpt->entries[gpt->entry_count];

    if (gpt->entry_count >= GPT_MAX_ENTRIES || gpt->entry_slots < BOOT_PARTITION_NUMBER ||
        gpt_find(gpt, BOOT_PARTITION_NUMBER) != NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "partition number %d is taken",
                         BOOT_PARTITION_NUMBER);
    *entry = (struct gpt_entry){
        .number = BOOT_PARTITION_NUMBER,
        .type = gpt_type_xbootldr,
        .first_lba = offset_bytes / gpt->block_bytes,
        .last_lba = (offset_bytes + length_bytes) / gpt->block_bytes - 1,
    };
    if (RAND_bytes(entry->unique.bytes, sizeof(entry->unique.bytes)) != 1)
        return error_set(err, COLDSEAL_KEY, "no random numbers");
    /* RFC 9562, 5.4: version 4, variant 10; the third field is little-endian here */
    entry->unique.bytes[7] = (uint8_t)((entry->unique.bytes[7] & 0x0f) | 0x40);
    entry->unique.bytes[8] = (uint8_t)((entry->unique.bytes[8] & 0x3f) | 0x80);
    gpt->entry_count++;
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct gpt_entry *x = a;
    const struct gpt_entry *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static bool write_table(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                        struct error *err)
{
    OWNED_PTR(struct gpt) gpt = calloc(1, sizeof(*gpt));
    uint8_t mbr_code[MBR_CODE_BYTES];

    if (gpt == NULL)
        return error_no_memory(err);
    if (!gpt_read(disk, gpt, err) || !disk_pread(disk, mbr_code, sizeof(mbr_code), 0, err))
        return false;
    /* the overlay was grown behind the table's end */
    uint64_t array_blocks = (gpt->entry_slots * 128ULL + gpt->block_bytes - 1) / gpt->block_bytes;
    gpt->disk_blocks = disk_size(disk) / gpt->block_bytes;
    gpt->last_usable_lba = gpt->disk_blocks - array_blocks - 2;
    if (!fill_entry(gpt, offset_bytes, length_bytes, err))
        return false;
    qsort(gpt->entries, gpt->entry_count, sizeof(gpt->entries[0]), by_number);
    return gpt_write(disk, gpt, mbr_code, err);
}

bool boot_partition_add(struct appliance *appliance, uint64_t offset_bytes, uint64_t length_bytes,
                        struct error *err)
{
    guestfs_h *g = appliance->g;
    char device[32];

    OWNED(disk) disk = guest_disk_open(appliance, DISK_DEVICE, err);
    if (disk == NULL)
        return false;
    if (!write_table(disk, offset_bytes, length_bytes, err))
        return error_wrap(err, "add a partition for /boot");
    snprintf(device, sizeof(device), DISK_DEVICE "%d", BOOT_PARTITION_NUMBER);
    /* GRUB before 2.12 cannot read metadata_csum_seed */
    if (guestfs_blockdev_rereadpt(g, DISK_DEVICE) != 0 ||
        guestfs_mkfs_opts(g, "ext4", device, GUESTFS_MKFS_OPTS_FEATURES, "^metadata_csum_seed",
                          GUESTFS_MKFS_OPTS_LABEL, "BOOT", -1) != 0)
        return appliance_error(appliance, err, "make the file system of /boot");
    return true;
}

bool boot_partition_fill(struct appliance *appliance, const char *device, struct error *err)
{
    static const char move[] =
        "set -e\n"
        "find /boot -xdev -mindepth 1 -maxdepth 1 ! -name efi ! -name lost+found "
        "-exec cp -a -t " NEW_BOOT " -- {} +\n"
        "find /boot -xdev -mindepth 1 -maxdepth 1 ! -name efi -exec rm -rf -- {} +\n"
        "mkdir -p /boot/efi " NEW_BOOT "/efi\n";
    static const char *const argv[] = {"/bin/sh", "-c", move, NULL};
    guestfs_h *g = appliance->g;

    if (!guest_make_folder(&appliance->root, NEW_BOOT, err))
        return false;
    if (guestfs_mount(g, device, NEW_BOOT) != 0)
        return appliance_error(appliance, err, "mount the new /boot");
    OWNED_PTR(char) output = guest_run(&appliance->root, argv, err);
    if (output == NULL)
        return error_wrap(err, "fill the new /boot");
    if (guestfs_umount(g, NEW_BOOT) != 0 || guestfs_rmdir(g, NEW_BOOT) != 0 ||
        guestfs_mount(g, device, "/boot") != 0)
        return appliance_error(appliance, err, "mount the new /boot");
    return true;
}
