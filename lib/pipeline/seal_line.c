/* SPDX-License-Identifier: Apache-2.0 */
/* The recovery key is in a file of another name until the disk is there, so that a run that was cut
 * off leaves either a disk that lacks only the renaming, or a key that opens nothing. */
#include "pipeline/seal_line.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/key_files.h"
#include "pipeline/seal_existing.h"

static void merge_policy(const struct target_line *target, struct coldseal_policy_options *policy)
{
    if (target->target != NULL || target->parent != NULL) {
        policy->target = target->target;
        policy->parent = target->parent;
        policy->parent_kind = target->parent_kind;
    }
    if (target->firmware_count != 0 || target->pcr_values != NULL) {
        policy->firmware = target->firmware;
        policy->firmware_count = target->firmware_count;
        policy->pcr_values = target->pcr_values;
    }
}

static bool check_merged(const struct coldseal_seal_options *options, struct error *err)
{
    const struct coldseal_policy_options *policy = &options->policy;

    if (policy->target == NULL && policy->parent == NULL)
        return error_set(err, COLDSEAL_USAGE, "no target");
    if (policy->firmware_count == 0 && policy->pcr_values == NULL)
        return error_set(err, COLDSEAL_USAGE, "neither firmware nor PCR values");
    if (options->recovery_key_out == NULL && !options->no_recovery)
        return error_set(err, COLDSEAL_USAGE, "one of recovery_key_out and no_recovery is needed");
    return sealing_check_choice(options, err);
}

bool seal_line_merge(const struct coldseal_seal_options *common, const struct target_line *target,
                     struct seal_line *line, struct error *err)
{
    struct coldseal_seal_options *options = &line->options;

    line->target = target;
    *options = *common;
    options->out = target->out;
    options->form = target->form;
    options->recovery_key_out = target->recovery_key_partial;
    options->no_recovery =
        target->no_recovery || (common->no_recovery && target->recovery_key_out == NULL);
    options->progress = (struct coldseal_progress){0};
    merge_policy(target, &options->policy);
    return check_merged(options, err) || error_wrap(err, "line %zu", target->number);
}

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* Beside a disk it is this key that opens it: a file that has the name already is of an earlier
 * disk, which was replaced. */
static bool name_recovery_key(const struct target_line *target, struct error *err)
{
    if (target->recovery_key_partial == NULL || !exists(target->recovery_key_partial))
        return true;
    return rename(target->recovery_key_partial, target->recovery_key_out) == 0 ||
           error_errno(err, COLDSEAL_IO, "name recovery key file %s", target->recovery_key_out);
}

/* Of a run that was cut off before the disk that it would open. */
static bool drop_partial(const struct target_line *target, struct error *err)
{
    return target->recovery_key_partial == NULL || unlink(target->recovery_key_partial) == 0 ||
           errno == ENOENT ||
           error_errno(err, COLDSEAL_IO, "remove %s", target->recovery_key_partial);
}

static bool seal(const struct seal_line *line, const struct sealing *opened,
                 struct seal_policy *policy, json_object *json, struct error *err)
{
    OWNED(seal_policy) owned = policy;
    const struct target_line *target = line->target;

    if (!key_file_check(target->recovery_key_out, line->options.output.force, "recovery key file",
                        err) ||
        !drop_partial(target, err))
        return false;
    OWNED(sealing) work = sealing_from(opened, &line->options, TAKE(owned), err);
    return work != NULL && sealing_write(work, err) && name_recovery_key(target, err) &&
           sealing_describe(work, json, err);
}

bool seal_line_run(const struct seal_line *line, const struct sealing *opened,
                   const struct seal_states *states, json_object *json, bool *there,
                   struct error *err)
{
    const struct coldseal_seal_options *options = &line->options;
    OWNED(seal_policy) policy = seal_states_policy(states, line->states, &options->policy, err);

    *there = !options->output.force && exists(options->out);
    if (policy == NULL)
        return false;
    return *there ? seal_existing_check(opened, options, policy, err) &&
                        name_recovery_key(line->target, err)
                  : seal(line, opened, TAKE(policy), json, err);
}
