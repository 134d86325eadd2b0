/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of reports that several commands print. Each returns an object that the caller adds, or
 * NULL and err. */
#ifndef PIPELINE_DESCRIBE_H
#define PIPELINE_DESCRIBE_H

#include "guest/guest.h"
#include "pipeline/input.h"
#include "pipeline/source.h"
#include "seal/target.h"

json_object *describe_partitions(const struct partition_table *table, struct error *err);
json_object *describe_cleartext_side(const struct cleartext_side *side, struct error *err);
json_object *describe_header(const struct luks2_header *header, struct error *err);
json_object *describe_guest(const struct guest_result *guest, struct error *err);
json_object *describe_target(const struct target *target, struct error *err);
json_object *describe_hex(const void *data, size_t size);
/* Adds "pcr15_after_unlock", what PCR 15 of the SHA-256 bank holds when the initramfs hands over to
 * the root: for attestation. */
bool describe_pcr15_after_unlock(json_object *json, const uint8_t pin[PIN_BYTES],
                                 struct error *err);
/* SHA-256 of a file as hex. */
json_object *describe_checksum(const char *path, struct error *err);
/* Adds "input" as describe_file() does, under the name that it was given by, with the SHA-256 of
 * its file where that is asked for and it is one. */
bool describe_input(json_object *report, const struct input *input, const struct disk *disk,
                    bool with_checksum, struct error *err);
/* KEY: { "path", "format", "disk_size_bytes" } and, where it is not NULL, "sha256", which is taken
 * over also on failure. */
bool describe_file(json_object *report, const char *key, const char *path, const struct disk *disk,
                   json_object *sha256, struct error *err);
/* The same for an output, whose file is read for its SHA-256 where that is asked for; what a
 * server exports is no file. */
bool describe_output(json_object *report, const char *path, const struct disk *disk,
                     bool with_checksum, struct error *err);

#endif
