/* SPDX-License-Identifier: Apache-2.0 */
/* The NBD protocol, https://github.com/NetworkBlockDevice/nbd, doc/proto.md, by libnbd. Its calls
 * may come from several threads and then wait for each other. */
#include "image/nbd.h"

#include <errno.h>
#include <inttypes.h>
#include <libnbd.h>

#include "core/checked.h"

#define SECTOR_BYTES 512
/* "Block size constraints": what a client may ask for that knows of none. */
#define REQUEST_BYTES ((size_t)32 << 20)
#define STATUS_BYTES ((uint64_t)1 << 30)

struct remote {
    struct nbd_handle *handle;
    uint64_t size_bytes;
    bool has_extents;
};

static void remote_free(void *self)
{
    struct remote *remote = self;

    nbd_shutdown(remote->handle, 0);
    nbd_close(remote->handle);
    free(remote);
}

static void remote_cleanup(struct remote **remote)
{
    if (*remote != NULL)
        remote_free(*remote);
}

/* libnbd keeps the text for each thread. */
static bool refuse(struct error *err, const char *what)
{
    return error_set(err, COLDSEAL_IO, "%s: %s", what, nbd_get_error());
}

static bool remote_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    const struct remote *remote = self;
    uint8_t *data = buffer;

    for (size_t done = 0, part; done < size; done += part) {
        part = size - done < REQUEST_BYTES ? size - done : REQUEST_BYTES;
        if (nbd_pread(remote->handle, data + done, part, offset + done, 0) != 0)
            return refuse(err, "read from the NBD server");
    }
    return true;
}

static bool remote_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                          struct error *err)
{
    const struct remote *remote = self;
    const uint8_t *data = buffer;

    for (size_t done = 0, part; done < size; done += part) {
        part = size - done < REQUEST_BYTES ? size - done : REQUEST_BYTES;
        if (nbd_pwrite(remote->handle, data + done, part, offset + done, 0) != 0)
            return refuse(err, "write to the NBD server");
    }
    return true;
}

static bool remote_flush(void *self, struct error *err)
{
    const struct remote *remote = self;

    return nbd_flush(remote->handle, 0) == 0 || refuse(err, "flush on the NBD server");
}

/* Pairs of length and flags; the first begins at the offset that was asked for. */
static int take_first_extent(void *context, const char *metacontext, uint64_t offset,
                             uint32_t *entries, size_t count, int *error_number)
{
    struct extent *extent = context;

    (void)metacontext;
    (void)offset;
    (void)error_number;
    if (count < 2 || entries[0] == 0)
        return 0;
    extent->length_bytes = min_u64(entries[0], extent->length_bytes);
    extent->kind = (entries[1] & LIBNBD_STATE_ZERO) != 0 ? EXTENT_ZERO : EXTENT_DATA;
    return 0;
}

static bool remote_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    const struct remote *remote = self;
    uint64_t length = min_u64(remote->size_bytes - offset, STATUS_BYTES);
    const nbd_extent_callback callback = {.callback = take_first_extent, .user_data = extent};

    *extent = (struct extent){offset, length, EXTENT_DATA};
    return !remote->has_extents ||
           nbd_block_status(remote->handle, length, offset, callback, LIBNBD_CMD_FLAG_REQ_ONE) ==
               0 ||
           refuse(err, "ask the NBD server for holes");
}

static const struct disk_operations remote_reading = {
    .format = "raw",
    .pread = remote_pread,
    .extent = remote_extent,
    .free = remote_free,
};

static const struct disk_operations remote_writing = {
    .format = "raw",
    .pread = remote_pread,
    .pwrite = remote_pwrite,
    .flush = remote_flush,
    .extent = remote_extent,
    .free = remote_free,
};

/* Without block sizes asked for, the server takes requests of any alignment. A URI may not name
 * files of this machine, such as keys for TLS. */
static bool connect_to(struct nbd_handle *handle, const char *uri, struct error *err)
{
    if (nbd_set_uri_allow_transports(handle, LIBNBD_ALLOW_TRANSPORT_TCP |
                                                 LIBNBD_ALLOW_TRANSPORT_UNIX) != 0 ||
        nbd_set_uri_allow_tls(handle, LIBNBD_TLS_DISABLE) != 0 ||
        nbd_set_uri_allow_local_file(handle, false) != 0 ||
        nbd_set_request_block_size(handle, false) != 0 ||
        nbd_add_meta_context(handle, LIBNBD_CONTEXT_BASE_ALLOCATION) != 0)
        return refuse(err, "prepare an NBD connection");
    if (nbd_connect_uri(handle, uri) == 0)
        return true;
    if (nbd_get_errno() == EPERM)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s",
                         "only nbd:// and nbd+unix:// are spoken, without TLS");
    return refuse(err, "connect to the NBD server");
}

static bool check_writable(struct nbd_handle *handle, struct error *err)
{
    if (nbd_is_read_only(handle) != 0)
        return error_set(err, COLDSEAL_IO, "the NBD server exports it for reading only");
    return nbd_can_flush(handle) == 1 ||
           error_set(err, COLDSEAL_UNSUPPORTED,
                     "the NBD server cannot flush: nobody would know what is on its disk");
}

static bool measure(struct remote *remote, struct error *err)
{
    int64_t size = nbd_get_size(remote->handle);

    if (size < 0)
        return refuse(err, "ask the NBD server for the size");
    if (size % SECTOR_BYTES != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%" PRId64 " bytes are not a multiple of %d",
                         size, SECTOR_BYTES);
    remote->size_bytes = (uint64_t)size;
    remote->has_extents = nbd_can_meta_context(remote->handle, LIBNBD_CONTEXT_BASE_ALLOCATION) == 1;
    return true;
}

struct disk *nbd_open(const char *uri, bool writable, struct error *err)
{
    __attribute__((cleanup(remote_cleanup))) struct remote *remote = calloc(1, sizeof(*remote));

    if (remote != NULL && (remote->handle = nbd_create()) == NULL)
        free(TAKE(remote));
    if (remote == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!connect_to(remote->handle, uri, err) ||
        (writable && !check_writable(remote->handle, err)) || !measure(remote, err))
        return NULL;
    uint64_t size_bytes = remote->size_bytes;
    return disk_new(writable ? &remote_writing : &remote_reading, TAKE(remote), size_bytes, err);
}
