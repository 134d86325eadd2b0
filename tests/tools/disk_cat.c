/* SPDX-License-Identifier: Apache-2.0 */
/* What the integration tests drive lib/image with. Exit codes are those of the errors.
 *
 *   disk_cat cat IMAGE [BACKING]        the disk's bytes to standard output
 *   disk_cat map IMAGE [BACKING]        its extents, joined: OFFSET LENGTH data|zero
 *   disk_cat copy FORMAT IMAGE OUT      the data extents into a new image, two threads
 *   disk_cat random IMAGE SEED          the disk in shuffled pieces from eight threads; bytes as
 * cat disk_cat patch IMAGE OFFSET TEXT    writes TEXT in place disk_cat hold read|write IMAGE keeps
 * the image open until standard input ends disk_cat overlay OUT SIZE BACKING FORMAT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/checked.h"
#include "image/open.h"
#include "image/output.h"

#define PIECE_BYTES ((size_t)1 << 20)
#define COPY_THREADS 2
#define RANDOM_THREADS 8
#define THREADS_MAX 8
#define RANDOM_PIECE_LIMIT_BYTES 300000

static bool for_each_extent(struct disk *disk,
                            bool (*visit)(const struct extent *extent, void *context,
                                          struct error *err),
                            void *context, struct error *err)
{
    struct extent joined = {0};

    for (uint64_t offset = 0; offset < disk_size(disk);) {
        struct extent extent;
        if (!disk_extent(disk, offset, &extent, err))
            return false;
        if (extent.offset_bytes != offset || extent.length_bytes == 0)
            return error_set(err, COLDSEAL_BUG, "extent at %" PRIu64, offset);
        offset += extent.length_bytes;
        if (joined.length_bytes > 0 && joined.kind == extent.kind) {
            joined.length_bytes += extent.length_bytes;
            continue;
        }
        if (joined.length_bytes > 0 && !visit(&joined, context, err))
            return false;
        joined = extent;
    }
    return joined.length_bytes == 0 || visit(&joined, context, err);
}

static bool print_extent(const struct extent *extent, void *context, struct error *err)
{
    (void)context;
    (void)err;
    printf("%" PRIu64 " %" PRIu64 " %s\n", extent->offset_bytes, extent->length_bytes,
           extent->kind == EXTENT_ZERO ? "zero" : "data");
    return true;
}

static bool map(struct disk *disk, struct error *err)
{
    return for_each_extent(disk, print_extent, NULL, err);
}

static bool cat(struct disk *disk, struct error *err)
{
    OWNED_PTR(uint8_t) buffer = malloc(PIECE_BYTES);

    if (buffer == NULL)
        return error_no_memory(err);
    for (uint64_t offset = 0; offset < disk_size(disk);) {
        size_t size = min_u64(PIECE_BYTES, disk_size(disk) - offset);
        if (!disk_pread(disk, buffer, size, offset, err))
            return false;
        if (fwrite(buffer, 1, size, stdout) != size)
            return error_errno(err, COLDSEAL_IO, "write to standard output");
        offset += size;
    }
    return true;
}

/* Runs `work` in `count` threads; the first error of one of them is the error. */
struct worker {
    bool (*work)(void *context, struct error *err);
    void *context;
    struct error err;
    bool done;
};

static void *run_worker(void *argument)
{
    struct worker *worker = argument;

    worker->done = worker->work(worker->context, &worker->err);
    return NULL;
}

static bool run_threads(size_t count, bool (*work)(void *context, struct error *err), void *context,
                        struct error *err)
{
    struct worker workers[THREADS_MAX] = {0};
    pthread_t threads[THREADS_MAX];
    bool done = true;

