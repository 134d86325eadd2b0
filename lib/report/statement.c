/* SPDX-License-Identifier: Apache-2.0 */
/* in-toto Attestation Framework, Statement v1: what was made, by its digest, and how. */
#include <string.h>

#include "report/report.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "urn:coldseal:report:v1"

static json_object *make_subject(json_object *output, struct error *err)
{
    const char *path, *sha256;

    if (!json_get_string(output, "path", &path, err))
        return NULL;
    if (!json_object_object_get_ex(output, "sha256", NULL))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "a statement is about a file, which has a digest; %s is written, and none",
                         path),
               NULL;
    if (!json_get_string(output, "sha256", &sha256, err))
        return NULL;
    const char *slash = strrchr(path, '/');
    OWNED_JSON digest = json_new_object(err);
    OWNED_JSON subject = json_new_object(err);
    if (digest == NULL || subject == NULL ||
        !json_add(digest, "sha256", json_object_new_string(sha256), err) ||
        !json_add(subject, "name", json_object_new_string(slash == NULL ? path : slash + 1), err) ||
        !json_add(subject, "digest", TAKE(digest), err))
        return NULL;
    return TAKE(subject);
}

json_object *report_statement(json_object *report, struct error *err)
{
    OWNED_JSON statement = json_new_object(err);
    OWNED_JSON subjects = json_new_array(err);
    json_object *output;

    if (statement == NULL || subjects == NULL || !json_get_object(report, "output", &output, err))
        return NULL;
    json_object *subject = make_subject(output, err);
    if (subject == NULL || !json_append(subjects, subject, err) ||
        !json_add(statement, "_type", json_object_new_string(STATEMENT_TYPE), err) ||
        !json_add(statement, "subject", TAKE(subjects), err) ||
        !json_add(statement, "predicateType", json_object_new_string(PREDICATE_TYPE), err) ||
        !json_add(statement, "predicate", json_object_get(report), err))
        return NULL;
    return TAKE(statement);
}
