/* SPDX-License-Identifier: Apache-2.0 */
/* shim's decision: shim 16.1, verify.c; shim.c of 15.4 to 15.8 decides alike. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "measure/authenticode_lists.h"
#include "measure/authenticode_signature.h"

/* Key usage of certificates that sign kernel modules only */
#define MODULE_SIGNING_OID "1.3.6.1.4.1.2312.16.1.2"
#define OWNER_BYTES 16

struct decision {
    const struct signature_list *const *lists;
    uint8_t sha256[32];
    uint8_t sha1[20];
    bool is_forbidden;
    struct authenticode_result *result;
};

/* SHA-1 counts in db and in both dbx. */
static bool find_image(const struct decision *decision, enum authenticode_list list, size_t *entry)
{
    bool sha1 =
        list == AUTHENTICODE_DB || list == AUTHENTICODE_VENDOR_DBX || list == AUTHENTICODE_DBX;

    return authenticode_find_digest(decision->lists[list], DIGEST_SHA256, decision->sha256,
                                    entry) ||
           (sha1 &&
            authenticode_find_digest(decision->lists[list], DIGEST_SHA1, decision->sha1, entry));
}

/* verify_eku() */
static bool signs_modules_only(const struct signature *entry)
{
    const uint8_t *next = entry->data;
    char oid[64];
    bool found = false;

    X509 *certificate = d2i_X509(NULL, &next, (long)entry->size);
    EXTENDED_KEY_USAGE *usages =
        certificate == NULL ? NULL : X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; usages != NULL && i < sk_ASN1_OBJECT_num(usages); i++) {
        OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(usages, i), 1);
        found = found || strcmp(oid, MODULE_SIGNING_OID) == 0;
    }
    EXTENDED_KEY_USAGE_free(usages);
    X509_free(certificate);
    ERR_clear_error();
    return found;
}

/* verify_x509(): a SEQUENCE with a length of two bytes that is the entry's. Only the first
 * certificate of each EFI_SIGNATURE_LIST is looked at; the next one of a list follows without a
 * header. */
static bool is_candidate(const struct signature_list *list, size_t i)
{
    const struct signature *entry = &list->entries[i];
    const struct signature *before = i == 0 ? NULL : &list->entries[i - 1];
    struct reader r = reader_over(entry->data, entry->size);
    uint16_t tag;
    uint16_t length;

    return entry->kind == SIGNATURE_X509 && read_u16be(&r, &tag) && tag == 0x3082 &&
           read_u16be(&r, &length) && length == reader_left(&r) &&
           (before == NULL || before->data + before->size + OWNER_BYTES != entry->data) &&
           !signs_modules_only(entry);
}

static bool find_signer(const struct decision *decision, enum authenticode_list which,
                        const struct authenticode_signature *signature, size_t *entry)
{
    const struct signature_list *list = decision->lists[which];

    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (is_candidate(list, i) &&
            authenticode_signed_under(signature, decision->sha256, sizeof(decision->sha256),
                                      list->entries[i].data, list->entries[i].size))
            return *entry = i, true;
    }
    return false;
}

/* Looks in the lists from `first` until `end`: for the image, or for a signature's signer. */
static bool find(const struct decision *decision, enum authenticode_list first,
                 enum authenticode_list end, const struct authenticode_signature *signature,
                 struct authenticode_match *match)
{
    for (enum authenticode_list list = first; list < end; list++) {
        if (signature == NULL ? find_image(decision, list, &match->entry)
                              : find_signer(decision, list, signature, &match->entry))
            return match->list = list, true;
    }
    return false;
}

/* check_denylist(), check_allowlist(); for the image where `signature` is NULL. */
static bool judge(struct decision *decision, const struct authenticode_signature *signature)
{
    struct authenticode_result *result = decision->result;
    struct authenticode_match match = {0};

    if (find(decision, AUTHENTICODE_VENDOR_DBX, AUTHENTICODE_LISTS, signature, &match)) {
        decision->is_forbidden = true;
        result->revoked_by = match;
        return false;
    }
    if (!find(decision, AUTHENTICODE_DB, AUTHENTICODE_VENDOR_DBX, signature, &match))
        return false;
    result->matches[result->match_count++] = match;
    return true;
}

/* Each signature is tried, and each that is accepted is measured. A forbidden one does not spoil
 * another. */
static bool judge_signatures(struct decision *decision, const struct authenticode_table *table,
                             struct error *err)
{
    struct authenticode_result *result = decision->result;

    for (size_t i = 0; i < table->count; i++) {
        struct error unreadable = {0};
        if (!table->entries[i].is_signature)
            continue;
        OWNED(authenticode_signature) signature =
            authenticode_signature_parse(table->entries[i].data, &unreadable);
        if (signature == NULL && unreadable.code == COLDSEAL_BAD_IMAGE)
            continue;
        if (signature == NULL)
            return *err = unreadable, false;
        bool first = result->match_count == 0;
        bool accepted = judge(decision, signature);
        if (result->signer[0] == '\0' || (first && accepted))
            authenticode_signer_name(signature, result->signer);
    }
    return true;
}

static enum authenticode_verdict verdict_of(const struct decision *decision, bool has_signatures)
{
    if (decision->result->match_count > 0)
        return AUTHENTICODE_ACCEPTED;
    if (decision->is_forbidden)
        return AUTHENTICODE_REVOKED;
    return has_signatures ? AUTHENTICODE_UNKNOWN_SIGNER : AUTHENTICODE_UNSIGNED;
}

bool authenticode_verify_shim(const struct pe *pe,
                              const struct signature_list *const lists[AUTHENTICODE_LISTS],
                              struct authenticode_result *result, struct error *err)
{
    struct decision decision = {.lists = lists, .result = result};
    struct authenticode_ranges ranges;
    struct authenticode_table table = {0};

    *result = (struct authenticode_result){0};
    if (!authenticode_ranges(pe, AUTHENTICODE_SHIM, &ranges, err) ||
        !authenticode_ranges_digest(pe, &ranges, DIGEST_SHA256, decision.sha256, err) ||
        !authenticode_ranges_digest(pe, &ranges, DIGEST_SHA1, decision.sha1, err))
        return false;
    if (!judge(&decision, NULL) && !decision.is_forbidden &&
        (!authenticode_table_read(pe, AUTHENTICODE_SHIM, &table, err) ||
         !judge_signatures(&decision, &table, err)))
        return false;
    result->verdict = verdict_of(&decision, table.count > 0);
    return true;
}
