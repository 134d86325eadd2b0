/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/initrd_pack.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "core/checked.h"

#define FIRST_BYTES ((size_t)16 << 20)
#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib.h: a header and trailer of gzip */
#define GZIP_MEMORY 8
/* As templates/initramfs-conf has it; a level more costs seconds. */
#define LEVEL 1

/* RFC 1952, 2.3.1; RFC 8878, 3.1.1. */
bool initrd_compression_of(const uint8_t *data, size_t size, enum initrd_compression *compression)
{
    static const uint8_t gzip[] = {0x1f, 0x8b, 0x08};
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

    if (size >= sizeof(gzip) && memcmp(data, gzip, sizeof(gzip)) == 0)
        return *compression = INITRD_GZIP, true;
    if (size >= sizeof(zstd) && memcmp(data, zstd, sizeof(zstd)) == 0)
        return *compression = INITRD_ZSTD, true;
    return false;
}

/* A stream at work: its input, and output that grows. */
struct unpacking {
    const uint8_t *in;
    size_t in_size;
    size_t in_done;
    uint8_t *out;
    size_t out_size;
    size_t out_done;
    bool is_at_end;
};

static bool make_room(struct unpacking *u, struct error *err)
{
    size_t size = u->out_size == 0 ? FIRST_BYTES : u->out_size * 2;

    if (u->out_done < u->out_size)
        return true;
    if (size > INITRD_LIMIT_BYTES)
        return error_set(err, COLDSEAL_BAD_IMAGE, "initramfs: more than %zu bytes",
                         INITRD_LIMIT_BYTES);
    uint8_t *out = realloc(u->out, size);
    if (out == NULL)
        return error_no_memory(err);
    u->out = out;
    u->out_size = size;
    return true;
}

static bool malformed(struct error *err)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "initramfs: a compressed archive is malformed");
}

static bool inflate_step(z_stream *stream, struct unpacking *u, struct error *err)
{
    size_t in_size = (size_t)min_u64(u->in_size - u->in_done, UINT32_MAX);
    size_t out_size = u->out_size - u->out_done;

    stream->next_in = (Bytef *)(uintptr_t)(u->in + u->in_done);
    stream->avail_in = (uInt)in_size;
    stream->next_out = u->out + u->out_done;
    stream->avail_out = (uInt)out_size;
    int code = inflate(stream, Z_NO_FLUSH);
    u->in_done += in_size - stream->avail_in;
    u->out_done += out_size - stream->avail_out;
    u->is_at_end = code == Z_STREAM_END;
    return u->is_at_end || code == Z_OK || malformed(err);
}

static bool inflate_all(struct unpacking *u, struct error *err)
{
    z_stream stream = {0};
    bool ok = true;

    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
        return error_no_memory(err);
    while (ok && !u->is_at_end)
        ok = make_room(u, err) && inflate_step(&stream, u, err);
    inflateEnd(&stream);
    return ok;
}

static bool zstd_step(ZSTD_DStream *stream, struct unpacking *u, struct error *err)
{
    ZSTD_inBuffer in = {u->in, u->in_size, u->in_done};
    ZSTD_outBuffer out = {u->out, u->out_size, u->out_done};

    size_t left = ZSTD_decompressStream(stream, &out, &in);
    bool stuck = in.pos == u->in_done && out.pos == u->out_done;
    u->in_done = in.pos;
    u->out_done = out.pos;
    u->is_at_end = left == 0;
    return (!ZSTD_isError(left) && (u->is_at_end || !stuck)) || malformed(err);
}

static bool zstd_all(struct unpacking *u, struct error *err)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    bool ok = true;

    if (stream == NULL)
        return error_no_memory(err);
    while (ok && !u->is_at_end)
        ok = make_room(u, err) && zstd_step(stream, u, err);
    ZSTD_freeDStream(stream);
    return ok;
}

static bool check_rest(const struct unpacking *u, struct error *err)
{
    for (size_t i = u->in_done; i < u->in_size; i++) {
        if (u->in[i] != 0)
            return error_set(err, COLDSEAL_UNSUPPORTED,
                             "initramfs: more follows behind a compressed archive");
    }
    return true;
}

struct bytes *initrd_unpack(enum initrd_compression compression, const uint8_t *data, size_t size,
                            struct error *err)
{
    struct unpacking u = {.in = data, .in_size = size};
    struct bytes *bytes = NULL;

    bool ok = compression == INITRD_GZIP ? inflate_all(&u, err) : zstd_all(&u, err);
    if (ok && check_rest(&u, err))
        bytes = bytes_copy(u.out, u.out_done, err);
    free(u.out);
    return bytes;
}

static bool deflate_all(const struct bytes *bytes, struct bytes *out, size_t *size)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes->data,
                       .avail_in = (uInt)bytes->size,
                       .next_out = out->data,
                       .avail_out = (uInt)out->size};

    if (deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return false;
    int code = deflate(&stream, Z_FINISH);
    *size = out->size - stream.avail_out;
    deflateEnd(&stream);
    return code == Z_STREAM_END;
}

/* Archives are below 4 GiB (INITRD_LIMIT_BYTES), as zlib's counters want it. */
struct bytes *initrd_pack(enum initrd_compression compression, const struct bytes *bytes,
                          struct error *err)
{
    size_t size = bytes->size;
    bool ok;

    if (compression == INITRD_PLAIN)
        return bytes_copy(bytes->data, bytes->size, err);
    /* zlib(3), compressBound(): more than any stream takes; 18 of gzip's own */
    OWNED(bytes) out = bytes_new(
        compression == INITRD_GZIP ? compressBound(size) + 18 : ZSTD_compressBound(size), err);
    if (out == NULL)
        return NULL;
    if (compression == INITRD_GZIP) {
        ok = deflate_all(bytes, out, &size);
    } else {
        size = ZSTD_compress(out->data, out->size, bytes->data, bytes->size, LEVEL);
        ok = !ZSTD_isError(size);
    }
    if (!ok)
        return error_no_memory(err), NULL;
    return bytes_copy(out->data, size, err);
}
