/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to a LUKS2 header as a host with a hex editor makes them, checksums put right afterwards.
 * Written from the format's specification; shares no code with what is tested. */
#ifndef TESTS_LUKS2_PATCH_H
#define TESTS_LUKS2_PATCH_H

#include <stddef.h>
#include <stdint.h>

#define PATCH_COPY_BYTES ((size_t)131072)
#define PATCH_BINARY_BYTES ((size_t)4096)
#define PATCH_JSON_BYTES (PATCH_COPY_BYTES - PATCH_BINARY_BYTES)

/* Where the format keeps its fields (LUKS2 On-Disk Format Specification 1.1.2, 2.1). */
#define PATCH_VERSION 6
#define PATCH_HEADER_SIZE 8
#define PATCH_SEQUENCE_ID 16
#define PATCH_LABEL 24
#define PATCH_CHECKSUM_ALGORITHM 72
#define PATCH_SALT 104
#define PATCH_UUID 168
#define PATCH_SUBSYSTEM 208
#define PATCH_HEADER_OFFSET 256
#define PATCH_PADDING 264
#define PATCH_CHECKSUM 448
#define PATCH_PADDING_2 512

/* Of copy 0 or 1. */
void patch_checksum(uint8_t *header, unsigned copy);
/* The JSON text of a copy; ends in NUL, freed with free(3). */
char *patch_get_text(const uint8_t *header, unsigned copy);
/* Replaces it in both copies; what does not fit fails the test. */
void patch_set_text(uint8_t *header, const char *text, size_t size);
/* The member at a JSON pointer becomes `value` (JSON; NULL removes it), in both copies. Fails the
 * test unless the text says so afterwards and did not say so before. */
void patch_member(uint8_t *header, const char *pointer, const char *value);
/* Replaces the first `from` in the text, which must be there, by `to`, in both copies. */
void patch_replace(uint8_t *header, const char *from, const char *to);
/* Overwrites bytes in both copies, which must not be those already. */
void patch_bytes(uint8_t *header, size_t offset, const void *bytes, size_t size);

#endif
