/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: a code, which becomes the exit code, and one line that grows context on the way up.
 *
 * A function that can fail returns bool (or a pointer) and takes `struct error *err` last. The
 * first failure sets it; callers wrap it. Every setter returns false, so that `return error_set(…)`
 * works. An error is a plain value: initialise it with { 0 }, there is nothing to free. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include <stdbool.h>

#include "coldseal.h"

#define ERROR_MESSAGE_BYTES COLDSEAL_ERROR_BYTES

#define error coldseal_error

/* Sets code and message. Control characters and what is not UTF-8 are replaced, since names from
 * an image end up here. */
bool error_set(struct error *err, enum coldseal_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set, with ": " and the text of errno behind it. */
bool error_errno(struct error *err, enum coldseal_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that is there; the code stays. */
bool error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Out of memory: COLDSEAL_IO, "out of memory". */
bool error_no_memory(struct error *err);

#endif
