/* SPDX-License-Identifier: Apache-2.0 */
/* A header from a hostile disk. The input is the first 512 bytes of the binary header, then the
 * JSON text; both copies get them with good checksums, so that the checks behind those are reached.
 * What passes must be written and read back as the same. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "token/luks2_rekey.h"

#define BINARY_INPUT_BYTES 512
#define BINARY_BYTES 4096
#define CHECKSUM_OFFSET 448
#define HEADER_OFFSET_BYTE 261 /* of the 64-bit field at 256: 0x20000 in copy 1 */

static void put_copy(uint8_t *start, const uint8_t *data, size_t size, unsigned copy)
{
    size_t head = size < BINARY_INPUT_BYTES ? size : BINARY_INPUT_BYTES;
    size_t text = size - head;

    if (text > LUKS2_METADATA_BYTES - BINARY_BYTES)
        text = LUKS2_METADATA_BYTES - BINARY_BYTES;
    memcpy(start, data, head);
    memcpy(start + BINARY_BYTES, data + head, text);
    if (copy == 1 && memcmp(start, "LUKS", 4) == 0) {
        memcpy(start, "SKUL", 4);
        start[HEADER_OFFSET_BYTE] ^= 2;
    }
    memset(start + CHECKSUM_OFFSET, 0, 64);
    uint8_t checksum[SHA256_DIGEST_LENGTH];
    SHA256(start, LUKS2_METADATA_BYTES, checksum);
    memcpy(start + CHECKSUM_OFFSET, checksum, sizeof(checksum));
}

static void check_again(struct luks2_header *header)
{
    struct error err = {0};
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];

    luks2_header_tokens(header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);
    OWNED(bytes) bytes = luks2_header_serialise(header, &err);
    OWNED(luks2_header) again = bytes == NULL ? NULL : luks2_header_read(bytes, &err);
    if (again == NULL || !json_object_equal(again->json, header->json) || !again->copies_agree)
        abort();
    if (luks2_header_move_apart(again, header, &err)) {
        OWNED(bytes) moved = luks2_header_serialise(again, &err);
        OWNED(luks2_header) last = moved == NULL ? NULL : luks2_header_read(moved, &err);
        if (last == NULL)
            abort();
    }
}

/* What is taken as a rekey under way is written and read back as the same. */
static void check_rekey(const struct bytes *bytes)
{
    struct error err = {0};
    struct luks2_rekey *read = NULL;

    luks2_rekey_read(bytes, &read, &err);
    OWNED(luks2_rekey) rekey = read;
    if (rekey == NULL)
        return;
    OWNED(bytes) written = luks2_rekey_serialise(rekey, &err);
    if (written == NULL || !luks2_rekey_read(written, &read, &err) || read == NULL)
        abort();
    OWNED(luks2_rekey) again = read;
    if (again->running != rekey->running ||
        !json_object_equal(again->old->json, rekey->old->json) ||
        !json_object_equal(again->new->json, rekey->new->json))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bytes *bytes; /* 16 MiB anew for each input is most of the time */
    struct error err = {0};

    if (bytes == NULL)
        bytes = bytes_new(LUKS2_HEADER_BYTES, &err);
    if (bytes == NULL)
        return 0;
    memset(bytes->data, 0, LUKS2_KEYSLOTS_OFFSET);
    put_copy(bytes->data, data, size, 0);
    put_copy(bytes->data + LUKS2_METADATA_BYTES, data, size, 1);
    OWNED(luks2_header) header = luks2_header_read(bytes, &err);
    if (header != NULL)
        check_again(header);
    check_rekey(bytes);
    return 0;
}
