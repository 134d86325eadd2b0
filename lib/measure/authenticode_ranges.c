/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/authenticode_ranges.h"

#include "core/checked.h"

#define CHECKSUM_BYTES 4
#define DIRECTORY_BYTES 8
/* Signing tools fill the file up to this before they append the certificates. */
#define SHIM_ALIGNMENT 8

static bool bad(struct error *err, const char *reason)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "no Authenticode digest: %s", reason);
}

static void add_range(struct authenticode_ranges *ranges, size_t offset, size_t end)
{
    if (end > offset)
        ranges->items[ranges->count++] = (struct authenticode_range){offset, end - offset};
}

/* The headers without the checksum and without the certificate table's entry. */
static void add_headers(const struct pe *pe, struct authenticode_ranges *ranges)
{
    size_t next = pe->checksum_offset + CHECKSUM_BYTES;

    add_range(ranges, 0, pe->checksum_offset);
    if (pe->security_entry_offset != 0) {
        add_range(ranges, next, pe->security_entry_offset);
        next = pe->security_entry_offset + DIRECTORY_BYTES;
    }
    add_range(ranges, next, pe->headers_size);
}

/* Raw data in the file's order; of sections at one offset, in the table's order. */
static void add_sections(const struct pe *pe, struct authenticode_ranges *ranges)
{
    size_t first = ranges->count;

    for (size_t i = 0; i < pe->section_count; i++) {
        const struct pe_section *section = &pe->sections[i];
        if (section->raw_size == 0)
            continue;
        size_t at = ranges->count++;
        for (; at > first && section->raw_offset < ranges->items[at - 1].offset; at--)
            ranges->items[at] = ranges->items[at - 1];
        ranges->items[at] = (struct authenticode_range){section->raw_offset, section->raw_size};
    }
}

/* Behind the headers and sections, as many bytes as they have, to the certificates. Both take the
 * certificates' size for granted; shim also wants them at the end of the file. */
static bool add_rest(const struct pe *pe, enum authenticode_rules rules, uint64_t hashed,
                     struct authenticode_ranges *ranges, struct error *err)
{
    size_t file_size = pe->file->size;
    uint64_t certificates = pe->security_entry_offset == 0 ? 0 : pe->security_size;

    if (hashed > file_size)
        return bad(err, "its sections overlap");
    if (hashed == file_size)
        return true;
    if (certificates > file_size - hashed)
        return bad(err, "its certificate table is longer than the file");
    size_t end = file_size - (size_t)certificates;
    add_range(ranges, (size_t)hashed, end);
    if (rules != AUTHENTICODE_SHIM)
        return true;
    if (certificates > 0)
        return end == pe->security_offset || bad(err, "its certificate table is not at its end");
    ranges->zeros = (SHIM_ALIGNMENT - end % SHIM_ALIGNMENT) % SHIM_ALIGNMENT;
    return true;
}

bool authenticode_ranges(const struct pe *pe, enum authenticode_rules rules,
                         struct authenticode_ranges *ranges, struct error *err)
{
    uint64_t hashed = pe->headers_size;

    *ranges = (struct authenticode_ranges){0};
    if (rules == AUTHENTICODE_SHIM && pe->security_entry_offset == 0)
        return bad(err, "it has no entry for a certificate table");
    add_headers(pe, ranges);
    add_sections(pe, ranges);
    for (size_t i = 0; i < pe->section_count; i++)
        hashed += pe->sections[i].raw_size;
    return add_rest(pe, rules, hashed, ranges, err);
}

bool authenticode_ranges_digest(const struct pe *pe, const struct authenticode_ranges *ranges,
                                enum digest_algorithm algorithm, uint8_t *out, struct error *err)
{
    static const uint8_t zeros[SHIM_ALIGNMENT];
    OWNED(digest) digest = digest_new(algorithm, err);

    if (digest == NULL)
        return false;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct authenticode_range *range = &ranges->items[i];
        if (!digest_update(digest, pe->file->data + range->offset, range->size, err))
            return false;
    }
    return digest_update(digest, zeros, ranges->zeros, err) && digest_final(digest, out, err);
}
