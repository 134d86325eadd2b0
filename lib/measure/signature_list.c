/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/signature_list.h"

#include <string.h>

#include "core/reader.h"
#include "core/writer.h"

#define OWNER_BYTES 16
/* GUID, then the sizes of the list, of its header and of one signature */
#define LIST_HEAD_BYTES 28

/* UEFI 2.10, 32.4.1: EFI_CERT_…_GUID; 0: of any size. */
static const struct {
    struct guid type;
    enum signature_kind kind;
    size_t size;
} known_types[] = {
    {{{0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0,
       0x72}},
     SIGNATURE_X509,
     0},
    {{{0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43,
       0x28}},
     SIGNATURE_SHA256,
     32},
    {{{0x92, 0xa4, 0xd2, 0x3b, 0xc0, 0x96, 0x79, 0x40, 0xb4, 0x20, 0xfc, 0xf9, 0x8e, 0xf1, 0x03,
       0xed}},
     SIGNATURE_X509_SHA256,
     32 + 16},
};

struct list_head {
    struct guid type;
    enum signature_kind kind;
    uint32_t list_size, header_size, signature_size;
};

static bool kind_of(const struct guid *type, uint32_t signature_size, enum signature_kind *kind)
{
    *kind = SIGNATURE_OTHER;
    for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++) {
        if (!guid_equal(type, &known_types[i].type))
            continue;
        *kind = known_types[i].kind;
        return known_types[i].size == 0 || signature_size == OWNER_BYTES + known_types[i].size;
    }
    return true;
}

static bool read_head(struct reader *r, struct list_head *head)
{
    return read_bytes(r, head->type.bytes, sizeof(head->type.bytes)) &&
           read_u32le(r, &head->list_size) && read_u32le(r, &head->header_size) &&
           read_u32le(r, &head->signature_size) && head->list_size >= LIST_HEAD_BYTES &&
           head->signature_size > OWNER_BYTES &&
           kind_of(&head->type, head->signature_size, &head->kind);
}

static bool list_reserve(struct signature_list *list, size_t more, struct error *err)
{
    if (more > SIGNATURE_LIMIT - list->count)
        return error_set(err, COLDSEAL_BAD_IMAGE, "signature list: more than %zu entries",
                         SIGNATURE_LIMIT);
    if (more == 0)
        return true;
    struct signature *entries =
        reallocarray(list->entries, list->count + more, sizeof(*list->entries));
    if (entries == NULL)
        return error_no_memory(err);
    list->entries = entries;
    return true;
}

static bool take_entries(struct signature_list *list, struct reader *body,
                         const struct list_head *head, struct error *err)
{
    if (!list_reserve(list, reader_left(body) / head->signature_size, err))
        return false;
    while (reader_left(body) > 0) {
        struct signature *entry = &list->entries[list->count];
        entry->type = head->type;
        entry->kind = head->kind;
        entry->size = head->signature_size - OWNER_BYTES;
        if (!read_bytes(body, entry->owner.bytes, OWNER_BYTES) ||
            !read_view(body, &entry->data, entry->size))
            return error_set(err, COLDSEAL_BUG, "signature list: sizes that were checked");
        list->count++;
    }
    return true;
}

static bool parse_lists(struct signature_list *list, struct error *err)
{
    struct reader r = reader_over(list->bytes->data, list->bytes->size);

    while (reader_left(&r) > 0) {
        size_t start = r.position;
        struct list_head head;
        struct reader body;
        if (!read_head(&r, &head) || !read_sub(&r, &body, head.list_size - LIST_HEAD_BYTES) ||
            !reader_skip(&body, head.header_size) || reader_left(&body) % head.signature_size != 0)
            return error_set(err, COLDSEAL_BAD_IMAGE,
                             "signature list: the list at byte %zu is malformed", start);
        if (!take_entries(list, &body, &head, err))
            return false;
    }
    return true;
}

struct signature_list *signature_list_parse(const void *data, size_t size, struct error *err)
{
    OWNED(signature_list) list = calloc(1, sizeof(*list));

    if (list == NULL) {
        error_no_memory(err);
        return NULL;
    }
    list->bytes = bytes_copy(data, size, err);
    if (list->bytes == NULL || !parse_lists(list, err))
        return NULL;
    return TAKE(list);
}

void signature_list_free(struct signature_list *list)
{
    if (list == NULL)
        return;
    bytes_free(list->bytes);
    free(list->entries);
    free(list);
}

static const struct guid *type_of(enum signature_kind kind)
{
    for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++) {
        if (known_types[i].kind == kind)
            return &known_types[i].type;
    }
    return NULL;
}

struct bytes *signature_list_of_one(enum signature_kind kind, const struct guid *owner,
                                    const void *data, size_t size, struct error *err)
{
    struct bytes *list = bytes_new(LIST_HEAD_BYTES + OWNER_BYTES + size, err);

    if (list == NULL)
        return NULL;
    struct writer w = writer_over(list->data, list->size);
    write_bytes(&w, type_of(kind)->bytes, sizeof(owner->bytes));
    write_u32le(&w, (uint32_t)list->size);
    write_u32le(&w, 0);
    write_u32le(&w, (uint32_t)(OWNER_BYTES + size));
    write_bytes(&w, owner->bytes, sizeof(owner->bytes));
    write_bytes(&w, data, size);
    return list;
}

struct bytes *signature_data(const struct signature *signature, struct error *err)
{
    struct bytes *bytes = bytes_new(OWNER_BYTES + signature->size, err);

    if (bytes == NULL)
        return NULL;
    memcpy(bytes->data, signature->owner.bytes, OWNER_BYTES);
    memcpy(bytes->data + OWNER_BYTES, signature->data, signature->size);
    return bytes;
}
