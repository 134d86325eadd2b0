/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's decision: EDK2, SecurityPkg/Library/DxeImageVerificationLib. */
#include "measure/authenticode_lists.h"
#include "measure/authenticode_signature.h"

/* One image before the firmware. */
struct decision {
    const struct pe *pe;
    const struct signature_list *db;
    const struct signature_list *dbx;
    struct authenticode_ranges ranges;
    struct authenticode_result *result;
};

/* One signature of it. */
struct claim {
    struct authenticode_signature *signature;
    enum digest_algorithm algorithm;
    uint8_t digest[DIGEST_MAX_BYTES]; /* of the image */
};

static void accept(struct decision *decision, size_t entry)
{
    struct authenticode_result *result = decision->result;

    result->verdict = AUTHENTICODE_ACCEPTED;
    result->matches[result->match_count++] = (struct authenticode_match){AUTHENTICODE_DB, entry};
}

static void forbid(struct decision *decision, size_t entry)
{
    decision->result->verdict = AUTHENTICODE_REVOKED;
    decision->result->revoked_by = (struct authenticode_match){AUTHENTICODE_DBX, entry};
}

/* The first certificate of a list that the signature leads to. */
static bool find_signer(const struct claim *claim, const struct signature_list *list, size_t *entry)
{
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct signature *certificate = &list->entries[i];
        if (certificate->kind == SIGNATURE_X509 &&
            authenticode_signed_under(claim->signature, claim->digest,
                                      digest_size(claim->algorithm), certificate->data,
                                      certificate->size))
            return *entry = i, true;
    }
    return false;
}

/* IsForbiddenByDbx(); *forbidden with *entry. */
static bool find_in_dbx(const struct decision *decision, const struct claim *claim, bool *forbidden,
                        size_t *entry, struct error *err)
{
    *forbidden = find_signer(claim, decision->dbx, entry);
    for (size_t i = 0; !*forbidden && i < authenticode_signer_count(claim->signature); i++) {
        OWNED(bytes) certificate = authenticode_signer_certificate(claim->signature, i, err);
        if (certificate == NULL)
            return false;
        *forbidden = authenticode_find_certificate_digest(decision->dbx, certificate->data,
                                                          certificate->size, entry);
    }
    return true;
}

/* IsAllowedByDb(): the first certificate decides, even where its own digest is in dbx. */
static bool find_in_db(const struct decision *decision, const struct claim *claim, size_t *entry)
{
    size_t revoked;

    if (!find_signer(claim, decision->db, entry))
        return false;
    const struct signature *root = &decision->db->entries[*entry];
    return !authenticode_find_certificate_digest(decision->dbx, root->data, root->size, &revoked);
}

static bool judge_claim(struct decision *decision, const struct claim *claim, struct error *err)
{
    bool accepted = decision->result->verdict == AUTHENTICODE_ACCEPTED;
    bool forbidden;
    size_t entry = 0;

    if (!find_in_dbx(decision, claim, &forbidden, &entry, err))
        return false;
    if (forbidden)
        return forbid(decision, entry), true;
    if (!accepted && find_in_db(decision, claim, &entry)) {
        accept(decision, entry);
        accepted = true;
    }
    if (authenticode_find_digest(decision->dbx, claim->algorithm, claim->digest, &entry))
        return forbid(decision, entry), true;
    if (!accepted &&
        authenticode_find_digest(decision->db, claim->algorithm, claim->digest, &entry))
        accept(decision, entry);
    return true;
}

/* A signature about a digest that EDK2 does not know is passed over; one that cannot be read makes
 * it refuse the image, since it might be forbidden. */
static bool judge_entry(struct decision *decision, const struct authenticode_entry *entry,
                        struct error *err)
{
    struct claim claim;

    if (!entry->is_signature || !authenticode_algorithm(entry->data, &claim.algorithm))
        return true;
    if (!authenticode_ranges_digest(decision->pe, &decision->ranges, claim.algorithm, claim.digest,
                                    err))
        return false;
    OWNED(authenticode_signature) signature = authenticode_signature_parse(entry->data, err);
    if (signature == NULL)
        return false;
    claim.signature = signature;
    enum authenticode_verdict before = decision->result->verdict;
    if (!judge_claim(decision, &claim, err))
        return false;
    if (decision->result->signer[0] == '\0' || decision->result->verdict != before)
        authenticode_signer_name(signature, decision->result->signer);
    return true;
}

/* All digests are looked up, the longest first. */
static bool judge_unsigned(struct decision *decision, struct error *err)
{
    static const enum digest_algorithm algorithms[] = {DIGEST_SHA512, DIGEST_SHA384, DIGEST_SHA256};
    uint8_t digest[DIGEST_MAX_BYTES];
    size_t entry;

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (!authenticode_ranges_digest(decision->pe, &decision->ranges, algorithms[i], digest,
                                        err))
            return false;
        if (authenticode_find_digest(decision->dbx, algorithms[i], digest, &entry))
            return forbid(decision, entry), true;
        if (authenticode_find_digest(decision->db, algorithms[i], digest, &entry))
            accept(decision, entry);
    }
    return true;
}

bool authenticode_verify(const struct pe *pe, const struct signature_list *db,
                         const struct signature_list *dbx, struct authenticode_result *result,
                         struct error *err)
{
    struct decision decision = {.pe = pe, .db = db, .dbx = dbx, .result = result};
    struct authenticode_table table;

    *result = (struct authenticode_result){.verdict = AUTHENTICODE_UNSIGNED};
    if (!authenticode_table_read(pe, AUTHENTICODE_EDK2, &table, err) ||
        !authenticode_ranges(pe, AUTHENTICODE_EDK2, &decision.ranges, err))
        return false;
    if (table.count == 0)
        return judge_unsigned(&decision, err);
    result->verdict = AUTHENTICODE_UNKNOWN_SIGNER;
    for (size_t i = 0; i < table.count && result->verdict != AUTHENTICODE_REVOKED; i++) {
        if (!judge_entry(&decision, &table.entries[i], err))
            return false;
    }
    return true;
}
