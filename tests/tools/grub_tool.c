/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's interpreter for test scripts: what a binary says of itself, what a recorded boot measures,
 * and whether that is what its event log has. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "core/digest.h"
#include "core/hex.h"
#include "grub_case.h"
#include "measure/eventlog.h"
#include "memory_files.h"

#define IMAGE_LIMIT_BYTES ((size_t)32 << 20)

static bool print_build(char **args, struct error *err)
{
    OWNED(bytes) image = bytes_read_file(args[0], IMAGE_LIMIT_BYTES, err);
    OWNED(grub_build) build = image == NULL ? NULL : grub_build_read(image, err);
    OWNED_JSON json = build == NULL ? NULL : grub_build_to_json(build, err);

    if (json != NULL)
        puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
    return json != NULL;
}

/* As the event's data has it, without the NUL at its end. */
static const char *prefix_of(enum grub_step_kind kind)
{
    if (kind == GRUB_STEP_COMMAND)
        return "grub_cmd: ";
    return kind == GRUB_STEP_KERNEL_CMDLINE ? "kernel_cmdline: " : "";
}

static const char *name_of(enum grub_step_kind kind)
{
    static const char *const names[] = {"command", "file",      "kernel", "command",
                                        "initrd",  "chainload", "boot"};

    return names[kind];
}

static void print_trace(const struct grub_trace *trace)
{
    for (size_t i = 0; i < trace->count; i++) {
        const struct grub_step *step = &trace->steps[i];
        printf("%s %s%s\n", name_of(step->kind), prefix_of(step->kind), step->text);
    }
    for (size_t i = 0; i < trace->note_count; i++)
        printf("note %s:%u: %s\n", trace->notes[i].config, trace->notes[i].line,
               trace->notes[i].reason);
    printf("%s\n", trace->boots ? "boots" : "does not boot");
}

static bool trace_case(char **args, struct error *err)
{
    OWNED(grub_case) recorded = grub_case_read(args[0], err);
    OWNED(grub_trace) trace = recorded == NULL ? NULL
                                               : grub_script_trace(recorded->files, recorded->build,
                                                                   &recorded->start, err);

    if (trace != NULL)
        print_trace(trace);
    return trace != NULL;
}

/* What a step leaves in the log. */
static bool expected_of(const struct grub_case *recorded, const struct grub_step *step,
                        uint32_t *pcr, uint8_t digest[32], struct error *err)
{
    struct digest_set set;

    *pcr = 8;
    if (step->kind == GRUB_STEP_COMMAND || step->kind == GRUB_STEP_KERNEL_CMDLINE)
        return digest_bytes(DIGEST_SHA256, step->text, strlen(step->text), digest, err);
    *pcr = step->kind == GRUB_STEP_KERNEL ? 4 : 9;
    if (!boot_files_digest(recorded->files, step->volume, step->path, &set, err))
        return false;
    memcpy(digest, set.sha256, 32);
    return true;
}

static bool is_measured(enum grub_step_kind kind)
{
    return kind != GRUB_STEP_INITRD && kind != GRUB_STEP_BOOT;
}

/* What GRUB and shim's verifier for it leave there, from the first configuration file on. */
static bool is_grubs(const struct event *event)
{
    return ((event->pcr == 8 || event->pcr == 9) && event->type == EV_IPL) ||
           (event->pcr == 4 && event->type == EV_EFI_BOOT_SERVICES_APPLICATION);
}

static size_t next_event(const struct eventlog *log, size_t index)
{
    while (index < log->count && !is_grubs(&log->events[index]))
        index++;
    return index;
}

static size_t first_event(const struct eventlog *log)
{
    size_t index = 0;

    while (index < log->count && (log->events[index].type != EV_IPL ||
                                  (log->events[index].pcr != 8 && log->events[index].pcr != 9)))
        index++;
    return index;
}

/* A kernel's event has no name; its digest in PCR 4 is another one than the file's. */
static bool is_same(const struct grub_case *recorded, const struct grub_step *step,
                    const struct event *event, struct error *err)
{
    char text[65536];
    uint32_t pcr;
    uint8_t digest[32];
    const uint8_t *measured = event_digest_find(event, DIGEST_SHA256);

    if (!expected_of(recorded, step, &pcr, digest, err) || pcr != event->pcr || measured == NULL)
        return false;
    if (pcr == 4)
        return true;
    int length = snprintf(text, sizeof(text), "%s%s", prefix_of(step->kind), step->text);
    return memcmp(digest, measured, 32) == 0 && event->data_size == (size_t)length + 1 &&
           memcmp(event->data, text, event->data_size) == 0;
}

