/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program: lets its Nth change to a file fail, or kills it there.
 *
 * FAIL_AT=N       which change: of a regular file's content or size, a new name, a sync of a file
 *                 or folder; from 1
 * FAIL_HOW=kill   SIGKILL in the middle of it; otherwise the Nth and all later changes find no room
 *                 FAIL_HOW=knock-out: as if the power failed there: of what was written at an
 *                 offset since the last sync, each sector of 512 bytes is there or is not
 * FAIL_PART=P     kill: so many thousandths of the bytes are written before it; knock-out: chooses
 *                 which sectors
 * FAIL_COUNT=FILE when the program ends, the number of changes is left there, and the first and
 *                 last of the longest row of them without a sync
 *
 * Descriptors 0 to 2 do not count. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long changes;

/* The longest row of changes between two syncs: what comes before its first, and its last. */
struct row {
    long before;
    long last;
};

static struct row longest;
static long last_sync;

static long number_from(const char *name)
{
    const char *text = getenv(name);

    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static bool kills(void)
{
    const char *how = getenv("FAIL_HOW");

    return how != NULL && how[0] == 'k';
}

static bool loses_power(void)
{
    const char *how = getenv("FAIL_HOW");

    return how != NULL && strcmp(how, "knock-out") == 0;
}

/* memfd_create(2): regular to fstat(2), but no disk can be full behind it. */
static bool is_memory(int fd)
{
    static const char prefix[] = "/memfd:";
    char path[32];
    char name[sizeof(prefix)] = "";

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return readlink(path, name, sizeof(prefix) - 1) > 0 && strcmp(name, prefix) == 0;
}

static bool is_counted(int fd)
{
    struct stat file;

    return fd > 2 && fstat(fd, &file) == 0 &&
           (S_ISDIR(file.st_mode) || (S_ISREG(file.st_mode) && !is_memory(fd)));
}

/* True when this change has to fail; `*last` when it is the one that kills. */
static bool change_fails(bool *last)
{
    long at = number_from("FAIL_AT");
    long number = atomic_fetch_add(&changes, 1) + 1;

    *last = at > 0 && number == at && kills();
    return *last || (at > 0 && number >= at && !kills());
}

/* The next change is the one that does not end well. */
static bool reaches_fault(void)
{
    return atomic_load(&changes) + 1 == number_from("FAIL_AT");
}

static size_t part_of(size_t size)
{
    if (loses_power())
        return size;
    return size * (size_t)number_from("FAIL_PART") / 1000;
}

/* What stood where something was written since the last sync; sparse files' ends read as zeros. */
struct undo {
    struct undo *before;
    int fd;
    off_t offset;
    size_t size;
    unsigned char bytes[];
};

static struct undo *undos;
static pthread_mutex_t undo_lock = PTHREAD_MUTEX_INITIALIZER;

static void remember(int fd, off_t offset, size_t size)
{
    struct undo *undo = loses_power() ? calloc(1, sizeof(*undo) + size) : NULL;

    if (undo == NULL)
        return;
    *undo = (struct undo){.fd = fd, .offset = offset, .size = size};
    if (pread(fd, undo->bytes, size, offset) < 0)
        abort();
    pthread_mutex_lock(&undo_lock);
    undo->before = undos;
    undos = undo;
    pthread_mutex_unlock(&undo_lock);
}

/* A sync of one file: the tests that need this write to one. */
static void forget(void)
{
    pthread_mutex_lock(&undo_lock);
    struct row row = {.before = last_sync, .last = atomic_load(&changes)};
    if (row.last - row.before > longest.last - longest.before)
        longest = row;
    last_sync = row.last + 1; /* the sync itself is a change */
    while (undos != NULL) {
        struct undo *undo = undos;
        undos = undo->before;
        free(undo);
    }
    pthread_mutex_unlock(&undo_lock);
}

static bool next_choice(unsigned long *state)
{
    *state = *state * 6364136223846793005UL + 1442695040888963407UL;
    return (*state >> 40 & 1) != 0;
}

/* Sectors are counted from the file's start, as a disk has them. */
static void lose_power(void)
{
    unsigned long state = (unsigned long)number_from("FAIL_PART");
    ssize_t (*put)(int, const void *, size_t, off_t) = (__typeof__(put))dlsym(RTLD_NEXT, "pwrite");

    for (const struct undo *undo = undos; undo != NULL; undo = undo->before) {
        for (size_t at = 0, size; at < undo->size; at += size) {
            size = 512 - (size_t)(undo->offset + (off_t)at) % 512;
            if (size > undo->size - at)
                size = undo->size - at;
            if (next_choice(&state) &&
                put(undo->fd, undo->bytes + at, size, undo->offset + (off_t)at) != (ssize_t)size)
                abort();
        }
    }
}

static void end_now(void)
{
    if (loses_power())
        lose_power();
    kill(getpid(), SIGKILL);
}

__attribute__((destructor)) static void leave_count(void)
{
    const char *path = getenv("FAIL_COUNT");
    FILE *file = path == NULL ? NULL : fopen(path, "we");

    if (file == NULL)
        return;
    fprintf(file, "%ld %ld %ld\n", atomic_load(&changes), longest.before + 1, longest.last);
    fclose(file);
}

/* What stands behind NAME in the program without this file. */
#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

/* Fails or goes on: BEFORE is what happens of it before a kill. */
#define WRAP(fd, name, before, ...)                  \
    do {                                             \
        bool last = false;                           \
        if (is_counted(fd) && change_fails(&last)) { \
            if (last) {                              \
                before;                              \
                end_now();                           \
            }                                        \
            errno = ENOSPC;                          \
            return -1;                               \
        }                                            \
        return REAL(name, __VA_ARGS__);              \
    } while (0)

ssize_t write(int fd, const void *data, size_t size)
{
    WRAP(fd, write, REAL(write, fd, data, part_of(size)), fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    if (is_counted(fd))
        remember(fd, offset, size);
    WRAP(fd, pwrite, REAL(pwrite, fd, data, part_of(size), offset), fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    if (is_counted(fd))
        remember(fd, offset, size);
    WRAP(fd, pwrite64, REAL(pwrite64, fd, data, part_of(size), offset), fd, data, size, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    WRAP(fd, pwritev, , fd, parts, count, offset);
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size,
                        unsigned flags)
{
    WRAP(to, copy_file_range, , from, from_offset, to, to_offset, size, flags);
}

int ftruncate(int fd, off_t size)
{
    WRAP(fd, ftruncate, , fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    WRAP(fd, ftruncate64, , fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    WRAP(fd, fallocate, , fd, mode, offset, size);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t size)
{
    WRAP(fd, fallocate64, , fd, mode, offset, size);
}

int fsync(int fd)
{
    if (is_counted(fd) && !reaches_fault())
        forget();
    WRAP(fd, fsync, , fd);
}

int fdatasync(int fd)
{
    if (is_counted(fd) && !reaches_fault())
        forget();
    WRAP(fd, fdatasync, , fd);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
    bool last = false;

    if (change_fails(&last)) {
        if (last)
            end_now();
        errno = ENOSPC;
        return -1;
    }
    return REAL(linkat, from, old, to, new, flags);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
    bool last = false;

    if (change_fails(&last)) {
        if (last)
            end_now();
        errno = ENOSPC;
        return -1;
    }
    return REAL(renameat2, from, old, to, new, flags);
}
