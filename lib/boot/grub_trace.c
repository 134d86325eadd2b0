/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/grub_run.h"

#define REASON_BYTES 256

void grub_trace_free(struct grub_trace *trace)
{
    if (trace == NULL)
        return;
    arena_free(trace->arena);
    free(trace->steps);
    free(trace->notes);
    free(trace);
}

static void fail(struct grub_run *run)
{
    if (!run->failed)
        error_wrap(run->err, "%.200s, line %u", run->config, run->line);
    run->failed = true;
}

void *grub_run_take(struct grub_run *run, size_t size)
{
    void *taken = run->failed ? NULL : arena_take(run->arena, size, run->err);

    if (taken == NULL)
        fail(run);
    return taken;
}

char *grub_run_copy(struct grub_run *run, const char *text)
{
    return grub_run_format(run, "%s", text);
}

char *grub_run_format(struct grub_run *run, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = grub_run_take(run, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* Room for one more of `count`. */
static void *grown(struct grub_run *run, void *array, size_t count, size_t *room, size_t size)
{
    if (run->failed || count < *room)
        return run->failed ? NULL : array;
    void *larger = reallocarray(array, *room * 2 + 64, size);
    if (larger == NULL) {
        error_no_memory(run->err);
        fail(run);
        return NULL;
    }
    *room = *room * 2 + 64;
    return larger;
}

void grub_run_step(struct grub_run *run, enum grub_step_kind kind, const char *text, size_t volume,
                   const char *path)
{
    struct grub_trace *trace = run->trace;
    struct grub_step *steps =
        grown(run, trace->steps, trace->count, &run->step_room, sizeof(*steps));

    if (steps == NULL)
        return;
    trace->steps = steps;
    text = grub_run_copy(run, text);
    path = path == NULL ? NULL : grub_run_copy(run, path);
    if (!run->failed)
        steps[trace->count++] =
            (struct grub_step){kind, text, volume, path, run->config, run->line};
}

static bool is_noted(const struct grub_trace *trace, const char *config, unsigned line,
                     const char *reason)
{
    for (size_t i = 0; i < trace->note_count; i++) {
        const struct grub_note *note = &trace->notes[i];
        if (note->line == line && strcmp(note->config, config) == 0 &&
            strcmp(note->reason, reason) == 0)
            return true;
    }
    return false;
}

void grub_run_note_at(struct grub_run *run, const char *config, unsigned line, const char *reason)
{
    struct grub_trace *trace = run->trace;

    if (is_noted(trace, config, line, reason))
        return;
    struct grub_note *notes =
        grown(run, trace->notes, trace->note_count, &run->note_room, sizeof(*notes));
    if (notes == NULL)
        return;
    trace->notes = notes;
    reason = grub_run_copy(run, reason);
    if (!run->failed)
        notes[trace->note_count++] = (struct grub_note){config, line, reason};
}

void grub_run_note(struct grub_run *run, const char *format, ...)
{
    char reason[REASON_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    grub_run_note_at(run, run->config, run->line, reason);
}

/* How the firmware numbers disks is not written on any of them. */
static void note_device_name(struct grub_run *run, const char *text)
{
    char partition[64];

    snprintf(partition, sizeof(partition), "%s,", run->start->disk);
    if (strstr(text, partition) != NULL)
        grub_run_note(run,
                      "the name of the disk, %s, is measured: it changes with the number and "
                      "order of disks",
                      run->start->disk);
}

void grub_run_measure(struct grub_run *run, enum grub_step_kind kind, const char *text)
{
    note_device_name(run, text);
    grub_run_step(run, kind, text, 0, NULL);
}

void grub_run_end(struct grub_run *run, const char *reason)
{
    if (grub_run_stops(run))
        return;
    grub_run_note(run, "%s", reason);
    run->ended = true;
}
