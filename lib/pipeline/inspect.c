/* SPDX-License-Identifier: Apache-2.0 */
/* inspect: what is in an image, and what is wrong with it. */
#include <stdarg.h>
#include <stdio.h>

#include "pipeline/describe.h"
#include "report/report.h"

struct inspection {
    struct source *source;
    struct cleartext_side side;
    struct encrypted_root root; /* header NULL: none, or refused */
    json_object *problems;
};

static void inspection_drop(struct inspection *work)
{
    encrypted_root_drop(&work->root);
    source_free(work->source);
    json_object_put(work->problems);
}

static bool problem(struct inspection *work, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool problem(struct inspection *work, struct error *err, const char *format, ...)
{
    char line[ERROR_MESSAGE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    return json_append(work->problems, json_object_new_string(line), err);
}

static bool check_partitions(struct inspection *work, struct error *err)
{
    const struct partition_table *table = work->source->table;

    if (table->gpt.from_backup &&
        !problem(work, err, "the primary partition table is damaged; the backup was read"))
        return false;
    if (partition_by_role(table, ROLE_ESP) == NULL && !problem(work, err, "no ESP"))
        return false;
    if (partition_by_role(table, ROLE_ROOT) == NULL &&
        partition_by_role(table, ROLE_ENCRYPTED_ROOT) == NULL &&
        !problem(work, err, "no root partition was found, or more than one (--root-partition)"))
        return false;
    return true;
}

/* What is wrong with the image is a finding, not a failure; a disk that cannot be read and memory
 * that is not there are failures. */
static bool finding(struct inspection *work, const struct error *why, struct error *err)
{
    if (why->code != COLDSEAL_IO)
        return problem(work, err, "%s", why->message);
    *err = *why;
    return false;
}

static bool read_cleartext_side(struct inspection *work, struct error *err)
{
    struct error why = {0};

    if (!cleartext_side_read(work->source->disk, work->source->table, &work->side, &why))
        return finding(work, &why, err);
    if (work->side.has_esp && work->side.files.shim[0] == '\0')
        return problem(work, err, "the ESP has no boot loader at the removable path (EFI/BOOT)");
    return true;
}

static bool read_encrypted_root(struct inspection *work, struct error *err)
{
    struct error why = {0};

    if (partition_by_role(work->source->table, ROLE_ENCRYPTED_ROOT) == NULL)
        return true;
    if (!encrypted_root_read(work->source, &work->root, &why))
        return finding(work, &why, err);
    if (!work->root.header->copies_agree &&
        !problem(work, err,
                 "the two copies of the LUKS2 header differ: a write was cut off, or "
                 "one was changed"))
        return false;
    if (!work->side.prepared)
        return problem(work, err, "grub.cfg on the ESP carries no pin: the guest is not prepared");
    return true;
}

static const char *state_of(const struct inspection *work)
{
    json_object *token;
    unsigned number;

    if (partition_by_role(work->source->table, ROLE_ENCRYPTED_ROOT) == NULL)
        return work->side.prepared ? "prepared" : "plain";
    if (work->root.header == NULL)
        return "encrypted, header refused";
    return luks2_header_tokens(work->root.header, "systemd-tpm2", &token, &number, 1) > 0
               ? "sealed"
               : "encrypted, not sealed";
}

static bool fill_report(const struct inspection *work, json_object *json, const char *path,
                        struct error *err)
{
    if (!json_add(json, "state", json_object_new_string(state_of(work)), err) ||
        !describe_file(json, "image", path, work->source->disk, NULL, err))
        return false;
    json_object *partitions = describe_partitions(work->source->table, err);
    if (partitions == NULL || !json_add(json, "partitions", partitions, err))
        return false;
    json_object *side = describe_cleartext_side(&work->side, err);
    if (side == NULL || !json_add(json, "cleartext_side", side, err))
        return false;
    if (work->root.header != NULL) {
        json_object *header = describe_header(work->root.header, err);
        if (header == NULL || !json_add(json, "luks2", header, err))
            return false;
    }
    return json_add(json, "problems", json_object_get(work->problems), err);
}

bool coldseal_inspect(const struct coldseal_inspect_options *options,
                      struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("inspect", err);
    __attribute__((cleanup(inspection_drop))) struct inspection work = {0};

    if (report == NULL)
        return false;
    work.problems = json_new_array(err);
    if (work.problems == NULL)
        return false;
    OWNED(input) input = input_open(options->image, err);
    if (input == NULL)
        return false;
    work.source = source_open(input_path(input), options->backing, options->root_partition, err);
    if (work.source == NULL || !check_partitions(&work, err) || !read_cleartext_side(&work, err) ||
        !read_encrypted_root(&work, err) ||
        !fill_report(&work, report_json(report), options->image, err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
