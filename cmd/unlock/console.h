/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the outside. Nothing is read from a console, but for a recovery key where the measured
 * command line says so. */
#ifndef UNLOCK_CONSOLE_H
#define UNLOCK_CONSOLE_H

#include "core/secret.h"

/* A console whose other end reads nothing does not keep the machine on. */
#define CONSOLE_DRAIN_SECONDS 20

#define CONSOLE_LINE_BYTES 900

enum console_level { CONSOLE_FAILURE, CONSOLE_NOTICE };
/* One line to the kernel's log, from where it reaches every console that the kernel has. */
void console_log(enum console_level level, const char *line);

/* Waits up to CONSOLE_ANSWER_SECONDS for a line and reads it, without its end, into a secret; what
 * is typed is not shown. From /dev/console, or from standard input. COLDSEAL_KEY when none comes,
 * or one of more than CONSOLE_ANSWER_BYTES. */
#define CONSOLE_ANSWER_SECONDS 600
#define CONSOLE_ANSWER_BYTES 256
struct secret *console_ask(bool from_stdin, struct error *err);

/* `text`, of any number of lines, to /dev/console, /dev/ttyS0 and /dev/hvc0, each once and where
 * they exist; returns when it has left them or CONSOLE_DRAIN_SECONDS are over for one. */
void console_print(const char *text);

#endif
