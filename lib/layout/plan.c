/* SPDX-License-Identifier: Apache-2.0 */
#include "layout/plan.h"

#include <string.h>

#include "core/checked.h"
#include "layout/gpt_format.h"
#include "layout/plan_check.h"

/* Sizes beyond this are a mistake, and keep the sums below from overflowing. */
#define DISK_LIMIT_BYTES ((uint64_t)1 << 60)

static uint64_t align_up(uint64_t bytes, uint64_t unit)
{
    uint64_t rest = bytes % unit;

    return rest == 0 ? bytes : bytes + unit - rest;
}

static int compare_source(const void *a, const void *b)
{
    const struct planned_partition *x = a;
    const struct planned_partition *y = b;

    return x->entry.first_lba < y->entry.first_lba ? -1 : x->entry.first_lba > y->entry.first_lba;
}

/* The partitions as they are, in order of place. */
static void take_partitions(const struct partition_table *table, struct plan *plan)
{
    plan->count = table->count;
    for (uint32_t i = 0; i < table->count; i++) {
        const struct partition *p = &table->partitions[i];
        plan->partitions[i] = (struct planned_partition){
            .entry = p->entry,
            .role = p->role,
            .source_offset_bytes = gpt_entry_offset(&table->gpt, &p->entry),
            .source_length_bytes = gpt_entry_length(&table->gpt, &p->entry),
        };
    }
    qsort(plan->partitions, plan->count, sizeof(plan->partitions[0]), compare_source);
}

static bool is_root(const struct planned_partition *p)
{
    return p->role == ROLE_ROOT || p->role == ROLE_ENCRYPTED_ROOT;
}

static void set_place(struct planned_partition *p, uint32_t block_bytes, uint64_t offset,
                      uint64_t length)
{
    p->entry.first_lba = offset / block_bytes;
    p->entry.last_lba = (offset + length) / block_bytes - 1;
    p->target_offset_bytes = offset;
}

/* Root to the end of the list, the others as they were. Whether it was there already comes back. */
static bool rotate_root(struct plan *plan)
{
    uint32_t at = 0;

    while (!is_root(&plan->partitions[at]))
        at++;
    plan->root = plan->count - 1;
    if (at == plan->root)
        return true;
    struct planned_partition root = plan->partitions[at];
    memmove(&plan->partitions[at], &plan->partitions[at + 1],
            (plan->root - at) * sizeof(plan->partitions[0]));
    plan->partitions[plan->root] = root;
    return false;
}

/* Places all but root; *end is where the last of them ends. */
static void place_others(struct plan *plan, uint64_t *end)
{
    uint64_t root_offset = plan->partitions[plan->root].source_offset_bytes;

    *end = 0;
    for (uint32_t i = 0; i < plan->root; i++) {
        struct planned_partition *p = &plan->partitions[i];
        uint64_t offset = p->source_offset_bytes;
        bool moves = offset > root_offset && p->role != ROLE_BIOS_BOOT;
        if (moves)
            offset = min_u64(offset, align_up(max_u64(*end, PLAN_ALIGN_BYTES), PLAN_ALIGN_BYTES));
        set_place(p, plan->gpt.block_bytes, offset, p->source_length_bytes);
        *end = offset + p->source_length_bytes;
    }
}

/* systemd's gpt-auto-generator would set up a partition of the discoverable root type by itself,
 * with a prompt on the console, from whatever the host put there. What unlocks root here is named
 * in the measured command line instead, so an encrypted root is plain "Linux data". */
static void settle_root_type(struct planned_partition *root)
{
    if (guid_equal(&root->entry.type, &gpt_type_root_x86_64) ||
        guid_equal(&root->entry.type, &gpt_type_root_arm64))
        root->entry.type = gpt_type_linux_data;
}

