/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions for test scripts: a recorded boot against its event log, and the facts of the
 * programs of an image, which a recording needs.
 *
 *     predict_tool replay CASE              event by event; exit 1 at the first that differs
 *     predict_tool explain CASE LOG         "PCR REASON: FOUND" of each PCR in which LOG differs
 *     predict_tool programs IMAGE FIRMWARE  programs.json of what IMAGE boots there */
#include <stdio.h>
#include <string.h>

#include "grub_case.h"
#include "image/open.h"
#include "measure/eventlog.h"
#include "measure/explain_reasons.h"
#include "measure/predict.h"
#include "measure/predict_firmware.h"
#include "recorded_program.h"

#define FILE_LIMIT_BYTES ((size_t)64 << 20)

static bool is_compared(uint32_t pcr)
{
    return pcr == 4 || (pcr >= 7 && pcr <= 9) || (pcr >= 11 && pcr <= 14);
}

static const struct event *next_of(const struct eventlog *log, size_t *index, uint32_t pcr)
{
    for (; *index < log->count; (*index)++) {
        const struct event *event = &log->events[*index];
        if (event->pcr == pcr && event->type != EV_NO_ACTION)
            return &log->events[(*index)++];
    }
    return NULL;
}

/* Type, digest and, where the log does not hold addresses in memory, the data. */
static bool is_same(const struct predicted_event *predicted, const struct event *event)
{
    const uint8_t *digest = event_digest_find(event, DIGEST_SHA256);
    bool has_addresses = event->type == EV_EFI_BOOT_SERVICES_APPLICATION;

    return predicted->type == event->type && digest != NULL &&
           memcmp(digest, predicted->digest.sha256, 32) == 0 &&
           (has_addresses || (event->data_size == predicted->data->size &&
                              memcmp(event->data, predicted->data->data, event->data_size) == 0));
}

static bool compare_pcr(const struct prediction *prediction, const struct eventlog *log,
                        uint32_t pcr, unsigned *count, struct error *err)
{
    const struct event *event;
    size_t index = 0;

    for (size_t i = 0; i < prediction->count; i++) {
        const struct predicted_event *predicted = &prediction->events[i];
        if (predicted->pcr != pcr)
            continue;
        event = next_of(log, &index, pcr);
        if (event == NULL || !is_same(predicted, event))
            return error_set(err, COLDSEAL_DIFFERS, "PCR %u, %s: the log has %s", pcr,
                             predicted->what, event == NULL ? "no more" : "another");
        (*count)++;
    }
    event = next_of(log, &index, pcr);
    return event == NULL ||
           error_set(err, COLDSEAL_DIFFERS, "PCR %u: the log has more, event type %x, \"%.*s\"",
                     pcr, event->type, (int)event->data_size, (const char *)event->data);
}

static bool compare(const struct prediction *prediction, const struct eventlog *log,
                    struct error *err)
{
    unsigned count = 0;

    for (uint32_t pcr = 0; pcr < PCR_COUNT; pcr++) {
        if (is_compared(pcr) && !compare_pcr(prediction, log, pcr, &count, err))
            return false;
    }
    printf("%u events, %zu notes\n", count, prediction->note_count);
    return true;
}

static json_object *read_json(const char *folder, const char *name, struct error *err)
{
    OWNED_PTR(char) path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return NULL;
    OWNED(bytes) text = bytes_read_file(path, FILE_LIMIT_BYTES, err);
    return text == NULL ? NULL : json_parse((const char *)text->data, text->size, err);
}

static struct prediction *predict_case(const char *folder, const struct grub_case *recorded,
                                       struct error *err)
{
    OWNED_PTR(char) firmware_path = NULL;
    OWNED_BOOT_CHAIN chain = {0};

    if (asprintf(&firmware_path, "%s/firmware.json", folder) < 0)
        return NULL;
    OWNED_JSON programs = read_json(folder, "programs.json", err);
    OWNED(firmware) firmware = firmware_read_file(firmware_path, err);
    struct recorded_programs known = {programs, recorded->build};
    struct boot_program_source source = recorded_programs_source(&known);
    if (programs == NULL || firmware == NULL ||
        !boot_chain_find(recorded->files, &source, &chain, err))
        return NULL;
    return predict_boot(recorded->files, &chain, &source, firmware, "", err);
}

static bool replay(char **args, struct error *err)
{
    OWNED(grub_case) recorded = grub_case_read(args[0], err);
    OWNED(prediction) prediction = recorded == NULL ? NULL : predict_case(args[0], recorded, err);
    OWNED(eventlog) log = prediction == NULL ? NULL : eventlog_parse(recorded->eventlog, err);

    return log != NULL && compare(prediction, log, err);
}

static void print_difference(const struct difference *difference)
{
    const struct measured_event *event =
        difference->found != NULL ? difference->found : difference->expected;
    struct event_subject subject;

    event_subject_read(event->pcr, event->type, event->data, event->data_size, &subject);
    printf("%u %s: %s\n", difference->pcr, explain_reason_find(difference)->name, subject.name);
}

