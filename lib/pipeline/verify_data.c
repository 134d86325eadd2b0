/* SPDX-License-Identifier: Apache-2.0 */
/* verify: root's data. One pass over it, and over the source beside it where there is one. */
#include <inttypes.h>
#include <string.h>

#include "boot/ext4.h"
#include "core/checked.h"
#include "crypt/cipher_look.h"
#include "crypt/decrypted_disk.h"
#include "pipeline/guest_stamp.h"
#include "pipeline/verify.h"

#define WINDOW_BYTES ((size_t)1 << 20)
#define BLOCK_BYTES ((size_t)CIPHER_LOOK_BYTES)

/* How many blocks, and where the first of them is in root's file system. */
struct finding {
    uint64_t count;
    uint64_t first_bytes;
};

/* A plain file system to compare with. */
struct plain_side {
    struct source *source;
    uint64_t offset_bytes;
    uint64_t length_bytes;
    struct ranges *used; /* NULL: all of it */
};

struct scan {
    struct verification *work;
    uint64_t offset_bytes; /* of the data, on the disk */
    uint64_t length_bytes;
    struct plain_side plain;
    struct ranges *used; /* what root's own file system uses; NULL: not known */
    uint8_t *window;
    uint8_t *plain_window;
    struct finding random, zero, readable, equal, left_out;
};

static void scan_drop(struct scan *scan)
{
    ranges_free(scan->plain.used);
    source_free(scan->plain.source);
    ranges_free(scan->used);
    free(scan->window);
    free(scan->plain_window);
}

static void count(struct finding *finding, uint64_t at)
{
    if (finding->count++ == 0)
        finding->first_bytes = at;
}

static bool is_used(const struct ranges *used, uint64_t at, uint64_t length)
{
    bool inside;

    if (used == NULL)
        return true;
    return ranges_run(used, at, length, &inside) < length || inside;
}

static void look_at_block(struct scan *scan, const uint8_t *block, uint64_t at)
{
    switch (cipher_look(block)) {
    case CIPHER_LOOK_RANDOM:
        count(&scan->random, at);
        break;
    case CIPHER_LOOK_PLAIN:
        count(&scan->readable, at);
        break;
    case CIPHER_LOOK_ZERO:
        count(&scan->zero, at);
        if (scan->used != NULL && is_used(scan->used, at, BLOCK_BYTES))
            count(&scan->left_out, at);
        break;
    }
}

/* `size` bytes of both sides from `at`. */
static bool compare_window(struct scan *scan, uint64_t at, size_t size, struct error *err)
{
    const struct plain_side *plain = &scan->plain;
    size_t there = at >= plain->length_bytes ? 0 : (size_t)min_u64(size, plain->length_bytes - at);

    if (!disk_pread(plain->source->disk, scan->plain_window, there, plain->offset_bytes + at, err))
        return error_wrap(err, "%s", scan->work->options->source);
    for (size_t i = 0; i + BLOCK_BYTES <= there; i += BLOCK_BYTES) {
        if (memcmp(scan->plain_window + i, scan->window + i, BLOCK_BYTES) == 0 &&
            is_used(plain->used, at + i, BLOCK_BYTES))
            count(&scan->equal, at + i);
    }
    return true;
}

static bool scan_window(struct scan *scan, uint64_t at, size_t size, struct error *err)
{
    if (!disk_pread(scan->work->source->disk, scan->window, size, scan->offset_bytes + at, err))
        return false;
    for (size_t i = 0; i < size; i += BLOCK_BYTES)
        look_at_block(scan, scan->window + i, at + i);
    return scan->plain.source == NULL || compare_window(scan, at, size, err);
}

/* Whole blocks from `at` that are known to be zero and of which nothing else is asked. */
static bool find_hole(struct scan *scan, uint64_t at, uint64_t *hole_bytes, struct error *err)
{
    struct extent extent;

    *hole_bytes = 0;
    if (scan->plain.source != NULL || scan->used != NULL)
        return true;
    if (!disk_extent(scan->work->source->disk, scan->offset_bytes + at, &extent, err))
        return false;
    if (extent.kind == EXTENT_ZERO)
        *hole_bytes =
            round_down(min_u64(extent.length_bytes, scan->length_bytes - at), BLOCK_BYTES);
    return true;
}

static bool scan_all(struct scan *scan, struct error *err)
{
    const struct coldseal_progress *progress = &scan->work->options->progress;
    uint64_t at = 0;

    while (at < scan->length_bytes) {
        size_t size = (size_t)min_u64(WINDOW_BYTES, scan->length_bytes - at);
        uint64_t hole_bytes;
        if (!find_hole(scan, at, &hole_bytes, err) ||
            (hole_bytes == 0 && !scan_window(scan, at, size, err)))
            return false;
        scan->zero.count += hole_bytes / BLOCK_BYTES;
        at += hole_bytes == 0 ? size : hole_bytes;
        if (progress->update != NULL)
            progress->update(progress->context, "verify", at, scan->length_bytes);
    }
    return true;
}

/* NULL without an error: not an ext4, or one whose bitmaps do not count; then all counts as used.
 */
static bool find_used(struct disk *disk, uint64_t offset, uint64_t length, struct ranges **used,
                      struct error *err)
{
    struct error why = {0};
    bool reliable = false;
    OWNED(ext4) ext4 = ext4_open(disk, offset, length, &why);

