/* SPDX-License-Identifier: Apache-2.0 */
/* lib/crypt and lib/token on bare files, so that scripts can hold them against cryptsetup:
 *
 *   crypt_tool encrypt PLAIN OUT KEYFILE…   header and data; a token of each kind; 2 or more keys
 *   crypt_tool decrypt IN OUT KEYFILE
 *   crypt_tool replace IMAGE KEYFILE NEWKEYFILE…
 *   crypt_tool check IMAGE                  is the header one that we take? */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "crypt/copy.h"
#include "crypt/luks2.h"
#include "image/open.h"
#include "token/provenance.h"
#include "token/recovery.h"

#define UUID "5f1d3a60-7c1e-4b52-9e0a-6d0f2b9c4e11"

struct keys {
    struct luks2_keyslot slots[LUKS2_MAX_KEYSLOTS];
    size_t count;
};

static void keys_end(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        secret_free((struct secret *)keys->slots[i].passphrase);
        json_object_put(keys->slots[i].token);
    }
}
#define OWNED_KEYS __attribute__((cleanup(keys_end))) struct keys

static const char tpm2_token[] =
    "{\"type\":\"systemd-tpm2\",\"keyslots\":[\"0\"],\"tpm2-blob\":\"AAMBAgMAAgQFAAEG\","
    "\"tpm2-pcrs\":[7],\"tpm2-pcr-bank\":\"sha256\",\"tpm2-policy-hash\":"
    "\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\","
    "\"tpm2-pin\":false,\"tpm2_pcrlock\":false,\"tpm2_srk\":\"gQAAAQACBwgAAAABAAEJ\"}";

/* The last key is treated as one that a person chose. */
static bool keys_read(struct keys *keys, char **paths, size_t count, struct error *err)
{
    if (count < 2 || count > LUKS2_MAX_KEYSLOTS)
        return error_set(err, COLDSEAL_USAGE, "from 2 to %d keys", LUKS2_MAX_KEYSLOTS);
    for (; keys->count < count; keys->count++) {
        struct luks2_keyslot *slot = &keys->slots[keys->count];
        slot->passphrase = secret_read_file(paths[keys->count], err);
        if (slot->passphrase == NULL)
            return false;
    }
    keys->slots[0].token = json_parse(tpm2_token, strlen(tpm2_token), err);
    keys->slots[1].token = recovery_token_json(1, err);
    keys->slots[count - 1].cost = LUKS2_COST_CHOSEN;
    return keys->slots[0].token != NULL && keys->slots[1].token != NULL;
}

static struct luks2_header *build(const struct secret *volume_key, char **paths, size_t count,
                                  struct error *err)
{
    OWNED_KEYS keys = {.count = 0};
    OWNED_JSON provenance = provenance_new("pooled", err);

    if (provenance == NULL || !keys_read(&keys, paths, count, err))
        return NULL;
    struct luks2_request request = {UUID, volume_key, keys.slots, keys.count, provenance};
    return luks2_build(&request, err);
}

static struct disk *create(int fd, uint64_t size, struct error *err)
{
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0) {
        error_errno(err, COLDSEAL_IO, "create the output");
        return NULL;
    }
    return raw_open(fd, true, err);
}

static bool copy(struct disk *source, struct disk *target, const struct copy_region *region,
                 const struct secret *key, struct error *err)
{
    struct copy_job job = {.source = source,
                           .target = target,
                           .regions = region,
                           .region_count = 1,
                           .source_key = region->mode == COPY_DECRYPT ? key : NULL,
                           .target_key = region->mode == COPY_ENCRYPT ? key : NULL,
                           .sector_bytes = LUKS2_SECTOR_BYTES};
    struct copy_result result;

    return copy_run(&job, &result, err) && disk_flush(target, err);
}

