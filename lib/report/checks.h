/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a verification: what was looked at, how it ended, and why. */
#ifndef REPORT_CHECKS_H
#define REPORT_CHECKS_H

#include "core/json.h"

#define CHECKS_NAMES_BYTES 512

struct checks {
    json_object *rows; /* [{ "check", "result": "ok" | "failed" | "not checked", "why" }] */
    unsigned failed;
    bool hostile;                   /* one failed as COLDSEAL_BAD_IMAGE */
    char names[CHECKS_NAMES_BYTES]; /* of those that failed, with commas; cut where they are many */
};

bool checks_init(struct checks *checks, struct error *err);
void checks_drop(struct checks *checks);

/* Each adds a row; false and err only when memory is out. */
bool checks_ok(struct checks *checks, const char *name, struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool checks_failed(struct checks *checks, const char *name, struct error *err, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));
bool checks_skipped(struct checks *checks, const char *name, struct error *err, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
/* A step that failed with `why`: a row that failed where that is a finding about the image, else
 * the command's own failure (false): what cannot be read, memory, a wrong key, bad options. */
bool checks_error(struct checks *checks, const char *name, const struct error *why,
                  struct error *err);

/* True when nothing failed; else COLDSEAL_DIFFERS, or COLDSEAL_BAD_IMAGE, and which. */
bool checks_passed(const struct checks *checks, struct error *err);

#endif
