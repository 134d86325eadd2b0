/* SPDX-License-Identifier: Apache-2.0 */
#include "dmtable.h"

#include <libdevmapper.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "core/hex.h"
#include "token/luks2_header.h"

#define DATA_OFFSET_SECTORS (LUKS2_HEADER_BYTES / 512)

static bool differs(struct error *err, const char *what)
{
    return error_set(err, COLDSEAL_KEY,
                     "the kernel's mapping is not what the validated header says: %s", what);
}

/* Takes the next word in place: the parameters may hold the key, which must not be copied about. */
static bool take_word(const char **cursor, const char *expected)
{
    size_t size = strcspn(*cursor, " ");

    if (size != strlen(expected) || memcmp(*cursor, expected, size) != 0)
        return false;
    *cursor += size;
    *cursor += **cursor == ' ' ? 1 : 0;
    return true;
}

/* ":64:logon:DESCRIPTION": the key came by the kernel's keyring. */
static bool is_keyring_reference(const char *word, size_t size)
{
    char prefix[16];
    int length = snprintf(prefix, sizeof(prefix), ":%d:logon:", LUKS2_VOLUME_KEY_BYTES);

    return length > 0 && size > (size_t)length && memcmp(word, prefix, (size_t)length) == 0;
}

static bool is_the_key(const char *word, size_t size, const struct secret *volume_key,
                       struct error *err)
{
    OWNED(secret) key = secret_new(LUKS2_VOLUME_KEY_BYTES, err);

    return key != NULL && size == (size_t)LUKS2_VOLUME_KEY_BYTES * 2 &&
           hex_decode(word, size, key->data) && secret_equal(key, volume_key);
}

static bool take_key(const char **cursor, const struct secret *volume_key, struct error *err)
{
    const char *word = *cursor;
    size_t size = strcspn(word, " ");

    if (!is_keyring_reference(word, size) && !is_the_key(word, size, volume_key, err))
        return differs(err, "key");
    *cursor += size;
    *cursor += **cursor == ' ' ? 1 : 0;
    return true;
}

bool dmtable_check_crypt(const char *parameters, const struct dmtable_expected *expected,
                         struct error *err)
{
    const char *cursor = parameters;
    char device[32], offset[32], sector[32];

    snprintf(device, sizeof(device), "%u:%u", expected->major, expected->minor);
    snprintf(offset, sizeof(offset), "%zu", DATA_OFFSET_SECTORS);
    snprintf(sector, sizeof(sector), "sector_size:%d", LUKS2_SECTOR_BYTES);
    if (!take_word(&cursor, LUKS2_CIPHER))
        return differs(err, "cipher");
    if (!take_key(&cursor, expected->volume_key, err))
        return false;
    if (!take_word(&cursor, "0"))
        return differs(err, "IV offset");
    if (!take_word(&cursor, device))
        return differs(err, "device");
    if (!take_word(&cursor, offset))
        return differs(err, "data offset");
    /* One option and no more: no discards, which would show the host what is free. */
    if (!take_word(&cursor, "1") || !take_word(&cursor, sector) || *cursor != '\0')
        return differs(err, "sector size or options");
    return true;
}

static void dm_task_cleanup(struct dm_task **task)
{
    if (*task != NULL)
        dm_task_destroy(*task);
}

/* libdevmapper prints what it is not told to keep to itself. */
__attribute__((format(printf, 5, 6))) static void quiet(int level, const char *file, int line,
                                                        int errnum, const char *format, ...)
{
    (void)level;
    (void)file;
    (void)line;
    (void)errnum;
    (void)format;
}

static struct dm_task *table_task(const char *name)
{
    struct dm_task *task = dm_task_create(DM_DEVICE_TABLE);

    if (task != NULL && dm_task_set_name(task, name) && dm_task_secure_data(task) &&
        dm_task_run(task))
        return task;
    if (task != NULL)
        dm_task_destroy(task);
    return NULL;
}

static bool check_info(struct dm_task *task, struct error *err)
{
    struct dm_info info;

    if (!dm_task_get_info(task, &info) || !info.exists)
        return differs(err, "there is none");
    if (!info.live_table || info.inactive_table || info.suspended || info.read_only)
        return differs(err, "state");
    return info.target_count == 1 || differs(err, "more than one target");
}

bool dmtable_check_live(const char *name, const struct dmtable_expected *expected,
                        struct error *err)
{
    uint64_t start = 0, length = 0;
    char *type = NULL, *parameters = NULL;

    dm_log_with_errno_init(quiet);
    __attribute__((cleanup(dm_task_cleanup))) struct dm_task *task = table_task(name);
    if (task == NULL)
        return error_set(err, COLDSEAL_KEY, "read back the mapping %s", name);
    if (!check_info(task, err))
        return false;
    dm_get_next_target(task, NULL, &start, &length, &type, &parameters);
    if (type == NULL || parameters == NULL || strcmp(type, "crypt") != 0)
        return differs(err, "target type");
    if (start != 0 || length != expected->length_sectors)
        return differs(err, "length");
    return dmtable_check_crypt(parameters, expected, err);
}
