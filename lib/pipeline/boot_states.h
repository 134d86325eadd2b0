/* SPDX-License-Identifier: Apache-2.0 */
/* What an image will measure on its target: one prediction for each state that the two may be in.
 */
#ifndef PIPELINE_BOOT_STATES_H
#define PIPELINE_BOOT_STATES_H

#include "boot/boot_kernels.h"
#include "measure/predict.h"

struct boot_states {
    struct boot_files *files;
    struct boot_chain chain;
    size_t firmware_count;
    struct firmware *firmware[PREDICTION_STATE_LIMIT];
    /* Those that differ in their PCRs, each with a name, and whether Secure Boot is on there. */
    struct predictions predictions;
    bool secure_boot[PREDICTION_STATE_LIMIT];
};
void boot_states_drop(struct boot_states *states);
#define OWNED_BOOT_STATES __attribute__((cleanup(boot_states_drop))) struct boot_states

struct boot_states_request {
    const char *const *firmware; /* names or files, as firmware_find() takes them */
    size_t firmware_count;
    const char *data_dir;
    struct coldseal_more_states more;
    /* A state of `more` in which the image does not boot is left out; otherwise it is an error. */
    bool lenient;
};

/* `files` is taken over, also on failure. Begins `states`, which has no prediction yet. */
bool boot_states_begin(struct boot_files *files, struct boot_states *states, struct error *err);
/* With a firmware, which is taken over, also on failure, the states of `more` behind the first. */
bool boot_states_add(struct boot_states *states, struct firmware *firmware,
                     const struct coldseal_more_states *more, bool lenient, struct error *err);
/* Both, for all firmware states of the request. */
bool boot_states_predict(struct boot_files *files, const struct boot_states_request *request,
                         struct boot_states *states, struct error *err);

/* Where each firmware state came from, an array of strings. */
json_object *boot_states_describe_firmware(const struct boot_states *states, struct error *err);

#endif
