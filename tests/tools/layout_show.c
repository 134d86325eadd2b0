/* SPDX-License-Identifier: Apache-2.0 */
/* What the layout and boot stages see in an image, for scripts to compare with other tools:
 *     layout_show table IMAGE            one line a partition: number role type label
 *     layout_show plan IMAGE HEADER BOOT the planned places, HEADER bytes, BOOT 1: /boot is needed
 *     layout_show esp IMAGE              the boot files of the ESP
 *     layout_show cat IMAGE PATH         a file of the ESP
 *     layout_show bootcat IMAGE PATH     a file of /boot
 *     layout_show prefix FILE            the prefix of a GRUB image
 *     layout_show used FILE              used ranges of an ext4 volume: offset length
 *     layout_show keep FILE OUT          OUT becomes FILE with zeros outside of the used ranges
 *     layout_show file FILE PATH         a file of an ext4 volume */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/ext4.h"
#include "boot/grub.h"
#include "core/checked.h"
#include "image/open.h"
#include "layout/plan.h"

#define FILE_LIMIT_BYTES ((size_t)256 << 20)
#define COPY_BYTES ((size_t)1 << 20)

static bool show_table(struct disk *disk, char **args, struct error *err)
{
    OWNED(partition_table) table = partition_table_read(disk, 0, err);

    (void)args;
    for (uint32_t i = 0; table != NULL && i < table->count; i++) {
        const struct partition *p = &table->partitions[i];
        printf("%u %s %s %s\n", p->entry.number, partition_role_name(p->role), p->volume.type,
               p->volume.label);
    }
    return table != NULL;
}

static bool show_plan(struct disk *disk, char **args, struct error *err)
{
    struct plan plan;
    struct plan_request request = {.header_bytes = strtoull(args[0], NULL, 10),
                                   .need_boot = strcmp(args[1], "1") == 0};
    OWNED(partition_table) table = partition_table_read(disk, 0, err);

    if (table == NULL || !plan_make(table, &request, &plan, err))
        return false;
    printf("disk %" PRIu64 "\n", plan.disk_size_bytes);
    for (uint32_t i = 0; i < plan.count; i++) {
        const struct planned_partition *p = &plan.partitions[i];
        printf("%u %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", p->entry.number,
               partition_role_name(p->role), p->entry.first_lba, p->entry.last_lba,
               p->target_offset_bytes);
    }
    return true;
}

static struct fat *open_esp(struct disk *disk, struct error *err)
{
    OWNED(partition_table) table = partition_table_read(disk, 0, err);
    const struct partition *esp = table == NULL ? NULL : partition_by_role(table, ROLE_ESP);

    if (esp == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "no ESP"), NULL;
    return fat_open(disk, gpt_entry_offset(&table->gpt, &esp->entry),
                    gpt_entry_length(&table->gpt, &esp->entry), err);
}

static bool show_esp(struct disk *disk, char **args, struct error *err)
{
    struct esp_files files;
    OWNED(fat) esp = open_esp(disk, err);

    (void)args;
    if (esp == NULL || !esp_find_files(esp, &files, err))
        return false;
    printf("shim %s\ngrub %s\ngrub_cfg %s\nvendor %s\nfallback %d\n", files.shim, files.grub,
           files.grub_cfg, files.vendor_dir, files.has_fallback);
    return true;
}

static bool write_out(const struct bytes *bytes)
{
    return bytes != NULL && fwrite(bytes->data, 1, bytes->size, stdout) == bytes->size;
}

static bool show_file(struct disk *disk, char **args, struct error *err)
{
    OWNED(fat) esp = open_esp(disk, err);
    OWNED(bytes) bytes = esp == NULL ? NULL : fat_read_file(esp, args[0], FILE_LIMIT_BYTES, err);

    return write_out(bytes);
}

