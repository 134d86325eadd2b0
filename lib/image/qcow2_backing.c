/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_backing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "core/reader.h"
#include "image/file_io.h"

/* Of a header with all its extensions. QEMU itself writes half a dozen. */
#define EXTENSION_LIMIT 64
#define EXTENSION_ALIGN_BYTES 8

/* As a C string; a zero byte in it would hide what follows. */
static bool take_text(const uint8_t *data, size_t size, char *text, size_t capacity)
{
    if (size >= capacity || memchr(data, '\0', size) != NULL)
        return false;
    memcpy(text, data, size);
    text[size] = '\0';
    return true;
}

static bool parse_name(const uint8_t *cluster, size_t size, const struct qcow2_header *header,
                       struct qcow2_backing *backing, struct error *err)
{
    uint64_t offset = header->backing_file_offset;
    uint32_t length = header->backing_file_size;

    if (length == 0 || offset < header->header_bytes || !range_within(offset, length, size) ||
        !take_text(cluster + offset, length, backing->name, sizeof(backing->name)))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 name of a backing file: %" PRIu32 " bytes at byte %" PRIu64, length,
                         offset);
    return true;
}

static bool parse_extension(struct reader *r, struct qcow2_backing *backing, bool *end,
                            struct error *err)
{
    uint32_t type, length;
    const uint8_t *data;

    if (!read_u32be(r, &type) || !read_u32be(r, &length))
        return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 header extensions are cut short");
    *end = type == QCOW2_EXTENSION_END;
    if (*end)
        return true;
    uint64_t padded;
    if (!checked_round_up(length, EXTENSION_ALIGN_BYTES, &padded) || !read_view(r, &data, padded))
        return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 header extension is cut short");
    return type != QCOW2_EXTENSION_BACKING_FORMAT ||
           take_text(data, length, backing->format, sizeof(backing->format)) ||
           error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 format of the backing file is no name");
}

/* They end with one that says so, or where the name of the backing file begins. */
static bool parse_extensions(const uint8_t *cluster, const struct qcow2_header *header,
                             struct qcow2_backing *backing, struct error *err)
{
    struct reader r = reader_over(cluster + header->header_bytes,
                                  header->backing_file_offset - header->header_bytes);
    bool end = false;

    for (int i = 0; i < EXTENSION_LIMIT && !end && reader_left(&r) > 0; i++) {
        if (!parse_extension(&r, backing, &end, err))
            return false;
    }
    return true;
}

bool qcow2_backing_parse(const void *cluster, size_t size, const struct qcow2_header *header,
                         struct qcow2_backing *backing, struct error *err)
{
    *backing = (struct qcow2_backing){0};
    return parse_name(cluster, size, header, backing, err) &&
           parse_extensions(cluster, header, backing, err);
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static bool has_none(struct error *err)
{
    return error_set(err, COLDSEAL_USAGE, "--backing: the image has no backing file");
}

static bool read_backing(int fd, struct qcow2_backing *backing, struct error *err)
{
    struct qcow2_header header;
    uint64_t file_bytes;
    uint8_t head[QCOW2_HEADER_READ_BYTES];

    if (!file_size(fd, &file_bytes, err))
        return false;
    size_t size = min_u64(file_bytes, sizeof(head));
    if (!file_read_at(fd, head, size, 0, err))
        return false;
    if (!qcow2_header_has_magic(head, size))
        return has_none(err);
    if (!qcow2_header_parse(head, size, file_bytes, &header, err))
        return false;
    if (header.backing_file_offset == 0)
        return has_none(err);
    OWNED(bytes) cluster = bytes_new(min_u64(file_bytes, header.cluster_bytes), err);
    return cluster != NULL && file_read_at(fd, cluster->data, cluster->size, 0, err) &&
           qcow2_backing_parse(cluster->data, cluster->size, &header, backing, err);
}

bool qcow2_backing_check(int fd, const char *path, const char *format, struct error *err)
{
    struct qcow2_backing backing;

    if (!read_backing(fd, &backing, err))
        return false;
    if (strcmp(last_component(backing.name), last_component(path)) != 0)
        return error_set(err, COLDSEAL_USAGE,
                         "the image was made over another backing file than %s", path);
    if (backing.format[0] != '\0' && strcmp(backing.format, format) != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "the image wants a backing file in another format: %s is %s", path,
                         format);
    return true;
}

/* The folder that `path` names a file in, resolved; the caller frees it. */
static char *folder_of(const char *path, struct error *err)
{
    OWNED_PTR(char) folder = strndup(path, (size_t)(last_component(path) - path));
    char *resolved = folder == NULL ? NULL : realpath(*folder == '\0' ? "." : folder, NULL);

    if (resolved == NULL)
        error_errno(err, COLDSEAL_IO, "resolve the folder of %s", path);
    return resolved;
}

/* QEMU, docs/interop: "NAME:" at the beginning is a protocol unless a slash comes before it. */
static const char *prefix_of(const char *folder, const char *image_folder, const char *name)
{
    if (strcmp(folder, image_folder) != 0)
        return folder;
    return strchr(name, ':') == NULL ? "" : ".";
}

char *qcow2_backing_name(const char *path, const char *image_path, struct error *err)
{
    OWNED_PTR(char) folder = folder_of(path, err);
    OWNED_PTR(char) image_folder = folder == NULL ? NULL : folder_of(image_path, err);
    const char *name = last_component(path);
    OWNED_PTR(char) whole = NULL;

    if (image_folder == NULL)
        return NULL;
    const char *prefix = prefix_of(folder, image_folder, name);
    if (asprintf(&whole, "%s%s%s", prefix, *prefix == '\0' ? "" : "/", name) < 0) {
        whole = NULL;
        error_no_memory(err);
        return NULL;
    }
    if (strlen(whole) > QCOW2_BACKING_NAME_MAX_BYTES) {
        error_set(err, COLDSEAL_UNSUPPORTED, "path of the backing file is too long for qcow2");
        return NULL;
    }
    return TAKE(whole);
}
