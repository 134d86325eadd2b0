/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/vfs.h>

#include "core/checked.h"
#include "image/file_io.h"

/* Of memory, length and place in the file, as the strictest of usual devices want it. */
#define DIRECT_ALIGN_BYTES 4096
/* Below these the page cache gathers what is small, and blocks are found at one go. */
#define DIRECT_MIN_BYTES ((size_t)128 << 10)
#define RESERVE_MIN_BYTES ((uint64_t)1 << 20)
/* So much lies in the page cache before the kernel is told to begin writing it out, so that the
 * sync at the end finds little left to do. */
#define WRITE_BEHIND_BYTES ((uint_fast64_t)32 << 20)

struct sink {
    int fd; /* borrowed */
    enum sink_aim aim;
    int direct_fd; /* the same file with O_DIRECT; -1: there is no such thing */
    atomic_bool direct;
    atomic_uint_fast64_t cached_bytes;
};

struct sink *sink_new(int fd, enum sink_aim aim, struct error *err)
{
    struct sink *sink = calloc(1, sizeof(*sink));
    char path[32];

    if (sink == NULL) {
        error_no_memory(err);
        return NULL;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    sink->fd = fd;
    sink->aim = aim;
    sink->direct_fd = aim == SINK_TO_DISK ? open(path, O_WRONLY | O_DIRECT | O_CLOEXEC) : -1;
    sink->direct = sink->direct_fd >= 0;
    return sink;
}

void sink_free(struct sink *sink)
{
    if (sink == NULL)
        return;
    if (sink->direct_fd >= 0)
        close(sink->direct_fd);
    free(sink);
}

int sink_fd(const struct sink *sink)
{
    return sink->fd;
}

static bool reserve(const struct sink *sink, const struct range *range, bool *can,
                    struct error *err)
{
    int result;

    do
        result = fallocate(sink->fd, 0, (off_t)range->offset_bytes, (off_t)range->length_bytes);
    while (result != 0 && errno == EINTR);
    *can = result == 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL);
    return result == 0 || !*can ||
           error_errno(err, COLDSEAL_IO, "find room for %" PRIu64 " bytes", range->length_bytes);
}

/* tmpfs knows no room without contents: it would fill every page with zeros first. */
static bool reserves_by_filling(int fd)
{
    struct statfs system;

    return fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC;
}

bool sink_reserve(const struct sink *sink, const struct ranges *ranges, struct error *err)
{
    bool can = !reserves_by_filling(sink->fd);

    for (size_t i = 0; can && i < ranges->count; i++) {
        if (ranges->items[i].length_bytes >= RESERVE_MIN_BYTES &&
            !reserve(sink, &ranges->items[i], &can, err))
            return false;
    }
    return true;
}

/* How much of the piece went past the page cache. What did not, for whatever reason, is written
 * the usual way, and fails there if it has to. */
static size_t write_direct(struct sink *sink, const void *buffer, size_t size, uint64_t offset)
{
    size_t whole = round_down(size, DIRECT_ALIGN_BYTES);

    if (!atomic_load(&sink->direct) || whole < DIRECT_MIN_BYTES ||
        offset % DIRECT_ALIGN_BYTES != 0 || (uintptr_t)buffer % DIRECT_ALIGN_BYTES != 0)
        return 0;
    ssize_t written = pwrite(sink->direct_fd, buffer, whole, (off_t)offset);
    if (written < 0 && errno == EINVAL)
        atomic_store(&sink->direct, false);
    return written > 0 ? (size_t)written : 0;
}

/* A failure will be seen again, and reported, by the sync at the end. */
static void write_behind(struct sink *sink, size_t size)
{
    uint_fast64_t before = atomic_fetch_add(&sink->cached_bytes, size);

    if (before / WRITE_BEHIND_BYTES != (before + size) / WRITE_BEHIND_BYTES)
        (void)sync_file_range(sink->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

bool sink_write(struct sink *sink, const void *buffer, size_t size, uint64_t offset,
                struct error *err)
{
    size_t done = write_direct(sink, buffer, size, offset);

    if (done == size)
        return true;
    if (!file_write_at(sink->fd, (const uint8_t *)buffer + done, size - done, offset + done, err))
        return false;
    if (sink->aim == SINK_TO_DISK)
        write_behind(sink, size - done);
    return true;
}
