/* SPDX-License-Identifier: Apache-2.0 */
/* systemd 252 to 258, src/boot/stub.c: run(). */
#include "measure/predict_uki.h"

#include <stdio.h>
#include <string.h>

#include "core/writer.h"
#include "measure/efi_events.h"
#include "measure/kernel_events.h"
#include "measure/uki_credentials.h"

#define PCR_SECTIONS 11
#define PCR_PARAMETERS 12
#define WHAT_BYTES 512
#define DESCRIPTION_LIMIT 64
#define CREDENTIAL_PLACES 2

/* EV_IPL with a description in UTF-16LE. */
static bool measure_ipl(struct prediction *prediction, uint32_t pcr, const char *description,
                        const char *what, const void *bytes, size_t size,
                        const struct digest_set *digest, struct error *err)
{
    uint8_t room[2 * DESCRIPTION_LIMIT];
    struct writer w = writer_over(room, sizeof(room));

    for (const char *c = description; *c != '\0'; c++)
        write_u16le(&w, (uint8_t)*c);
    write_u16le(&w, 0);
    const struct measurement measurement = {
        .pcr = pcr,
        .type = EV_IPL,
        .source = pcr == PCR_SECTIONS ? SOURCE_PROGRAM : SOURCE_FILE,
        .what = what,
        .data = room,
        .data_size = w.position,
    };
    return digest == NULL ? prediction_measure_bytes(prediction, &measurement, bytes, size, err)
                          : prediction_measure_digest(prediction, &measurement, digest, err);
}

/* measure_sections(): each name with its NUL, then the content. */
static bool measure_sections(struct prediction *prediction, const struct uki_run *run,
                             struct error *err)
{
    const struct uki_facts *facts = run->uki->uki;
    char what[WHAT_BYTES];

    for (size_t i = 0; i < facts->section_count; i++) {
        const char *name = facts->sections[i].name;
        snprintf(what, sizeof(what), "name of section %s of %s", name, run->path);
        if (!measure_ipl(prediction, PCR_SECTIONS, name, what, name, strlen(name) + 1, NULL, err))
            return false;
        snprintf(what, sizeof(what), "section %s of %s", name, run->path);
        if (!measure_ipl(prediction, PCR_SECTIONS, name, what, NULL, 0, &facts->sections[i].digest,
                         err))
            return false;
    }
    return true;
}

/* generate_sidecar_initrds(): those of this image, those of all. */
static bool measure_credentials(struct prediction *prediction, const struct uki_run *run,
                                struct bytes *archives[], size_t *count, struct error *err)
{
    char beside[BOOT_PATH_LIMIT_BYTES];
    char what[sizeof(beside) + 32];
    const struct {
        const char *folder;
        const char *target;
        const char *description;
    } places[CREDENTIAL_PLACES] = {
        {beside, ".extra/credentials", "Credentials initrd"},
        {"/loader/credentials", ".extra/global_credentials", "Global credentials initrd"},
    };

    snprintf(beside, sizeof(beside), "%s.extra.d", run->path);
    for (size_t i = 0; i < CREDENTIAL_PLACES; i++) {
        struct bytes **archive = &archives[*count];
        if (!uki_credentials_archive(run->files, run->esp, places[i].folder, places[i].target,
                                     archive, err))
            return false;
        if (*archive == NULL)
            continue;
        ++*count;
        snprintf(what, sizeof(what), "credentials in %s", places[i].folder);
        if (!measure_ipl(prediction, PCR_PARAMETERS, places[i].description, what, (*archive)->data,
                         (*archive)->size, NULL, err))
            return false;
    }
    return true;
}

/* load_all_addons(): for all images. */
static bool check_addons(const struct uki_run *run, struct error *err)
{
    OWNED(bytes) archive = NULL;

    return uki_credentials_archive(run->files, run->esp, "/loader/addons", ".extra", &archive, err);
}

/* Under Secure Boot the stub vouches for the kernel, and the firmware does not even look at it. */
static bool measure_kernel(struct prediction *prediction, const struct uki_run *run,
                           struct error *err)
{
    char what[WHAT_BYTES];

    snprintf(what, sizeof(what), "kernel in %s", run->path);
    return run->secure_boot ||
           efi_measure_program(prediction, run->path, what, &run->uki->uki->kernel, err);
}

static bool measure_kernel_stub(struct prediction *prediction, const struct uki_run *run,
                                struct bytes *const *archives, size_t count, struct error *err)
{
    const struct uki_facts *facts = run->uki->uki;
    struct digest_set initrd = facts->initrd;
    char what[WHAT_BYTES];

    if (facts->stub.measures_load_options && facts->command_line != NULL &&
        !kernel_measure_load_options(prediction, facts->command_line, true, err))
        return false;
    if (!facts->stub.measures_initrd || (!facts->has_initrd && count == 0))
        return true;
    if (count > 0 && !uki_facts_initrd(facts, archives, count, &initrd, err))
        return false;
    snprintf(what, sizeof(what), "initramfs in %s, by the kernel's EFI stub", run->path);
    return kernel_measure_initrd(prediction, SOURCE_PROGRAM, what, &initrd, err);
}

bool predict_uki(struct prediction *prediction, const struct uki_run *run, struct error *err)
{
    struct bytes *archives[CREDENTIAL_PLACES] = {NULL};
    size_t count = 0;

    bool done = check_addons(run, err) && measure_sections(prediction, run, err) &&
                measure_credentials(prediction, run, archives, &count, err) &&
                measure_kernel(prediction, run, err) &&
                measure_kernel_stub(prediction, run, archives, count, err);
    for (size_t i = 0; i < CREDENTIAL_PLACES; i++)
        bytes_free(archives[i]);
    return done;
}
