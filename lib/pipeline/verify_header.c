/* SPDX-License-Identifier: Apache-2.0 */
/* verify: the LUKS2 header, and which keys open it. */
#include "pipeline/verify.h"

#include "core/checked.h"

static bool check_copies(struct verification *work, struct error *err)
{
    return work->header->copies_agree
               ? checks_ok(&work->checks, "header-copies", err, "both copies say the same")
               : checks_failed(&work->checks, "header-copies", err,
                               "the two copies differ: a write was cut off, or one was changed");
}

static bool check_residue(struct verification *work, const struct bytes *bytes, struct error *err)
{
    struct luks2_residue residue;

    if (!luks2_header_compare(work->header, bytes, &residue, err))
        return false;
    bool written = residue.metadata_differs
                       ? checks_failed(&work->checks, "header-bytes", err,
                                       "not the bytes that coldseal writes for this header: "
                                       "somebody else wrote it")
                       : checks_ok(&work->checks, "header-bytes", err,
                                   "canonical, byte for byte as coldseal writes it");
    if (!written)
        return false;
    return residue.leftover_areas != 0
               ? checks_failed(&work->checks, "header-leftovers", err,
                               "%u areas that no keyslot owns are not wiped: old keys may open "
                               "the disk",
                               residue.leftover_areas)
               : checks_ok(&work->checks, "header-leftovers", err,
                           "areas that no keyslot owns are zero");
}

/* A keyslot that no token names is a pool key's, or somebody's passphrase. */
static bool check_keyslots(struct verification *work, struct error *err)
{
    uint32_t all = luks2_header_keyslots(work->header);
    uint32_t tpm = luks2_header_keyslots_of(work->header, "systemd-tpm2");
    uint32_t recovery = luks2_header_keyslots_of(work->header, "systemd-recovery");
    uint32_t unknown = all & ~(tpm | recovery);

    if ((tpm & recovery) != 0)
        return checks_failed(&work->checks, "keyslots", err,
                             "keyslot %d is a TPM's and a recovery key's at once",
                             __builtin_ctz(tpm & recovery));
    if (unknown != 0)
        return checks_failed(&work->checks, "keyslots", err,
                             "keyslot %d belongs to no TPM and no recovery key: a pool key, or "
                             "somebody's passphrase",
                             __builtin_ctz(unknown));
    if (tpm == 0)
        return checks_failed(&work->checks, "keyslots", err, "not sealed: no TPM has a keyslot");
    return checks_ok(&work->checks, "keyslots", err, "%d for TPMs, %d for recovery keys, no other",
                     __builtin_popcount(tpm), __builtin_popcount(recovery));
}

static bool open_with_key(struct verification *work, struct error *err)
{
    OWNED_OPENED opened = {0};

    if (work->options->key_file == NULL)
        return true;
    if (!header_open(work->header, work->options->key_file, &opened, err))
        return false;
    work->volume_key = TAKE(opened.volume_key);
    return true;
}

static struct bytes *read_bytes_once(const struct verification *work, struct error *err)
{
    struct disk *disk = work->source->disk;
    OWNED(bytes) bytes = bytes_new(LUKS2_HEADER_BYTES, err);

    if (!range_within(work->root_offset_bytes, LUKS2_HEADER_BYTES, disk_size(disk))) {
        error_set(err, COLDSEAL_BAD_IMAGE, "the partition is shorter than a header");
        return NULL;
    }
    if (bytes == NULL || !disk_pread(disk, bytes->data, bytes->size, work->root_offset_bytes, err))
        return NULL;
    return TAKE(bytes);
}

bool verify_header(struct verification *work, struct error *err)
{
    struct error why = {0};

    if (work->root == NULL)
        return checks_skipped(&work->checks, "header", err, "there is no encrypted root");
    OWNED(bytes) bytes = read_bytes_once(work, &why);
    work->header = bytes == NULL ? NULL : luks2_header_read(bytes, &why);
    if (work->header == NULL)
        return checks_error(&work->checks, "header", &why, err);
    return checks_ok(&work->checks, "header", err, "breaks no rule of the list") &&
           check_copies(work, err) && check_residue(work, bytes, err) &&
           check_keyslots(work, err) && open_with_key(work, err);
}
