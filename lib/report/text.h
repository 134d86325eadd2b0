/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdio.h>

#include "core/json.h"

/* The members of an object as lines for a person: names with spaces for underscores, sizes in
 * binary units, lists as one line each, lists of small objects (up to four scalars) as a table.
 * Control characters of values are replaced. Freed with free(3). */
char *text_render(json_object *json, struct error *err);

/* UTF-8 passes, control characters (C0, DEL and C1) become '?'. */
void text_put_printable(FILE *out, const char *text);

#endif
