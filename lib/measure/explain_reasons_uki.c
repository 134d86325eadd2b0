/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for unified kernel images: the program itself (PCR 4), its parts (PCR 11), and what its
 * stub takes from beside it (PCR 12 and 13). */
#include "measure/boot_program.h"
#include "measure/explain_clue.h"

static bool uki_replaced(const struct clue *clue)
{
    const struct measured_event *expected = clue->difference->expected;

    return clue->difference->kind == DIFFERENCE_CHANGED &&
           has_kind(&clue->expected, SUBJECT_PROGRAM) && expected->what != NULL &&
           strncmp(expected->what, BOOT_PROGRAM_UKI, strlen(BOOT_PROGRAM_UKI)) == 0;
}

static bool uki_kernel(const struct clue *clue)
{
    return either_named(clue, SUBJECT_SECTION, ".linux");
}

static bool uki_initramfs(const struct clue *clue)
{
    return either_named(clue, SUBJECT_SECTION, ".initrd");
}

static bool uki_command_line(const struct clue *clue)
{
    return either_named(clue, SUBJECT_SECTION, ".cmdline");
}

static bool uki_section(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_SECTION);
}

static bool uki_credentials(const struct clue *clue)
{
    return either_named(clue, SUBJECT_ADDITION, "Credentials initrd") ||
           either_named(clue, SUBJECT_ADDITION, "Global credentials initrd");
}

static bool uki_addition(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_ADDITION) || clue->difference->pcr == 12 ||
           clue->difference->pcr == 13;
}

static const struct rule rules[] = {
    {uki_replaced, UKI_REPLACED},
    {uki_kernel, KERNEL_UPDATED},
    {uki_initramfs, INITRAMFS_REBUILT},
    {uki_command_line, COMMAND_LINE_EDITED},
    {uki_section, UKI_REPLACED},
    {uki_credentials,
     {"credentials", "a credential beside the unified kernel image was added, taken away or "
                     "changed"}},
    {uki_addition,
     {"uki-addition", "a command line, an add-on or an extension for the unified kernel image was "
                      "added, taken away or changed"}},
};

const struct explain_reason *explain_reason_find_uki(const struct clue *clue)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].matches(clue))
            return &rules[i].reason;
    }
    return NULL;
}