static bool compare(const struct grub_case *recorded, const struct grub_trace *trace,
                    const struct eventlog *log, struct error *err)
{
    size_t index = first_event(log);
    unsigned count = 0;

    for (size_t i = 0; i < trace->count; i++) {
        const struct grub_step *step = &trace->steps[i];
        if (!is_measured(step->kind))
            continue;
        index = next_event(log, index);
        if (index == log->count)
            return error_set(err, COLDSEAL_DIFFERS, "step %zu, \"%s\", is not in the log", i,
                             step->text);
        const struct event *event = &log->events[index];
        if (!is_same(recorded, step, event, err))
            return error_set(
                err, COLDSEAL_DIFFERS, "event %zu, PCR %u, \"%.*s\"; step %zu: %s \"%s%s\" (%s:%u)",
                index, event->pcr, (int)event->data_size, (const char *)event->data, i,
                name_of(step->kind), prefix_of(step->kind), step->text, step->config, step->line);
        index++;
        count++;
    }
    index = next_event(log, index);
    if (index < log->count)
        return error_set(err, COLDSEAL_DIFFERS, "event %zu, \"%.*s\", has no step", index,
                         (int)log->events[index].data_size, (const char *)log->events[index].data);
    printf("%u events, %zu notes\n", count, trace->note_count);
    return true;
}

static bool replay_case(char **args, struct error *err)
{
    OWNED(grub_case) recorded = grub_case_read(args[0], err);

    if (recorded == NULL)
        return false;
    OWNED(grub_trace) trace =
        grub_script_trace(recorded->files, recorded->build, &recorded->start, err);
    OWNED(eventlog) log =
        recorded->eventlog == NULL ? NULL : eventlog_parse(recorded->eventlog, err);
    return trace != NULL && log != NULL && compare(recorded, trace, log, err);
}

/* The files of a folder as those of the ESP's /EFI/ubuntu. */
static size_t read_folder(const char *folder, struct memory_file *files, size_t room,
                          struct error *err)
{
    struct dirent **names = NULL;
    int found = scandir(folder, &names, NULL, alphasort);
    size_t count = 0;

    for (int i = 0; i < found; i++) {
        char *path;
        char *inside;
        if (names[i]->d_type == DT_REG && count < room &&
            asprintf(&path, "%s/%s", folder, names[i]->d_name) > 0 &&
            asprintf(&inside, "/EFI/ubuntu/%s", names[i]->d_name) > 0) {
            struct bytes *bytes = bytes_read_file(path, IMAGE_LIMIT_BYTES, err);
            if (bytes != NULL)
                files[count++] = (struct memory_file){MEMORY_ESP, inside, bytes->data, bytes->size};
        }
        free(names[i]);
    }
    free(names);
    return count;
}

/* What the grub.cfg of a folder says with `echo`, in a GRUB with all modules. */
static bool emulate(char **args, struct error *err)
{
    struct memory_file found[64];
    size_t count = read_folder(args[0], found, 64, err);
    OWNED(boot_files) files = memory_files(found, count, err);
    OWNED(grub_build) build = memory_build();
    OWNED(grub_trace) trace = grub_script_trace(files, build, &memory_start, err);

    for (size_t i = 0; trace != NULL && i < trace->count; i++) {
        const char *text = trace->steps[i].text;
        if (strcmp(text, "echo") == 0 || strncmp(text, "echo ", 5) == 0)
            puts(text + 4 + (text[4] == ' '));
    }
    return trace != NULL;
}

static const struct {
    const char *name;
    int args;
    bool (*run)(char **args, struct error *err);
} actions[] = {
    {"build", 1, print_build},
    {"trace", 1, trace_case},
    {"replay", 1, replay_case},
    {"emulate", 1, emulate},
};

int main(int argc, char **argv)
{
    struct error err = {0};

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]) && argc > 1; i++) {
        if (strcmp(argv[1], actions[i].name) != 0 || argc - 2 != actions[i].args)
            continue;
        if (actions[i].run(argv + 2, &err))
            return 0;
        fprintf(stderr, "grub_tool: %s\n", err.message);
        return (int)err.code;
    }
    fprintf(stderr, "grub_tool: no such action\n");
    return 2;
}
