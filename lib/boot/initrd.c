/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/initrd.h"

#include <string.h>

#include "boot/initrd_pack.h"
#include "core/reader.h"

#define MEMBER_LIMIT ((size_t)100000)
#define NAME_LIMIT_BYTES 4096
#define ALIGNMENT 4
#define DIGITS 8
/* linux, early-userspace/buffer-format.rst: places of the fields in a header. */
#define HEADER_BYTES 110
#define MODE_FIELD 1
#define SIZE_FIELD 6
#define NAME_FIELD 11

static bool malformed(struct error *err)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "initramfs: a cpio archive is malformed");
}

static bool parse_field(const uint8_t *header, unsigned field, uint32_t *value)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *at = header + 6 + field * DIGITS;

    *value = 0;
    for (unsigned i = 0; i < DIGITS; i++) {
        const char *digit = memchr(digits, at[i] | 0x20, sizeof(digits) - 1);
        if (digit == NULL)
            return false;
        *value = *value << 4 | (uint32_t)(digit - digits);
    }
    return true;
}

/* Up to a multiple of 4 from where the archive's file begins. */
static bool skip_padding(struct reader *r)
{
    size_t rest = r->position % ALIGNMENT;

    return rest == 0 || reader_skip(r, ALIGNMENT - rest);
}

static bool at_header(const struct reader *r)
{
    return reader_left(r) >= 6 && memcmp(r->data + r->position, "07070", 5) == 0 &&
           (r->data[r->position + 5] == '1' || r->data[r->position + 5] == '2');
}

static const char *plain_name(const char *name)
{
    if (strncmp(name, "./", 2) == 0)
        name += 2;
    return name + strspn(name, "/");
}

static bool read_member(struct reader *r, struct initrd_member *member)
{
    size_t start = r->position;
    const uint8_t *header, *name;
    uint32_t name_size, size;

    if (!at_header(r) || !read_view(r, &header, HEADER_BYTES) ||
        !parse_field(header, MODE_FIELD, &member->mode) ||
        !parse_field(header, SIZE_FIELD, &size) || !parse_field(header, NAME_FIELD, &name_size) ||
        name_size == 0 || name_size > NAME_LIMIT_BYTES || !read_view(r, &name, name_size) ||
        name[name_size - 1] != '\0' || !skip_padding(r) || !read_view(r, &member->data, size))
        return false;
    /* the last one's padding may be cut off */
    if (!skip_padding(r))
        r->position = r->size;
    member->name = plain_name((const char *)name);
    member->size = size;
    member->raw = r->data + start;
    member->raw_size = r->position - start;
    return true;
}

static bool append(struct initrd *initrd, const struct initrd_member *member, struct error *err)
{
    if (initrd->count == MEMBER_LIMIT)
        return error_set(err, COLDSEAL_BAD_IMAGE, "initramfs: more than %zu files", MEMBER_LIMIT);
    if ((initrd->count & (initrd->count - 1)) == 0) {
        size_t room = initrd->count == 0 ? 1 : initrd->count * 2;
        void *grown = reallocarray(initrd->members, room, sizeof(*member));
        if (grown == NULL)
            return error_no_memory(err);
        initrd->members = grown;
    }
    initrd->members[initrd->count++] = *member;
    return true;
}

static bool read_archive(struct initrd *initrd, struct reader *r, struct error *err)
{
    struct initrd_member member = {0};

    for (;;) {
        if (!read_member(r, &member))
            return malformed(err);
        if (strcmp(member.name, "TRAILER!!!") == 0)
            break;
        if (!append(initrd, &member, err))
            return false;
    }
    /* as cpio(1) fills a block */
    while (r->position < r->size && r->data[r->position] == 0)
        r->position++;
    return true;
}

static bool read_last(struct initrd *initrd, struct reader *r, struct error *err)
{
    const uint8_t *packed = r->data + r->position;

    initrd->leading_bytes = r->position;
    if (!initrd_compression_of(packed, reader_left(r), &initrd->compression))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "initramfs: its compression is neither gzip nor zstd");
    initrd->last = initrd_unpack(initrd->compression, packed, reader_left(r), err);
    if (initrd->last == NULL)
        return false;
    struct reader last = reader_over(initrd->last->data, initrd->last->size);
    if (!read_archive(initrd, &last, err))
        return false;
    return reader_left(&last) == 0 ||
           error_set(err, COLDSEAL_UNSUPPORTED, "initramfs: more follows behind its last archive");
}

static bool read_all(struct initrd *initrd, struct error *err)
{
    struct reader r = reader_over(initrd->file->data, initrd->file->size);
    size_t first_of_last = 0;

    while (at_header(&r)) {
        first_of_last = initrd->count;
        initrd->leading_bytes = r.position;
        if (!read_archive(initrd, &r, err))
            return false;
    }
    if (reader_left(&r) > 0) {
        first_of_last = initrd->count;
        if (!read_last(initrd, &r, err))
            return false;
    }
    for (size_t i = first_of_last; i < initrd->count; i++)
        initrd->members[i].is_last = true;
    return initrd->count > 0 || malformed(err);
}

struct initrd *initrd_read(struct bytes *file, struct error *err)
{
    OWNED(initrd) initrd = calloc(1, sizeof(*initrd));

    if (initrd == NULL) {
        bytes_free(file);
        error_no_memory(err);
        return NULL;
    }
    initrd->file = file;
    return read_all(initrd, err) ? TAKE(initrd) : NULL;
}

void initrd_free(struct initrd *initrd)
{
    if (initrd == NULL)
        return;
    free(initrd->members);
    bytes_free(initrd->file);
    bytes_free(initrd->last);
    free(initrd);
}

const struct initrd_member *initrd_find(const struct initrd *initrd, const char *name)
{
    for (size_t i = 0; i < initrd->count; i++) {
        if (strcmp(initrd->members[i].name, name) == 0)
            return &initrd->members[i];
    }
    return NULL;
}
