/* SPDX-License-Identifier: Apache-2.0 */
#include "activate.h"

#include <fcntl.h>
#include <libcryptsetup.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "dmtable.h"

#define SECTOR_BYTES 512

/* What libcryptsetup said last; its functions only return an errno. */
struct crypt_message {
    char text[256];
};

static void keep_message(int level, const char *text, void *context)
{
    struct crypt_message *message = context;

    if (message != NULL && level == CRYPT_LOG_ERROR)
        snprintf(message->text, sizeof(message->text), "%.*s", (int)strcspn(text, "\n"), text);
}

static bool crypt_failed(struct error *err, const char *step, int result,
                         const struct crypt_message *message)
{
    return error_set(err, COLDSEAL_KEY, "%s: %s", step,
                     message->text[0] != '\0' ? message->text : strerror(-result));
}

static void crypt_cleanup(struct crypt_device **device)
{
    crypt_free(*device);
}
#define OWNED_CRYPT __attribute__((cleanup(crypt_cleanup))) struct crypt_device *

/* `data_path` NULL: only the header. */
static struct crypt_device *load_header(int header_fd, const char *data_path,
                                        struct crypt_message *message, struct error *err)
{
    OWNED_CRYPT device = NULL;
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", header_fd);
    /* Without a callback libcryptsetup prints. */
    crypt_set_log_callback(NULL, keep_message, NULL);
    /* No lock file: nobody else can write to this header. */
    crypt_metadata_locking(NULL, 0);
    int result = data_path == NULL ? crypt_init(&device, path)
                                   : crypt_init_data_device(&device, path, data_path);
    if (result == 0) {
        crypt_set_log_callback(device, keep_message, message);
        result = crypt_load(device, CRYPT_LUKS2, NULL);
    }
    if (result != 0) {
        crypt_failed(err, "load the validated header", result, message);
        return NULL;
    }
    return TAKE(device);
}

/* `name` NULL: only asks whether the key is this header's. */
static bool use_key(struct crypt_device *device, const char *name, const struct secret *key,
                    const struct crypt_message *message, struct error *err)
{
    int result = crypt_activate_by_volume_key(device, name, (const char *)key->data, key->size,
                                              CRYPT_ACTIVATE_IGNORE_PERSISTENT);

    return result >= 0 || crypt_failed(err, name != NULL ? "map the root" : "check the volume key",
                                       result, message);
}

bool activate_verify(const struct unlocked *unlocked, struct error *err)
{
    struct crypt_message message = {0};
    OWNED_FD header_fd = luks2_header_memfd(unlocked->header, err);
    if (header_fd < 0)
        return false;
    OWNED_CRYPT device = load_header(header_fd, NULL, &message, err);

    return device != NULL && use_key(device, NULL, unlocked->volume_key, &message, err);
}

static bool expect_table(const struct unlocked *unlocked, struct dmtable_expected *expected,
                         struct error *err)
{
    const char *path = unlocked->candidate.path;
    OWNED_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    uint64_t size = 0;

    if (fd < 0 || fstat(fd, &status) != 0 || ioctl(fd, BLKGETSIZE64, &size) != 0)
        return error_errno(err, COLDSEAL_IO, "size of %s", path);
    if (size <= LUKS2_HEADER_BYTES || size % LUKS2_SECTOR_BYTES != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "%s: its length is not a multiple of the encryption sector", path);
    expected->major = major(status.st_rdev);
    expected->minor = minor(status.st_rdev);
    expected->length_sectors = (size - LUKS2_HEADER_BYTES) / SECTOR_BYTES;
    expected->volume_key = unlocked->volume_key;
    return true;
}

bool activate_root(const struct unlocked *unlocked, struct error *err)
{
    struct crypt_message message = {0};
    struct dmtable_expected expected;
    OWNED_FD header_fd = luks2_header_memfd(unlocked->header, err);
    if (header_fd < 0 || !expect_table(unlocked, &expected, err))
        return false;
    OWNED_CRYPT device = load_header(header_fd, unlocked->candidate.path, &message, err);
    if (device == NULL || !use_key(device, LUKS2_MAPPER_NAME, unlocked->volume_key, &message, err))
        return false;
    if (dmtable_check_live(LUKS2_MAPPER_NAME, &expected, err))
        return true;
    crypt_deactivate(device, LUKS2_MAPPER_NAME);
    return false;
}
