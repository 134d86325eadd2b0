/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the outside, which only ever listens: nothing is read from a console. */
#ifndef UNLOCK_CONSOLE_H
#define UNLOCK_CONSOLE_H

/* A console whose other end reads nothing does not keep the machine on. */
#define CONSOLE_DRAIN_SECONDS 20

/* One line to the kernel's log, from where it reaches every console that the kernel has. */
void console_log(const char *line);

/* `text`, of any number of lines, to /dev/console, /dev/ttyS0 and /dev/hvc0, each once and where
 * they exist; returns when it has left them or CONSOLE_DRAIN_SECONDS are over for one. */
void console_print(const char *text);

#endif
