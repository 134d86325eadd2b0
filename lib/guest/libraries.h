/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the guest has what coldseal-unlock is linked with. */
#ifndef GUEST_LIBRARIES_H
#define GUEST_LIBRARIES_H

#include "guest/inspect.h"

/* Where the dynamic loader finds a library for programs of this machine (elf.h, EM_*). */
bool library_find(struct guest_root *guest, uint16_t machine, const char *soname, char *path,
                  size_t size);

/* Libraries that `program`, a file of this machine's, and its libraries need, looked up in the
 * guest; the TPM's device library, which is opened by name, among them. COLDSEAL_UNSUPPORTED with
 * the list of what is missing and the line that installs it, or with the version of a library
 * (the C library, as a rule) that is too old for the program. With `fetch` the guest's packages of
 * what is missing are installed first, which goes into `changes`. */
bool guest_check_libraries(struct guest_root *guest, const struct guest_os *os, const char *program,
                           bool fetch, struct lines *changes, struct error *err);

/* The refusal's text for missing sonames; always false. Pure, for the tests. */
bool libraries_refuse(const char *os, const char *version, const struct lines *missing,
                      struct error *err);

#endif
