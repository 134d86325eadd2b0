/* SPDX-License-Identifier: Apache-2.0 */
/* What rules for reasons look at. */
#ifndef MEASURE_EXPLAIN_CLUE_H
#define MEASURE_EXPLAIN_CLUE_H

#include <string.h>

#include "measure/explain_reasons.h"

/* A difference with what its two events are about. */
struct clue {
    const struct difference *difference;
    struct event_subject expected;
    struct event_subject found;
};

/* Reasons that several rules come to. */
#define KERNEL_UPDATED                                                                           \
    {                                                                                            \
        "kernel-updated", "the kernel is another: updated in the guest, or exchanged; seal anew" \
    }
#define INITRAMFS_REBUILT                                                           \
    {                                                                               \
        "initramfs-rebuilt",                                                        \
            "the initramfs is another: rebuilt in the guest, or changed; seal anew" \
    }
#define COMMAND_LINE_EDITED                                           \
    {                                                                 \
        "command-line-edited", "the kernel's command line was edited" \
    }
#define UKI_REPLACED                                                                               \
    {                                                                                              \
        "uki-replaced", "the unified kernel image is another: built anew, or exchanged; seal anew" \
    }

struct rule {
    bool (*matches)(const struct clue *clue);
    struct explain_reason reason;
};

static inline bool has_kind(const struct event_subject *subject, enum event_subject_kind kind)
{
    return subject->kind == kind;
}

static inline bool is_named(const struct event_subject *subject, enum event_subject_kind kind,
                            const char *name)
{
    return subject->kind == kind && strcmp(subject->name, name) == 0;
}

/* Of either side: the one that is there in every kind of difference. */
static inline bool either_named(const struct clue *clue, enum event_subject_kind kind,
                                const char *name)
{
    return is_named(&clue->expected, kind, name) || is_named(&clue->found, kind, name);
}

static inline bool either_kind(const struct clue *clue, enum event_subject_kind kind)
{
    return has_kind(&clue->expected, kind) || has_kind(&clue->found, kind);
}

/* Of what a unified kernel image and its stub measure; NULL where the difference is none of theirs.
 */
const struct explain_reason *explain_reason_find_uki(const struct clue *clue);

#endif
