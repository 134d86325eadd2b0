/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/shim.h"

#include <stdio.h>
#include <string.h>

#define SECTION_KEYS ".vendor_cert"
#define SECTION_SBAT ".sbat"
#define SECTION_LEVELS ".sbatlevel"
#define SECTION_IDENT ".data.ident"
/* The levels' offsets count behind the format's number. */
#define LEVELS_FORMAT 0
#define LEVELS_BASE 4
#define IDENT_LIMIT_BYTES 256

/* shim 15.6, include/sbat.h: the one version that has the levels in its code. */
#define LEVEL_15_6_AUTOMATIC "sbat,1,2021030218\n"
#define LEVEL_15_6_LATEST "sbat,1,2022052400\nshim,2\ngrub,2\n"

static bool bad(struct error *err, const char *reason)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "shim: %s", reason);
}

static bool take_bytes(const struct reader *section, uint32_t offset, uint32_t size,
                       struct bytes **out, struct error *err)
{
    struct reader r = *section;
    struct reader content;

    if (size == 0)
        return true;
    if (!reader_seek(&r, offset) || !read_sub(&r, &content, size))
        return bad(err, "its table of certificates leads out of " SECTION_KEYS);
    *out = bytes_copy(content.data, content.size, err);
    return *out != NULL;
}

/* shim's Makefile has a vendor's certificate or a vendor's db under the same name. A certificate is
 * a SEQUENCE of exactly its size; no type of signature list begins like that. */
static bool is_certificate(const struct bytes *bytes)
{
    struct reader r = reader_over(bytes->data, bytes->size);
    uint16_t tag;
    uint16_t length;

    return read_u16be(&r, &tag) && tag == 0x3082 && read_u16be(&r, &length) &&
           length == reader_left(&r);
}

/* cert.S: cert_table, sizes and then offsets from its beginning. */
static bool read_keys(const struct pe *pe, struct shim_facts *facts, struct error *err)
{
    const struct pe_section *section = pe_section_find(pe, SECTION_KEYS);
    uint32_t db_size;
    uint32_t dbx_size;
    uint32_t db_offset;
    uint32_t dbx_offset;

    if (section == NULL)
        return bad(err, "it has no section " SECTION_KEYS);
    struct reader r = pe_section_content(pe, section);
    if (!read_u32le(&r, &db_size) || !read_u32le(&r, &dbx_size) || !read_u32le(&r, &db_offset) ||
        !read_u32le(&r, &dbx_offset))
        return bad(err, "its table of certificates is cut off");
    if (!take_bytes(&r, db_offset, db_size, &facts->vendor_db, err) ||
        !take_bytes(&r, dbx_offset, dbx_size, &facts->vendor_dbx, err))
        return false;
    facts->vendor_db_is_list = facts->vendor_db != NULL && !is_certificate(facts->vendor_db);
    return true;
}

static bool take_text(const void *text, size_t size, char **out, struct error *err)
{
    *out = strndup(text, size);
    return *out != NULL || error_no_memory(err);
}

static bool take_level(const struct reader *section, uint32_t offset, char **out, struct error *err)
{
    struct reader r = *section;

    if (!reader_seek(&r, LEVELS_BASE) || !reader_skip(&r, offset))
        return bad(err, "an SBAT level lies outside of " SECTION_LEVELS);
    const char *text = (const char *)r.data + r.position;
    size_t length = strnlen(text, reader_left(&r));
    if (length == reader_left(&r))
        return bad(err, "an SBAT level has no end");
    return take_text(text, length, out, err);
}

/* sbat_var.S */
static bool read_levels(const struct pe *pe, struct shim_facts *facts, struct error *err)
{
    const struct pe_section *section = pe_section_find(pe, SECTION_LEVELS);
    uint32_t format;
    uint32_t automatic;
    uint32_t latest;

    if (section == NULL && facts->version_major == 15 && facts->version_minor == 6)
        return take_text(LEVEL_15_6_AUTOMATIC, strlen(LEVEL_15_6_AUTOMATIC),
                         &facts->sbat_level_automatic, err) &&
               take_text(LEVEL_15_6_LATEST, strlen(LEVEL_15_6_LATEST), &facts->sbat_level_latest,
                         err);
    if (section == NULL)
        return true;
    struct reader r = pe_section_content(pe, section);
    if (!read_u32le(&r, &format) || !read_u32le(&r, &automatic) || !read_u32le(&r, &latest))
        return bad(err, SECTION_LEVELS " is cut off");
    if (format != LEVELS_FORMAT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "shim: " SECTION_LEVELS " has format %u",
                         format);
    return take_level(&r, automatic, &facts->sbat_level_automatic, err) &&
           take_level(&r, latest, &facts->sbat_level_latest, err);
}

static bool read_sbat(const struct pe *pe, struct shim_facts *facts, struct error *err)
{
    const struct pe_section *section = pe_section_find(pe, SECTION_SBAT);

    if (section == NULL)
        return true;
    struct reader content = pe_section_content(pe, section);
    return take_text(content.data, content.size, &facts->sbat, err);
}

/* version.c.in: "UEFI SHIM", then lines "$Name: value $". */
static void read_version(const struct pe *pe, struct shim_facts *facts)
{
    const struct pe_section *section = pe_section_find(pe, SECTION_IDENT);
    char text[IDENT_LIMIT_BYTES] = {0};

    if (section == NULL)
        return;
    struct reader content = pe_section_content(pe, section);
    memcpy(text, content.data, content.size < sizeof(text) ? content.size : sizeof(text) - 1);
    const char *version = strstr(text, "$Version: ");
    if (version == NULL ||
        sscanf(version, "$Version: %4u.%4u", &facts->version_major, &facts->version_minor) != 2)
        facts->version_major = facts->version_minor = 0;
}

bool shim_recognise(const struct pe *pe)
{
    return pe_section_find(pe, SECTION_KEYS) != NULL;
}

struct shim_facts *shim_read(const struct pe *pe, struct error *err)
{
    OWNED(shim_facts) facts = calloc(1, sizeof(*facts));

    if (facts == NULL) {
        error_no_memory(err);
        return NULL;
    }
    read_version(pe, facts);
    if (!read_keys(pe, facts, err) || !read_sbat(pe, facts, err) || !read_levels(pe, facts, err))
        return NULL;
    return TAKE(facts);
}

void shim_facts_free(struct shim_facts *facts)
{
    if (facts == NULL)
        return;
    bytes_free(facts->vendor_db);
    bytes_free(facts->vendor_dbx);
    free(facts->sbat);
    free(facts->sbat_level_automatic);
    free(facts->sbat_level_latest);
    free(facts);
}
