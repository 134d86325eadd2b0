/* SPDX-License-Identifier: Apache-2.0 */
#include "image/inflate.h"

#include <libdeflate.h>
#include <pthread.h>
#include <zlib.h>
#include <zstd.h>

/* QEMU, block/qcow2-threads.c: raw deflate with a window of 4 KiB. A larger one reads that too. */
#define RAW_DEFLATE_WINDOW (-15)

struct buffer {
    uint8_t *data;
    size_t size;
};

struct inflater {
    struct libdeflate_decompressor *deflate; /* one of these two */
    ZSTD_DCtx *zstd;
    struct buffer input;
    struct buffer cluster;
    struct inflater *next; /* in the pool */
};

struct inflater_pool {
    enum qcow2_compression compression;
    pthread_mutex_t lock;
    struct inflater *first;
};

struct inflater *inflater_new(enum qcow2_compression compression, struct error *err)
{
    OWNED(inflater) inflater = calloc(1, sizeof(*inflater));

    if (inflater != NULL && compression == QCOW2_COMPRESSION_ZSTD)
        inflater->zstd = ZSTD_createDCtx();
    else if (inflater != NULL)
        inflater->deflate = libdeflate_alloc_decompressor();
    if (inflater == NULL || (inflater->deflate == NULL && inflater->zstd == NULL)) {
        error_no_memory(err);
        return NULL;
    }
    return TAKE(inflater);
}

void inflater_free(struct inflater *inflater)
{
    if (inflater == NULL)
        return;
    if (inflater->deflate != NULL)
        libdeflate_free_decompressor(inflater->deflate);
    ZSTD_freeDCtx(inflater->zstd);
    free(inflater->input.data);
    free(inflater->cluster.data);
    free(inflater);
}

static uint8_t *buffer_room(struct buffer *buffer, size_t size, struct error *err)
{
    if (size <= buffer->size)
        return buffer->data;
    free(buffer->data);
    buffer->data = malloc(size);
    buffer->size = buffer->data == NULL ? 0 : size;
    if (buffer->data == NULL)
        error_no_memory(err);
    return buffer->data;
}

uint8_t *inflater_input(struct inflater *inflater, size_t size, struct error *err)
{
    return buffer_room(&inflater->input, size, err);
}

uint8_t *inflater_cluster(struct inflater *inflater, size_t size, struct error *err)
{
    return buffer_room(&inflater->cluster, size, err);
}

/* libdeflate wants the whole stream to fit; zlib stops where the output is full. */
static bool inflate_prefix(const void *in, size_t in_size, void *out, size_t out_size,
                           struct error *err)
{
    z_stream stream = {
        .next_in = (z_const Bytef *)in,
        .avail_in = (uInt)in_size,
        .next_out = out,
        .avail_out = (uInt)out_size,
    };

    if (inflateInit2(&stream, RAW_DEFLATE_WINDOW) != Z_OK)
        return error_no_memory(err);
    int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if ((result != Z_STREAM_END && result != Z_BUF_ERROR) || stream.avail_out != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "malformed deflate stream");
    return true;
}

static bool inflate_deflate(struct inflater *inflater, const void *in, size_t in_size, void *out,
                            size_t out_size, struct error *err)
{
    /* Without a place for the length, success means that `out` is full. */
    return libdeflate_deflate_decompress(inflater->deflate, in, in_size, out, out_size, NULL) ==
               LIBDEFLATE_SUCCESS ||
           inflate_prefix(in, in_size, out, out_size, err);
}

/* At one go, so that a frame's own idea of its window costs no memory. */
static bool inflate_zstd(struct inflater *inflater, const void *in, size_t in_size, void *out,
                         size_t out_size, struct error *err)
{
    size_t frame_size = ZSTD_findFrameCompressedSize(in, in_size);

    if (ZSTD_isError(frame_size) ||
        ZSTD_decompressDCtx(inflater->zstd, out, out_size, in, frame_size) != out_size)
        return error_set(err, COLDSEAL_BAD_IMAGE, "malformed zstd frame");
    return true;
}

bool inflater_run(struct inflater *inflater, const void *in, size_t in_size, void *out,
                  size_t out_size, struct error *err)
{
    return inflater->zstd != NULL ? inflate_zstd(inflater, in, in_size, out, out_size, err)
                                  : inflate_deflate(inflater, in, in_size, out, out_size, err);
}

struct inflater_pool *inflater_pool_new(enum qcow2_compression compression, struct error *err)
{
    struct inflater_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        error_no_memory(err);
    else {
        pool->compression = compression;
        pthread_mutex_init(&pool->lock, NULL);
    }
    return pool;
}

void inflater_pool_free(struct inflater_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->first != NULL) {
        struct inflater *inflater = pool->first;
        pool->first = inflater->next;
        inflater_free(inflater);
    }
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

struct inflater *inflater_pool_take(struct inflater_pool *pool, struct error *err)
{
    pthread_mutex_lock(&pool->lock);
    struct inflater *inflater = pool->first;
    if (inflater != NULL)
        pool->first = inflater->next;
    pthread_mutex_unlock(&pool->lock);
    return inflater != NULL ? inflater : inflater_new(pool->compression, err);
}

void inflater_pool_give(struct inflater_pool *pool, struct inflater *inflater)
{
    pthread_mutex_lock(&pool->lock);
    inflater->next = pool->first;
    pool->first = inflater;
    pthread_mutex_unlock(&pool->lock);
}
