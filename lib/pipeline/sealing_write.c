/* SPDX-License-Identifier: Apache-2.0 */
/* A new header in a copy of the image, in the image itself, or over data that is encrypted anew. */
#include "pipeline/sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/outfile.h"
#include "image/clone.h"
#include "image/open.h"
#include "pipeline/describe.h"
#include "pipeline/key_files.h"
#include "pipeline/recrypt.h"
#include "pipeline/sealing_delta.h"
#include "pipeline/sealing_thin.h"

/* The recovery key is safe on disk before the header that needs it; a failure takes it back. */
static bool write_recovery_key(const struct sealing *work, struct error *err)
{
    return key_file_write(work->recovery_key, work->recipients, work->options->recovery_key_out,
                          work->options->output.force, "recovery key file", err);
}

static bool store_in_copy(const struct sealing *work, struct outfile *out, struct error *err)
{
    const char *path = work->options->backing;
    OWNED(disk) backing = path == NULL ? NULL : image_open(path, NULL, err);

    if (path != NULL && backing == NULL)
        return error_wrap(err, "backing file %s", path);
    OWNED(disk) disk = image_open_fd(outfile_fd(out), true, backing, err);
    if (disk != NULL && work->options->output.no_sync)
        disk_leave_unsynced(disk);
    return disk != NULL && luks2_store(disk, work->root.offset_bytes, work->header, err) &&
           disk_flush(disk, err);
}

static int open_regular(const char *path, struct error *err)
{
    OWNED_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat file;

    if (fd < 0 || fstat(fd, &file) != 0) {
        error_errno(err, COLDSEAL_IO, "open");
        return -1;
    }
    if (!S_ISREG(file.st_mode)) {
        error_set(err, COLDSEAL_UNSUPPORTED, "only a file is copied: use --in-place for a device");
        return -1;
    }
    return TAKE_FD(fd);
}

static bool write_copy(const struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    OWNED_FD from = open_regular(options->image, err);

    if (from < 0)
        return false;
    OWNED(outfile) out = outfile_open(options->out, 0644, options->output.force, err);
    if (out == NULL || !image_clone(from, outfile_fd(out), err) || !store_in_copy(work, out, err) ||
        !write_recovery_key(work, err))
        return false;
    if (outfile_commit(out, options->output.no_sync ? OUTFILE_UNSYNCED : OUTFILE_SYNCED, err))
        return true;
    key_file_take_back(options->recovery_key_out);
    return false;
}

static bool commit(const struct sealing *work, struct image_output *out, struct error *err)
{
    if (!write_recovery_key(work, err))
        return false;
    if (image_output_commit(out, err))
        return true;
    key_file_take_back(work->options->recovery_key_out);
    return false;
}

static bool write_overlay(const struct sealing *work, struct error *err)
{
    OWNED(image_output) out = sealing_overlay(work, err);

    return out != NULL && commit(work, out, err);
}

static bool write_delta(const struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    OWNED_JSON delta = sealing_delta(work, err);

    if (delta == NULL || !write_recovery_key(work, err))
        return false;
    if (json_write_file(options->out, delta, options->output.force, err))
        return true;
    key_file_take_back(options->recovery_key_out);
    return false;
}

static bool write_shared(const struct sealing *work, struct error *err)
{
    switch (work->options->form) {
    case COLDSEAL_FORM_OVERLAY:
        return write_overlay(work, err);
    case COLDSEAL_FORM_DELTA:
        return write_delta(work, err);
    case COLDSEAL_FORM_COPY:
        break;
    }
    return write_copy(work, err);
}

/* The same format as the image's, as with a copy. */
static bool write_fresh(struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    struct coldseal_output_options output = options->output;
    struct write_result result;
    const struct recrypt_request request = {
        .source = work->source,
        .side = &work->side,
        .old_volume_key = work->old_volume_key,
        .identity = work->identity,
        .header = work->header,
        .path = options->out,
        .options = &output,
        .progress = options->progress,
    };

    output.format = disk_format(work->source->disk);
    OWNED(image_output) out = recrypt_image(&request, &result, err);
    return out != NULL && commit(work, out, err);
}

/* Once the header's first write is out, the recovery key may be the one that opens the image: it
 * stays. */
static bool write_in_place(const struct sealing *work, struct error *err)
{
    return luks2_header_move_apart(work->header, work->root.header, err) &&
           write_recovery_key(work, err) &&
           luks2_replace(work->source->disk, work->root.offset_bytes, work->root.header,
                         work->header, err);
}

bool sealing_write(struct sealing *work, struct error *err)
{
    if (work->already_sealed)
        return true;
    if (!sealing_build_header(work, err))
        return false;
    if (work->options->key_choice == COLDSEAL_KEY_FRESH)
        return write_fresh(work, err);
    return work->options->in_place ? write_in_place(work, err) : write_shared(work, err);
}

/* The output's own format, where it is not the image's. */
static bool describe_form(const struct sealing *work, json_object *json, struct error *err)
{
    enum coldseal_seal_form form = work->options->form;
    const char *name = form == COLDSEAL_FORM_DELTA ? "delta" : "qcow2";
    json_object *output;

    if (form == COLDSEAL_FORM_COPY)
        return true;
    return json_get_object(json, "output", &output, err) &&
           json_add(output, "format", json_object_new_string(name), err) &&
           (form == COLDSEAL_FORM_DELTA ||
            json_add(output, "backing", json_object_new_string(work->options->image), err));
}

static bool describe_keys(const struct coldseal_seal_options *options, json_object *json,
                          struct error *err)
{
    const char *key = options->key_choice == COLDSEAL_KEY_FRESH ? "fresh" : "shared";

    return json_add(json, "key", json_object_new_string(key), err) &&
           json_add(json, "recovery", json_object_new_boolean(!options->no_recovery), err);
}

/* Its file is read whole for that, which who seals thousands of disks can do without. */
static bool describe_image(const struct sealing *work, json_object *json, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;

    if (!options->output.statement || options->in_place)
        return true;
    json_object *sum = describe_checksum(options->image, err);
    return sum != NULL &&
           describe_file(json, "input", options->image, work->source->disk, sum, err);
}

bool sealing_describe(const struct sealing *work, json_object *json, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    const char *written = options->in_place ? options->image : options->out;
    json_object *header = describe_header(work->header, err);

    if (header == NULL || !json_add(json, "luks2", header, err))
        return false;
    if (work->policy != NULL && !seal_policy_describe(work->policy, json, "policy_digest", err))
        return false;
    /* not known to a run that only cleans up behind another: its key opens nothing any more */
    if (work->identity != NULL && !describe_pcr15_after_unlock(json, work->identity->pin, err))
        return false;
    return key_file_describe_recipients(work->recipients, json, err) &&
           json_add(json, "already_sealed", json_object_new_boolean(work->already_sealed), err) &&
           describe_image(work, json, err) &&
           describe_output(json, written, work->source->disk, options->output.checksum, err) &&
           describe_form(work, json, err) &&
           (work->kind != SEALING_NEW || describe_keys(options, json, err));
}
