/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/coverage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of one assessment. */
struct assessment {
    const struct coverage_facts *facts;
    uint32_t mask;
    struct coverage *coverage;
};

static bool has(const struct assessment *a, uint32_t pcr)
{
    return (a->mask & UINT32_C(1) << pcr) != 0;
}

static void row(struct assessment *a, const char *component, enum coverage_verdict verdict,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static void row(struct assessment *a, const char *component, enum coverage_verdict verdict,
                const char *format, ...)
{
    struct coverage_row *next = &a->coverage->rows[a->coverage->count++];
    va_list args;

    next->component = component;
    next->verdict = verdict;
    va_start(args, format);
    vsnprintf(next->by, sizeof(next->by), format, args);
    va_end(args);
}

/* Covered by the first of `pcrs` (which ends in 0) that the policy has. */
static bool row_by_pcr(struct assessment *a, const char *component, const uint32_t *pcrs)
{
    for (; *pcrs != 0; pcrs++) {
        if (has(a, *pcrs)) {
            row(a, component, COVERAGE_COVERED, "PCR %u", *pcrs);
            return true;
        }
    }
    return false;
}

static void row_or_uncovered(struct assessment *a, const char *component, const uint32_t *pcrs)
{
    if (!row_by_pcr(a, component, pcrs))
        row(a, component, COVERAGE_UNCOVERED, "needs PCR %u", pcrs[0]);
}

/* PCR 7 holds the keys that the signatures were checked with. */
static bool signatures_count(const struct assessment *a)
{
    return a->facts->signatures_verified && a->facts->secure_boot == SECURE_BOOT_ON && has(a, 7);
}

static void program_row(struct assessment *a, const char *component, const uint32_t *pcrs)
{
    if (row_by_pcr(a, component, pcrs))
        return;
    if (signatures_count(a))
        row(a, component, COVERAGE_COVERED, "signature and PCR 7");
    else
        row(a, component, COVERAGE_UNCOVERED, "needs PCR %u", pcrs[0]);
}

static void firmware_rows(struct assessment *a)
{
    static const uint32_t keys[] = {7, 0};

    if (has(a, 0))
        row(a, "firmware", COVERAGE_COVERED, "PCR 0");
    else
        row(a, "firmware", COVERAGE_OUTSIDE,
            "not in this policy; the vTPM must serve launch-measured firmware only");
    if (a->facts->secure_boot == SECURE_BOOT_OFF)
        row(a, "Secure Boot", COVERAGE_UNCOVERED, "it is off on this target");
    else if (a->facts->secure_boot == SECURE_BOOT_UNKNOWN)
        row(a, "Secure Boot", COVERAGE_OUTSIDE, "PCR values do not say whether it is on");
    else
        row_or_uncovered(a, "Secure Boot", keys);
    row_or_uncovered(a, "Secure Boot keys", keys);
}

static void grub_rows(struct assessment *a)
{
    static const uint32_t programs[] = {4, 0};
    static const uint32_t kernels[] = {4, 9, 0};
    static const uint32_t kernel_file[] = {9, 0};
    static const uint32_t commands[] = {8, 0};
    static const uint32_t files[] = {9, 0};
    static const uint32_t command_line[] = {8, 9, 0};

    program_row(a, "shim", programs);
    program_row(a, "GRUB", programs);
    row_or_uncovered(a, "GRUB's commands", commands);
    row_or_uncovered(a, "files that GRUB reads", files);
    program_row(a, "kernel", a->facts->kernel_in_pcr_4 ? kernels : kernel_file);
    row_or_uncovered(a, "kernel command line",
                     a->facts->command_line_in_pcr_9 ? command_line : commands);
    row_or_uncovered(a, "initramfs", files);
}

/* The kernel, its initramfs and its command line are parts of one program. */
static void uki_rows(struct assessment *a)
{
    static const uint32_t shim[] = {4, 0};
    static const uint32_t kernel[] = {4, 11, 0};
    static const uint32_t additions[] = {12, 0};

    if (a->facts->chain == PREDICTION_SHIM_UKI)
        program_row(a, "shim", shim);
    program_row(a, "unified kernel image", kernel);
    row_or_uncovered(a, "command line and credentials beside it", additions);
}

/* Whom shim trusts decides nothing where each program itself is measured. Certificates in files
 * beside it become a part of MokList; options.csv may name another program. */
static void shim_rows(struct assessment *a)
{
    static const uint32_t lists[] = {14, 4, 0};

    if (a->facts->chain == PREDICTION_UKI)
        return;
    row_or_uncovered(a, "machine owner keys", lists);
    row_or_uncovered(a, "files beside shim (shim_certificate*, revocations*, options.csv)", lists);
}

void coverage_assess(const struct coverage_facts *facts, uint32_t pcr_mask,
                     struct coverage *coverage)
{
    static const uint32_t closed[] = {15, 0};
    struct assessment a = {facts, pcr_mask, coverage};

    *coverage = (struct coverage){0};
    firmware_rows(&a);
    if (facts->chain == PREDICTION_SHIM_GRUB)
        grub_rows(&a);
    else
        uki_rows(&a);
    shim_rows(&a);
    row_or_uncovered(&a, "what runs after the unlock", closed);
}

struct coverage_facts coverage_facts_predicted(const struct prediction *prediction,
                                               bool secure_boot)
{
    struct coverage_facts facts = {
        .chain = prediction->chain,
        .secure_boot = secure_boot ? SECURE_BOOT_ON : SECURE_BOOT_OFF,
        .signatures_verified = secure_boot,
    };
    unsigned programs = 0;

    for (size_t i = 0; i < prediction->count; i++) {
        const struct predicted_event *event = &prediction->events[i];
        if (event->pcr == 4 && event->source == SOURCE_PROGRAM)
            programs++;
        if (event->pcr == 9 && event->source == SOURCE_COMMAND)
            facts.command_line_in_pcr_9 = true;
    }
    /* shim, GRUB, and then the kernel */
    facts.kernel_in_pcr_4 = programs > 2;
    return facts;
}

bool coverage_is_enough(const struct coverage *coverage, struct error *err)
{
    char names[512] = "";
    size_t used = 0;

    for (size_t i = 0; i < coverage->count; i++) {
        const struct coverage_row *r = &coverage->rows[i];
        if (r->verdict == COVERAGE_UNCOVERED)
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s (%s)",
                                     used == 0 ? "" : ", ", r->component, r->by);
        if (used >= sizeof(names))
            break;
    }
    if (used == 0)
        return true;
    return error_set(err, COLDSEAL_TPM,
                     "this policy does not protect the disk; not covered: %s "
                     "(--allow-weak-policy)",
                     names);
}

json_object *coverage_to_json(const struct coverage *coverage, struct error *err)
{
    static const char *const prefixes[] = {
        [COVERAGE_COVERED] = "",
        [COVERAGE_OUTSIDE] = "outside: ",
        [COVERAGE_UNCOVERED] = "not covered: ",
    };
    OWNED_JSON json = json_new_object(err);
    char text[128];

    for (size_t i = 0; json != NULL && i < coverage->count; i++) {
        const struct coverage_row *r = &coverage->rows[i];
        snprintf(text, sizeof(text), "%s%s", prefixes[r->verdict], r->by);
        if (!json_add(json, r->component, json_object_new_string(text), err))
            return NULL;
    }
    return TAKE(json);
}
