/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that stands for a guest's root; nothing in it is run. Links are not followed beyond what
 * the system does, so that tests make relative ones only. */
#ifndef TESTS_UNIT_FOLDER_ROOT_H
#define TESTS_UNIT_FOLDER_ROOT_H

#include "guest/guest_root.h"

struct folder_root {
    struct guest_root root;
    const char *folder;
};

struct folder_root folder_root(const char *folder);

#endif
