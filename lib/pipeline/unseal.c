/* SPDX-License-Identifier: Apache-2.0 */
/* unseal: ask a TPM that can be reached for the key, as the guest would. */
#include "pipeline/open_by_tpm.h"
#include "report/report.h"

bool coldseal_unseal(const struct coldseal_unseal_options *options,
                     struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("unseal", err);
    OWNED_ENCRYPTED_ROOT root = {0};
    OWNED_OPENED opened = {0};

    if (report == NULL)
        return false;
    OWNED(source) source = source_open(options->image, options->backing, 0, err);
    if (source == NULL || !encrypted_root_read(source, &root, err) ||
        !header_open_by_tpm(root.header, options->tcti, &opened, err) ||
        !secret_write_file(opened.passphrase, options->key_out, err))
        return false;
    json_object *json = report_json(report);
    if (!json_add(json, "keyslot", json_object_new_int((int)opened.keyslot), err) ||
        !json_add(json, "uuid", json_object_new_string(root.header->uuid), err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
