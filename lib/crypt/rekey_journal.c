/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/rekey_journal.h"

#include <openssl/crypto.h>
#include <string.h>

#include "core/digest.h"
#include "core/reader.h"
#include "core/writer.h"
#include "token/luks2_rekey.h"

#define RECORD_BYTES 512
#define MAC_BYTES 32
#define SLOT_COUNT 2
#define DATA_OFFSET ((uint64_t)SLOT_COUNT * REKEY_BLOCK_BYTES)

_Static_assert(LUKS2_REKEY_JOURNAL_OFFSET + DATA_OFFSET + SLOT_COUNT * REKEY_CHUNK_BYTES <=
                   LUKS2_HEADER_BYTES,
               "the journal lies within the header");

static const char magic[8] = {'C', 'S', 'R', 'E', 'K', 'E', 'Y', '1'};
static const char mac_label[] = "coldseal rekey journal 1";

uint64_t rekey_record_bytes(const struct rekey_record *record)
{
    uint64_t blocks = 0;

    for (size_t i = 0; i < sizeof(record->blocks); i++)
        blocks += (unsigned)__builtin_popcount(record->blocks[i]);
    return blocks * REKEY_BLOCK_BYTES;
}

bool rekey_journal_open(struct rekey_journal *journal, struct disk *disk, uint64_t offset_bytes,
                        const struct secret *new_volume_key, struct error *err)
{
    OWNED(secret) key = secret_new(MAC_BYTES, err);

    *journal = (struct rekey_journal){.disk = disk, .offset_bytes = offset_bytes};
    if (key == NULL || !digest_hmac(DIGEST_SHA256, new_volume_key->data, new_volume_key->size,
                                    mac_label, sizeof(mac_label), key->data, err))
        return false;
    journal->mac_key = TAKE(key);
    return true;
}

void rekey_journal_close(struct rekey_journal *journal)
{
    secret_free(journal->mac_key);
    journal->mac_key = NULL;
}

static uint64_t record_place(const struct rekey_journal *journal, uint64_t sequence)
{
    return journal->offset_bytes + LUKS2_REKEY_JOURNAL_OFFSET +
           sequence % SLOT_COUNT * REKEY_BLOCK_BYTES;
}

static uint64_t data_place(const struct rekey_journal *journal, uint64_t sequence)
{
    return journal->offset_bytes + LUKS2_REKEY_JOURNAL_OFFSET + DATA_OFFSET +
           sequence % SLOT_COUNT * REKEY_CHUNK_BYTES;
}

static bool record_mac(const struct rekey_journal *journal, const uint8_t *sector, size_t size,
                       uint8_t mac[MAC_BYTES], struct error *err)
{
    return digest_hmac(DIGEST_SHA256, journal->mac_key->data, journal->mac_key->size, sector, size,
                       mac, err);
}

static bool record_parse(const struct rekey_journal *journal, const uint8_t *sector,
                         struct rekey_record *record, bool *valid, struct error *err)
{
    struct reader r = reader_over(sector, RECORD_BYTES);
    uint8_t found[sizeof(magic)], mac[MAC_BYTES], computed[MAC_BYTES];

    *valid = false;
    if (!read_bytes(&r, found, sizeof(found)) || !read_u64be(&r, &record->sequence) ||
        !read_u64be(&r, &record->start) || !read_u64be(&r, &record->next) ||
        !read_bytes(&r, record->blocks, sizeof(record->blocks)) ||
        !read_bytes(&r, record->digest, sizeof(record->digest)))
        return error_set(err, COLDSEAL_BUG, "rekey journal record");
    if (!record_mac(journal, sector, r.position, computed, err) ||
        !read_bytes(&r, mac, sizeof(mac)))
        return false;
    *valid =
        memcmp(found, magic, sizeof(magic)) == 0 && CRYPTO_memcmp(mac, computed, MAC_BYTES) == 0;
    return true;
}

bool rekey_journal_last(const struct rekey_journal *journal, struct rekey_record *record,
                        bool *found, struct error *err)
{
    *found = false;
    for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
        uint8_t sector[RECORD_BYTES];
        struct rekey_record candidate;
        bool valid;
        if (!disk_pread(journal->disk, sector, sizeof(sector), record_place(journal, slot), err) ||
            !record_parse(journal, sector, &candidate, &valid, err))
            return false;
        if (!valid || (*found && candidate.sequence < record->sequence))
            continue;
        *record = candidate;
        *found = true;
    }
    return true;
}

bool rekey_journal_read(const struct rekey_journal *journal, const struct rekey_record *record,
                        void *data, struct error *err)
{
    uint8_t digest[sizeof(record->digest)];
    size_t size = rekey_record_bytes(record);

    if (!disk_pread(journal->disk, data, size, data_place(journal, record->sequence), err) ||
        !digest_bytes(DIGEST_SHA256, data, size, digest, err))
        return false;
    return memcmp(digest, record->digest, sizeof(digest)) == 0 ||
           error_set(err, COLDSEAL_BAD_IMAGE, "the journal of the rekey was changed");
}

static bool record_write(const struct rekey_journal *journal, const struct rekey_record *record,
                         struct error *err)
{
    uint8_t sector[RECORD_BYTES] = {0};
    struct writer w = writer_over(sector, sizeof(sector));

    write_bytes(&w, magic, sizeof(magic));
    write_u64be(&w, record->sequence);
    write_u64be(&w, record->start);
    write_u64be(&w, record->next);
    write_bytes(&w, record->blocks, sizeof(record->blocks));
    write_bytes(&w, record->digest, sizeof(record->digest));
    return record_mac(journal, sector, w.position, sector + w.position, err) &&
           disk_pwrite(journal->disk, sector, sizeof(sector),
                       record_place(journal, record->sequence), err) &&
           disk_flush(journal->disk, err);
}

bool rekey_journal_write(const struct rekey_journal *journal, struct rekey_record *record,
                         const void *data, struct error *err)
{
    size_t size = rekey_record_bytes(record);

    return digest_bytes(DIGEST_SHA256, data, size, record->digest, err) &&
           disk_pwrite(journal->disk, data, size, data_place(journal, record->sequence), err) &&
           disk_flush(journal->disk, err) && record_write(journal, record, err);
}
