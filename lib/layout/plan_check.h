/* SPDX-License-Identifier: Apache-2.0 */
/* What a table must have before it can be planned. Private to layout/. */
#ifndef LAYOUT_PLAN_CHECK_H
#define LAYOUT_PLAN_CHECK_H

#include "layout/plan.h"

/* One ESP and one root, found without doubt; both borrowed. COLDSEAL_UNSUPPORTED otherwise. */
bool plan_check_table(const struct partition_table *table, const struct partition **root,
                      struct error *err);
/* Root is a file system, all of it in that partition: it can be encrypted as a stream.
 * COLDSEAL_UNSUPPORTED. */
bool plan_check_plain_root(const struct partition *root, struct error *err);
/* No partition is a part of something that may span several. COLDSEAL_UNSUPPORTED. */
bool plan_check_containers(const struct partition_table *table, struct error *err);

#endif
