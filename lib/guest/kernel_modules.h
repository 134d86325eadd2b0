/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's kernel modules, by the lists that depmod(8) made of them. Paths are relative to
 * /lib/modules/RELEASE. */
#ifndef GUEST_KERNEL_MODULES_H
#define GUEST_KERNEL_MODULES_H

#include "guest/guest_root.h"

struct kernel_modules;

struct kernel_modules *kernel_modules_read(struct guest_root *guest, const char *release,
                                           struct error *err);
void kernel_modules_free(struct kernel_modules *modules);
DEFINE_OWNED(kernel_modules);

/* Whether the lists know a file. */
bool kernel_modules_have(const struct kernel_modules *modules, const char *path);
/* Adds a module or alias with what it depends on, softly too; nothing for one that is built in or
 * unknown. */
bool kernel_modules_add(const struct kernel_modules *modules, const char *name, struct lines *paths,
                        struct error *err);

/* What `depmod` writes where only `paths` are there: "modules.dep.bin", … *is_known is false, and
 * the result NULL without an error, for a file that is no such list. */
struct bytes *kernel_modules_list(const struct kernel_modules *modules, const struct lines *paths,
                                  const char *file, bool *is_known, struct error *err);

#endif