/* Where root's partition begins; *end is where it ends. */
static void place_root(struct plan *plan, const struct plan_request *request, bool was_last,
                       uint64_t others_end, uint64_t *end)
{
    struct planned_partition *root = &plan->partitions[plan->root];
    uint64_t offset = align_up(max_u64(others_end, PLAN_ALIGN_BYTES), PLAN_ALIGN_BYTES);

    if (was_last)
        offset = align_up(root->source_offset_bytes, PLAN_ALIGN_BYTES);
    root->source_offset_bytes += request->drop_bytes;
    root->source_length_bytes -= request->drop_bytes;
    uint64_t length = request->header_bytes + root->source_length_bytes;
    if (request->header_bytes > 0)
        length = align_up(length, LUKS_SECTOR_BYTES);
    set_place(root, plan->gpt.block_bytes, offset, length);
    root->target_offset_bytes = offset + request->header_bytes;
    *end = offset + length;
    if (request->header_bytes > 0) {
        root->role = ROLE_ENCRYPTED_ROOT;
        settle_root_type(root);
    } else if (request->drop_bytes > 0) {
        root->role = ROLE_ROOT;
    }
}

static bool settle_disk_size(struct plan *plan, const struct plan_request *request, uint64_t end,
                             struct error *err)
{
    uint64_t unit = request->align_bytes != 0 ? request->align_bytes : PLAN_ALIGN_BYTES;
    uint64_t needed = end + gpt_backup_bytes(plan->gpt.block_bytes);
    uint64_t least = align_up(needed, unit);

    plan->disk_size_bytes = request->disk_size_bytes != 0 ? request->disk_size_bytes : least;
    if (plan->disk_size_bytes < needed)
        return error_set(err, COLDSEAL_USAGE,
                         "a disk of %llu bytes is too small: at least %llu are needed",
                         (unsigned long long)plan->disk_size_bytes, (unsigned long long)least);
    if (request->align_bytes != 0 && plan->disk_size_bytes % request->align_bytes != 0)
        return error_set(err, COLDSEAL_USAGE, "a disk of %llu bytes is no multiple of %llu",
                         (unsigned long long)plan->disk_size_bytes,
                         (unsigned long long)request->align_bytes);
    return true;
}

static int compare_number(const void *a, const void *b)
{
    const struct gpt_entry *x = a;
    const struct gpt_entry *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static bool build_gpt(const struct partition_table *table, struct plan *plan, struct error *err)
{
    struct gpt *gpt = &plan->gpt;
    uint64_t first_free_lba = gpt_first_free_lba(gpt->block_bytes);

    gpt->disk_blocks = plan->disk_size_bytes / gpt->block_bytes;
    gpt->first_usable_lba = max_u64(table->gpt.first_usable_lba, first_free_lba);
    gpt->last_usable_lba = gpt->disk_blocks - gpt_array_blocks(gpt->block_bytes) - 2;
    gpt->entry_slots = GPT_MAX_ENTRIES;
    gpt->from_backup = false;
    for (uint32_t i = 0; i < plan->count; i++)
        gpt->entries[i] = plan->partitions[i].entry;
    qsort(gpt->entries, gpt->entry_count, sizeof(gpt->entries[0]), compare_number);
    if (plan->partitions[0].entry.first_lba < first_free_lba)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "partition %u begins at block %llu, where a GPT of %d entries lies",
                         plan->partitions[0].entry.number,
                         (unsigned long long)plan->partitions[0].entry.first_lba, GPT_MAX_ENTRIES);
    return true;
}

static uint32_t index_of_role(const struct plan *plan, enum partition_role role)
{
    uint32_t i = 0;

    while (i < plan->count && plan->partitions[i].role != role)
        i++;
    return i;
}

