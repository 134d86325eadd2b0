/* SPDX-License-Identifier: Apache-2.0 */
/* Headers on a disk, and the order in which one replaces another. */
#include "core/checked.h"
#include "crypt/luks2.h"
#include "image/zeros.h"
#include "token/luks2_rekey.h"

/* A header in its bytes, and where it goes. */
struct place {
    struct disk *disk;
    uint64_t offset_bytes;
};

static bool write_piece(const struct place *place, const struct bytes *bytes, uint64_t offset,
                        size_t size, struct error *err)
{
    return disk_pwrite(place->disk, bytes->data + offset, size, place->offset_bytes + offset, err);
}

static bool write_copy(const struct place *place, const struct bytes *bytes, unsigned copy,
                       struct error *err)
{
    return write_piece(place, bytes, copy * LUKS2_METADATA_BYTES, LUKS2_METADATA_BYTES, err);
}

static bool flush_copy(const struct place *place, const struct bytes *bytes, unsigned copy,
                       struct error *err)
{
    return write_copy(place, bytes, copy, err) && disk_flush(place->disk, err);
}

static bool write_keyslots(const struct place *place, const struct luks2_header *header,
                           const struct bytes *bytes, struct error *err)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);

    for (size_t i = 0; i < count; i++) {
        if (!write_piece(place, bytes, LUKS2_KEYSLOTS_OFFSET + areas[i].index * LUKS2_AREA_BYTES,
                         LUKS2_AREA_BYTES, err))
            return false;
    }
    return true;
}

static uint64_t areas_of(const struct luks2_header *header)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);
    uint64_t used = 0;

    for (size_t i = 0; i < count; i++)
        used |= UINT64_C(1) << areas[i].index;
    return used;
}

static bool wipe_others(const struct place *place, const struct luks2_header *header,
                        struct error *err)
{
    uint64_t used = areas_of(header);

    for (unsigned index = 0; index < LUKS2_AREA_COUNT; index++) {
        if ((used >> index & 1) == 0 &&
            !zeros_write(place->disk,
                         place->offset_bytes + LUKS2_KEYSLOTS_OFFSET + index * LUKS2_AREA_BYTES,
                         LUKS2_AREA_BYTES, err))
            return false;
    }
    return true;
}

struct bytes *luks2_header_bytes(struct disk *disk, uint64_t offset_bytes, struct error *err)
{
    if (!range_within(offset_bytes, LUKS2_HEADER_BYTES, disk_size(disk))) {
        error_set(err, COLDSEAL_UNSUPPORTED, "no room for a LUKS2 header of %zu bytes",
                  LUKS2_HEADER_BYTES);
        return NULL;
    }
    OWNED(bytes) bytes = bytes_new(LUKS2_HEADER_BYTES, err);
    if (bytes == NULL || !zeros_read_around(disk, bytes->data, bytes->size, offset_bytes, err))
        return NULL;
    return TAKE(bytes);
}

struct luks2_header *luks2_load(struct disk *disk, uint64_t offset_bytes, struct error *err)
{
    OWNED(bytes) bytes = luks2_header_bytes(disk, offset_bytes, err);

    return bytes == NULL ? NULL : luks2_header_read(bytes, err);
}

bool luks2_store(struct disk *disk, uint64_t offset_bytes, const struct luks2_header *header,
                 struct error *err)
{
    struct place place = {disk, offset_bytes};
    OWNED(bytes) bytes = luks2_header_serialise(header, err);

    return bytes != NULL && write_keyslots(&place, header, bytes, err) &&
           write_copy(&place, bytes, 0, err) && write_copy(&place, bytes, 1, err) &&
           wipe_others(&place, header, err);
}

static bool heal_copies(const struct place *place, const struct luks2_header *header,
                        const struct bytes *bytes, struct error *err)
{
    return header->copies_agree || flush_copy(place, bytes, 1 - header->copy, err);
}

bool luks2_finish(struct disk *disk, uint64_t offset_bytes, const struct luks2_header *header,
                  struct error *err)
{
    struct place place = {disk, offset_bytes};
    OWNED(bytes) bytes = luks2_header_serialise(header, err);

    return bytes != NULL && heal_copies(&place, header, bytes, err) &&
           wipe_others(&place, header, err) && disk_flush(disk, err);
}

static bool prepare_replace(const struct place *place, const struct luks2_header *old,
                            const struct luks2_header *header, struct error *err)
{
    OWNED(bytes) bytes = luks2_header_serialise(old, err);

    if (bytes == NULL)
        return false;
    if ((areas_of(old) & areas_of(header)) != 0 || header->sequence_id <= old->sequence_id)
        return error_set(err, COLDSEAL_BUG, "the new LUKS2 header was not moved apart");
    return heal_copies(place, old, bytes, err);
}

bool luks2_replace(struct disk *disk, uint64_t offset_bytes, const struct luks2_header *old,
                   const struct luks2_header *header, struct error *err)
{
    struct place place = {disk, offset_bytes};
    OWNED(bytes) bytes = luks2_header_serialise(header, err);

    return bytes != NULL && prepare_replace(&place, old, header, err) &&
           write_keyslots(&place, header, bytes, err) && disk_flush(disk, err) &&
           flush_copy(&place, bytes, 0, err) && flush_copy(&place, bytes, 1, err) &&
           wipe_others(&place, header, err) && disk_flush(disk, err);
}

static bool write_rekey(const struct place *place, struct luks2_rekey *rekey, bool keyslots,
                        struct error *err)
{
    rekey->sequence_id++;
    OWNED(bytes) bytes = luks2_rekey_serialise(rekey, err);

    if (bytes == NULL)
        return false;
    if (keyslots &&
        (!write_keyslots(place, rekey->new, bytes, err) || !disk_flush(place->disk, err)))
        return false;
    return flush_copy(place, bytes, 0, err) && flush_copy(place, bytes, 1, err);
}

bool luks2_rekey_plan(struct disk *disk, uint64_t offset_bytes, struct luks2_rekey *rekey,
                      struct error *err)
{
    struct place place = {disk, offset_bytes};

    rekey->running = false;
    return write_rekey(&place, rekey, true, err);
}

bool luks2_rekey_start(struct disk *disk, uint64_t offset_bytes, struct luks2_rekey *rekey,
                       struct error *err)
{
    struct place place = {disk, offset_bytes};

    rekey->running = true;
    return write_rekey(&place, rekey, false, err);
}

bool luks2_rekey_end(struct disk *disk, uint64_t offset_bytes, const struct luks2_rekey *rekey,
                     struct luks2_header *header, struct error *err)
{
    struct place place = {disk, offset_bytes};

    header->sequence_id = rekey->sequence_id + 1;
    OWNED(bytes) bytes = luks2_header_serialise(header, err);
    return bytes != NULL && flush_copy(&place, bytes, 0, err) &&
           flush_copy(&place, bytes, 1, err) && wipe_others(&place, header, err) &&
           disk_flush(disk, err);
}
