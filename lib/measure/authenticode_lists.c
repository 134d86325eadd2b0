/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/authenticode_lists.h"

#include <string.h>

#include "measure/authenticode_signature.h"

/* EFI_TIME of the revocation behind a certificate's digest */
#define TIME_BYTES 16

/* UEFI 2.10, 32.4.1: EFI_CERT_SHA…_GUID and EFI_CERT_X509_SHA…_GUID */
static const struct digest_types {
    enum digest_algorithm algorithm;
    const char *of_image;
    const char *of_certificate;
} digest_types[] = {
    {DIGEST_SHA1, "826ca512-cf10-4ac9-b187-be01496631bd", NULL},
    {DIGEST_SHA256, "c1c41626-504c-4092-aca9-41f936934328", "3bd2a492-96c0-4079-b420-fcf98ef103ed"},
    {DIGEST_SHA384, "ff3e5307-9fd0-48c9-85f1-8ad56c701e01", "7076876e-80c2-4ee6-aad2-28b349a6865b"},
    {DIGEST_SHA512, "093e0fae-a6c4-4f50-9f1b-d41e2b89c19a", "446dbf63-2502-4cda-bcfa-2465d2b0fe9d"},
};
#define DIGEST_TYPES (sizeof(digest_types) / sizeof(digest_types[0]))

static bool find(const struct signature_list *list, const char *type_text, const uint8_t *digest,
                 size_t digest_bytes, size_t entry_bytes, size_t *entry)
{
    struct guid type;

    if (list == NULL || !guid_parse(type_text, &type))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct signature *signature = &list->entries[i];
        if (guid_equal(&signature->type, &type) && signature->size == entry_bytes &&
            memcmp(signature->data, digest, digest_bytes) == 0)
            return *entry = i, true;
    }
    return false;
}

bool authenticode_find_digest(const struct signature_list *list, enum digest_algorithm algorithm,
                              const uint8_t *digest, size_t *entry)
{
    size_t size = digest_size(algorithm);

    for (size_t i = 0; i < DIGEST_TYPES; i++) {
        if (digest_types[i].algorithm == algorithm)
            return find(list, digest_types[i].of_image, digest, size, size, entry);
    }
    return false;
}

bool authenticode_find_certificate_digest(const struct signature_list *list,
                                          const uint8_t *certificate, size_t size, size_t *entry)
{
    uint8_t digest[DIGEST_MAX_BYTES];

    for (size_t i = 0; i < DIGEST_TYPES; i++) {
        const struct digest_types *types = &digest_types[i];
        size_t bytes = digest_size(types->algorithm);
        if (types->of_certificate != NULL &&
            authenticode_tbs_digest(certificate, size, types->algorithm, digest) &&
            find(list, types->of_certificate, digest, bytes, bytes + TIME_BYTES, entry))
            return true;
    }
    return false;
}