static bool explain(char **args, struct error *err)
{
    OWNED(grub_case) recorded = grub_case_read(args[0], err);
    OWNED(prediction) prediction = recorded == NULL ? NULL : predict_case(args[0], recorded, err);
    OWNED(bytes) bytes = bytes_read_file(args[1], EVENTLOG_CONSOLE_LIMIT_BYTES, err);
    OWNED(eventlog) log = bytes == NULL ? NULL : eventlog_parse(bytes, err);
    if (prediction == NULL || log == NULL)
        return false;
    OWNED(measured_list) expected = measured_from_prediction(prediction, err);
    OWNED(measured_list) found = measured_from_log(log, err);
    for (uint32_t pcr = 0; expected != NULL && found != NULL && pcr < PCR_COUNT; pcr++) {
        struct difference difference = explain_pcr(expected, found, pcr);
        if (is_compared(pcr) && difference.kind != DIFFERENCE_NONE)
            print_difference(&difference);
    }
    return expected != NULL && found != NULL;
}

/* Whatever certificates may vouch for a program of the chain; `shim` may be NULL. */
static struct signature_list *all_certificates(const struct firmware *firmware,
                                               const struct shim_facts *shim, struct error *err)
{
    static const struct guid nobody;
    static const enum firmware_variable_id ids[] = {FIRMWARE_DB, FIRMWARE_MOK_LIST};
    OWNED(bytes) vendor =
        shim == NULL ? bytes_new(0, err)
                     : signature_list_of_one(SIGNATURE_X509, &nobody, shim->vendor_db->data,
                                             shim->vendor_db->size, err);
    uint8_t all[1 << 17];
    size_t used = 0;

    for (size_t i = 0; i < 2; i++) {
        const struct bytes *data = firmware->variables[ids[i]].data;
        if (data == NULL || data->size > sizeof(all) / 3)
            continue;
        memcpy(all + used, data->data, data->size);
        used += data->size;
    }
    if (vendor == NULL || vendor->size > sizeof(all) / 3)
        return NULL;
    memcpy(all + used, vendor->data, vendor->size);
    return signature_list_parse(all, used + vendor->size, err);
}

/* Reads as files are, and notes what was read. */
struct noting {
    struct boot_program_source inner;
    const struct firmware *firmware;
    struct signature_list *certificates; /* owned; NULL before the first program */
    json_object *programs;
};

static struct boot_program *read_and_note(void *context, struct boot_files *files, size_t volume,
                                          const char *path, enum boot_program_role role,
                                          struct error *err)
{
    struct noting *noting = context;
    OWNED(boot_program) program =
        noting->inner.read(noting->inner.context, files, volume, path, role, err);

    if (program == NULL)
        return NULL;
    if (noting->certificates == NULL)
        noting->certificates = all_certificates(noting->firmware, program->shim, err);
    json_object *json = noting->certificates == NULL
                            ? NULL
                            : recorded_program_to_json(program, noting->certificates, err);
    return json != NULL && json_add(noting->programs, path, json, err) ? TAKE(program) : NULL;
}

static bool note_programs(struct boot_files *files, struct noting *noting, struct error *err)
{
    const struct boot_program_source source = {.read = read_and_note, .context = noting};
    OWNED_BOOT_CHAIN chain = {0};

    if (!boot_chain_find(files, &source, &chain, err))
        return false;
    OWNED(prediction) prediction = predict_boot(files, &chain, &source, noting->firmware, "", err);
    if (prediction == NULL)
        return false;
    puts(json_object_to_json_string_ext(noting->programs,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    return true;
}

static bool print_programs(char **args, struct error *err)
{
    OWNED(disk) disk = image_open(args[0], NULL, err);
    OWNED(partition_table) table = disk == NULL ? NULL : partition_table_read(disk, 0, err);
    OWNED(boot_files) files = table == NULL ? NULL : boot_files_from_disk(disk, table, err);
    OWNED(firmware) firmware = firmware_read_file(args[1], err);
    OWNED_JSON programs = json_new_object(err);
    struct noting noting = {boot_program_files(), firmware, NULL, programs};

    if (files == NULL || firmware == NULL || programs == NULL)
        return false;
    bool ok = note_programs(files, &noting, err);
    signature_list_free(noting.certificates);
    return ok;
}

static const struct {
    const char *name;
    int args;
    bool (*run)(char **args, struct error *err);
} actions[] = {
    {"replay", 1, replay},
    {"explain", 2, explain},
    {"programs", 2, print_programs},
};

int main(int argc, char **argv)
{
    struct error err = {0};

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (argc < 2 || strcmp(argv[1], actions[i].name) != 0 || argc != actions[i].args + 2)
            continue;
        if (actions[i].run(argv + 2, &err))
            return 0;
        fprintf(stderr, "predict_tool: %s\n", err.message);
        return (int)err.code;
    }
    fputs("usage: see the head of predict_tool.c\n", stderr);
    return COLDSEAL_USAGE;
}
