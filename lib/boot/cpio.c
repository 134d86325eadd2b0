/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/cpio.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ALIGNMENT 4
#define PATH_LIMIT_BYTES 512
#define PARENT_MODE 0555u

struct cpio {
    FILE *stream; /* into memory */
    char *text;
    size_t size;
    size_t limit_bytes;
    uint32_t next_inode;
    char folder[PATH_LIMIT_BYTES];
};

static bool pad(struct cpio *cpio)
{
    long at = ftell(cpio->stream);
    bool done = at >= 0;

    for (; done && at % ALIGNMENT != 0; at++)
        done = fputc(0, cpio->stream) != EOF;
    return done;
}

static bool write_entry(struct cpio *cpio, const char *path, uint32_t mode, const void *data,
                        size_t size)
{
    long at = ftell(cpio->stream);

    if (at < 0 || size > cpio->limit_bytes || (size_t)at > cpio->limit_bytes - size)
        return false;
    /* inode, mode, owner, group, links, time; size; two devices; length of the name; sum */
    return fprintf(cpio->stream, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
                   cpio->next_inode++, mode, 0, 0, 1, 0, (unsigned)size, 0, 0, 0, 0,
                   (unsigned)strlen(path) + 1, 0) > 0 &&
           fwrite(path, 1, strlen(path) + 1, cpio->stream) == strlen(path) + 1 && pad(cpio) &&
           (size == 0 || fwrite(data, 1, size, cpio->stream) == size) && pad(cpio);
}

static bool write_folders(struct cpio *cpio, uint32_t mode)
{
    char path[PATH_LIMIT_BYTES];

    for (const char *end = strchr(cpio->folder, '/'); end != NULL; end = strchr(end + 1, '/')) {
        snprintf(path, sizeof(path), "%.*s", (int)(end - cpio->folder), cpio->folder);
        if (!write_entry(cpio, path, S_IFDIR | PARENT_MODE, NULL, 0))
            return false;
    }
    return write_entry(cpio, cpio->folder, S_IFDIR | mode, NULL, 0);
}

static bool failed(const struct cpio *cpio, struct error *err)
{
    return error_set(err, COLDSEAL_UNSUPPORTED, "an initramfs archive of more than %zu bytes",
                     cpio->limit_bytes);
}

struct cpio *cpio_new_empty(size_t limit_bytes, struct error *err)
{
    OWNED(cpio) cpio = calloc(1, sizeof(*cpio));

    if (cpio != NULL)
        cpio->stream = open_memstream(&cpio->text, &cpio->size);
    if (cpio == NULL || cpio->stream == NULL) {
        error_no_memory(err);
        return NULL;
    }
    cpio->limit_bytes = limit_bytes;
    cpio->next_inode = 1;
    return TAKE(cpio);
}

struct cpio *cpio_new(const char *folder, uint32_t folder_mode, struct error *err)
{
    OWNED(cpio) cpio = cpio_new_empty(CPIO_LIMIT_BYTES, err);

    if (cpio == NULL)
        return NULL;
    snprintf(cpio->folder, sizeof(cpio->folder), "%s", folder);
    if (!write_folders(cpio, folder_mode)) {
        failed(cpio, err);
        return NULL;
    }
    return TAKE(cpio);
}

bool cpio_put(struct cpio *cpio, const char *path, uint32_t mode, const void *data, size_t size,
              struct error *err)
{
    return write_entry(cpio, path, mode, data, size) || failed(cpio, err);
}

bool cpio_put_raw(struct cpio *cpio, const void *raw, size_t size, struct error *err)
{
    long at = ftell(cpio->stream);

    return (at >= 0 && size <= cpio->limit_bytes && (size_t)at <= cpio->limit_bytes - size &&
            fwrite(raw, 1, size, cpio->stream) == size && pad(cpio)) ||
           failed(cpio, err);
}

bool cpio_add(struct cpio *cpio, const char *name, uint32_t mode, const void *data, size_t size,
              struct error *err)
{
    char path[2 * PATH_LIMIT_BYTES];

    if (snprintf(path, sizeof(path), "%s/%s", cpio->folder, name) >= (int)sizeof(path))
        return error_set(err, COLDSEAL_BAD_IMAGE, "a file's name is too long");
    return cpio_put(cpio, path, S_IFREG | mode, data, size, err);
}

struct bytes *cpio_finish(struct cpio *cpio, struct error *err)
{
    /* The size of the trailer's name is in capitals, and its inode is 0. */
    bool done = fputs("070701"
                      "00000000000000000000000000000000000000010000000000000000"
                      "000000000000000000000000000000000000000B00000000",
                      cpio->stream) != EOF &&
                fwrite("TRAILER!!!", 1, 11, cpio->stream) == 11 && pad(cpio) &&
                fflush(cpio->stream) == 0;

    if (!done) {
        failed(cpio, err);
        return NULL;
    }
    return bytes_copy(cpio->text, cpio->size, err);
}

void cpio_free(struct cpio *cpio)
{
    if (cpio == NULL)
        return;
    if (cpio->stream != NULL)
        fclose(cpio->stream);
    free(cpio->text);
    free(cpio);
}
