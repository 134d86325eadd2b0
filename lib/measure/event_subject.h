/* SPDX-License-Identifier: Apache-2.0 */
/* What an event of a log is about, read from its data. The data is a hint of whoever wrote the log:
 * only the digest counts for a PCR. It may be cut off (DIGESTLOG_DATA_BYTES). */
#ifndef MEASURE_EVENT_SUBJECT_H
#define MEASURE_EVENT_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_SUBJECT_NAME_BYTES 512

enum event_subject_kind {
    SUBJECT_OTHER,
    SUBJECT_SEPARATOR,
    SUBJECT_ACTION,       /* name: the firmware's string */
    SUBJECT_VARIABLE,     /* name: "dbx" */
    SUBJECT_AUTHORITY,    /* name: the list that accepted a program, or "SbatLevel" */
    SUBJECT_PROGRAM,      /* name: the path that a device path ends in; empty where it has none */
    SUBJECT_COMMAND,      /* name: GRUB's command with its words */
    SUBJECT_COMMAND_LINE, /* name: the kernel's */
    SUBJECT_FILE,         /* name: as GRUB opened it */
    SUBJECT_SHIM_LIST,    /* name: "MokList" */
    SUBJECT_SECTION,      /* name: of a part of a unified kernel image, ".linux" */
    SUBJECT_ADDITION,     /* name: what its stub adds, "Credentials initrd", or a command line */
    SUBJECT_LOAD_OPTIONS, /* the kernel's EFI stub: its command line */
    SUBJECT_INITRD,       /* the kernel's EFI stub */
};

struct event_subject {
    enum event_subject_kind kind;
    char name[EVENT_SUBJECT_NAME_BYTES]; /* printable; cut where it is longer */
    const uint8_t *value;                /* of a variable; into the event's data; NULL: none */
    size_t value_size;
};

void event_subject_read(uint32_t pcr, uint32_t type, const uint8_t *data, size_t size,
                        struct event_subject *subject);

#endif
