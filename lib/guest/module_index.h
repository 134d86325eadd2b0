/* SPDX-License-Identifier: Apache-2.0 */
/* The indexes by which modprobe and udev find kernel modules: a trie of keys in a file, as depmod
 * writes it (kmod, libkmod/libkmod-index.h and tools/depmod.c). */
#ifndef GUEST_MODULE_INDEX_H
#define GUEST_MODULE_INDEX_H

#include "core/bytes.h"

struct module_index;

struct module_index *module_index_new(struct error *err);
void module_index_free(struct module_index *index);
DEFINE_OWNED(module_index);

/* A value of a key, before those with a higher priority. COLDSEAL_BAD_IMAGE for a key that is no
 * ASCII or is too long. */
bool module_index_add(struct module_index *index, const char *key, const char *value,
                      uint32_t priority, struct error *err);
struct bytes *module_index_write(const struct module_index *index, struct error *err);

#endif
