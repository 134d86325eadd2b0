/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: memory of their own, locked against swapping, left out of core dumps and of children,
 * wiped when freed, compared in constant time. */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/own.h"

struct secret {
    uint8_t *data;
    size_t size;
};

/* Zero-filled. COLDSEAL_IO when the memory cannot be had or locked (RLIMIT_MEMLOCK). */
struct secret *secret_new(size_t size, struct error *err);
/* `size` random bytes from OpenSSL's private generator. */
struct secret *secret_random(size_t size, struct error *err);
/* Copies `data`; wiping the source is the caller's business. */
struct secret *secret_copy(const void *data, size_t size, struct error *err);
/* The base64 text of `secret`, without a final NUL in `size` (there is one behind it). */
struct secret *secret_base64(const struct secret *secret, struct error *err);
void secret_free(struct secret *secret);
DEFINE_OWNED(secret);

bool secret_equal(const struct secret *a, const struct secret *b);

/* Reads a key file whole: path, "-" for standard input, /dev/fd/N as any path. Empty or more than
 * 8 MiB (the limit of cryptsetup) is refused with COLDSEAL_KEY. */
struct secret *secret_read_file(const char *path, struct error *err);

/* Creates `path` with mode 0600 and writes the secret, synced: complete or absent, whatever happens
 * (core/outfile.h). An existing file is refused (COLDSEAL_IO); "-" writes to standard output. */
bool secret_write_file(const struct secret *secret, const char *path, struct error *err);

/* For a whole process, once at its start: no core dumps. */
void secret_harden_process(void);

#endif
