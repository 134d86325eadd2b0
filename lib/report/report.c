/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <string.h>

#include "config.h"
#include "core/secret.h"
#include "report/text.h"

#define JSON_STYLE (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

struct coldseal_report {
    json_object *json;
    char *text; /* NULL: made of `json` */
};

struct coldseal_report *report_new(const char *command, struct error *err)
{
    OWNED(coldseal_report) report = calloc(1, sizeof(*report));

    if (report == NULL || (report->json = json_object_new_object()) == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!json_add(report->json, "command", json_object_new_string(command), err) ||
        !json_add(report->json, "version", json_object_new_string(PACKAGE_VERSION), err))
        return NULL;
    return TAKE(report);
}

json_object *report_json(struct coldseal_report *report)
{
    return report->json;
}

void coldseal_report_free(struct coldseal_report *report)
{
    if (report == NULL)
        return;
    json_object_put(report->json);
    free(report->text);
    free(report);
}

static char *json_text(json_object *json, struct error *err)
{
    const char *text = json_object_to_json_string_ext(json, JSON_STYLE);
    char *copy = text == NULL ? NULL : strdup(text);

    if (copy == NULL)
        error_no_memory(err);
    return copy;
}

char *coldseal_report_json(const struct coldseal_report *report, struct coldseal_error *err)
{
    return json_text(report->json, err);
}

char *coldseal_report_statement(const struct coldseal_report *report, struct coldseal_error *err)
{
    OWNED_JSON statement = report_statement(report->json, err);

    return statement == NULL ? NULL : json_text(statement, err);
}

char *coldseal_report_text(const struct coldseal_report *report, struct coldseal_error *err)
{
    if (report->text == NULL)
        return text_render(report->json, err);
    char *copy = strdup(report->text);
    if (copy == NULL)
        error_no_memory(err);
    return copy;
}

void report_set_text(struct coldseal_report *report, char *text)
{
    free(report->text);
    report->text = text;
}

static const char *code_name(enum coldseal_code code)
{
    switch (code) {
    case COLDSEAL_OK:
        return "ok";
    case COLDSEAL_DIFFERS:
        return "differs";
    case COLDSEAL_USAGE:
        return "usage";
    case COLDSEAL_IO:
        return "io";
    case COLDSEAL_BAD_IMAGE:
        return "bad-image";
    case COLDSEAL_TPM:
        return "tpm";
    case COLDSEAL_KEY:
        return "key";
    case COLDSEAL_UNSUPPORTED:
        return "unsupported";
    case COLDSEAL_TRY_AGAIN:
        return "try-again";
    case COLDSEAL_BUG:
        break;
    }
    return "bug";
}

static bool add_failure(json_object *json, const struct coldseal_error *error, struct error *err)
{
    OWNED_JSON failure = json_new_object(err);

    return failure != NULL &&
           json_add(failure, "code", json_object_new_int((int)error->code), err) &&
           json_add(failure, "kind", json_object_new_string(code_name(error->code)), err) &&
           json_add(failure, "message", json_object_new_string(error->message), err) &&
           json_add(json, "error", TAKE(failure), err);
}

bool report_add_failure(struct coldseal_report *report, const struct error *failure,
                        struct error *err)
{
    return add_failure(report->json, failure, err);
}

void coldseal_error_prefix(struct coldseal_error *error, const char *subject)
{
    /* A long name leaves room for the reason. */
    error_wrap(error, "%.*s", (int)sizeof(error->message) / 2, subject);
}

char *coldseal_error_json(const struct coldseal_error *error)
{
    struct error err = {0};
    OWNED_JSON json = json_new_object(&err);

    if (json == NULL || !add_failure(json, error, &err))
        return NULL;
    return json_text(json, &err);
}

const char *coldseal_version(void)
{
    return PACKAGE_VERSION;
}

void coldseal_harden_process(void)
{
    secret_harden_process();
}