static bool show_boot_file(struct disk *disk, char **args, struct error *err)
{
    OWNED(partition_table) table = partition_table_read(disk, 0, err);
    const struct partition *boot = table == NULL ? NULL : partition_by_role(table, ROLE_BOOT);

    if (boot == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "no /boot");
    OWNED(ext4) ext4 = ext4_open(disk, gpt_entry_offset(&table->gpt, &boot->entry),
                                 gpt_entry_length(&table->gpt, &boot->entry), err);
    OWNED(bytes) bytes = ext4 == NULL ? NULL : ext4_read_file(ext4, args[0], FILE_LIMIT_BYTES, err);
    return write_out(bytes);
}

static bool show_prefix(struct disk *disk, char **args, struct error *err)
{
    OWNED(bytes) image = bytes_new((size_t)disk_size(disk), err);

    (void)args;
    if (image == NULL || !disk_pread(disk, image->data, image->size, 0, err))
        return false;
    OWNED_PTR(char) prefix = grub_image_prefix(image, err);
    return prefix != NULL && puts(prefix) >= 0;
}

static bool show_used(struct disk *disk, char **args, struct error *err)
{
    bool reliable;
    OWNED(ext4) ext4 = ext4_open(disk, 0, disk_size(disk), err);

    (void)args;
    if (ext4 == NULL)
        return false;
    OWNED(ranges) used = ext4_used_ranges(ext4, &reliable, err);
    if (used == NULL)
        return false;
    printf("reliable %d\n", reliable);
    for (size_t i = 0; i < used->count; i++)
        printf("%" PRIu64 " %" PRIu64 "\n", used->items[i].offset_bytes,
               used->items[i].length_bytes);
    return true;
}

static bool copy_ranges(struct disk *from, struct disk *to, const struct ranges *used,
                        struct error *err)
{
    OWNED(bytes) buffer = bytes_new(COPY_BYTES, err);

    for (size_t i = 0; buffer != NULL && i < used->count; i++) {
        uint64_t end = used->items[i].offset_bytes + used->items[i].length_bytes;
        for (uint64_t at = used->items[i].offset_bytes; at < end;) {
            size_t size = (size_t)min_u64(end - at, buffer->size);
            if (!disk_pread(from, buffer->data, size, at, err) ||
                !disk_pwrite(to, buffer->data, size, at, err))
                return false;
            at += size;
        }
    }
    return buffer != NULL;
}

static bool show_keep(struct disk *disk, char **args, struct error *err)
{
    bool reliable;
    OWNED(ext4) ext4 = ext4_open(disk, 0, disk_size(disk), err);
    OWNED(ranges) used = ext4 == NULL ? NULL : ext4_used_ranges(ext4, &reliable, err);
    OWNED_FD fd = open(args[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (used == NULL)
        return false;
    if (fd < 0 || ftruncate(fd, (off_t)disk_size(disk)) != 0)
        return error_errno(err, COLDSEAL_IO, "%s", args[0]);
    OWNED(disk) to = raw_open(fd, true, err);
    return to != NULL && copy_ranges(disk, to, used, err);
}

static bool show_ext4_file(struct disk *disk, char **args, struct error *err)
{
    OWNED(ext4) ext4 = ext4_open(disk, 0, disk_size(disk), err);
    OWNED(bytes) bytes = ext4 == NULL ? NULL : ext4_read_file(ext4, args[0], FILE_LIMIT_BYTES, err);

    return write_out(bytes);
}

static const struct {
    const char *name;
    int args;
    bool (*run)(struct disk *disk, char **args, struct error *err);
} verbs[] = {
    {"table", 0, show_table}, {"plan", 2, show_plan},         {"esp", 0, show_esp},
    {"cat", 1, show_file},    {"bootcat", 1, show_boot_file}, {"prefix", 0, show_prefix},
    {"used", 0, show_used},   {"keep", 1, show_keep},         {"file", 1, show_ext4_file},
};

int main(int argc, char **argv)
{
    struct error err = {0};
    bool done = false;

    if (argc < 3)
        return COLDSEAL_USAGE;
    OWNED(disk) disk = image_open(argv[2], NULL, &err);
    for (size_t i = 0; disk != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, argv[1]) == 0 && argc == verbs[i].args + 3)
            done = verbs[i].run(disk, argv + 3, &err);
    }
    if (!done)
        fprintf(stderr, "%s\n", err.message);
    return done ? 0 : (int)err.code;
}
