/* SPDX-License-Identifier: Apache-2.0 */
/* What an image will measure on its target: one prediction for each state that the target may be
 * in. */
#ifndef PIPELINE_BOOT_STATES_H
#define PIPELINE_BOOT_STATES_H

#include "measure/predict.h"

struct boot_states {
    struct boot_files *files;
    struct boot_chain chain;
    size_t firmware_count;
    struct firmware *firmware[PREDICTION_STATE_LIMIT];
    size_t state_of[PREDICTION_STATE_LIMIT]; /* of each: its index in `predictions` */
    struct predictions
        predictions; /* those that differ in their PCRs, named where there are more */
};
void boot_states_drop(struct boot_states *states);
#define OWNED_BOOT_STATES __attribute__((cleanup(boot_states_drop))) struct boot_states

/* `files` is taken over, also on failure. `firmware` are names or files, as firmware_find()
 * takes them. */
bool boot_states_predict(struct boot_files *files, const char *const *firmware, size_t count,
                         const char *data_dir, struct boot_states *states, struct error *err);

/* Where each came from, an array of strings. */
json_object *boot_states_describe_firmware(const struct boot_states *states, struct error *err);

#endif
