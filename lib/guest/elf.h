/* SPDX-License-Identifier: Apache-2.0 */
/* What a dynamically linked ELF file needs and what versions it provides: System V gABI 4.1,
 * chapter 5, and the GNU version sections of the LSB (Core Generic 5.0, clause 10.7). */
#ifndef GUEST_ELF_H
#define GUEST_ELF_H

#include "core/bytes.h"
#include "guest/lines.h"

struct elf_version_need {
    char file[64];    /* "libc.so.6" */
    char version[64]; /* "GLIBC_2.38" */
};

struct elf {
    uint16_t machine;      /* EM_X86_64, EM_AARCH64 */
    struct lines needed;   /* sonames */
    struct lines provided; /* versions that this file defines */
    struct elf_version_need *needs;
    size_t need_count;
};

/* 64-bit little-endian files only. Anything malformed, or not dynamic: COLDSEAL_BAD_IMAGE. */
struct elf *elf_read(const struct bytes *file, struct error *err);
void elf_free(struct elf *elf);
DEFINE_OWNED(elf);

#endif
