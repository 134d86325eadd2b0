/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/recrypt.h"

struct image_output *recrypt_image(const struct recrypt_request *request,
                                   struct write_result *result, struct error *err)
{
    OWNED_PTR(struct plan) plan = calloc(1, sizeof(*plan));
    const struct coldseal_output_options *options = request->options;
    const struct plan_request planned = {
        .header_bytes = LUKS_HEADER_BYTES,
        .drop_bytes = LUKS_HEADER_BYTES,
        .disk_size_bytes = options->disk_size_bytes != 0 || options->align_bytes != 0
                               ? options->disk_size_bytes
                               : disk_size(request->source->disk),
        .align_bytes = options->align_bytes,
    };
    const struct write_request write = {
        .source = request->source,
        .plan = plan,
        .side = request->side,
        .path = request->path,
        .options = options,
        .progress = request->progress,
        .root_mode = COPY_RECRYPT,
        .source_key = request->old_volume_key,
        .target_key = request->identity->volume_key,
        .header = request->header,
        .field_uuid = request->identity->uuid,
        .field_pin = request->identity->pin,
    };

    if (plan == NULL) {
        error_no_memory(err);
        return NULL;
    }
    return plan_make(request->source->table, &planned, plan, err) ? write_image(&write, result, err)
                                                                  : NULL;
}
