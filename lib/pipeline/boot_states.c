/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/boot_states.h"

#include <string.h>

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
static bool find_same(const struct predictions *predictions, const struct prediction *prediction,
                      size_t *index)
{
    for (size_t i = 0; i < predictions->count; i++) {
        const struct prediction *other = predictions->items[i];
        if (other->known == prediction->known &&
            memcmp(other->pcrs, prediction->pcrs, sizeof(other->pcrs)) == 0)
            return *index = i, true;
    }
    return false;
}

static bool add_state(struct boot_states *states, const char *name, const char *data_dir,
                      const struct boot_program_source *programs, struct error *err)
{
    struct firmware *firmware = firmware_find(name, data_dir, err);

    if (firmware == NULL)
        return false;
    size_t *state = &states->state_of[states->firmware_count];
    states->firmware[states->firmware_count++] = firmware;
    OWNED(prediction) prediction =
        predict_boot(states->files, &states->chain, programs, firmware, firmware->origin, err);
    if (prediction == NULL)
        return error_wrap(err, "with %s", name);
    if (find_same(&states->predictions, prediction, state))
        return true;
    *state = states->predictions.count++;
    states->predictions.items[*state] = TAKE(prediction);
    return true;
}

bool boot_states_predict(struct boot_files *files, const char *const *firmware, size_t count,
                         const char *data_dir, struct boot_states *states, struct error *err)
{
    const struct boot_program_source programs = boot_program_files();

    *states = (struct boot_states){.files = files};
    if (count > PREDICTION_STATE_LIMIT)
        return error_set(err, COLDSEAL_USAGE, "more than %zu firmware states",
                         PREDICTION_STATE_LIMIT);
    if (!boot_chain_find(files, &programs, &states->chain, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!add_state(states, firmware[i], data_dir, &programs, err))
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
