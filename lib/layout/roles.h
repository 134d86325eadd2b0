/* SPDX-License-Identifier: Apache-2.0 */
/* Which partition may be root. Private to layout/. */
#ifndef LAYOUT_ROLES_H
#define LAYOUT_ROLES_H

#include "layout/plan.h"

struct root_candidates {
    uint32_t count;
    uint32_t indices[GPT_MAX_ENTRIES]; /* into table->partitions */
};

/* The candidates of the strongest rule that has any; more than one is a doubt. */
void root_candidates_find(const struct partition_table *table, struct root_candidates *found);

#endif
