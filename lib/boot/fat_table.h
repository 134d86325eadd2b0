/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a FAT volume as a whole, to change it. Private to boot/. FAT specification 1.03,
 * clauses 4 and 5. */
#ifndef BOOT_FAT_TABLE_H
#define BOOT_FAT_TABLE_H

#include "boot/fat_volume.h"

struct fat_table;

struct fat_table *fat_table_read(struct fat *fat, struct error *err);
/* Into every copy, and the number of free clusters into FSInfo. */
bool fat_table_write(const struct fat_table *table, struct fat *fat, struct error *err);
void fat_table_free(struct fat_table *table);
DEFINE_OWNED(fat_table);

/* Frees a chain; `first` 0 is an empty one. COLDSEAL_BAD_IMAGE when it leaves the volume or has no
 * end. */
bool fat_table_release(struct fat_table *table, uint32_t first, struct error *err);
/* A new chain of `count` clusters, behind `last` unless that is 0. COLDSEAL_UNSUPPORTED where there
 * is no room. */
struct fat_chain *fat_table_allocate(struct fat_table *table, uint32_t last, uint32_t count,
                                     struct error *err);

#endif
