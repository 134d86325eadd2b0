/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/checked.h"
#include "core/guid.h"
#include "measure/authenticode_signature.h"

#define CERTIFICATE_HEADER_BYTES 8
#define CERTIFICATE_ALIGNMENT 8
/* UEFI 2.10, 32.2.4: WIN_CERT_TYPE_… */
#define TYPE_PKCS_SIGNED_DATA 0x0002
#define TYPE_EFI_GUID 0x0ef1

/* EFI_CERT_TYPE_PKCS7_GUID */
static const struct guid pkcs7_guid = {{0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49, 0x8a, 0xa9,
                                        0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7}};

static bool bad(struct error *err, const char *reason)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "certificate table: %s", reason);
}

/* DxeImageVerificationHandler() takes both kinds, verify_buffer_authenticode() the first one. */
static void classify(enum authenticode_rules rules, uint16_t type, struct authenticode_entry *entry)
{
    struct guid guid;

    if (type == TYPE_PKCS_SIGNED_DATA)
        entry->is_signature = true;
    else if (type == TYPE_EFI_GUID && rules == AUTHENTICODE_EDK2 &&
             read_bytes(&entry->data, guid.bytes, sizeof(guid.bytes)) &&
             guid_equal(&guid, &pkcs7_guid)) {
        entry->is_signature = true;
        const uint8_t *rest = entry->data.data + entry->data.position;
        entry->data = reader_over(rest, reader_left(&entry->data));
    }
}

/* EDK2 insists on the padding, shim does not. */
static bool read_entry(struct reader *r, enum authenticode_rules rules,
                       struct authenticode_entry *entry)
{
    uint32_t size;
    uint16_t revision;
    uint16_t type;

    *entry = (struct authenticode_entry){0};
    if (!read_u32le(r, &size) || !read_u16le(r, &revision) || !read_u16le(r, &type) ||
        size < CERTIFICATE_HEADER_BYTES ||
        !read_sub(r, &entry->data, size - CERTIFICATE_HEADER_BYTES))
        return false;
    classify(rules, type, entry);
    size_t padding = (CERTIFICATE_ALIGNMENT - size % CERTIFICATE_ALIGNMENT) % CERTIFICATE_ALIGNMENT;
    if (reader_skip(r, padding))
        return true;
    return rules == AUTHENTICODE_SHIM && reader_skip(r, reader_left(r));
}

bool authenticode_table_read(const struct pe *pe, enum authenticode_rules rules,
                             struct authenticode_table *table, struct error *err)
{
    *table = (struct authenticode_table){0};
    if (pe->security_entry_offset == 0 || pe->security_size == 0)
        return true;
    if (!range_within(pe->security_offset, pe->security_size, pe->file->size))
        return bad(err, "it lies outside the file");
    struct reader r = reader_over(pe->file->data + pe->security_offset, pe->security_size);
    while (reader_left(&r) > 0) {
        if (table->count == AUTHENTICODE_SIGNATURE_LIMIT)
            return bad(err, "it has too many entries");
        if (!read_entry(&r, rules, &table->entries[table->count]))
            return bad(err, "an entry is damaged");
        table->count++;
    }
    return true;
}

/* HashPeImageByType(): the identifiers are compared at a fixed place, where they are in what
 * signing tools write. */
bool authenticode_algorithm(struct reader data, enum digest_algorithm *algorithm)
{
    static const struct {
        enum digest_algorithm algorithm;
        const char *oid;
        size_t oid_bytes;
    } known[] = {
        {DIGEST_SHA1, "\x2b\x0e\x03\x02\x1a", 5},
        {DIGEST_SHA256, "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9},
        {DIGEST_SHA384, "\x60\x86\x48\x01\x65\x03\x04\x02\x02", 9},
        {DIGEST_SHA512, "\x60\x86\x48\x01\x65\x03\x04\x02\x03", 9},
    };
    const uint8_t *oid;

    if (data.size < 2 || (data.data[1] & 0x82) != 0x82)
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (reader_seek(&data, 32) && read_view(&data, &oid, known[i].oid_bytes) &&
            memcmp(oid, known[i].oid, known[i].oid_bytes) == 0)
            return *algorithm = known[i].algorithm, true;
    }
    return false;
}
