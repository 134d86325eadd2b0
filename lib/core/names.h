/* SPDX-License-Identifier: Apache-2.0 */
/* Names in tables of names. */
#ifndef CORE_NAMES_H
#define CORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* For the two below: a table and its length. */
#define NAMES(table) (table), sizeof(table) / sizeof((table)[0])

bool name_is_among(const char *name, const char *const *names, size_t count);
/* Shell patterns (fnmatch(3)), in which '*' stands for '/' too. */
bool name_matches(const char *name, const char *const *patterns, size_t count);

#endif
