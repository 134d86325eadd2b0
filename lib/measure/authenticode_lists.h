/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up images and certificates in signature lists. */
#ifndef MEASURE_AUTHENTICODE_LISTS_H
#define MEASURE_AUTHENTICODE_LISTS_H

#include "core/digest.h"
#include "measure/signature_list.h"

/* An image's digest; *entry is the first that has it. `list` may be NULL. */
bool authenticode_find_digest(const struct signature_list *list, enum digest_algorithm algorithm,
                              const uint8_t *digest, size_t *entry);
/* The digest of what is signed in a certificate (DER). */
bool authenticode_find_certificate_digest(const struct signature_list *list,
                                          const uint8_t *certificate, size_t size, size_t *entry);

#endif
