/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed as a whole, with a limit on all of it: for trees and texts that hostile
 * input may let grow. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

#include "core/error.h"
#include "core/own.h"

struct arena;

struct arena *arena_new(size_t limit_bytes, struct error *err);
void arena_free(struct arena *arena);
DEFINE_OWNED(arena);

/* Zero-filled, aligned for any object, valid until arena_free(). NULL and COLDSEAL_UNSUPPORTED
 * beyond the limit. */
void *arena_take(struct arena *arena, size_t size, struct error *err);
/* `length` bytes and a NUL. */
char *arena_copy(struct arena *arena, const char *text, size_t length, struct error *err);

#endif