static bool check_numbers(const struct plan_request *request, uint32_t block_bytes,
                          struct error *err)
{
    if (request->disk_size_bytes % block_bytes != 0 || request->align_bytes % block_bytes != 0)
        return error_set(err, COLDSEAL_USAGE, "disk size and alignment are multiples of %u",
                         block_bytes);
    if (request->disk_size_bytes > DISK_LIMIT_BYTES || request->align_bytes > DISK_LIMIT_BYTES)
        return error_set(err, COLDSEAL_USAGE, "disk size or alignment is too large");
    if (request->header_bytes % PLAN_ALIGN_BYTES != 0 || request->drop_bytes % block_bytes != 0)
        return error_set(err, COLDSEAL_BUG, "a header of %llu bytes, %llu to drop",
                         (unsigned long long)request->header_bytes,
                         (unsigned long long)request->drop_bytes);
    return true;
}

static bool encrypts_plain(const struct plan_request *request)
{
    return request->header_bytes > 0 && request->drop_bytes == 0;
}

static bool check_root(const struct partition_table *table, const struct partition *root,
                       const struct plan_request *request, struct error *err)
{
    if (encrypts_plain(request) && !plan_check_plain_root(root, err))
        return false;
    if (request->drop_bytes == 0)
        return true;
    if (root->role != ROLE_ENCRYPTED_ROOT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "root (partition %u) is not encrypted",
                         root->entry.number);
    if (gpt_entry_length(&table->gpt, &root->entry) <= request->drop_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE, "root (partition %u) is only a header",
                         root->entry.number);
    return true;
}

static bool check_input(const struct partition_table *table, const struct plan_request *request,
                        struct error *err)
{
    const struct partition *root;

    if (!check_numbers(request, table->gpt.block_bytes, err) ||
        (encrypts_plain(request) && !plan_check_containers(table, err)) ||
        !plan_check_table(table, &root, err) || !check_root(table, root, request, err))
        return false;
    if (table->gpt.disk_blocks > DISK_LIMIT_BYTES / table->gpt.block_bytes)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the disk is too large");
    if (request->need_boot && partition_by_role(table, ROLE_BOOT) == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the disk has no /boot partition: it has to be prepared first");
    return true;
}

bool plan_make(const struct partition_table *table, const struct plan_request *request,
               struct plan *plan, struct error *err)
{
    uint64_t end;

    if (!check_input(table, request, err))
        return false;
    memset(plan, 0, sizeof(*plan));
    plan->gpt = table->gpt;
    memcpy(plan->mbr_code, table->mbr_code, sizeof(plan->mbr_code));
    take_partitions(table, plan);
    bool was_last = rotate_root(plan);
    place_others(plan, &end);
    place_root(plan, request, was_last, end, &end);
    plan->esp = index_of_role(plan, ROLE_ESP);
    plan->boot = index_of_role(plan, ROLE_BOOT);
    return settle_disk_size(plan, request, end, err) && build_gpt(table, plan, err);
}

bool plan_new_boot(const struct partition_table *table, struct plan_new_boot *boot,
                   struct error *err)
{
    const struct partition *root;
    uint64_t end = PLAN_ALIGN_BYTES;

    if (!plan_check_table(table, &root, err))
        return false;
    if (partition_by_role(table, ROLE_BOOT) != NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the disk has a /boot partition already");
    if (gpt_find(&table->gpt, BOOT_PARTITION_NUMBER) != NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "partition number %d is taken by something that is not /boot",
                         BOOT_PARTITION_NUMBER);
    for (uint32_t i = 0; i < table->count; i++)
        end = max_u64(end, (table->partitions[i].entry.last_lba + 1) * table->gpt.block_bytes);
    boot->number = BOOT_PARTITION_NUMBER;
    boot->offset_bytes = align_up(end, PLAN_ALIGN_BYTES);
    boot->length_bytes = BOOT_PARTITION_BYTES;
    boot->disk_size_bytes = max_u64(
        table->gpt.disk_blocks * table->gpt.block_bytes,
        align_up(boot->offset_bytes + boot->length_bytes + gpt_backup_bytes(table->gpt.block_bytes),
                 PLAN_ALIGN_BYTES));
    return true;
}
