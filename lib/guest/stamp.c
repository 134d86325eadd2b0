/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/stamp.h"

#include <string.h>

#include "config.h"
#include "core/json.h"

#define STAMP_FORMAT 1

static bool add_string(json_object *stamp, const char *key, const char *value, struct error *err)
{
    return json_add(stamp, key, json_object_new_string(value), err);
}

static bool add_bool(json_object *stamp, const char *key, bool value, struct error *err)
{
    return json_add(stamp, key, json_object_new_boolean(value), err);
}

static bool fill(json_object *stamp, const struct guest_result *result,
                 const struct coldseal_guest_options *options, struct error *err)
{
    bool is_stock = options->unlock == COLDSEAL_UNLOCK_STOCK;
    bool is_kept = options->host_config == COLDSEAL_HOST_CONFIG_KEEP;

    return json_add(stamp, "format", json_object_new_int(STAMP_FORMAT), err) &&
           add_string(stamp, "coldseal", PACKAGE_VERSION, err) &&
           add_string(stamp, "os", result->os, err) &&
           add_string(stamp, "os_version", result->os_version, err) &&
           add_string(stamp, "initramfs", result->initramfs, err) &&
           add_string(stamp, "unlock", is_stock ? "stock" : "coldseal", err) &&
           add_string(stamp, "kernel", result->kernel, err) &&
           add_string(stamp, "grub_cfg", result->grub_cfg, err) &&
           add_string(stamp, "boot_uuid", result->boot_uuid, err) &&
           add_string(stamp, "host_config", is_kept ? "keep" : "deny", err) &&
           add_bool(stamp, "console_login", options->console_login, err) &&
           add_bool(stamp, "console_recovery", options->console_recovery, err) &&
           add_bool(stamp, "cloud_init_seed", options->cloud_init_seed != NULL, err);
}

bool stamp_write(struct guest_root *guest, const struct guest_result *result,
                 const struct coldseal_guest_options *options, struct error *err)
{
    OWNED_JSON stamp = json_object_new_object();

    if (stamp == NULL)
        return error_no_memory(err);
    if (!fill(stamp, result, options, err))
        return false;
    const char *text = json_object_to_json_string_ext(stamp, JSON_C_TO_STRING_PRETTY |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text == NULL)
        return error_no_memory(err);
    return guest_make_folder(guest, "/etc/coldseal", err) &&
           guest_write(guest, STAMP_PATH, text, strlen(text), 0644, err);
}
