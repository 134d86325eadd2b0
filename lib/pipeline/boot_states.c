/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/boot_states.h"

#include <stdio.h>
#include <string.h>

#define STATE_NAME_BYTES 384
/* shim, SBAT.md: the next boot takes the latest of the levels that are built in. */
#define SBAT_POLICY_LATEST 1

/* One pass over the kernels with one firmware. */
struct pass {
    struct boot_states *states;
    const struct firmware *firmware;
    const char *suffix; /* of the states' names */
};

void boot_states_drop(struct boot_states *states)
{
    predictions_drop(&states->predictions);
    boot_chain_drop(&states->chain);
    for (size_t i = 0; i < states->firmware_count; i++)
        firmware_free(states->firmware[i]);
    states->firmware_count = 0;
    boot_files_free(states->files);
    states->files = NULL;
}

/* A state that leads to the same values needs no policy of its own. */
static bool is_there(const struct predictions *predictions, const struct prediction *prediction)
{
    for (size_t i = 0; i < predictions->count; i++) {
        const struct prediction *other = predictions->items[i];
        if (other->known == prediction->known &&
            memcmp(other->pcrs, prediction->pcrs, sizeof(other->pcrs)) == 0)
            return true;
    }
    return false;
}

static bool add_prediction(const struct pass *pass, struct boot_files *files, const char *name,
                           struct error *err)
{
    const struct boot_program_source programs = boot_program_files();
    struct boot_states *states = pass->states;
    struct predictions *predictions = &states->predictions;
    OWNED(prediction) prediction =
        predict_boot(files, &states->chain, &programs, pass->firmware, name, err);

    if (prediction == NULL)
        return error_wrap(err, "with %s", name);
    if (is_there(predictions, prediction))
        return true;
    if (predictions->count == PREDICTION_STATE_LIMIT)
        return error_set(err, COLDSEAL_USAGE,
                         "more than %zu states, each of which takes a token and a keyslot",
                         PREDICTION_STATE_LIMIT);
    states->secure_boot[predictions->count] = pass->firmware->secure_boot;
    predictions->items[predictions->count++] = TAKE(prediction);
    return true;
}

static bool add_first(const struct pass *pass, struct error *err)
{
    char name[STATE_NAME_BYTES];

    snprintf(name, sizeof(name), "%s%s", pass->firmware->origin, pass->suffix);
    return add_prediction(pass, pass->states->files, name, err);
}

static bool add_kernel(const struct pass *pass, size_t volume, const char *version,
                       struct error *err)
{
    OWNED(boot_files) files = boot_files_with_kernel(pass->states->files, volume, version, err);
    char name[STATE_NAME_BYTES];

    snprintf(name, sizeof(name), "%s%s, kernel %s", pass->firmware->origin, pass->suffix, version);
    return files != NULL && add_prediction(pass, files, name, err);
}

/* What is no reason to give up where only states that lead to a boot are wanted, as many as there
 * is room for. */
static bool is_excused(const struct error *why, bool lenient)
{
    return lenient && (why->code == COLDSEAL_TPM || why->code == COLDSEAL_UNSUPPORTED ||
                       why->code == COLDSEAL_USAGE);
}

static bool add_kernels(const struct pass *pass, bool lenient, struct error *err)
{
    struct boot_kernels kernels;
    struct error why = {0};

    bool ok = boot_kernels_find(pass->states->files, &kernels, &why);
    for (size_t i = 0; ok && i < kernels.count; i++) {
        ok = add_kernel(pass, kernels.volume, kernels.versions[i], &why);
        if (!ok && is_excused(&why, lenient)) {
            why = (struct error){0};
            ok = true;
        }
    }
    if (ok || is_excused(&why, lenient))
        return true;
    *err = why;
    return false;
}

/* As shim finds it where somebody asked for the latest level, and finds it raised ever after. */
static bool ask_for_latest_level(struct firmware *firmware, struct error *err)
{
    static const uint8_t policy = SBAT_POLICY_LATEST;

    return firmware_set_variable(firmware, FIRMWARE_SBAT_POLICY,
                                 firmware_variable_attributes(FIRMWARE_SBAT_POLICY), &policy,
                                 sizeof(policy), true, err);
}

static bool add_latest_level(struct boot_states *states, struct firmware *firmware,
                             const struct coldseal_more_states *more, bool lenient,
                             struct error *err)
{
    const struct pass pass = {states, firmware, ", shim's latest SbatLevel"};
    struct error why = {0};

    if (!ask_for_latest_level(firmware, err))
        return false;
    if (!add_first(&pass, &why)) {
        if (is_excused(&why, lenient))
            return true;
        *err = why;
        return false;
    }
    return !more->other_kernels || add_kernels(&pass, lenient, err);
}

bool boot_states_begin(struct boot_files *files, struct boot_states *states, struct error *err)
{
    const struct boot_program_source programs = boot_program_files();

    *states = (struct boot_states){.files = files};
    return boot_chain_find(files, &programs, &states->chain, err);
}

bool boot_states_add(struct boot_states *states, struct firmware *firmware,
                     const struct coldseal_more_states *more, bool lenient, struct error *err)
{
    const struct pass pass = {states, firmware, ""};

    if (states->firmware_count == PREDICTION_STATE_LIMIT) {
        firmware_free(firmware);
        return error_set(err, COLDSEAL_USAGE, "more than %zu firmware states",
                         PREDICTION_STATE_LIMIT);
    }
    states->firmware[states->firmware_count++] = firmware;
    return add_first(&pass, err) && (!more->other_kernels || add_kernels(&pass, lenient, err)) &&
           (!more->latest_sbat_level || add_latest_level(states, firmware, more, lenient, err));
}

bool boot_states_predict(struct boot_files *files, const struct boot_states_request *request,
                         struct boot_states *states, struct error *err)
{
    if (!boot_states_begin(files, states, err))
        return false;
    for (size_t i = 0; i < request->firmware_count; i++) {
        struct firmware *firmware = firmware_find(request->firmware[i], request->data_dir, err);
        if (firmware == NULL ||
            !boot_states_add(states, firmware, &request->more, request->lenient, err))
            return false;
    }
    return true;
}

json_object *boot_states_describe_firmware(const struct boot_states *states, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (size_t i = 0; array != NULL && i < states->firmware_count; i++) {
        if (!json_append(array, json_object_new_string(states->firmware[i]->origin), err))
            return NULL;
    }
    return TAKE(array);
}
