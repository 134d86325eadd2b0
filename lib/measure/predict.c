/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/predict.h"

#include "measure/predict_firmware.h"
#include "measure/predict_grub.h"
#include "measure/predict_uki.h"

static bool take_recorded(struct prediction *prediction, const struct firmware *firmware)
{
    const struct pcr_bank_values *recorded = &firmware->recorded_pcrs;

    for (uint32_t i = 0; i < PCR_COUNT; i++) {
        if ((recorded->known & FIRMWARE_RECORDED_PCRS & UINT32_C(1) << i) != 0)
            prediction_take_recorded(prediction, i, recorded->pcrs[i].sha256);
    }
    return true;
}

static bool predict_second(struct prediction *prediction, struct boot_files *files,
                           const struct boot_chain *chain,
                           const struct boot_program_source *programs, struct shim_run *shim,
                           bool secure_boot, struct error *err)
{
    const struct boot_program *second = chain->programs[1];

    if (!shim_run_verify(shim, prediction, second, chain->second, true, err))
        return false;
    if (chain->chain == PREDICTION_SHIM_UKI)
        return predict_uki(prediction,
                           &(struct uki_run){files, second, chain->esp, chain->second, secure_boot},
                           err);
    const struct grub_run run = {
        .files = files,
        .programs = programs,
        .shim = shim,
        .grub = second,
        .esp = chain->esp,
        .path = chain->second,
    };
    return predict_grub(prediction, &run, err);
}

static bool predict_programs(struct prediction *prediction, struct boot_files *files,
                             const struct boot_chain *chain,
                             const struct boot_program_source *programs,
                             const struct firmware *firmware, struct error *err)
{
    const struct boot_program *first = chain->programs[0];

    if (!predict_boot_option(prediction, firmware, first, chain->first, err))
        return false;
    if (chain->chain == PREDICTION_UKI)
        return predict_uki(
            prediction,
            &(struct uki_run){files, first, chain->esp, chain->first, firmware->secure_boot}, err);
    OWNED(shim_run) shim = shim_run_start(prediction, firmware, first, err);
    return shim != NULL &&
           predict_second(prediction, files, chain, programs, shim, firmware->secure_boot, err);
}

struct prediction *predict_boot(struct boot_files *files, const struct boot_chain *chain,
                                const struct boot_program_source *programs,
                                const struct firmware *firmware, const char *name,
                                struct error *err)
{
    OWNED(prediction) prediction = prediction_new(chain->chain, name, err);

    if (prediction == NULL || !predict_firmware(prediction, firmware, err) ||
        !predict_programs(prediction, files, chain, programs, firmware, err) ||
        !take_recorded(prediction, firmware) || !prediction_replay(prediction, err))
        return NULL;
    return TAKE(prediction);
}
