/* SPDX-License-Identifier: Apache-2.0 */
/* A boot as somebody brings it: a binary event log, or a console's text with the unlock's digest
 * log and its words in it. */
#ifndef PIPELINE_EXPLAIN_LOG_H
#define PIPELINE_EXPLAIN_LOG_H

#include "measure/eventlog.h"
#include "measure/explain.h"

struct boot_record {
    struct eventlog *log;
    struct measured_list *events;
    struct pcr_values values; /* replayed; PCR 15 is zero without an event */
    char said[256]; /* why the unlock failed, in its own words; "" where it is not there */
};

bool boot_record_read(const char *path, struct boot_record *record, struct error *err);
void boot_record_drop(struct boot_record *record);
#define OWNED_BOOT_RECORD __attribute__((cleanup(boot_record_drop))) struct boot_record

#endif
