/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/recovery_test.h"

#include "pipeline/describe.h"

bool recovery_test(const struct coldseal_recovery_options *options, json_object *json,
                   struct error *err)
{
    OWNED_ENCRYPTED_ROOT root = {0};
    OWNED_OPENED opened = {0};
    struct cleartext_side side;
    OWNED(source) source = source_open(options->image, options->backing, 0, err);

    if (source == NULL || !encrypted_root_read(source, &root, err) ||
        !cleartext_side_read(source->disk, source->table, &side, err) ||
        !header_open(root.header, options->key_file, &opened, err) ||
        !cleartext_side_check_pin(&side, root.header, opened.volume_key, err))
        return false;
    uint32_t recovery = luks2_header_keyslots_of(root.header, "systemd-recovery");
    if ((recovery >> opened.keyslot & 1) == 0)
        return error_set(err, COLDSEAL_KEY, "this key opens keyslot %u, which is no recovery key's",
                         opened.keyslot);
    return json_add(json, "keyslot", json_object_new_int((int)opened.keyslot), err) &&
           describe_file(json, "image", options->image, source->disk, NULL, err);
}
