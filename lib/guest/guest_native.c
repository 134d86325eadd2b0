/* SPDX-License-Identifier: Apache-2.0 */
/* A guest prepared without an appliance. */
#include <stdio.h>
#include <string.h>

#include "guest/inspect.h"
#include "guest/native_root.h"
#include "guest/set_up.h"
#include "guest/template.h"

static void read_place(const struct partition_table *table, struct guest_place *place)
{
    const struct partition *root = partition_by_role(table, ROLE_ROOT);
    const struct partition *boot = partition_by_role(table, ROLE_BOOT);

    snprintf(place->boot_uuid, sizeof(place->boot_uuid), "%s", boot->volume.uuid);
    snprintf(place->root_type, sizeof(place->root_type), "%s", root->volume.type);
}

static bool work(struct native_root *native, const struct partition_table *table,
                 const struct coldseal_guest_options *options, struct guest_result *result,
                 bool *is_final, struct error *err)
{
    /* it takes seconds, and an appliance that follows begins again */
    const struct coldseal_progress none = {0};
    struct guest_place place;
    struct guest_os os;

    read_place(table, &place);
    /* what the guest is, both ways read alike, unless something could not be read: a refusal here
     * is the appliance's, too */
    if (!set_up_check(&native->root, &place, options, &os, result, err))
        return *is_final = native_root_saw_all(native, err), false;
    if (os.initramfs != INITRAMFS_TOOLS)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the guest's initramfs is dracut's");
    return set_up_apply(&native->root, &os, options, none, result, err) &&
           native_root_finish(native, err);
}

struct guest_result *guest_prepare_native(struct disk *disk, const struct partition_table *table,
                                          const struct coldseal_guest_options *options,
                                          struct coldseal_progress progress, bool *is_final,
                                          struct error *err)
{
    OWNED(guest_result) result = calloc(1, sizeof(*result));

    *is_final = true;
    if (result == NULL)
        return error_no_memory(err), NULL;
    if (!template_check_inputs(options, err))
        return NULL;
    *is_final = false;
    if (options->deb_count > 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "local packages (--deb) are installed by the guest's own dpkg"),
               NULL;
    if (options->install)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "packages (--install) are fetched by the guest's own apt"),
               NULL;
    OWNED(native_root) native = native_root_open(disk, table, err);
    if (native == NULL || !work(native, table, options, result, is_final, err)) {
        *is_final = *is_final || err->code != COLDSEAL_UNSUPPORTED;
        return NULL;
    }
    snprintf(result->accelerator, sizeof(result->accelerator), "none");
    set_up_progress(progress, SET_UP_ALL);
    return TAKE(result);
}
