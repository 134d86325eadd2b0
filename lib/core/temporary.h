/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files. */
#ifndef CORE_TEMPORARY_H
#define CORE_TEMPORARY_H

#include "core/error.h"

/* TMPDIR, else /var/tmp: images do not fit into memory. Borrowed. */
const char *temporary_folder(void);
/* A file there that has no name, for reading and writing by its owner alone; -1: COLDSEAL_IO. */
int temporary_file(struct error *err);

#endif
