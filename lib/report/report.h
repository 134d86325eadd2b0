/* SPDX-License-Identifier: Apache-2.0 */
/* One record of what a command found or did, rendered as text and as JSON. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "coldseal.h"
#include "core/json.h"

/* { "command": …, "version": … }; members keep their order. */
struct coldseal_report *report_new(const char *command, struct error *err);
/* The object to add members to; borrowed. */
json_object *report_json(struct coldseal_report *report);
/* What people get instead of the object's members; taken over. */
void report_set_text(struct coldseal_report *report, char *text);
DEFINE_OWNED(coldseal_report);
/* The member "error" of a report that stands for a failure all the same. */
bool report_add_failure(struct coldseal_report *report, const struct error *failure,
                        struct error *err);

/* The report as the predicate of an in-toto statement whose subject is the member "output", which
 * must have a digest. The caller's. */
json_object *report_statement(json_object *report, struct error *err);

#endif
