/* SPDX-License-Identifier: Apache-2.0 */
#include "token/luks2_binary.h"

#include <string.h>

#include "core/digest.h"
#include "core/guid.h"
#include "core/writer.h"
#include "token/luks2_rules.h"

#define MAGIC_BYTES 6
#define ALGORITHM_BYTES 32
#define SALT_BYTES 64
#define SUBSYSTEM_BYTES 48
#define CHECKSUM_OFFSET 448
#define CHECKSUM_BYTES 64
#define CHECKSUM_USED_BYTES 32
#define VERSION 2
#define CHECKSUM_ALGORITHM "sha256"

static const uint8_t magics[2][MAGIC_BYTES] = {
    {'L', 'U', 'K', 'S', 0xba, 0xbe},
    {'S', 'K', 'U', 'L', 0xba, 0xbe},
};

static const uint8_t *copy_start(const struct bytes *bytes, unsigned copy)
{
    return bytes->data + copy * LUKS2_METADATA_BYTES;
}

/* SHA-256 over binary header and JSON area, with the checksum's own field zero. */
static bool checksum_compute(const uint8_t *start, uint8_t out[CHECKSUM_USED_BYTES],
                             struct error *err)
{
    static const uint8_t zeros[CHECKSUM_BYTES];
    const size_t rest = CHECKSUM_OFFSET + CHECKSUM_BYTES;
    OWNED(digest) digest = digest_new(DIGEST_SHA256, err);

    return digest != NULL && digest_update(digest, start, CHECKSUM_OFFSET, err) &&
           digest_update(digest, zeros, sizeof(zeros), err) &&
           digest_update(digest, start + rest, LUKS2_METADATA_BYTES - rest, err) &&
           digest_final(digest, out, err);
}

static bool size_matches(struct reader *r, struct error *err)
{
    uint16_t version = 0;
    uint64_t size = 0;

    if (!read_u16be(r, &version) || version != VERSION)
        return luks2_rule_broken(err, "binary-version", "%u, not %u", version, VERSION);
    if (!read_u64be(r, &size) || size != LUKS2_METADATA_BYTES)
        return luks2_rule_broken(err, "binary-header-size", "%llu, not %zu",
                                 (unsigned long long)size, LUKS2_METADATA_BYTES);
    return true;
}

static bool checksum_matches(const uint8_t *start, struct error *err)
{
    uint8_t checksum[CHECKSUM_USED_BYTES];

    if (!checksum_compute(start, checksum, err))
        return false;
    return memcmp(start + CHECKSUM_OFFSET, checksum, sizeof(checksum)) == 0 ||
           luks2_rule_broken(err, "binary-checksum", "does not match");
}

enum luks2_copy_state luks2_binary_probe(const struct bytes *bytes, unsigned copy,
                                         struct luks2_binary *binary, struct error *err)
{
    struct reader r = reader_over(copy_start(bytes, copy), LUKS2_METADATA_BYTES);
    const uint8_t *magic;

    if (!read_view(&r, &magic, MAGIC_BYTES) || memcmp(magic, magics[copy], MAGIC_BYTES) != 0)
        return LUKS2_COPY_ABSENT;
    if (!size_matches(&r, err) || !read_u64be(&r, &binary->sequence_id) ||
        !checksum_matches(copy_start(bytes, copy), err)) {
        error_wrap(err, "copy %u", copy);
        return LUKS2_COPY_INVALID;
    }
    return LUKS2_COPY_VALID;
}

static bool all_zero(const uint8_t *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

static bool read_zeros(struct reader *r, size_t size, const char *rule, struct error *err)
{
    const uint8_t *view;

    return (read_view(r, &view, size) && all_zero(view, size)) ||
           luks2_rule_broken(err, rule, "is not zero");
}

/* Printable ASCII, a NUL, and zeros to the end of the field. */
static bool read_text(struct reader *r, char *text, size_t size, const char *rule,
                      struct error *err)
{
    if (!read_bytes(r, text, size) || memchr(text, '\0', size) == NULL)
        return luks2_rule_broken(err, rule, "does not end");
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e)
            return luks2_rule_broken(err, rule, "holds unprintable characters");
    }
    return all_zero((const uint8_t *)text + length, size - length) ||
           luks2_rule_broken(err, rule, "is followed by other data");
}

static bool uuid_is_canonical(const char *text, struct error *err)
{
    struct guid guid;
    char again[GUID_TEXT_BYTES];

    if (guid_parse(text, &guid)) {
        guid_format(&guid, again);
        if (strcmp(text, again) == 0)
            return true;
    }
    return luks2_rule_broken(err, "binary-uuid", "\"%s\" is no lower-case UUID", text);
}

