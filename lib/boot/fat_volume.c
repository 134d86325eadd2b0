/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/fat_volume.h"

#include <string.h>

#include "core/checked.h"
#include "core/reader.h"

#define BOOT_SECTOR_BYTES 512
#define DIRECTORY_ENTRY_BYTES 32
#define FAT12_CLUSTERS 4085
#define FAT16_CLUSTERS 65525
#define FAT32_CLUSTERS UINT32_C(0x0ffffff5)

/* FAT specification, clause 3: the BIOS parameter block, which starts at byte 11. */
struct bpb {
    uint16_t sector_bytes;
    uint8_t cluster_sectors;
    uint16_t reserved_sectors;
    uint8_t fat_copies;
    uint16_t root_entries;
    uint32_t total_sectors;
    uint32_t fat_sectors;
    bool is_fat32;
    uint16_t flags;
    uint16_t version;
    uint32_t root_cluster;
    uint16_t info_sector;
};

static bool parse_bpb(const uint8_t *sector, struct bpb *bpb)
{
    struct reader r = reader_over(sector, BOOT_SECTOR_BYTES);
    uint16_t total16;
    uint16_t fat16;
    uint32_t total32;
    uint32_t fat32;

    if (!reader_skip(&r, 11) || !read_u16le(&r, &bpb->sector_bytes) ||
        !read_u8(&r, &bpb->cluster_sectors) || !read_u16le(&r, &bpb->reserved_sectors) ||
        !read_u8(&r, &bpb->fat_copies) || !read_u16le(&r, &bpb->root_entries) ||
        !read_u16le(&r, &total16) || !reader_skip(&r, 1) || !read_u16le(&r, &fat16) ||
        !reader_seek(&r, 32) || !read_u32le(&r, &total32) || !read_u32le(&r, &fat32) ||
        !read_u16le(&r, &bpb->flags) || !read_u16le(&r, &bpb->version) ||
        !read_u32le(&r, &bpb->root_cluster) || !read_u16le(&r, &bpb->info_sector))
        return false;
    bpb->total_sectors = total16 != 0 ? total16 : total32;
    bpb->fat_sectors = fat16 != 0 ? fat16 : fat32;
    /* By the field and not by the number of clusters, as UEFI firmware and Linux do: small FAT32
     * volumes exist. */
    bpb->is_fat32 = fat16 == 0;
    return sector[510] == 0x55 && sector[511] == 0xaa;
}

static bool check_bpb(const struct bpb *bpb, uint64_t length_bytes, struct error *err)
{
    if (bpb->sector_bytes < 512 || bpb->sector_bytes > 4096 || !is_power_of_two(bpb->sector_bytes))
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: sectors of %u bytes", bpb->sector_bytes);
    if (!is_power_of_two(bpb->cluster_sectors))
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: clusters of %u sectors",
                         bpb->cluster_sectors);
    if (bpb->reserved_sectors == 0 || bpb->fat_copies == 0 || bpb->fat_sectors == 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: no reserved sectors or no table");
    if ((uint64_t)bpb->total_sectors * bpb->sector_bytes > length_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: larger than its partition");
    if (bpb->is_fat32 && (bpb->version != 0 || bpb->root_entries != 0))
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT32: version %u, %u fixed root entries",
                         bpb->version, bpb->root_entries);
    /* Bit 7: mirroring is off and the low bits name the copy in use. Readers that do not look at
     * it would see other files. */
    if (bpb->is_fat32 && (bpb->flags & 0x80) != 0 && (bpb->flags & 0x0f) != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "FAT32: the first copy of the table is not "
                         "the one in use");
    return true;
}

static bool settle_kind(struct fat *fat, const struct bpb *bpb, struct error *err)
{
    uint64_t needed_bytes;

    if (bpb->is_fat32)
        fat->bits = 32;
    else
        fat->bits = fat->cluster_count < FAT12_CLUSTERS ? 12 : 16;
    if (fat->cluster_count >= (fat->bits == 32 ? FAT32_CLUSTERS : FAT16_CLUSTERS))
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT%u with %u clusters", fat->bits,
                         fat->cluster_count);
    needed_bytes = (((uint64_t)fat->cluster_count + 2) * fat->bits + 7) / 8;
    if (needed_bytes > fat->fat_length_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: a table of %llu bytes for %u clusters",
                         (unsigned long long)fat->fat_length_bytes, fat->cluster_count);
    return true;
}

/* All products are of 32 by 16 bits at most. */
static bool settle_geometry(struct fat *fat, const struct bpb *bpb, struct error *err)
{
    uint64_t sector = bpb->sector_bytes;
    uint64_t root_bytes = (uint64_t)bpb->root_entries * DIRECTORY_ENTRY_BYTES;
    uint64_t root_sectors = (root_bytes + sector - 1) / sector;
    uint64_t fats_end = bpb->reserved_sectors + (uint64_t)bpb->fat_copies * bpb->fat_sectors;
    uint64_t data_sector = fats_end + root_sectors;

    if (data_sector >= bpb->total_sectors)
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: no room for files");
    uint64_t clusters = (bpb->total_sectors - data_sector) / bpb->cluster_sectors;
    fat->cluster_bytes = (uint32_t)sector * bpb->cluster_sectors;
    fat->cluster_count = (uint32_t)clusters;
    fat->fat_offset_bytes = fat->offset_bytes + bpb->reserved_sectors * sector;
    fat->fat_length_bytes = bpb->fat_sectors * sector;
    fat->fat_copies = bpb->fat_copies;
    if (bpb->is_fat32 && bpb->info_sector != 0 && bpb->info_sector < bpb->reserved_sectors)
        fat->info_offset_bytes = fat->offset_bytes + bpb->info_sector * sector;
    fat->root_offset_bytes = fat->offset_bytes + fats_end * sector;
    fat->root_length_bytes = (uint32_t)root_bytes;
    fat->root_cluster = bpb->root_cluster;
    fat->data_offset_bytes = fat->offset_bytes + data_sector * sector;
    return settle_kind(fat, bpb, err);
}

static bool read_volume(struct fat *fat, uint64_t length_bytes, struct error *err)
{
    uint8_t sector[BOOT_SECTOR_BYTES];
    struct bpb bpb;

    if (length_bytes < sizeof(sector) ||
        !range_within(fat->offset_bytes, length_bytes, disk_size(fat->disk)))
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: the volume is not within the disk");
    if (!disk_pread(fat->disk, sector, sizeof(sector), fat->offset_bytes, err))
        return false;
    if (!parse_bpb(sector, &bpb))
        return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: no boot sector");
    return check_bpb(&bpb, length_bytes, err) && settle_geometry(fat, &bpb, err);
}

struct fat *fat_open(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                     struct error *err)
{
    OWNED(fat) fat = calloc(1, sizeof(*fat));

    if (fat == NULL) {
        error_no_memory(err);
        return NULL;
    }
    fat->disk = disk;
    fat->offset_bytes = offset_bytes;
    return read_volume(fat, length_bytes, err) ? TAKE(fat) : NULL;
}

void fat_free(struct fat *fat)
{
    free(fat);
}
