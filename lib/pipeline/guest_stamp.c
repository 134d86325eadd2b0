/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/guest_stamp.h"

#include "boot/ext4.h"
#include "guest/stamp.h"

#define STAMP_LIMIT_BYTES ((size_t)64 << 10)

static bool copy_choices(json_object *from, json_object *to, struct error *err)
{
    const char *host_config;
    bool console_login, seed;

    return json_get_string(from, "host_config", &host_config, err) &&
           json_get_bool(from, "console_login", &console_login, err) &&
           json_get_bool(from, "cloud_init_seed", &seed, err) &&
           json_add(to, "host_config", json_object_new_string(host_config), err) &&
           json_add(to, "console_login", json_object_new_boolean(console_login), err) &&
           json_add(to, "cloud_init_seed", json_object_new_boolean(seed), err);
}

static json_object *read_choices(struct ext4 *root, struct error *err)
{
    OWNED(bytes) text = ext4_read_file(root, STAMP_PATH, STAMP_LIMIT_BYTES, err);
    OWNED_JSON file = text == NULL ? NULL : json_parse((const char *)text->data, text->size, err);
    OWNED_JSON choices = file == NULL ? NULL : json_new_object(err);

    return choices != NULL && copy_choices(file, choices, err) ? TAKE(choices) : NULL;
}

bool guest_stamp_read(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                      json_object **stamp, struct error *err)
{
    struct error why = {0};
    OWNED(ext4) root = ext4_open(disk, offset_bytes, length_bytes, &why);

    *stamp = root == NULL ? NULL : read_choices(root, &why);
    if (*stamp != NULL || why.code != COLDSEAL_IO)
        return true; /* another file system, or prepared by other means */
    *err = why;
    return false;
}