    for (size_t i = 0; i < count; i++) {
        workers[i] = (struct worker){.work = work, .context = context};
        if (pthread_create(&threads[i], NULL, run_worker, &workers[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        if (done && !workers[i].done) {
            *err = workers[i].err;
            done = false;
        }
    }
    return done;
}

struct copy {
    struct disk *from;
    struct disk *to;
    const struct ranges *data;
    atomic_size_t next; /* piece of the whole disk */
};

static bool copy_piece(struct copy *copy, uint64_t offset, uint64_t end, uint8_t *buffer,
                       struct error *err)
{
    while (offset < end) {
        bool inside;
        uint64_t run = ranges_run(copy->data, offset, end - offset, &inside);
        if (inside && (!disk_pread(copy->from, buffer, run, offset, err) ||
                       !disk_pwrite(copy->to, buffer, run, offset, err)))
            return false;
        offset += run;
    }
    return true;
}

static bool copy_pieces(void *context, struct error *err)
{
    struct copy *copy = context;
    OWNED_PTR(uint8_t) buffer = malloc(PIECE_BYTES);
    uint64_t size = disk_size(copy->from);
    uint64_t offset;

    if (buffer == NULL)
        return error_no_memory(err);
    while ((offset = atomic_fetch_add(&copy->next, 1) * PIECE_BYTES) < size) {
        if (!copy_piece(copy, offset, min_u64(offset + PIECE_BYTES, size), buffer, err))
            return false;
    }
    return true;
}

static bool add_data(const struct extent *extent, void *context, struct error *err)
{
    return extent->kind == EXTENT_ZERO ||
           ranges_append(context, extent->offset_bytes, extent->length_bytes, err);
}

static bool copy(struct disk *from, const char *format, const char *path, struct error *err)
{
    OWNED(ranges) data = ranges_new(err);
    struct image_output_request request = {.path = path, .size_bytes = disk_size(from)};

    if (data == NULL || !for_each_extent(from, add_data, data, err) ||
        !image_format_choose(format, path, &request.format, err))
        return false;
    request.allocated = data;
    OWNED(image_output) out = image_output_open(&request, err);
    if (out == NULL)
        return false;
    struct copy work = {.from = from, .to = image_output_disk(out), .data = data};
    return run_threads(COPY_THREADS, copy_pieces, &work, err) && image_output_commit(out, err);
}

struct shuffle {
    struct disk *disk;
    uint8_t *bytes;
    uint64_t size;
    uint64_t *starts; /* of pieces, in shuffled order … */
    uint64_t *ends;
    size_t count;
    atomic_size_t next;
};

static bool read_shuffled(void *context, struct error *err)
{
    struct shuffle *shuffle = context;
    size_t i;

    while ((i = atomic_fetch_add(&shuffle->next, 1)) < shuffle->count) {
        uint64_t start = shuffle->starts[i];
        if (!disk_pread(shuffle->disk, shuffle->bytes + start, shuffle->ends[i] - start, start,
                        err))
            return false;
    }
    return true;
}

static void make_pieces(struct shuffle *shuffle, unsigned seed)
{
    for (uint64_t at = 0; at < shuffle->size;) {
        uint64_t length = 1 + (uint64_t)rand_r(&seed) % RANDOM_PIECE_LIMIT_BYTES;
        uint64_t end = min_u64(at + length, shuffle->size);
        size_t place = (size_t)rand_r(&seed) % (shuffle->count + 1);
        shuffle->starts[shuffle->count] = shuffle->starts[place];
        shuffle->ends[shuffle->count] = shuffle->ends[place];
        shuffle->starts[place] = at;
        shuffle->ends[place] = end;
        shuffle->count++;
        at = end;
    }
}

static bool random_order(struct disk *disk, const char *seed, struct error *err)
{
    size_t size = disk_size(disk);
    OWNED_PTR(uint8_t) bytes = malloc(size);
    OWNED_PTR(uint64_t) starts = calloc(size + 1, sizeof(*starts));
    OWNED_PTR(uint64_t) ends = calloc(size + 1, sizeof(*ends));
    struct shuffle shuffle = {disk, bytes, size, starts, ends, 0, 0};

    if (bytes == NULL || starts == NULL || ends == NULL)
        return error_no_memory(err);
    make_pieces(&shuffle, (unsigned)strtoul(seed, NULL, 10));
    if (!run_threads(RANDOM_THREADS, read_shuffled, &shuffle, err))
        return false;
    return fwrite(bytes, 1, size, stdout) == size || error_errno(err, COLDSEAL_IO, "write");
}

static bool overlay(const char *path, const char *size, const char *backing, const char *format,
                    struct error *err)
{
    OWNED_FD fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return error_errno(err, COLDSEAL_IO, "create %s", path);
    const struct image_backing below = {backing, format};
    return qcow2_write_overlay(fd, strtoull(size, NULL, 10), &below, err);
}

struct piece {
    uint64_t offset;
    size_t length;
    char fill;
};

/* In the order in which they are written. */
static const struct piece scattered[] = {
    {7 << 20, 100, 'd'}, {65536 - 10, 20, 'b'},       {3 << 20, (1 << 20) + 513, 'c'},
    {0, 512, 'a'},       {(8 << 20) - 512, 512, 'e'},
};

static bool allocate_scattered(struct ranges *ranges, struct error *err)
{
    return ranges_append(ranges, 0, 512, err) && ranges_append(ranges, 65536 - 10, 20, err) &&
           ranges_append(ranges, 3 << 20, (1 << 20) + 513, err) &&
           ranges_append(ranges, 7 << 20, 4096, err) &&
           ranges_append(ranges, (8 << 20) - 512, 512, err);
}

static bool write_scattered(struct disk *disk, struct error *err)
{
    for (size_t i = 0; i < sizeof(scattered) / sizeof(scattered[0]); i++) {
        OWNED_PTR(char) fill = malloc(scattered[i].length);
        if (fill == NULL)
            return error_no_memory(err);
        memset(fill, scattered[i].fill, scattered[i].length);
        if (!disk_pwrite(disk, fill, scattered[i].length, scattered[i].offset, err))
            return false;
    }
    return true;
}

static bool scatter(const char *format, const char *path, struct error *err)
{
    OWNED(ranges) ranges = ranges_new(err);
    struct image_output_request request = {
        .path = path, .size_bytes = 8 << 20, .allocated = ranges, .replace = true};

    if (ranges == NULL || !allocate_scattered(ranges, err) ||
        !image_format_choose(format, path, &request.format, err))
        return false;
    OWNED(image_output) out = image_output_open(&request, err);
    return out != NULL && write_scattered(image_output_disk(out), err) &&
           cat(image_output_disk(out), err) && image_output_commit(out, err);
}

static bool plan(const char *path, const char *size, struct error *err)
{
    OWNED(ranges) ranges = ranges_new(err);
    struct image_output_request request = {
        .path = path,
        .format = IMAGE_QCOW2,
        .size_bytes = strtoull(size, NULL, 10),
        .allocated = ranges,
    };

    if (ranges == NULL || !ranges_append(ranges, 0, request.size_bytes, err))
        return false;
    OWNED(image_output) out = image_output_open(&request, err);
    return out != NULL && image_output_commit(out, err);
}

static bool hold(void)
{
    puts("held");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    return true;
}

static bool patch(const char *path, const char *offset, const char *text, struct error *err)
{
    OWNED(disk) disk = image_open_writable(path, err);

    return disk != NULL && disk_pwrite(disk, text, strlen(text), strtoull(offset, NULL, 10), err) &&
           disk_flush(disk, err);
}

static bool read_command(int argc, char **argv, struct error *err)
{
    OWNED(disk) backing = argc > 3 ? image_open(argv[3], NULL, err) : NULL;
    OWNED(disk) disk = NULL;

    if (argc > 3 && backing == NULL)
        return false;
    disk = image_open(argv[2], backing, err);
    if (disk == NULL)
        return false;
    return strcmp(argv[1], "cat") == 0 ? cat(disk, err) : map(disk, err);
}

static bool with_image(char **argv, struct error *err)
{
    bool is_copy = strcmp(argv[1], "copy") == 0;
    OWNED(disk) disk = image_open(argv[is_copy ? 3 : 2], NULL, err);

    if (disk == NULL)
        return false;
    return is_copy ? copy(disk, argv[2], argv[4], err) : random_order(disk, argv[3], err);
}

static bool hold_image(const char *mode, const char *path, struct error *err)
{
    OWNED(disk) disk =
        strcmp(mode, "write") == 0 ? image_open_writable(path, err) : image_open(path, NULL, err);

    return disk != NULL && hold();
}

static bool is_command(int argc, char **argv, const char *name, int arguments)
{
    return argc == arguments + 2 && strcmp(argv[1], name) == 0;
}

static bool run(int argc, char **argv, struct error *err)
{
    if (is_command(argc, argv, "cat", 1) || is_command(argc, argv, "cat", 2) ||
        is_command(argc, argv, "map", 1) || is_command(argc, argv, "map", 2))
        return read_command(argc, argv, err);
    if (is_command(argc, argv, "copy", 3) || is_command(argc, argv, "random", 2))
        return with_image(argv, err);
    if (is_command(argc, argv, "patch", 3))
        return patch(argv[2], argv[3], argv[4], err);
    if (is_command(argc, argv, "hold", 2))
        return hold_image(argv[2], argv[3], err);
    if (is_command(argc, argv, "scatter", 2))
        return scatter(argv[2], argv[3], err);
    if (is_command(argc, argv, "plan", 2))
        return plan(argv[2], argv[3], err);
    if (is_command(argc, argv, "overlay", 4))
        return overlay(argv[2], argv[3], argv[4], argv[5], err);
    return error_set(err, COLDSEAL_USAGE, "see the head of tests/tools/disk_cat.c");
}

int main(int argc, char **argv)
{
    struct error err = {0};

    if (!run(argc, argv, &err)) {
        fprintf(stderr, "disk_cat: %s\n", err.message);
        return (int)err.code;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : (int)COLDSEAL_IO;
}
