/* SPDX-License-Identifier: Apache-2.0 */
#include "own_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/outfile.h"

#define FILE_LIMIT_BYTES ((size_t)64 << 20)
#define OUTPUT_LIMIT_BYTES ((size_t)16 << 20)
#define FAT_MODE 0644
#define OPEN_FOLDERS 16

extern char **environ;

static bool has_file(struct guest_root *guest, const char *path)
{
    struct stat there;

    (void)guest;
    return stat(path, &there) == 0 && S_ISREG(there.st_mode);
}

static bool has_folder(struct guest_root *guest, const char *path)
{
    struct stat there;

    (void)guest;
    return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

static struct bytes *read_file(struct guest_root *guest, const char *path, size_t limit_bytes,
                               struct error *err)
{
    (void)guest;
    return bytes_read_file(path, limit_bytes, err);
}

static bool remove_file(struct guest_root *guest, const char *path, struct error *err)
{
    (void)guest;
    return unlink(path) == 0 || errno == ENOENT || error_errno(err, COLDSEAL_IO, "remove %s", path);
}

static int remove_entry(const char *path, const struct stat *there, int kind, struct FTW *where)
{
    (void)there;
    (void)kind;
    (void)where;
    return remove(path);
}

static bool remove_tree(struct guest_root *guest, const char *path, struct error *err)
{
    (void)guest;
    return nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 ||
           errno == ENOENT || error_errno(err, COLDSEAL_IO, "remove %s", path);
}

/* What is no regular file, a link among others, is not followed and not replaced by outfile. */
static bool write_file(struct guest_root *guest, const char *path, const void *data, size_t size,
                       int mode, struct error *err)
{
    mode_t bits = mode == GUEST_MODE_FAT ? FAT_MODE : (mode_t)mode;
    struct stat there;

    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode) && !remove_file(guest, path, err))
        return false;
    return outfile_write(path, data, size, bits, true, err);
}

static bool upload(struct guest_root *guest, const char *local, const char *path, int mode,
                   struct error *err)
{
    OWNED(bytes) bytes = bytes_read_file(local, FILE_LIMIT_BYTES, err);

    return bytes != NULL && write_file(guest, path, bytes->data, bytes->size, mode, err);
}

static bool copy_file(struct guest_root *guest, const char *from, const char *to, struct error *err)
{
    return upload(guest, from, to, GUEST_MODE_FAT, err);
}

static bool make_link(struct guest_root *guest, const char *target, const char *path,
                      struct error *err)
{
    return remove_file(guest, path, err) &&
           (symlink(target, path) == 0 || error_errno(err, COLDSEAL_IO, "link %s", path));
}

static bool make_folder(struct guest_root *guest, const char *path, struct error *err)
{
    char part[PATH_MAX];
    size_t length = strlen(path);

    if (length >= sizeof(part))
        return error_set(err, COLDSEAL_IO, "make %s: name too long", path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && !(errno == EEXIST && has_folder(guest, part)))
            return error_errno(err, COLDSEAL_IO, "make %s", part);
    }
    return true;
}

static int is_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static bool list_folder(struct guest_root *guest, const char *path, struct lines *names,
                        struct error *err)
{
    struct dirent **found = NULL;
    bool ok = true;
    int count = scandir(path, &found, is_name, alphasort);

    (void)guest;
    if (count < 0)
        return error_errno(err, COLDSEAL_IO, "list %s", path);
    for (int i = 0; i < count; i++) {
        ok = ok && lines_add(names, err, "%s", found[i]->d_name);
        free(found[i]);
    }
    free(found);
    return ok;
}

/* Its output goes to `write_end`; what it says on stderr is for whoever reads ours. */
static bool start(const char *const *argv, int write_end, pid_t *pid, struct error *err)
{
    posix_spawn_file_actions_t actions;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, write_end, STDOUT_FILENO);
    errno = posix_spawn(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    int failure = errno;
    posix_spawn_file_actions_destroy(&actions);
    errno = failure;
    return failure == 0 || error_errno(err, COLDSEAL_IO, "run %s", argv[0]);
}

static bool wait_for(pid_t pid, const char *name, struct error *err)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return error_errno(err, COLDSEAL_IO, "wait for %s", name);
    }
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           error_set(err, COLDSEAL_UNSUPPORTED, "%s failed; what it said is above", name);
}

static char *run_program(struct guest_root *guest, const char *const *argv, struct error *err)
{
    int ends[2];
    pid_t pid;
    struct error unread = {0};

    (void)guest;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_errno(err, COLDSEAL_IO, "pipe"), NULL;
    OWNED_FD read_end = ends[0];
    bool started = start(argv, ends[1], &pid, err);
    close(ends[1]);
    if (!started)
        return NULL;
    OWNED(bytes) output = bytes_read_fd(read_end, OUTPUT_LIMIT_BYTES, &unread);
    close(TAKE_FD(read_end));
    if (!wait_for(pid, argv[0], err))
        return NULL;
    if (output == NULL)
        return *err = unread, error_wrap(err, "output of %s", argv[0]), NULL;
    char *text = strndup((const char *)output->data, output->size);
    if (text == NULL)
        error_no_memory(err);
    return text;
}

const struct guest_root_ops own_root_ops = {
    .read = read_file,
    .write = write_file,
    .upload = upload,
    .copy = copy_file,
    .link = make_link,
    .remove = remove_file,
    .remove_tree = remove_tree,
    .has_file = has_file,
    .has_folder = has_folder,
    .make_folder = make_folder,
    .list = list_folder,
    .run = run_program,
};
