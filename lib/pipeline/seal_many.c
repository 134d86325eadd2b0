/* SPDX-License-Identifier: Apache-2.0 */
/* seal --targets: one image, many machines. */
#include <pthread.h>
#include <stdio.h>

#include "core/threads.h"
#include "pipeline/seal_line.h"
#include "report/report.h"

#define THREADS_LIMIT 16

struct many {
    const struct coldseal_seal_many_options *options;
    struct targets *targets;
    struct seal_line *lines;
    struct seal_states *states;
    struct sealing *opened;
    pthread_mutex_t lock; /* of what follows, and of the caller's functions */
    size_t next;
    size_t done;
    size_t there;
    size_t failed;
};

static void many_free(struct many *many)
{
    if (many == NULL)
        return;
    sealing_free(many->opened);
    seal_states_free(many->states);
    free(many->lines);
    targets_free(many->targets);
    pthread_mutex_destroy(&many->lock);
    free(many);
}
DEFINE_OWNED(many);

static bool merge_lines(struct many *many, struct error *err)
{
    const struct targets *targets = many->targets;

    many->lines = calloc(targets->count, sizeof(*many->lines));
    if (many->lines == NULL)
        return error_no_memory(err);
    for (size_t i = 0; i < targets->count; i++) {
        if (!seal_line_merge(&many->options->seal, &targets->lines[i], &many->lines[i], err))
            return error_wrap(err, "%s", many->options->targets);
    }
    return targets_check_outputs(targets, many->options->seal.image, err) ||
           error_wrap(err, "%s", many->options->targets);
}

static bool find_states(struct many *many, struct error *err)
{
    bool fresh = many->options->seal.key_choice == COLDSEAL_KEY_FRESH;

    many->states = seal_states_new(err);
    for (size_t i = 0; many->states != NULL && i < many->targets->count; i++) {
        struct seal_line *line = &many->lines[i];
        if (!seal_states_find(many->states, many->opened, &line->options.policy, fresh,
                              &line->states, err))
            return false;
    }
    return many->states != NULL;
}

static struct many *many_new(const struct coldseal_seal_many_options *options, struct error *err)
{
    OWNED(many) many = calloc(1, sizeof(*many));

    if (many == NULL) {
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&many->lock, NULL);
    many->options = options;
    many->targets = targets_read(options->targets, err);
    if (many->targets == NULL || !merge_lines(many, err))
        return NULL;
    many->opened = sealing_open(&options->seal, err);
    return many->opened != NULL && find_states(many, err) ? TAKE(many) : NULL;
}

/* A line as people read it; error_set() makes names printable. */
static bool set_text(struct coldseal_report *report, const char *out, const char *result,
                     const struct error *failure, struct error *err)
{
    struct error line = {0};
    char *text;

    if (failure == NULL)
        error_set(&line, COLDSEAL_OK, "%s: %s", out, result);
    else
        error_set(&line, COLDSEAL_OK, "%s: %s: %s", out, result, failure->message);
    if (asprintf(&text, "%s\n", line.message) < 0)
        return error_no_memory(err);
    report_set_text(report, text);
    return true;
}

static bool add_output(json_object *json, const char *path, struct error *err)
{
    OWNED_JSON output = json_new_object(err);

    return output != NULL && json_add(output, "path", json_object_new_string(path), err) &&
           json_add(json, "output", TAKE(output), err);
}

static bool finish_line(struct coldseal_report *report, const struct seal_line *line, bool sealed,
                        const struct error *failure, struct error *err)
{
    const char *result = sealed ? "sealed" : failure == NULL ? "there already" : "failed";
    json_object *json = report_json(report);
    const char *out = line->options.out;

    return json_add(json, "line", json_object_new_uint64(line->target->number), err) &&
           json_add(json, "result", json_object_new_string(result), err) &&
           (sealed || add_output(json, out, err)) &&
           (failure == NULL || report_add_failure(report, failure, err)) &&
           set_text(report, out, result, failure, err);
}

