/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB 2.06 and 2.12, grub-core/kern/verifiers.c and commands/tpm.c: a log text is a prefix, what
 * is measured, and a NUL. */
#include "measure/predict_grub.h"

#include <stdio.h>
#include <string.h>

#include "core/writer.h"
#include "measure/kernel_events.h"

#define TEXT_LIMIT ((size_t)1 << 20)
/* GRUB 2.12, grub-core/loader/efi/linux.c */
#define IMAGE_ARGUMENT "BOOT_IMAGE="

/* Of the walk through the steps. */
struct walk {
    const struct grub_run *run;
    struct prediction *prediction;
    struct boot_program *kernel; /* owned: the one that was loaded last */
    const struct grub_step *kernel_file;
    const struct grub_step *command_line; /* NULL: none yet */
    const struct grub_step *last_file;
    size_t initrd_count;
    const struct grub_step *initrds[BOOT_JOINED_LIMIT]; /* their files */
    bool has_newc;                                      /* GRUB puts a header before one of them */
    bool is_new_command;                                /* since the last of them */
};

static bool measure_text(struct walk *walk, const struct grub_step *step, const char *prefix,
                         struct error *err)
{
    size_t size = strlen(step->text);
    char what[256];

    if (size > TEXT_LIMIT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "a GRUB command of %zu bytes", size);
    OWNED(bytes) data = bytes_new(strlen(prefix) + size + 1, err);
    if (data == NULL)
        return false;
    struct writer w = writer_over(data->data, data->size);
    write_bytes(&w, prefix, strlen(prefix));
    write_bytes(&w, step->text, size);
    snprintf(what, sizeof(what), "%s:%u: %s%.120s", step->config, step->line, prefix, step->text);
    const struct measurement measurement = {
        .pcr = 8,
        .type = EV_IPL,
        .source = SOURCE_COMMAND,
        .what = what,
        .data = data->data,
        .data_size = data->size,
    };
    return prediction_measure_bytes(walk->prediction, &measurement, step->text, size, err);
}

static void name_file(const struct walk *walk, const struct grub_step *step, char *what,
                      size_t room)
{
    snprintf(what, room, "partition %u: %s",
             boot_files_volume(walk->run->files, step->volume)->partition, step->path);
}

static bool measure_file(struct walk *walk, const struct grub_step *step, struct error *err)
{
    struct digest_set digests;
    char what[BOOT_PATH_LIMIT_BYTES + 64];

    walk->last_file = step;
    name_file(walk, step, what, sizeof(what));
    const struct measurement measurement = {
        .pcr = 9,
        .type = EV_IPL,
        .source = SOURCE_FILE,
        .what = what,
        .data = step->text,
        .data_size = strlen(step->text) + 1,
    };
    return boot_files_digest(walk->run->files, step->volume, step->path, &digests, err) &&
           prediction_measure_digest(walk->prediction, &measurement, &digests, err);
}

static bool load_kernel(struct walk *walk, const struct grub_step *step, struct error *err)
{
    const struct boot_program_source *programs = walk->run->programs;

    if (walk->kernel != NULL && walk->kernel_file->volume == step->volume &&
        strcmp(walk->kernel_file->path, step->path) == 0)
        return true;
    boot_program_free(walk->kernel);
    walk->kernel_file = step;
    walk->kernel = programs->read(programs->context, walk->run->files, step->volume, step->path,
                                  BOOT_PROGRAM_KERNEL, err);
    return walk->kernel != NULL;
}

static bool verify_kernel(struct walk *walk, const struct grub_step *step, struct error *err)
{
    return load_kernel(walk, step, err) &&
           shim_run_verify(walk->run->shim, walk->prediction, walk->kernel, step->path, false, err);
}

static void drop_initrds(struct walk *walk)
{
    walk->initrd_count = 0;
    walk->has_newc = false;
}

/* The file before it is the kernel, whether shim was asked to verify that or not. */
static bool take_command_line(struct walk *walk, const struct grub_step *step, struct error *err)
{
    walk->command_line = step;
    drop_initrds(walk);
    return walk->last_file != NULL && load_kernel(walk, walk->last_file, err) &&
           measure_text(walk, step, "kernel_cmdline: ", err);
}

/* The last `initrd` command counts. */
static bool take_initrd(struct walk *walk, const struct grub_step *step, struct error *err)
{
    if (walk->is_new_command)
        drop_initrds(walk);
    walk->is_new_command = false;
    if (walk->initrd_count == BOOT_JOINED_LIMIT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s:%u: more than %d initrd files",
                         step->config, step->line, BOOT_JOINED_LIMIT);
    walk->has_newc |= strncmp(step->text, "newc:", 5) == 0;
    walk->initrds[walk->initrd_count++] = walk->last_file;
    return true;
}

