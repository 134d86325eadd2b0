/* SPDX-License-Identifier: Apache-2.0 */
/* predict: what an image will measure on its target, event by event. */
#include <sys/stat.h>

#include "core/outfile.h"
#include "pipeline/boot_states.h"
#include "pipeline/predict_text.h"
#include "pipeline/source.h"
#include "report/report.h"

/* An image's disk outlives the boot files that read from it. */
struct predicted_image {
    struct source *source; /* NULL for a folder */
    struct boot_states states;
};

static void predicted_image_drop(struct predicted_image *image)
{
    boot_states_drop(&image->states);
    source_free(image->source);
}
#define OWNED_IMAGE __attribute__((cleanup(predicted_image_drop))) struct predicted_image

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Values for a disk that no unlock takes, such as one in the middle of a rekey, are good for
 * nothing. */
static bool check_header(const struct source *source, struct error *err)
{
    OWNED_ENCRYPTED_ROOT root = {0};

    return partition_by_role(source->table, ROLE_ENCRYPTED_ROOT) == NULL ||
           encrypted_root_read(source, &root, err);
}

static struct boot_files *open_files(const char *path, const char *backing,
                                     struct predicted_image *image, struct error *err)
{
    if (is_folder(path))
        return boot_files_from_folder(path, err);
    image->source = source_open(path, backing, 0, err);
    if (image->source == NULL || !check_header(image->source, err))
        return NULL;
    return boot_files_from_disk(image->source->disk, image->source->table, err);
}

static bool write_log(const struct coldseal_predict_options *options,
                      const struct predictions *predictions, struct error *err)
{
    if (options->log == NULL)
        return true;
    if (predictions->count > 1)
        return error_set(err, COLDSEAL_USAGE, "--log: %zu states, and a log is of one",
                         predictions->count);
    OWNED(bytes) log = eventlog_write(predictions->items[0], err);
    return log != NULL &&
           (outfile_write(options->log, log->data, log->size, 0644, options->force, err) ||
            error_wrap(err, "event log"));
}

/* One state's members stand in the report itself, so that its `pcrs` is what seal takes. */
static bool add_states(const struct predictions *predictions, json_object *json, struct error *err)
{
    OWNED_JSON states = json_new_array(err);

    for (size_t i = 0; states != NULL && i < predictions->count; i++) {
        json_object *state = prediction_to_json(predictions->items[i], err);
        if (state == NULL || !json_append(states, state, err))
            return false;
    }
    if (states == NULL)
        return false;
    if (predictions->count > 1)
        return json_add(json, "states", TAKE(states), err);
    json_object_object_foreach(json_object_array_get_idx(states, 0), key, value)
    {
        if (!json_add(json, key, json_object_get(value), err))
            return false;
    }
    return true;
}

static bool fill_report(const struct predicted_image *image, struct coldseal_report *report,
                        struct error *err)
{
    const struct predictions *predictions = &image->states.predictions;
    json_object *firmware = boot_states_describe_firmware(&image->states, err);

    if (firmware == NULL || !json_add(report_json(report), "firmware", firmware, err) ||
        !add_states(predictions, report_json(report), err))
        return false;
    char *text = predict_text(predictions, err);
    if (text == NULL)
        return false;
    report_set_text(report, text);
    return true;
}

bool coldseal_predict(const struct coldseal_predict_options *options,
                      struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("predict", err);
    OWNED_IMAGE image = {0};

    if (report == NULL)
        return false;
    const struct boot_states_request request = {
        .firmware = options->firmware,
        .firmware_count = options->firmware_count,
        .data_dir = options->data_dir,
        .more = options->more,
    };
    struct boot_files *files = open_files(options->image, options->backing, &image, err);
    if (files == NULL || !boot_states_predict(files, &request, &image.states, err) ||
        !write_log(options, &image.states.predictions, err) || !fill_report(&image, report, err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
