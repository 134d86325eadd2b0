/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "core/reader.h"
#include "token/luks2_header.h"

#define POLL_MILLISECONDS 100
/* LUKS2 On-Disk Format Specification 1.1.2, clause 3.1. */
#define BINARY_HEADER_BYTES 4096
#define MAGIC_BYTES 6
#define UUID_POSITION 168
#define UUID_FIELD_BYTES 40

static void dir_cleanup(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static bool read_at(int fd, uint64_t offset, uint8_t *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got == 0 ? ENODATA : errno;
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

static bool copy_has_uuid(int fd, uint64_t offset, const char *magic, const char *uuid)
{
    uint8_t header[BINARY_HEADER_BYTES];
    uint8_t found_magic[MAGIC_BYTES];
    char found_uuid[UUID_FIELD_BYTES];

    if (!read_at(fd, offset, header, sizeof(header)))
        return false;
    struct reader r = reader_over(header, sizeof(header));
    if (!read_bytes(&r, found_magic, MAGIC_BYTES) || memcmp(found_magic, magic, MAGIC_BYTES) != 0)
        return false;
    if (!reader_seek(&r, UUID_POSITION) || !read_bytes(&r, found_uuid, UUID_FIELD_BYTES))
        return false;
    return strnlen(found_uuid, UUID_FIELD_BYTES) == strlen(uuid) &&
           memcmp(found_uuid, uuid, strlen(uuid)) == 0;
}

bool device_has_uuid(const struct candidate *candidate, const char *uuid)
{
    OWNED_FD fd = open(candidate->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return fd >= 0 && (copy_has_uuid(fd, candidate->offset_bytes, "LUKS\xba\xbe", uuid) ||
                       copy_has_uuid(fd, candidate->offset_bytes + LUKS2_METADATA_BYTES,
                                     "SKUL\xba\xbe", uuid));
}

/* Our root is always an entry of a GPT: whole disks and device-mapper devices are not looked at. */
static bool is_partition(const struct device_roots *roots, const char *name)
{
    char path[DEVICE_PATH_BYTES * 2];
    struct stat status;

    snprintf(path, sizeof(path), "%s/%s/partition", roots->sysfs, name);
    return stat(path, &status) == 0;
}

static void consider(const struct device_roots *roots, const char *name, const char *uuid,
                     struct candidates *found)
{
    struct candidate candidate = {0};
    int size = snprintf(candidate.path, sizeof(candidate.path), "%s/%s", roots->dev, name);

    if (size < 0 || (size_t)size >= sizeof(candidate.path))
        return;
    if (is_partition(roots, name) && device_has_uuid(&candidate, uuid))
        found->items[found->count++] = candidate;
}

bool device_scan(const struct device_roots *roots, const char *uuid, struct candidates *found,
                 struct error *err)
{
    __attribute__((cleanup(dir_cleanup))) DIR *dir = opendir(roots->sysfs);

    found->count = 0;
    if (dir == NULL)
        return error_errno(err, COLDSEAL_IO, "list block devices in %s", roots->sysfs);
    while (found->count < DEVICE_MAX_CANDIDATES) {
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        if (entry->d_name[0] != '.')
            consider(roots, entry->d_name, uuid, found);
    }
    return true;
}

bool device_wait(const struct device_roots *roots, const char *uuid, unsigned seconds,
                 struct candidates *found, struct error *err)
{
    uint64_t deadline = clock_milliseconds() + (uint64_t)seconds * 1000;

    while (device_scan(roots, uuid, found, err)) {
        if (found->count > 0)
            return true;
        if (clock_milliseconds() >= deadline)
            return error_set(err, COLDSEAL_IO,
                             "no partition with LUKS2 UUID %s appeared within %u seconds", uuid,
                             seconds);
        clock_sleep_milliseconds(POLL_MILLISECONDS);
    }
    return false;
}

struct bytes *device_read_header(const struct candidate *candidate, struct error *err)
{
    OWNED_FD fd = open(candidate->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    OWNED(bytes) bytes = bytes_new(LUKS2_HEADER_BYTES, err);

    if (bytes == NULL)
        return NULL;
    if (fd < 0 || !read_at(fd, candidate->offset_bytes, bytes->data, bytes->size)) {
        error_errno(err, COLDSEAL_IO, "read the LUKS2 header of %s", candidate->path);
        return NULL;
    }
    return TAKE(bytes);
}
