/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_JSON_DUPLICATES_H
#define CORE_JSON_DUPLICATES_H

#include <stddef.h>

#include "core/error.h"

/* json-c keeps the last of two members of one name, other parsers the first: a document that says
 * different things to different readers. Walks the text and refuses it (COLDSEAL_BAD_IMAGE), and
 * an escape inside a member's name with it, since "a" and "\u0061" are one name. Text that is not
 * JSON may pass: parsing comes after. */
bool json_check_duplicates(const char *text, size_t size, struct error *err);

#endif
