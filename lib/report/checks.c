/* SPDX-License-Identifier: Apache-2.0 */
#include "report/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool add_row(struct checks *checks, const char *name, const char *result, const char *why,
                    struct error *err)
{
    OWNED_JSON row = json_new_object(err);

    return row != NULL && json_add(row, "check", json_object_new_string(name), err) &&
           json_add(row, "result", json_object_new_string(result), err) &&
           json_add(row, "why", json_object_new_string(why), err) &&
           json_append(checks->rows, TAKE(row), err);
}

static void note_failure(struct checks *checks, const char *name)
{
    size_t used = strlen(checks->names);

    checks->failed++;
    snprintf(checks->names + used, sizeof(checks->names) - used, "%s%s", used > 0 ? ", " : "",
             name);
}

/* Names from an image end up in reasons: error_set() makes them harmless. */
static bool add_formatted(struct checks *checks, const char *name, const char *result,
                          const char *format, va_list args, struct error *err)
{
    char text[ERROR_MESSAGE_BYTES];
    struct error clean = {0};

    vsnprintf(text, sizeof(text), format, args);
    error_set(&clean, COLDSEAL_OK, "%s", text);
    return add_row(checks, name, result, clean.message, err);
}

bool checks_init(struct checks *checks, struct error *err)
{
    *checks = (struct checks){.rows = json_new_array(err)};
    return checks->rows != NULL;
}

void checks_drop(struct checks *checks)
{
    json_object_put(checks->rows);
    checks->rows = NULL;
}

bool checks_ok(struct checks *checks, const char *name, struct error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool added = add_formatted(checks, name, "ok", format, args, err);
    va_end(args);
    return added;
}

bool checks_failed(struct checks *checks, const char *name, struct error *err, const char *format,
                   ...)
{
    va_list args;

    note_failure(checks, name);
    va_start(args, format);
    bool added = add_formatted(checks, name, "failed", format, args, err);
    va_end(args);
    return added;
}

bool checks_skipped(struct checks *checks, const char *name, struct error *err, const char *format,
                    ...)
{
    va_list args;

    va_start(args, format);
    bool added = add_formatted(checks, name, "not checked", format, args, err);
    va_end(args);
    return added;
}

bool checks_error(struct checks *checks, const char *name, const struct error *why,
                  struct error *err)
{
    if (why->code != COLDSEAL_BAD_IMAGE && why->code != COLDSEAL_UNSUPPORTED &&
        why->code != COLDSEAL_TPM && why->code != COLDSEAL_DIFFERS) {
        *err = *why;
        return false;
    }
    checks->hostile = checks->hostile || why->code == COLDSEAL_BAD_IMAGE;
    return checks_failed(checks, name, err, "%s", why->message);
}

bool checks_passed(const struct checks *checks, struct error *err)
{
    return checks->failed == 0 ||
           error_set(err, checks->hostile ? COLDSEAL_BAD_IMAGE : COLDSEAL_DIFFERS,
                     "%u check%s failed: %s", checks->failed, checks->failed == 1 ? "" : "s",
                     checks->names);
}