static bool read_identity(struct reader *r, struct luks2_binary *binary, struct error *err)
{
    char algorithm[ALGORITHM_BYTES];

    if (!read_u64be(r, &binary->sequence_id) || binary->sequence_id == 0 ||
        binary->sequence_id > LUKS2_MAX_SEQUENCE_ID)
        return luks2_rule_broken(err, "binary-sequence-id", "is 0 or too large");
    if (!read_text(r, binary->label, sizeof(binary->label), "binary-label", err) ||
        !read_text(r, algorithm, sizeof(algorithm), "binary-checksum-algorithm", err))
        return false;
    if (strcmp(algorithm, CHECKSUM_ALGORITHM) != 0)
        return luks2_rule_broken(err, "binary-checksum-algorithm", "\"%s\"", algorithm);
    return reader_skip(r, SALT_BYTES) &&
           read_text(r, binary->uuid, sizeof(binary->uuid), "binary-uuid", err) &&
           uuid_is_canonical(binary->uuid, err) &&
           read_zeros(r, SUBSYSTEM_BYTES, "binary-subsystem", err);
}

static bool read_place(struct reader *r, unsigned copy, struct error *err)
{
    uint64_t offset = 0;

    if (!read_u64be(r, &offset) || offset != copy * LUKS2_METADATA_BYTES)
        return luks2_rule_broken(err, "binary-header-offset", "%llu in copy %u",
                                 (unsigned long long)offset, copy);
    return read_zeros(r, CHECKSUM_OFFSET - r->position, "binary-padding", err) &&
           reader_skip(r, CHECKSUM_USED_BYTES) &&
           read_zeros(r, LUKS2_BINARY_BYTES - r->position, "binary-padding", err);
}

/* The text ends at the first NUL; what a C string hides behind it is refused. */
static bool read_json_text(struct reader *r, struct luks2_binary *binary, struct error *err)
{
    size_t size = reader_left(r);
    const uint8_t *text;

    if (!read_view(r, &text, size))
        return error_set(err, COLDSEAL_BUG, "LUKS2 JSON area");
    binary->json = (const char *)text;
    binary->json_size = strnlen(binary->json, size);
    if (binary->json_size == size)
        return luks2_rule_broken(err, "json-end", "no NUL ends the JSON area");
    return all_zero(text + binary->json_size, size - binary->json_size) ||
           luks2_rule_broken(err, "json-end", "data behind the NUL that ends the JSON text");
}

bool luks2_binary_read(const struct bytes *bytes, unsigned copy, struct luks2_binary *binary,
                       struct error *err)
{
    struct reader r = reader_over(copy_start(bytes, copy), LUKS2_METADATA_BYTES);

    binary->copy = copy;
    return reader_skip(&r, MAGIC_BYTES) && size_matches(&r, err) &&
           read_identity(&r, binary, err) && read_place(&r, copy, err) &&
           read_json_text(&r, binary, err);
}

/* 64 bytes that differ between any two headers and copies: SHA-512 over what goes with them. */
static bool derive_salt(const struct luks2_binary *binary, uint8_t salt[SALT_BYTES],
                        struct error *err)
{
    uint8_t number[9];
    struct writer w = writer_over(number, sizeof(number));
    OWNED(digest) digest = digest_new(DIGEST_SHA512, err);

    write_u64be(&w, binary->sequence_id);
    write_u8(&w, (uint8_t)binary->copy);
    return digest != NULL && digest_update(digest, number, sizeof(number), err) &&
           digest_update(digest, binary->uuid, sizeof(binary->uuid), err) &&
           digest_update(digest, binary->json, binary->json_size, err) &&
           digest_final(digest, salt, err);
}

static void write_text(struct writer *w, const char *text, size_t size)
{
    write_bytes(w, text, strlen(text));
    write_zeros(w, size - strlen(text));
}

bool luks2_binary_write(const struct luks2_binary *binary, uint8_t *out, struct error *err)
{
    struct writer w = writer_over(out, LUKS2_METADATA_BYTES);
    uint8_t salt[SALT_BYTES];

    if (binary->json_size >= LUKS2_METADATA_BYTES - LUKS2_BINARY_BYTES)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "LUKS2 metadata is full: keyslots and tokens take %zu bytes",
                         binary->json_size);
    if (!derive_salt(binary, salt, err))
        return false;
    write_bytes(&w, magics[binary->copy], MAGIC_BYTES);
    write_u16be(&w, VERSION);
    write_u64be(&w, LUKS2_METADATA_BYTES);
    write_u64be(&w, binary->sequence_id);
    write_text(&w, binary->label, LUKS2_LABEL_BYTES);
    write_text(&w, CHECKSUM_ALGORITHM, ALGORITHM_BYTES);
    write_bytes(&w, salt, sizeof(salt));
    write_text(&w, binary->uuid, LUKS2_UUID_BYTES);
    write_zeros(&w, SUBSYSTEM_BYTES);
    write_u64be(&w, binary->copy * LUKS2_METADATA_BYTES);
    write_zeros(&w, LUKS2_BINARY_BYTES - w.position);
    write_bytes(&w, binary->json, binary->json_size);
    if (w.failed)
        return error_set(err, COLDSEAL_BUG, "LUKS2 binary header");
    return checksum_compute(out, out + CHECKSUM_OFFSET, err);
}
