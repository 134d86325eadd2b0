/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/targets.h"

#include <stdio.h>
#include <string.h>

#define PARTIAL_SUFFIX ".partial"
#define FIRST_CAPACITY 64

static const char *const members[] = {
    "output",      "overlay",  "delta",      "target",           "parent",
    "parent_kind", "firmware", "pcr_values", "recovery_key_out", "no_recovery",
};

static void line_drop(struct target_line *line)
{
    json_object_put(line->json);
    free(line->recovery_key_partial);
}

void targets_free(struct targets *targets)
{
    if (targets == NULL)
        return;
    for (size_t i = 0; i < targets->count; i++)
        line_drop(&targets->lines[i]);
    free(targets->lines);
    free(targets);
}

static bool has(json_object *json, const char *key)
{
    return json_object_object_get_ex(json, key, NULL);
}

/* NULL where it is absent; an empty name is none. */
static bool take_string(json_object *json, const char *key, const char **value, struct error *err)
{
    if (!has(json, key))
        return true;
    return json_get_string(json, key, value, err) &&
           (**value != '\0' || error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" is empty", key));
}

/* A string, or an array of them. */
static bool take_firmware(struct target_line *line, struct error *err)
{
    json_object *value = NULL;

    if (!json_object_object_get_ex(line->json, "firmware", &value))
        return true;
    if (!json_object_is_type(value, json_type_array)) {
        line->firmware_count = 1;
        return take_string(line->json, "firmware", &line->firmware[0], err);
    }
    size_t count = json_object_array_length(value);
    if (count == 0 || count > PREDICTION_STATE_LIMIT)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "member \"firmware\" has %zu items: from 1 to %zu", count,
                         PREDICTION_STATE_LIMIT);
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_object_array_get_idx(value, i);
        if (!json_object_is_type(item, json_type_string) || json_object_get_string_len(item) == 0)
            return error_set(err, COLDSEAL_BAD_IMAGE, "member \"firmware\" has no name in it");
        line->firmware[line->firmware_count++] = json_object_get_string(item);
    }
    return true;
}

static bool take_output(struct target_line *line, struct error *err)
{
    static const char *const names[] = {
        [COLDSEAL_FORM_COPY] = "output",
        [COLDSEAL_FORM_OVERLAY] = "overlay",
        [COLDSEAL_FORM_DELTA] = "delta",
    };
    unsigned given = 0;

    for (unsigned form = 0; form < sizeof(names) / sizeof(names[0]); form++) {
        if (!has(line->json, names[form]))
            continue;
        given++;
        line->form = form;
        if (!take_string(line->json, names[form], &line->out, err))
            return false;
    }
    return given == 1 || error_set(err, COLDSEAL_BAD_IMAGE,
                                   "one of \"output\", \"overlay\" and \"delta\" is needed");
}

static bool take_recovery(struct target_line *line, struct error *err)
{
    if (!take_string(line->json, "recovery_key_out", &line->recovery_key_out, err) ||
        (has(line->json, "no_recovery") &&
         !json_get_bool(line->json, "no_recovery", &line->no_recovery, err)))
        return false;
    if (line->recovery_key_out == NULL)
        return true;
    if (line->no_recovery)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "one of \"recovery_key_out\" and \"no_recovery\"");
    if (asprintf(&line->recovery_key_partial, "%s%s", line->recovery_key_out, PARTIAL_SUFFIX) >= 0)
        return true;
    line->recovery_key_partial = NULL;
    return error_no_memory(err);
}

static bool take_policy(struct target_line *line, struct error *err)
{
    if (!take_string(line->json, "target", &line->target, err) ||
        !take_string(line->json, "parent", &line->parent, err) ||
        !take_string(line->json, "parent_kind", &line->parent_kind, err) ||
        !take_string(line->json, "pcr_values", &line->pcr_values, err) || !take_firmware(line, err))
        return false;
    if (line->target != NULL && line->parent != NULL)
        return error_set(err, COLDSEAL_BAD_IMAGE, "one of \"target\" and \"parent\"");
    if ((line->parent != NULL) != (line->parent_kind != NULL))
        return error_set(err, COLDSEAL_BAD_IMAGE, "\"parent\" and \"parent_kind\" go together");
    return line->pcr_values == NULL || line->firmware_count == 0 ||
           error_set(err, COLDSEAL_BAD_IMAGE, "one of \"firmware\" and \"pcr_values\"");
}

static bool parse_line(const char *text, size_t size, struct target_line *line, struct error *err)
{
    if (size > TARGETS_LINE_LIMIT_BYTES)
        return error_set(err, COLDSEAL_BAD_IMAGE, "longer than %zu bytes",
                         TARGETS_LINE_LIMIT_BYTES);
    line->json = json_parse(text, size, err);
    return line->json != NULL &&
           json_only_members(line->json, members, sizeof(members) / sizeof(members[0]), err) &&
           take_output(line, err) && take_policy(line, err) && take_recovery(line, err);
}

/* The line is there, zeroed, when it is parsed: what it owns goes with the others. */
static struct target_line *append(struct targets *targets, struct error *err)
{
    size_t count = targets->count;

    if (count == TARGETS_LIMIT) {
        error_set(err, COLDSEAL_BAD_IMAGE, "more than %d lines", TARGETS_LIMIT);
        return NULL;
    }
    if (count % FIRST_CAPACITY == 0) {
        struct target_line *lines =
            reallocarray(targets->lines, count + FIRST_CAPACITY, sizeof(*lines));
        if (lines == NULL) {
            error_no_memory(err);
            return NULL;
        }
        targets->lines = lines;
    }
    targets->lines[count] = (struct target_line){.number = count + 1};
    targets->count++;
    return &targets->lines[count];
}

struct targets *targets_parse(const char *text, size_t size, struct error *err)
{
    OWNED(targets) targets = calloc(1, sizeof(*targets));

    if (targets == NULL) {
        error_no_memory(err);
        return NULL;
    }
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - text) - at;
        struct target_line *line = append(targets, err);
        if (line == NULL || !parse_line(text + at, length, line, err)) {
            error_wrap(err, "line %zu", targets->count);
            return NULL;
        }
        at += length + 1;
    }
    if (targets->count > 0)
        return TAKE(targets);
    error_set(err, COLDSEAL_BAD_IMAGE, "no targets");
    return NULL;
}

struct targets *targets_read(const char *path, struct error *err)
{
    OWNED(bytes) text = bytes_read_file(path, TARGETS_FILE_LIMIT_BYTES, err);
    struct targets *targets =
        text == NULL ? NULL : targets_parse((const char *)text->data, text->size, err);

    if (targets == NULL)
        error_wrap(err, "%s", path);
    return targets;
}
