/* SPDX-License-Identifier: Apache-2.0 */
#include "parent.h"

#include <stdio.h>
#include <string.h>

#include "core/digest.h"
#include "core/reader.h"
#include "core/writer.h"

/* TPM 2.0 Library 1.59, part 1, clause 16: the Name is nameAlg ‖ H(TPMT_PUBLIC). */
static struct bytes *name_of_public(const struct bytes *public_area, struct error *err)
{
    struct reader r = reader_over(public_area->data, public_area->size);
    struct reader area;
    uint16_t size, type, name_algorithm;
    uint8_t digest[DIGEST_MAX_BYTES];

    if (!read_u16be(&r, &size) || !read_sub(&r, &area, size) || reader_left(&r) != 0 ||
        !read_u16be(&area, &type) || !read_u16be(&area, &name_algorithm) ||
        digest_size(name_algorithm) == 0) {
        error_set(err, COLDSEAL_BAD_IMAGE, "storage key of the token is malformed");
        return NULL;
    }
    if (!digest_bytes(name_algorithm, area.data, area.size, digest, err))
        return NULL;
    size_t length = digest_size(name_algorithm);
    struct bytes *name = bytes_new(length + 4, err);
    if (name != NULL) {
        struct writer w = writer_over(name->data, name->size);
        write_u16be(&w, (uint16_t)(length + 2));
        write_u16be(&w, name_algorithm);
        write_bytes(&w, digest, length);
    }
    return name;
}

struct target *parent_of_token(const struct systemd_tpm2 *token, struct error *err)
{
    OWNED(target) parent = calloc(1, sizeof(*parent));

    if (parent == NULL) {
        error_no_memory(err);
        return NULL;
    }
    parent->storage_key = bytes_copy(token->parent_public->data, token->parent_public->size, err);
    if (parent->storage_key == NULL)
        return NULL;
    parent->name = name_of_public(parent->storage_key, err);
    if (parent->name == NULL)
        return NULL;
    if (parent->name->size != token->parent_name->size ||
        memcmp(parent->name->data, token->parent_name->data, parent->name->size) != 0) {
        error_set(err, COLDSEAL_BAD_IMAGE,
                  "the token's storage key does not have the Name it says");
        return NULL;
    }
    parent->handle = token->parent_handle;
    snprintf(parent->kind, sizeof(parent->kind), "srk");
    snprintf(parent->origin, sizeof(parent->origin), "token");
    return TAKE(parent);
}
