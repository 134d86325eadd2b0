/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 of RFC 4648, section 4, for what is not secret (see secret_base64 for what is). */
#ifndef CORE_BASE64_H
#define CORE_BASE64_H

#include "core/bytes.h"

/* One line, NUL-terminated; freed with free(3). */
char *base64_encode(const void *data, size_t size, struct error *err);
/* Strict: canonical padding, no white space. COLDSEAL_BAD_IMAGE otherwise. */
struct bytes *base64_decode(const char *text, struct error *err);

#endif
