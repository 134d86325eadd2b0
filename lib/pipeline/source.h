/* SPDX-License-Identifier: Apache-2.0 */
/* What a command reads: an image, its partitions, and what the cleartext side and the LUKS2 header
 * say. */
#ifndef PIPELINE_SOURCE_H
#define PIPELINE_SOURCE_H

#include "boot/grub.h"
#include "crypt/luks2.h"
#include "layout/plan.h"

struct source {
    struct disk *disk;
    struct partition_table *table;
};

/* Opens, over the file `backing` where it is not NULL, and reads the partition table. The caller
 * frees with source_free(). */
struct source *source_open(const char *path, const char *backing, uint32_t root_number,
                           struct error *err);
/* The same over a disk, which is taken over, also on failure. */
struct source *source_over(struct disk *disk, uint32_t root_number, struct error *err);
void source_free(struct source *source);
DEFINE_OWNED(source);

/* An output that is the input would replace it, which is never changed: COLDSEAL_USAGE. "-" is
 * standard input and standard output. */
bool source_is_not(const char *in, const char *out, struct error *err);

/* Byte range of a partition. */
uint64_t partition_offset(const struct partition_table *table, const struct partition *partition);
uint64_t partition_length(const struct partition_table *table, const struct partition *partition);

/* The ESP's files and, where its grub.cfg is one that prepare wrote, the field in it. */
struct cleartext_side {
    bool has_esp;
    struct esp_files files;
    bool prepared;
    struct grub_field field;
};
bool cleartext_side_read(struct disk *disk, const struct partition_table *table,
                         struct cleartext_side *side, struct error *err);
/* Writes the field into the grub.cfg of the ESP at [offset, offset + length) of `disk`. */
bool cleartext_side_write_field(struct disk *disk, uint64_t esp_offset_bytes,
                                uint64_t esp_length_bytes, const struct cleartext_side *side,
                                const char *luks_uuid, const uint8_t pin[PIN_BYTES],
                                struct error *err);

/* The encrypted root: where it is, and its validated header. COLDSEAL_UNSUPPORTED where there is
 * none. */
struct encrypted_root {
    uint32_t number; /* of the partition */
    uint64_t offset_bytes;
    uint64_t length_bytes;
    struct luks2_header *header;
};
/* Only where it is; the header stays NULL. */
bool encrypted_root_find(const struct source *source, struct encrypted_root *root,
                         struct error *err);
bool encrypted_root_read(const struct source *source, struct encrypted_root *root,
                         struct error *err);
void encrypted_root_drop(struct encrypted_root *root);
#define OWNED_ENCRYPTED_ROOT __attribute__((cleanup(encrypted_root_drop))) struct encrypted_root

/* Opens the header with the secret in a key file, a recovery key as typed included. */
struct secret *encrypted_root_open(const struct encrypted_root *root, const char *key_file,
                                   struct error *err);
/* The same, with the passphrase as its keyslot takes it, and that keyslot. */
struct opened {
    struct secret *volume_key;
    struct secret *passphrase;
    unsigned keyslot;
};
bool header_open(const struct luks2_header *header, const char *key_file, struct opened *opened,
                 struct error *err);
void opened_drop(struct opened *opened);
#define OWNED_OPENED __attribute__((cleanup(opened_drop))) struct opened
/* A field that is set must hold this header's UUID and this key's pin. COLDSEAL_BAD_IMAGE. */
bool cleartext_side_check_pin(const struct cleartext_side *side, const struct luks2_header *header,
                              const struct secret *volume_key, struct error *err);

#endif