static bool run_encrypt(char **args, size_t count, struct error *err)
{
    if (count < 4)
        return error_set(err, COLDSEAL_USAGE, "encrypt PLAIN OUT KEYFILE KEYFILE…");
    OWNED(disk) source = image_open(args[0], NULL, err);
    OWNED(secret) key = source == NULL ? NULL : secret_random(LUKS2_VOLUME_KEY_BYTES, err);
    OWNED(luks2_header) header = key == NULL ? NULL : build(key, args + 2, count - 2, err);
    if (header == NULL)
        return false;
    uint64_t size = disk_size(source);
    OWNED_FD fd = open(args[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    OWNED(disk) target = create(fd, LUKS2_HEADER_BYTES + size, err);
    struct copy_region region = {0, LUKS2_HEADER_BYTES, size, size, COPY_ENCRYPT, NULL};
    return target != NULL && luks2_store(target, 0, header, err) &&
           copy(source, target, &region, key, err);
}

static bool run_decrypt(char **args, size_t count, struct error *err)
{
    unsigned keyslot;

    if (count != 3)
        return error_set(err, COLDSEAL_USAGE, "decrypt IN OUT KEYFILE");
    OWNED(disk) source = image_open(args[0], NULL, err);
    OWNED(luks2_header) header = source == NULL ? NULL : luks2_load(source, 0, err);
    OWNED(secret) passphrase = header == NULL ? NULL : secret_read_file(args[2], err);
    OWNED(secret) key =
        passphrase == NULL ? NULL : luks2_volume_key(header, passphrase, &keyslot, err);
    if (key == NULL)
        return false;
    uint64_t size = disk_size(source) - LUKS2_HEADER_BYTES;
    OWNED_FD fd = open(args[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    OWNED(disk) target = create(fd, size, err);
    struct copy_region region = {LUKS2_HEADER_BYTES, 0, size, size, COPY_DECRYPT, NULL};
    return target != NULL && copy(source, target, &region, key, err);
}

static bool run_replace(char **args, size_t count, struct error *err)
{
    unsigned keyslot;

    if (count < 4)
        return error_set(err, COLDSEAL_USAGE, "replace IMAGE KEYFILE NEWKEYFILE NEWKEYFILE…");
    OWNED(disk) disk = image_open_writable(args[0], err);
    OWNED(luks2_header) old = disk == NULL ? NULL : luks2_load(disk, 0, err);
    OWNED(secret) passphrase = old == NULL ? NULL : secret_read_file(args[1], err);
    OWNED(secret) key =
        passphrase == NULL ? NULL : luks2_volume_key(old, passphrase, &keyslot, err);
    OWNED(luks2_header) header = key == NULL ? NULL : build(key, args + 2, count - 2, err);
    return header != NULL && luks2_header_move_apart(header, old, err) &&
           luks2_replace(disk, 0, old, header, err);
}

static bool run_check(char **args, size_t count, struct error *err)
{
    if (count != 1)
        return error_set(err, COLDSEAL_USAGE, "check IMAGE");
    OWNED(disk) disk = image_open(args[0], NULL, err);
    OWNED(luks2_header) header = disk == NULL ? NULL : luks2_load(disk, 0, err);
    return header != NULL;
}

static bool run(const char *command, char **args, size_t count, struct error *err)
{
    if (strcmp(command, "encrypt") == 0)
        return run_encrypt(args, count, err);
    if (strcmp(command, "decrypt") == 0)
        return run_decrypt(args, count, err);
    if (strcmp(command, "replace") == 0)
        return run_replace(args, count, err);
    if (strcmp(command, "check") == 0)
        return run_check(args, count, err);
    return error_set(err, COLDSEAL_USAGE, "encrypt, decrypt, replace or check");
}

int main(int argc, char **argv)
{
    struct error err = {0};

    if (argc >= 2 && run(argv[1], argv + 2, (size_t)argc - 2, &err))
        return 0;
    fprintf(stderr, "crypt_tool: %s\n", argc < 2 ? "no command" : err.message);
    return argc < 2 ? COLDSEAL_USAGE : (int)err.code;
}
