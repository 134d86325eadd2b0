/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded boot as GRUB's interpreter wants it: case.json names the files of each volume, the
 * folder has those that are read, digests.txt the digests of all. */
#ifndef TESTS_TOOLS_GRUB_CASE_H
#define TESTS_TOOLS_GRUB_CASE_H

#include "boot/grub_script.h"
#include "core/json.h"

struct grub_case {
    struct boot_files *files;
    struct grub_build *build; /* NULL for a boot without GRUB */
    struct grub_start start;
    struct bytes *eventlog; /* NULL where there is none */
    json_object *json;
};

struct grub_case *grub_case_read(const char *folder, struct error *err);
void grub_case_free(struct grub_case *recorded);
DEFINE_OWNED(grub_case);

/* What grub_build_read() found, without what a signed binary itself holds. */
json_object *grub_build_to_json(const struct grub_build *build, struct error *err);

#endif