static bool take_step(struct walk *walk, const struct grub_step *step, struct error *err)
{
    switch (step->kind) {
    case GRUB_STEP_COMMAND:
        walk->is_new_command = true;
        return measure_text(walk, step, "grub_cmd: ", err);
    case GRUB_STEP_FILE:
        return measure_file(walk, step, err);
    case GRUB_STEP_KERNEL:
        return verify_kernel(walk, step, err);
    case GRUB_STEP_KERNEL_CMDLINE:
        return take_command_line(walk, step, err);
    case GRUB_STEP_INITRD:
        return take_initrd(walk, step, err);
    case GRUB_STEP_CHAINLOAD:
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "%s:%u: GRUB starts the EFI program %s, which is not predicted",
                         step->config, step->line, step->path);
    case GRUB_STEP_BOOT:
        return true;
    }
    return error_set(err, COLDSEAL_BUG, "a step of GRUB's that is unknown");
}

static bool measure_load_options(struct walk *walk, struct error *err)
{
    OWNED_PTR(char) options = NULL;

    if (asprintf(&options, IMAGE_ARGUMENT "%s", walk->command_line->text) < 0) {
        options = NULL;
        return error_no_memory(err);
    }
    return kernel_measure_load_options(walk->prediction, options, false, err);
}

static bool measure_initrd(struct walk *walk, struct error *err)
{
    struct boot_file files[BOOT_JOINED_LIMIT];
    struct digest_set digests;
    char file[BOOT_PATH_LIMIT_BYTES + 64];
    char what[2 * sizeof(file)] = "";
    size_t used = 0;

    if (walk->has_newc)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "GRUB makes an archive of an initrd file (newc:), which is not predicted");
    for (size_t i = 0; i < walk->initrd_count; i++) {
        const struct grub_step *step = walk->initrds[i];
        files[i] = (struct boot_file){step->volume, step->path};
        name_file(walk, step, file, sizeof(file));
        if (used < sizeof(what))
            used += (size_t)snprintf(what + used, sizeof(what) - used, "%s, ", file);
    }
    if (used < sizeof(what))
        snprintf(what + used, sizeof(what) - used, "by the kernel's EFI stub");
    return boot_files_digest_joined(walk->run->files, files, walk->initrd_count, &digests, err) &&
           kernel_measure_initrd(walk->prediction, SOURCE_FILE, what, &digests, err);
}

/* Only a kernel that is entered as an EFI program finds its options there to measure. */
static bool measure_stub(struct walk *walk, struct error *err)
{
    if (!walk->run->grub->grub->starts_by_load_image)
        return true;
    if (walk->kernel->kernel->measures_load_options && !measure_load_options(walk, err))
        return false;
    return walk->initrd_count == 0 || !walk->kernel->kernel->measures_initrd ||
           measure_initrd(walk, err);
}

static bool walk_trace(struct walk *walk, const struct grub_trace *trace, struct error *err)
{
    for (size_t i = 0; i < trace->count; i++) {
        if (!take_step(walk, &trace->steps[i], err))
            return false;
    }
    for (size_t i = 0; i < trace->note_count; i++) {
        const struct grub_note *note = &trace->notes[i];
        if (!prediction_note(walk->prediction, err, "%s:%u: %s", note->config, note->line,
                             note->reason))
            return false;
    }
    return walk->kernel == NULL ? error_set(err, COLDSEAL_TPM, "GRUB starts no kernel")
                                : measure_stub(walk, err);
}

static struct grub_trace *trace_script(const struct grub_run *run, struct error *err)
{
    char directory[BOOT_PATH_LIMIT_BYTES];
    const struct grub_start start = {
        .volume = run->esp,
        .directory = directory,
        .disk = "hd0",
        .secure_boot = run->shim->verifies,
    };

    snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(run->path, '/') - run->path),
             run->path);
    OWNED(grub_trace) trace = grub_script_trace(run->files, run->grub->grub, &start, err);
    if (trace == NULL)
        return NULL;
    if (!trace->boots) {
        error_set(err, COLDSEAL_TPM, "%s starts no kernel: %s", run->path,
                  trace->note_count > 0 ? trace->notes[trace->note_count - 1].reason
                                        : "its configuration ends without one");
        return NULL;
    }
    return TAKE(trace);
}

bool predict_grub(struct prediction *prediction, const struct grub_run *run, struct error *err)
{
    OWNED(grub_trace) trace = trace_script(run, err);
    struct walk walk = {.run = run, .prediction = prediction};

    if (trace == NULL)
        return false;
    bool ok = walk_trace(&walk, trace, err);
    boot_program_free(walk.kernel);
    return ok;
}
