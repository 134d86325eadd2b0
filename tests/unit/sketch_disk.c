/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/checked.h"
#include "sketch_disk.h"

static bool sketch_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    struct sketch *sketch = self;

    (void)err;
    memcpy(buffer, sketch->data->data + offset, size);
    return true;
}

static bool note_write(struct sketch *sketch, size_t size, uint64_t offset)
{
    bool fails;

    pthread_mutex_lock(&sketch->lock);
    fails = sketch->write_count == MAX_WRITES ||
            (sketch->fail_after != 0 && sketch->write_count >= sketch->fail_after);
    if (!fails)
        sketch->writes[sketch->write_count++] = (struct range){offset, size};
    pthread_mutex_unlock(&sketch->lock);
    return !fails;
}

static bool sketch_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                          struct error *err)
{
    struct sketch *sketch = self;

    if (!note_write(sketch, size, offset))
        return error_set(err, COLDSEAL_IO, "no room at byte %llu", (unsigned long long)offset);
    memcpy(sketch->data->data + offset, buffer, size);
    return true;
}

static bool sketch_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    struct sketch *sketch = self;
    bool is_data = sketch->is_data[offset / 512];
    uint64_t end = round_down(offset, 512);
    uint64_t limit = sketch->extent_limit == 0 ? 65536 : sketch->extent_limit;

    (void)err;
    pthread_mutex_lock(&sketch->lock);
    sketch->extent_calls++;
    pthread_mutex_unlock(&sketch->lock);
    /* Neighbours may be of one kind. */
    while (end < sketch->data->size && sketch->is_data[end / 512] == is_data &&
           end - offset < limit)
        end += 512;
    *extent = (struct extent){offset, end - offset, is_data ? EXTENT_DATA : EXTENT_ZERO};
    return true;
}

static void sketch_free(void *self)
{
    (void)self;
}

static const struct disk_operations sketch_operations = {
    .format = "sketch",
    .pread = sketch_pread,
    .pwrite = sketch_pwrite,
    .extent = sketch_extent,
    .free = sketch_free,
};

void sketch_init(struct sketch *sketch, uint64_t size)
{
    struct error err = {0};

    memset(sketch, 0, sizeof(*sketch));
    sketch->data = bytes_new(size, &err);
    sketch->is_data = calloc(size / 512, sizeof(bool));
    pthread_mutex_init(&sketch->lock, NULL);
    assert_non_null(sketch->data);
}

void sketch_end(struct sketch *sketch)
{
    bytes_free(sketch->data);
    free(sketch->is_data);
    pthread_mutex_destroy(&sketch->lock);
}

void sketch_fill(struct sketch *sketch, uint64_t offset, uint64_t length)
{
    for (uint64_t i = offset; i < offset + length; i++) {
        sketch->data->data[i] = (uint8_t)(1 + (i * 2654435761u >> 13) % 255);
        sketch->is_data[i / 512] = true;
    }
}

struct disk *sketch_disk(struct sketch *sketch)
{
    struct error err = {0};

    return disk_new(&sketch_operations, sketch, sketch->data->size, &err);
}
