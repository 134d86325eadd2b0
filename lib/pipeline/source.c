/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/source.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>

#include "image/open.h"
#include "token/recovery.h"

#define GRUB_CFG_LIMIT_BYTES ((size_t)1 << 20)

struct source *source_over(struct disk *disk, uint32_t root_number, struct error *err)
{
    OWNED(disk) owned = disk;
    OWNED(source) source = calloc(1, sizeof(*source));

    if (source == NULL) {
        error_no_memory(err);
        return NULL;
    }
    source->disk = TAKE(owned);
    source->table = partition_table_read(source->disk, root_number, err);
    return source->table == NULL ? NULL : TAKE(source);
}

struct source *source_open(const char *path, const char *backing, uint32_t root_number,
                           struct error *err)
{
    struct disk *disk = image_open_over(path, backing, false, err);

    return disk == NULL ? NULL : source_over(disk, root_number, err);
}

void source_free(struct source *source)
{
    if (source == NULL)
        return;
    partition_table_free(source->table);
    disk_free(source->disk);
    free(source);
}

/* "-" is the standard stream. */
static bool find_file(const char *name, int stream, struct stat *file)
{
    return (strcmp(name, "-") == 0 ? fstat(stream, file) : stat(name, file)) == 0;
}

/* The same socket or terminal may well be both. */
static bool has_content(const struct stat *file)
{
    return S_ISREG(file->st_mode) || S_ISBLK(file->st_mode);
}

bool source_is_not(const char *in, const char *out, struct error *err)
{
    struct stat from, to;

    if (!find_file(in, STDIN_FILENO, &from) || !find_file(out, STDOUT_FILENO, &to) ||
        !has_content(&to) || from.st_dev != to.st_dev || from.st_ino != to.st_ino)
        return true;
    return error_set(err, COLDSEAL_USAGE, "output %s is the input, which is never changed", out);
}

uint64_t partition_offset(const struct partition_table *table, const struct partition *partition)
{
    return gpt_entry_offset(&table->gpt, &partition->entry);
}

uint64_t partition_length(const struct partition_table *table, const struct partition *partition)
{
    return gpt_entry_length(&table->gpt, &partition->entry);
}

static bool field_read(struct fat *esp, struct cleartext_side *side, struct error *err)
{
    struct fat_entry entry;
    bool found = false;

    if (side->files.grub_cfg[0] == '\0')
        return true;
    if (!fat_lookup(esp, side->files.grub_cfg, &entry, &found, err))
        return false;
    if (!found || entry.is_directory)
        return true;
    OWNED(bytes) cfg = fat_read_file(esp, side->files.grub_cfg, GRUB_CFG_LIMIT_BYTES, err);
    return cfg != NULL && (grub_field_read(cfg, &side->field, &side->prepared, err) ||
                           error_wrap(err, "%s", side->files.grub_cfg));
}

bool cleartext_side_read(struct disk *disk, const struct partition_table *table,
                         struct cleartext_side *side, struct error *err)
{
    const struct partition *esp = partition_by_role(table, ROLE_ESP);

    *side = (struct cleartext_side){.has_esp = esp != NULL};
    if (esp == NULL)
        return true;
    OWNED(fat) fat =
        fat_open(disk, partition_offset(table, esp), partition_length(table, esp), err);
    if (fat == NULL || !esp_find_files(fat, &side->files, err) || !field_read(fat, side, err))
        return error_wrap(err, "ESP, partition %u", esp->entry.number);
    return true;
}

bool cleartext_side_write_field(struct disk *disk, uint64_t esp_offset_bytes,
                                uint64_t esp_length_bytes, const struct cleartext_side *side,
                                const char *luks_uuid, const uint8_t pin[PIN_BYTES],
                                struct error *err)
{
    OWNED(fat) fat = fat_open(disk, esp_offset_bytes, esp_length_bytes, err);

    return (fat != NULL && grub_field_write(fat, side->files.grub_cfg, luks_uuid, pin, err)) ||
           error_wrap(err, "%s on the ESP", side->files.grub_cfg);
}

bool encrypted_root_find(const struct source *source, struct encrypted_root *root,
                         struct error *err)
{
    const struct partition *partition = partition_by_role(source->table, ROLE_ENCRYPTED_ROOT);

    *root = (struct encrypted_root){0};
    if (partition == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "no encrypted root in this image (coldseal encrypt makes one)");
    root->offset_bytes = partition_offset(source->table, partition);
    root->length_bytes = partition_length(source->table, partition);
    root->number = partition->entry.number;
    return true;
}

bool encrypted_root_read(const struct source *source, struct encrypted_root *root,
                         struct error *err)
{
    if (!encrypted_root_find(source, root, err))
        return false;
    root->header = luks2_load(source->disk, root->offset_bytes, err);
    return root->header != NULL || error_wrap(err, "LUKS2 header of partition %u", root->number);
}

void encrypted_root_drop(struct encrypted_root *root)
{
    luks2_header_free(root->header);
    root->header = NULL;
}

static bool try_passphrase(const struct luks2_header *header, struct secret *passphrase,
                           struct opened *opened, struct error *err)
{
    OWNED(secret) owned = passphrase;

    opened->volume_key = luks2_volume_key(header, owned, &opened->keyslot, err);
    if (opened->volume_key != NULL)
        opened->passphrase = TAKE(owned);
    return opened->volume_key != NULL;
}

bool header_open(const struct luks2_header *header, const char *key_file, struct opened *opened,
                 struct error *err)
{
    struct error first = {0};
    struct secret *raw = secret_read_file(key_file, err);
    OWNED(secret) typed = raw == NULL ? NULL : recovery_key_normalise(raw, err);

    *opened = (struct opened){0};
    if (typed == NULL) {
        secret_free(raw);
        return false;
    }
    bool differs = !secret_equal(typed, raw);
    if (try_passphrase(header, raw, opened, &first))
        return true;
    if (differs)
        return try_passphrase(header, TAKE(typed), opened, err);
    *err = first;
    return false;
}

void opened_drop(struct opened *opened)
{
    secret_free(opened->volume_key);
    secret_free(opened->passphrase);
    *opened = (struct opened){0};
}

struct secret *encrypted_root_open(const struct encrypted_root *root, const char *key_file,
                                   struct error *err)
{
    OWNED_OPENED opened = {0};

    return header_open(root->header, key_file, &opened, err) ? TAKE(opened.volume_key) : NULL;
}

bool cleartext_side_check_pin(const struct cleartext_side *side, const struct luks2_header *header,
                              const struct secret *volume_key, struct error *err)
{
    uint8_t pin[PIN_BYTES];

    if (!side->prepared || !side->field.is_set)
        return true;
    if (!luks2_pin(volume_key, header->uuid, pin, err))
        return false;
    if (strcmp(side->field.luks_uuid, header->uuid) != 0 ||
        CRYPTO_memcmp(side->field.pin, pin, sizeof(pin)) != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "%s on the ESP is pinned to another volume key than the header's",
                         side->files.grub_cfg);
    return true;
}
