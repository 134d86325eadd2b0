/* SPDX-License-Identifier: Apache-2.0 */
/* What a program leaves when it ends: its own memory that it never freed, and secrets. */
#ifndef LEFT_BEHIND_H
#define LEFT_BEHIND_H

#include <stdio.h>

void left_remember(const void *memory, const void *caller);
void left_forget(const void *memory);
/* "leak ADDRESS" for each place of the program, from its start, whose memory was never freed;
 * "secret FILE at ADDRESS" for each place in writable memory where the first 16 bytes of a file
 * lie; `secrets` are names between colons, or NULL. */
void left_report(FILE *out, const void *program, const char *secrets);

#endif