    *used = NULL;
    if (ext4 == NULL && why.code != COLDSEAL_IO)
        return true;
    OWNED(ranges) found = ext4 == NULL ? NULL : ext4_used_ranges(ext4, &reliable, &why);
    if (found == NULL) {
        *err = why;
        return false;
    }
    if (reliable)
        *used = TAKE(found);
    return true;
}

static bool open_plain(struct scan *scan, struct error *err)
{
    const char *path = scan->work->options->source;
    struct plain_side *plain = &scan->plain;

    if (path == NULL)
        return true;
    plain->source = source_open(path, NULL, 0, err);
    if (plain->source == NULL)
        return error_wrap(err, "%s", path);
    const struct partition *root = partition_by_role(plain->source->table, ROLE_ROOT);
    if (root == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s: no plain root to compare with", path);
    plain->offset_bytes = partition_offset(plain->source->table, root);
    plain->length_bytes = partition_length(plain->source->table, root);
    return find_used(plain->source->disk, plain->offset_bytes, plain->length_bytes, &plain->used,
                     err) ||
           error_wrap(err, "%s", path);
}

/* With the key, the encrypted file system itself says which of its blocks matter. */
static bool open_own(struct scan *scan, struct error *err)
{
    if (scan->work->volume_key == NULL)
        return true;
    OWNED(disk) view = decrypted_disk_new(scan->work->source->disk, scan->offset_bytes,
                                          scan->length_bytes, scan->work->volume_key, err);
    if (view == NULL || !find_used(view, 0, disk_size(view), &scan->used, err) ||
        !guest_stamp_read(view, 0, disk_size(view), &scan->work->guest, err))
        return false;
    scan->work->guest_is_proven = scan->work->guest != NULL;
    return true;
}

static bool add_look(struct scan *scan, struct error *err)
{
    struct checks *checks = &scan->work->checks;

    if (scan->readable.count > 0)
        return checks_failed(checks, "ciphertext", err,
                             "%" PRIu64 " blocks of %zu bytes are no ciphertext, the first at byte "
                             "%" PRIu64 " of root's data",
                             scan->readable.count, BLOCK_BYTES, scan->readable.first_bytes);
    if (scan->random.count == 0)
        return checks_failed(checks, "ciphertext", err, "root holds nothing but zeros");
    return checks_ok(checks, "ciphertext", err,
                     "%" PRIu64 " blocks look random, %" PRIu64 " are zero", scan->random.count,
                     scan->zero.count);
}

static bool add_used(struct scan *scan, struct error *err)
{
    struct checks *checks = &scan->work->checks;

    if (scan->used == NULL)
        return checks_skipped(checks, "blocks-in-use", err, "%s",
                              scan->work->volume_key == NULL
                                  ? "which blocks may be zero only --key-file tells"
                                  : "root's file system does not say which blocks are free");
    if (scan->left_out.count > 0)
        return checks_failed(checks, "blocks-in-use", err,
                             "%" PRIu64 " blocks that the file system uses were left out, the "
                             "first at byte %" PRIu64,
                             scan->left_out.count, scan->left_out.first_bytes);
    return checks_ok(checks, "blocks-in-use", err,
                     "every block that the file system uses is encrypted");
}

static bool add_source(struct scan *scan, struct error *err)
{
    struct checks *checks = &scan->work->checks;

    if (scan->plain.source == NULL)
        return checks_skipped(checks, "source", err, "--source was not given");
    if (scan->equal.count > 0)
        return checks_failed(checks, "source", err,
                             "%" PRIu64 " blocks in use are the same in the plain image, the first "
                             "at byte %" PRIu64 " of root",
                             scan->equal.count, scan->equal.first_bytes);
    return checks_ok(checks, "source", err, "no block that is in use there is the same here%s",
                     scan->plain.used == NULL ? " (all blocks were compared)" : "");
}

static bool check_signature(struct scan *scan, struct error *err)
{
    struct verification *work = scan->work;
    struct error why = {0};
    struct volume volume;

    if (!volume_probe(work->source->disk, scan->offset_bytes, scan->length_bytes, &volume, &why))
        return checks_error(&work->checks, "root-signature", &why, err);
    return volume.type[0] != '\0'
               ? checks_failed(&work->checks, "root-signature", err,
                               "behind the header there is a plain %s", volume.type)
               : checks_ok(&work->checks, "root-signature", err,
                           "no file system shows behind the header");
}

bool verify_data(struct verification *work, struct error *err)
{
    __attribute__((cleanup(scan_drop))) struct scan scan = {.work = work};

    if (work->root == NULL || work->root_length_bytes <= LUKS2_HEADER_BYTES)
        return checks_skipped(&work->checks, "ciphertext", err, "there is no encrypted root");
    scan.offset_bytes = work->root_offset_bytes + LUKS2_HEADER_BYTES;
    scan.length_bytes = round_down(work->root_length_bytes - LUKS2_HEADER_BYTES, BLOCK_BYTES);
    scan.window = malloc(WINDOW_BYTES);
    scan.plain_window = malloc(WINDOW_BYTES);
    if (scan.window == NULL || scan.plain_window == NULL)
        return error_no_memory(err);
    if (!open_plain(&scan, err) || !open_own(&scan, err) || !check_signature(&scan, err) ||
        !scan_all(&scan, err))
        return false;
    work->zero_blocks = scan.zero.count;
    return add_look(&scan, err) && add_used(&scan, err) && add_source(&scan, err);
}
