/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of a recorded boot: programs.json has, by path, what was read out of each binary and
 * whose certificates its signatures lead to. */
#ifndef TESTS_TOOLS_RECORDED_PROGRAM_H
#define TESTS_TOOLS_RECORDED_PROGRAM_H

#include "core/json.h"
#include "measure/boot_program.h"

/* What a program says of itself; `certificates` are those that its signatures are tried with. */
json_object *recorded_program_to_json(const struct boot_program *program,
                                      const struct signature_list *certificates, struct error *err);

/* `programs` is programs.json, and `build` the GRUB's, which are borrowed. */
struct recorded_programs {
    json_object *programs;
    const struct grub_build *build;
};
struct boot_program_source recorded_programs_source(struct recorded_programs *recorded);

#endif
