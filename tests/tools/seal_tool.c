/* SPDX-License-Identifier: Apache-2.0 */
/* The library's sealing and measuring for test scripts: each action is one call. */
#include <stdio.h>
#include <string.h>

#include "core/hex.h"
#include "core/outfile.h"
#include "measure/eventlog.h"
#include "seal/kdf.h"
#include "seal/policy.h"
#include "seal/tpm.h"

#define PATH_BYTES 4096
#define BLOB_LIMIT_BYTES ((size_t)8192)

static bool print_json(json_object *json)
{
    if (json != NULL)
        puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
    return json != NULL;
}

static bool print_target(const struct target *target, struct error *err)
{
    OWNED_JSON json = target == NULL ? NULL : target_to_json(target, err);

    return print_json(json);
}

static bool tpm_target(char **args, struct error *err)
{
    OWNED(tpm) tpm = tpm_open(args[0], err);
    OWNED(target) target = tpm == NULL ? NULL : tpm_read_target(tpm, err);

    return print_target(target, err);
}

static bool state_target(char **args, struct error *err)
{
    OWNED(target) target = swtpm_state_read_target(args[0], err);

    return print_target(target, err);
}

static bool public_target(char **args, struct error *err)
{
    OWNED(target) target = target_from_public(args[0], args[1], err);

    return print_target(target, err);
}

static bool document_target(char **args, struct error *err)
{
    OWNED(target) target = target_read_file(args[0], err);

    return print_target(target, err);
}

static bool policy(char **args, struct error *err)
{
    struct pcr_values values;
    uint32_t mask;
    uint8_t digest[32];
    char text[65];

    if (!pcr_values_read_file(args[0], &values, err) || !pcr_mask_parse(args[1], &mask, err) ||
        !policy_pcr_digest(&values, mask, digest, err))
        return false;
    hex_encode(digest, sizeof(digest), text);
    puts(text);
    return true;
}

static bool write_part(const char *folder, const char *name, const struct bytes *bytes,
                       struct error *err)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return outfile_write(path, bytes->data, bytes->size, 0600, true, err);
}

static struct bytes *read_part(const char *folder, const char *name, struct error *err)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return bytes_read_file(path, BLOB_LIMIT_BYTES, err);
}

/* TARGET PCRS MASK SECRET FOLDER */
static bool seal(char **args, struct error *err)
{
    struct pcr_values values;
    uint32_t mask;
    uint8_t digest[32];

    if (!pcr_values_read_file(args[1], &values, err) || !pcr_mask_parse(args[2], &mask, err) ||
        !policy_pcr_digest(&values, mask, digest, err))
        return false;
    OWNED(target) target = target_read_file(args[0], err);
    OWNED(secret) secret = secret_read_file(args[3], err);
    if (target == NULL || secret == NULL)
        return false;
    OWNED(duplicate) duplicate = duplicate_seal(target, secret, digest, err);
    return duplicate != NULL && write_part(args[4], "dup", duplicate->private, err) &&
           write_part(args[4], "pub", duplicate->public, err) &&
           write_part(args[4], "seed", duplicate->encrypted_seed, err);
}

/* TCTI TARGET FOLDER MASK */
static bool unseal(char **args, struct error *err)
{
    uint32_t mask;
    OWNED(duplicate) duplicate = calloc(1, sizeof(*duplicate));

    if (duplicate == NULL || !pcr_mask_parse(args[3], &mask, err))
        return false;
    OWNED(target) target = target_read_file(args[1], err);
    duplicate->private = read_part(args[2], "dup", err);
    duplicate->public = read_part(args[2], "pub", err);
    duplicate->encrypted_seed = read_part(args[2], "seed", err);
    if (target == NULL || duplicate->private == NULL || duplicate->public == NULL ||
        duplicate->encrypted_seed == NULL)
        return false;
    OWNED(tpm) tpm = tpm_open(args[0], err);
    OWNED(secret) secret = tpm == NULL ? NULL : tpm_unseal(tpm, target, duplicate, mask, err);
    return secret != NULL && secret_write_file(secret, "-", err);
}

/* TARGET TCTI COUNT: seals and unseals that often, on one connection, under PCR 16 = 0 */
static bool many(char **args, struct error *err)
{
    const uint32_t mask = 1u << 16;
    struct pcr_values values = {.known = mask};
    uint8_t digest[32];

    if (!policy_pcr_digest(&values, mask, digest, err))
        return false;
    OWNED(target) target = target_read_file(args[0], err);
    OWNED(tpm) tpm = target == NULL ? NULL : tpm_open(args[1], err);
    if (tpm == NULL)
        return false;
    for (long i = strtol(args[2], NULL, 10); i > 0; i--) {
        OWNED(secret) secret = secret_random(32, err);
        OWNED(duplicate)
        duplicate = secret == NULL ? NULL : duplicate_seal(target, secret, digest, err);
        OWNED(secret)
        back = duplicate == NULL ? NULL : tpm_unseal(tpm, target, duplicate, mask, err);
        if (back == NULL)
            return false;
        if (!secret_equal(secret, back))
            return error_set(err, COLDSEAL_BUG, "another secret came back");
    }
    return true;
}

static struct bytes *bytes_from_hex(const char *text, struct error *err)
{
    struct bytes *bytes = bytes_new(strlen(text) / 2, err);

