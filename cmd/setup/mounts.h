/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted, proc_pid_mountinfo(5). */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stddef.h>

#include "core/error.h"

struct mount {
    char device[256]; /* "/dev/sda16" */
    char type[32];    /* "ext4" */
};

/* The one on top of `point`. `text` is a mountinfo file, NUL-terminated. */
bool mounts_find(const char *text, const char *point, struct mount *found);

#endif
