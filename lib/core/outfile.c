/* SPDX-License-Identifier: Apache-2.0 */
#include "core/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/hex.h"
#include "core/temporary.h"

#define TEMPORARY_NAME_TRIES 16
#define STREAM_CHUNK_BYTES ((size_t)1 << 20)

struct outfile {
    char *name;      /* last component of the path */
    char *temporary; /* name it has for now, NULL while it has none */
    char proc_path[32];
    int folder;
    int fd;
    bool replace;
    bool is_stdout;
};

static bool split_path(struct outfile *out, const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    OWNED_PTR(char) folder =
        slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);

    out->name = strdup(name);
    if (folder == NULL || out->name == NULL)
        return error_no_memory(err);
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return error_set(err, COLDSEAL_IO, "output %s is not a file name", path);
    out->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->folder < 0)
        return error_errno(err, COLDSEAL_IO, "open folder of output %s", path);
    return true;
}

static bool check_replaceable(const struct outfile *out, const char *path, struct error *err)
{
    struct stat there;

    if (fstatat(out->folder, out->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || error_errno(err, COLDSEAL_IO, "look at output %s", path);
    if (!S_ISREG(there.st_mode))
        return error_set(err, COLDSEAL_IO, "output %s exists and is not a regular file", path);
    if (!out->replace)
        return error_set(err, COLDSEAL_IO, "output %s exists; --force replaces it", path);
    return true;
}

static char *temporary_name(const char *name)
{
    uint8_t random[8];
    char hex[17];
    char *text = NULL;

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return NULL;
    hex_encode(random, sizeof(random), hex);
    if (asprintf(&text, ".%.200s.%s.tmp", name, hex) < 0)
        return NULL;
    return text;
}

static bool open_named(struct outfile *out, mode_t mode, struct error *err)
{
    for (int i = 0; i < TEMPORARY_NAME_TRIES; i++) {
        OWNED_PTR(char) name = temporary_name(out->name);
        if (name == NULL)
            return error_no_memory(err);
        out->fd = openat(out->folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (out->fd >= 0) {
            out->temporary = TAKE(name);
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    return error_errno(err, COLDSEAL_IO, "create output %s", out->name);
}

static bool open_output(struct outfile *out, mode_t mode, struct error *err)
{
    out->fd = openat(out->folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, mode);
    if (out->fd < 0 && !open_named(out, mode, err))
        return false;
    snprintf(out->proc_path, sizeof(out->proc_path), "/proc/self/fd/%d", out->fd);
    return true;
}

struct outfile *outfile_open(const char *path, mode_t mode, bool replace, struct error *err)
{
    OWNED(outfile) out = calloc(1, sizeof(*out));

    if (out == NULL) {
        error_no_memory(err);
        return NULL;
    }
    out->folder = out->fd = -1;
    out->replace = replace;
    if (!split_path(out, path, err) || !check_replaceable(out, path, err) ||
        !open_output(out, mode, err))
        return NULL;
    return TAKE(out);
}

bool outfile_check(const char *path, bool replace, struct error *err)
{
    OWNED(outfile) out = calloc(1, sizeof(*out));

    if (out == NULL)
        return error_no_memory(err);
    out->folder = out->fd = -1;
    out->replace = replace;
    return split_path(out, path, err) && check_replaceable(out, path, err);
}

bool outfile_check_stdout(struct error *err)
{
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        return error_errno(err, COLDSEAL_IO, "standard output");
    return !isatty(STDOUT_FILENO) ||
           error_set(err, COLDSEAL_USAGE, "standard output is a terminal: no place for an image");
}

struct outfile *outfile_open_stdout(struct error *err)
{
    OWNED(outfile) out = calloc(1, sizeof(*out));

    if (out == NULL) {
        error_no_memory(err);
        return NULL;
    }
    out->folder = out->fd = -1;
    out->is_stdout = true;
    if (!outfile_check_stdout(err) || (out->fd = temporary_file(err)) < 0)
        return NULL;
    return TAKE(out);
}

int outfile_fd(const struct outfile *out)
{
    return out->fd;
}

static int link_as(const struct outfile *out, const char *name)
{
    return linkat(AT_FDCWD, out->proc_path, out->folder, name, AT_SYMLINK_FOLLOW);
}

/* Without replacing. NFS, 9p and many FUSE file systems have no RENAME_NOREPLACE, but links. */
static bool rename_new(const struct outfile *out)
{
    if (renameat2(out->folder, out->temporary, out->folder, out->name, RENAME_NOREPLACE) == 0)
        return true;
    return (errno == EINVAL || errno == ENOSYS) &&
           linkat(out->folder, out->temporary, out->folder, out->name, 0) == 0 &&
           unlinkat(out->folder, out->temporary, 0) == 0;
}

static bool rename_over(const struct outfile *out)
{
    return renameat(out->folder, out->temporary, out->folder, out->name) == 0;
}

/* link(2) does not replace, rename(2) does: an existing file goes by way of a temporary name. */
static bool give_name(struct outfile *out, struct error *err)
{
    if (out->temporary == NULL && link_as(out, out->name) == 0)
        return true;
    if (out->temporary == NULL && errno == EEXIST && out->replace) {
        OWNED_PTR(char) name = temporary_name(out->name);
        if (name == NULL)
            return error_no_memory(err);
        if (link_as(out, name) == 0)
            out->temporary = TAKE(name);
    }
    if (out->temporary == NULL)
        return error_errno(err, COLDSEAL_IO, "name output %s", out->name);
    if (!(out->replace ? rename_over(out) : rename_new(out)))
        return error_errno(err, COLDSEAL_IO, "rename output to %s", out->name);
    free(TAKE(out->temporary));
    return true;
}

static bool write_all(int fd, const uint8_t *data, size_t size, struct error *err)
{
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_errno(err, COLDSEAL_IO, "write");
        data += put;
        size -= (size_t)put;
    }
    return true;
}

static bool write_out(int fd, uint8_t *buffer, struct error *err)
{
    for (off_t offset = 0;;) {
        ssize_t got = pread(fd, buffer, STREAM_CHUNK_BYTES, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, COLDSEAL_IO, "read the temporary file");
        if (got == 0)
            return true;
        if (!write_all(STDOUT_FILENO, buffer, (size_t)got, err))
            return false;
        offset += got;
    }
}

static bool commit_stdout(const struct outfile *out, struct error *err)
{
    OWNED_PTR(uint8_t) buffer = malloc(STREAM_CHUNK_BYTES);

    if (buffer == NULL)
        return error_no_memory(err);
    return write_out(out->fd, buffer, err) || error_wrap(err, "standard output");
}

bool outfile_commit(struct outfile *out, enum outfile_sync sync, struct error *err)
{
    if (out->is_stdout)
        return commit_stdout(out, err);
    if (sync == OUTFILE_SYNCED && fsync(out->fd) != 0)
        return error_errno(err, COLDSEAL_IO, "sync output %s", out->name);
    if (!give_name(out, err))
        return false;
    if (sync == OUTFILE_UNSYNCED)
        return true;
    /* EINVAL: a file system that cannot sync a folder. */
    if (fsync(out->folder) == 0 || errno == EINVAL)
        return true;
    error_errno(err, COLDSEAL_IO, "sync folder of output %s", out->name);
    unlinkat(out->folder, out->name, 0);
    return false;
}

void outfile_free(struct outfile *out)
{
    if (out == NULL)
        return;
    if (out->temporary != NULL)
        unlinkat(out->folder, out->temporary, 0);
    if (out->fd >= 0)
        close(out->fd);
    if (out->folder >= 0)
        close(out->folder);
    free(out->temporary);
    free(out->name);
    free(out);
}

bool outfile_write(const char *path, const void *data, size_t size, mode_t mode, bool replace,
                   struct error *err)
{
    if (strcmp(path, "-") == 0)
        return write_all(STDOUT_FILENO, data, size, err);
    OWNED(outfile) out = outfile_open(path, mode, replace, err);
    return out != NULL && write_all(out->fd, data, size, err) &&
           outfile_commit(out, OUTFILE_SYNCED, err);
}
