/* SPDX-License-Identifier: Apache-2.0 */
#include "unlock.h"

#include <openssl/crypto.h>
#include <string.h>

#include "clock.h"
#include "seal/sealed_token.h"
#include "token/recovery.h"

/* How far an attempt got: of several failures the last stage's is worth a person's attention. */
enum stage { STAGE_NONE, STAGE_HEADER, STAGE_TOKEN, STAGE_TPM, STAGE_KEYSLOT, STAGE_PIN };

struct attempt {
    struct tpm *tpm;                   /* NULL with a recovery key */
    const struct secret *recovery_key; /* NULL with a TPM */
    const struct cmdline *cmdline;
    uint64_t deadline_milliseconds;
    enum stage reached;
    struct error reason;
};

void unlocked_free(struct unlocked *unlocked)
{
    if (unlocked == NULL)
        return;
    luks2_header_free(unlocked->header);
    secret_free(unlocked->volume_key);
    free(unlocked);
}

/* Always NULL, so that a failed step ends in `return give_up(…)`. */
static void *give_up(struct attempt *attempt, enum stage stage, const struct error *reason)
{
    if (stage > attempt->reached) {
        attempt->reached = stage;
        attempt->reason = *reason;
    }
    return NULL;
}

/* Anybody can seal some key to this TPM and present a root of their own: that a key came out says
 * nothing before this comparison. */
static bool pin_matches(struct attempt *attempt, const struct secret *volume_key)
{
    struct error why = {0};
    uint8_t pin[CMDLINE_PIN_BYTES];

    if (luks2_pin(volume_key, attempt->cmdline->uuid, pin, &why) &&
        CRYPTO_memcmp(pin, attempt->cmdline->pin, sizeof(pin)) == 0)
        return true;
    if (why.code == COLDSEAL_OK)
        error_set(&why, COLDSEAL_KEY,
                  "the volume key is not the one that coldseal.pin= promises: this is another "
                  "disk, or somebody else's");
    give_up(attempt, STAGE_PIN, &why);
    return false;
}

static struct secret *passphrase_of_tpm(struct attempt *attempt, json_object *json,
                                        unsigned *keyslot)
{
    struct error why = {0};
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, &why);

    if (token == NULL)
        return give_up(attempt, STAGE_TOKEN, &why);
    struct secret *passphrase = sealed_token_unseal(attempt->tpm, token, &why);
    if (passphrase == NULL)
        return give_up(attempt, STAGE_TPM, &why);
    *keyslot = token->keyslot;
    return passphrase;
}

static struct secret *passphrase_of_recovery(struct attempt *attempt, json_object *json,
                                             unsigned *keyslot)
{
    struct error why = {0};

    if (!luks2_token_keyslot(json, keyslot, &why))
        return give_up(attempt, STAGE_TOKEN, &why);
    struct secret *passphrase = recovery_key_normalise(attempt->recovery_key, &why);
    return passphrase != NULL ? passphrase : give_up(attempt, STAGE_TOKEN, &why);
}

static struct secret *try_token(struct attempt *attempt, const struct luks2_header *header,
                                json_object *json)
{
    struct error why = {0};
    unsigned keyslot = 0;

    if (clock_milliseconds() > attempt->deadline_milliseconds) {
        error_set(&why, COLDSEAL_BAD_IMAGE, "more tokens than can be tried in %d seconds",
                  UNLOCK_BUDGET_SECONDS);
        return give_up(attempt, STAGE_TOKEN, &why);
    }
    OWNED(secret) passphrase = attempt->tpm != NULL
                                   ? passphrase_of_tpm(attempt, json, &keyslot)
                                   : passphrase_of_recovery(attempt, json, &keyslot);
    if (passphrase == NULL)
        return NULL;
    OWNED(secret) volume_key = luks2_volume_key_at(header, keyslot, passphrase, &why);
    if (volume_key == NULL)
        return give_up(attempt, STAGE_KEYSLOT, &why);
    return pin_matches(attempt, volume_key) ? TAKE(volume_key) : NULL;
}

static struct secret *try_tokens(struct attempt *attempt, const struct luks2_header *header)
{
    struct error why = {0};
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    bool by_tpm = attempt->tpm != NULL;
    const char *type = by_tpm ? "systemd-tpm2" : "systemd-recovery";
    size_t count = luks2_header_tokens(header, type, tokens, numbers, LUKS2_MAX_TOKENS);

    for (size_t i = 0; i < count; i++) {
        struct secret *volume_key = try_token(attempt, header, tokens[i]);
        if (volume_key != NULL)
            return volume_key;
    }
    if (count == 0) {
        error_set(&why, by_tpm ? COLDSEAL_TPM : COLDSEAL_KEY, "the header has no %s token: %s",
                  type, by_tpm ? "it is not sealed" : "it has no recovery key");
        give_up(attempt, STAGE_HEADER, &why);
    }
    return NULL;
}

static struct luks2_header *validated_header(struct attempt *attempt,
                                             const struct candidate *candidate)
{
    struct error why = {0};
    OWNED(bytes) bytes = device_read_header(candidate, &why);
    OWNED(luks2_header) header = bytes == NULL ? NULL : luks2_header_read(bytes, &why);

    if (header == NULL)
        return give_up(attempt, STAGE_HEADER, &why);
    /* The search read the device before this copy was made. */
    if (strcmp(header->uuid, attempt->cmdline->uuid) != 0) {
        error_set(&why, COLDSEAL_BAD_IMAGE, "the header's UUID changed while it was being read");
        return give_up(attempt, STAGE_HEADER, &why);
    }
    return TAKE(header);
}

static bool try_candidate(struct attempt *attempt, const struct candidate *candidate,
                          struct unlocked *unlocked)
{
    enum stage before = attempt->reached;

    unlocked->header = validated_header(attempt, candidate);
    if (unlocked->header != NULL)
        unlocked->volume_key = try_tokens(attempt, unlocked->header);
    unlocked->candidate = *candidate;
    if (unlocked->volume_key != NULL)
        return true;
    luks2_header_free(TAKE(unlocked->header));
    if (attempt->reached != before)
        error_wrap(&attempt->reason, "%s", candidate->path);
    return false;
}

static struct unlocked *try_candidates(struct attempt *attempt, const struct candidates *candidates,
                                       struct error *err)
{
    OWNED(unlocked) unlocked = calloc(1, sizeof(*unlocked));

    if (unlocked == NULL) {
        error_no_memory(err);
        return NULL;
    }
    attempt->deadline_milliseconds = clock_milliseconds() + (uint64_t)UNLOCK_BUDGET_SECONDS * 1000;
    for (size_t i = 0; i < candidates->count; i++) {
        if (try_candidate(attempt, &candidates->items[i], unlocked))
            return TAKE(unlocked);
    }
    *err = attempt->reason;
    return NULL;
}

struct unlocked *unlock_candidates(struct tpm *tpm, const struct cmdline *cmdline,
                                   const struct candidates *candidates, struct error *err)
{
    struct attempt attempt = {.tpm = tpm, .cmdline = cmdline};

    return try_candidates(&attempt, candidates, err);
}

struct unlocked *unlock_by_recovery_key(const struct secret *recovery_key,
                                        const struct cmdline *cmdline,
                                        const struct candidates *candidates, struct error *err)
{
    struct attempt attempt = {.recovery_key = recovery_key, .cmdline = cmdline};

    return try_candidates(&attempt, candidates, err);
}