static struct coldseal_report *run_line(struct many *many, const struct seal_line *line,
                                        bool *there, bool *ok, struct error *err)
{
    OWNED(coldseal_report) report = report_new("seal", err);
    OWNED(coldseal_report) bare = report_new("seal", err);
    struct error failure = {0};

    if (report == NULL || bare == NULL)
        return NULL;
    *ok = seal_line_run(line, many->opened, many->states, report_json(report), there, &failure);
    if (!*ok) /* nothing half-told */
        return finish_line(bare, line, false, &failure, err) ? TAKE(bare) : NULL;
    return finish_line(report, line, !*there, NULL, err) ? TAKE(report) : NULL;
}

static bool take_next(struct many *many, const struct seal_line **line)
{
    pthread_mutex_lock(&many->lock);
    bool more = many->next < many->targets->count;
    *line = more ? &many->lines[many->next++] : NULL;
    pthread_mutex_unlock(&many->lock);
    return more;
}

/* A report that could not be made is a failure without one. */
static void count_line(struct many *many, const struct coldseal_report *report, bool there, bool ok)
{
    const struct coldseal_progress *progress = &many->options->seal.progress;

    pthread_mutex_lock(&many->lock);
    many->done++;
    many->there += ok && there;
    many->failed += !ok || report == NULL;
    if (report != NULL && many->options->result != NULL)
        many->options->result(many->options->context, report);
    if (progress->update != NULL)
        progress->update(progress->context, "seal", many->done, many->targets->count);
    pthread_mutex_unlock(&many->lock);
}

static void *work(void *state)
{
    struct many *many = state;
    const struct seal_line *line;

    while (take_next(many, &line)) {
        bool there = false, ok = false;
        struct error ignored = {0};
        OWNED(coldseal_report) report = run_line(many, line, &there, &ok, &ignored);
        count_line(many, report, there, ok);
    }
    return NULL;
}

/* With a volume key of its own each disk is copied by many threads already. */
static size_t thread_count(const struct many *many)
{
    const struct coldseal_seal_options *seal = &many->options->seal;
    size_t count = seal->output.threads != 0 ? seal->output.threads : threads_default();

    if (seal->key_choice == COLDSEAL_KEY_FRESH)
        return 1;
    return count < THREADS_LIMIT ? count : THREADS_LIMIT;
}

/* The calling thread is one of them. */
static void run_threads(struct many *many)
{
    pthread_t threads[THREADS_LIMIT];
    size_t count = thread_count(many), started = 0;

    while (started + 1 < count && started + 1 < many->targets->count &&
           pthread_create(&threads[started], NULL, work, many) == 0)
        started++;
    work(many);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static bool summarise(const struct many *many, struct coldseal_report *report, struct error *err)
{
    size_t count = many->targets->count, sealed = count - many->there - many->failed;
    json_object *json = report_json(report);
    char *text;

    if (!json_add(json, "targets", json_object_new_uint64(count), err) ||
        !json_add(json, "sealed", json_object_new_uint64(sealed), err) ||
        !json_add(json, "there_already", json_object_new_uint64(many->there), err) ||
        !json_add(json, "failed", json_object_new_uint64(many->failed), err))
        return false;
    if (asprintf(&text, "%zu targets: %zu sealed, %zu there already, %zu failed\n", count, sealed,
                 many->there, many->failed) < 0)
        return error_no_memory(err);
    report_set_text(report, text);
    return true;
}

bool coldseal_seal_many(const struct coldseal_seal_many_options *options,
                        struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("seal", err);
    OWNED(many) many = report == NULL ? NULL : many_new(options, err);
    struct error second = {0};

    if (many == NULL)
        return false;
    run_threads(many);
    if (!summarise(many, report, &second)) {
        *err = second;
        return false;
    }
    bool ok = many->failed == 0 || error_set(err, COLDSEAL_DIFFERS, "%zu of %zu targets failed",
                                             many->failed, many->targets->count);
    if (!ok && !report_add_failure(report, err, &second)) {
        *err = second;
        return false;
    }
    if (report_out != NULL)
        *report_out = TAKE(report);
    return ok;
}