    if (bytes == NULL || hex_decode(text, strlen(text), bytes->data))
        return bytes;
    bytes_free(bytes);
    error_set(err, COLDSEAL_USAGE, "not hexadecimal");
    return NULL;
}

static bool kdf(bool with_hmac, char **args, struct error *err)
{
    enum digest_algorithm algorithm;
    OWNED(bytes) key = bytes_from_hex(args[1], err);
    OWNED(bytes) u = bytes_from_hex(args[3], err);
    OWNED(bytes) v = bytes_from_hex(args[4], err);

    if (key == NULL || u == NULL || v == NULL || !digest_from_name(args[0], &algorithm))
        return error_set(err, COLDSEAL_USAGE, "wrong arguments");
    OWNED(secret) secret = secret_copy(key->data, key->size, err);
    if (secret == NULL)
        return false;
    OWNED(secret)
    out = (with_hmac ? kdf_a : kdf_e)(
        algorithm, secret, args[2], (struct kdf_input){u->data, u->size},
        (struct kdf_input){v->data, v->size}, (unsigned)strtoul(args[5], NULL, 10), err);
    char text[2 * DIGEST_MAX_BYTES + 1];
    if (out == NULL || out->size > DIGEST_MAX_BYTES)
        return false;
    hex_encode(out->data, out->size, text);
    puts(text);
    return true;
}

/* HASH KEY LABEL U V BITS, in hexadecimal what is bytes */
static bool derive_a(char **args, struct error *err)
{
    return kdf(true, args, err);
}

static bool derive_e(char **args, struct error *err)
{
    return kdf(false, args, err);
}

static bool pcrs_of_file(char **args, struct error *err)
{
    struct pcr_values values;

    if (!pcr_values_read_file(args[0], &values, err))
        return false;
    OWNED_JSON json = pcr_values_to_json(&values, values.known, err);
    return print_json(json);
}

/* LOG: all banks */
static bool banks_of_log(char **args, struct error *err)
{
    struct pcr_bank_values values;
    OWNED(bytes) bytes = bytes_read_file(args[0], EVENTLOG_CONSOLE_LIMIT_BYTES, err);
    OWNED(eventlog) log = bytes == NULL ? NULL : eventlog_parse(bytes, err);

    if (log == NULL || !eventlog_replay_banks(log, &values, err))
        return false;
    OWNED_JSON json = pcr_bank_values_to_json(&values, values.known, err);
    return print_json(json);
}

static bool pcrs_of_tpm(char **args, struct error *err)
{
    struct pcr_values values;
    OWNED(tpm) tpm = tpm_open(args[0], err);

    if (tpm == NULL || !tpm_read_pcrs(tpm, (1u << PCR_COUNT) - 1, &values, err))
        return false;
    OWNED_JSON json = pcr_values_to_json(&values, values.known, err);
    return print_json(json);
}

/* TCTI PCR HEX */
static bool extend(char **args, struct error *err)
{
    uint8_t digest[32];
    OWNED(tpm) tpm = tpm_open(args[0], err);

    if (strlen(args[2]) != 64 || !hex_decode(args[2], 64, digest))
        return error_set(err, COLDSEAL_USAGE, "not 64 hexadecimal digits");
    return tpm != NULL && tpm_extend(tpm, (uint32_t)strtoul(args[1], NULL, 10), digest, err);
}

static bool digestlog(char **args, struct error *err)
{
    OWNED(bytes) bytes = bytes_read_file(args[0], EVENTLOG_LIMIT_BYTES, err);
    OWNED(eventlog) log = bytes == NULL ? NULL : eventlog_parse(bytes, err);
    OWNED_PTR(char) text = log == NULL ? NULL : digestlog_encode(log, err);

    if (text != NULL)
        fputs(text, stdout);
    return text != NULL;
}

static bool digestlog_to_binary(char **args, struct error *err)
{
    OWNED(bytes) console = bytes_read_file(args[0], EVENTLOG_CONSOLE_LIMIT_BYTES, err);
    OWNED(bytes) binary = console == NULL ? NULL : digestlog_decode(console, err);

    return binary != NULL && outfile_write("-", binary->data, binary->size, 0600, true, err);
}

static const struct {
    const char *name;
    int arguments;
    bool (*run)(char **args, struct error *err);
} actions[] = {
    {"target-tpm", 1, tpm_target},
    {"target-state", 1, state_target},
    {"target-public", 2, public_target},
    {"target-document", 1, document_target},
    {"policy", 2, policy},
    {"seal", 5, seal},
    {"unseal", 4, unseal},
    {"many", 3, many},
    {"kdfa", 6, derive_a},
    {"kdfe", 6, derive_e},
    {"pcrs-file", 1, pcrs_of_file},
    {"pcrs-banks", 1, banks_of_log},
    {"pcrs-tpm", 1, pcrs_of_tpm},
    {"extend", 3, extend},
    {"digestlog", 1, digestlog},
    {"digestlog-decode", 1, digestlog_to_binary},
};

int main(int argc, char **argv)
{
    struct error err = {0};

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (argc < 2 || strcmp(argv[1], actions[i].name) != 0 || argc != actions[i].arguments + 2)
            continue;
        if (actions[i].run(argv + 2, &err))
            return EXIT_SUCCESS;
        fprintf(stderr, "%s\n", err.message);
        return (int)err.code;
    }
    fprintf(stderr, "seal_tool: wrong arguments\n");
    return COLDSEAL_USAGE;
}
