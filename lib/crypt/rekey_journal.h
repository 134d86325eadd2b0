/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a rekey in place: two slots that take turns, in the part of the header that no
 * keyslot uses. A slot is a record and the new ciphertext of one chunk, packed; no plaintext and no
 * key is in it. A record is one sector of 512 bytes, so it is there or not, and it is authenticated
 * with a key that is derived from the new volume key, so one of another rekey is none. */
#ifndef CRYPT_REKEY_JOURNAL_H
#define CRYPT_REKEY_JOURNAL_H

#include "core/secret.h"
#include "image/disk.h"

#define REKEY_BLOCK_BYTES 4096u
#define REKEY_CHUNK_BLOCKS 1024u
#define REKEY_CHUNK_BYTES ((uint64_t)REKEY_CHUNK_BLOCKS * REKEY_BLOCK_BYTES)

struct rekey_record {
    uint64_t sequence;                      /* from 1 */
    uint64_t start;                         /* of the chunk, in the data segment */
    uint64_t next;                          /* where work goes on behind it */
    uint8_t blocks[REKEY_CHUNK_BLOCKS / 8]; /* bit N: block N of the chunk is written */
    uint8_t digest[32];                     /* SHA-256 of the packed blocks */
};

static inline bool rekey_record_has(const struct rekey_record *record, unsigned block)
{
    return (record->blocks[block / 8] >> block % 8 & 1) != 0;
}
/* Bytes of the packed blocks. */
uint64_t rekey_record_bytes(const struct rekey_record *record);

struct rekey_journal {
    struct disk *disk;
    uint64_t offset_bytes; /* of the LUKS2 header */
    struct secret *mac_key;
};
bool rekey_journal_open(struct rekey_journal *journal, struct disk *disk, uint64_t offset_bytes,
                        const struct secret *new_volume_key, struct error *err);
void rekey_journal_close(struct rekey_journal *journal);

/* The last record that was written whole; *found is false when there is none. */
bool rekey_journal_last(const struct rekey_journal *journal, struct rekey_record *record,
                        bool *found, struct error *err);
/* Its blocks into `data` (REKEY_CHUNK_BYTES). COLDSEAL_BAD_IMAGE when they are not what was
 * written. */
bool rekey_journal_read(const struct rekey_journal *journal, const struct rekey_record *record,
                        void *data, struct error *err);
/* Blocks, flush, record, flush. Sets record->digest. All that was written before is on the disk
 * before the record is. */
bool rekey_journal_write(const struct rekey_journal *journal, struct rekey_record *record,
                         const void *data, struct error *err);

#endif
