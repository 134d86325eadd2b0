/* SPDX-License-Identifier: Apache-2.0 */
/* The signatures in an image's certificate table (PE/COFF specification 11.0, clause 5.7) and whom
 * they were made by. */
#ifndef MEASURE_AUTHENTICODE_SIGNATURE_H
#define MEASURE_AUTHENTICODE_SIGNATURE_H

#include "core/digest.h"
#include "core/reader.h"
#include "measure/authenticode.h"
#include "measure/authenticode_ranges.h"

/* One certificate of the table. */
struct authenticode_entry {
    bool is_signature; /* PKCS#7 signed data, also in a WIN_CERTIFICATE_UEFI_GUID for EDK2 */
    struct reader data;
};

struct authenticode_table {
    size_t count;
    struct authenticode_entry entries[AUTHENTICODE_SIGNATURE_LIMIT];
};

/* An image without signatures has an empty table. COLDSEAL_BAD_IMAGE where the firmware or shim
 * finds the table damaged. */
bool authenticode_table_read(const struct pe *pe, enum authenticode_rules rules,
                             struct authenticode_table *table, struct error *err);

/* Which digest a signature is about, found where EDK2 looks for it; false where it finds none that
 * it knows and passes the signature over. */
bool authenticode_algorithm(struct reader data, enum digest_algorithm *algorithm);

/* PKCS#7 signed data over SpcIndirectDataContent. */
struct authenticode_signature;
/* COLDSEAL_BAD_IMAGE when it is none. */
struct authenticode_signature *authenticode_signature_parse(struct reader data, struct error *err);
void authenticode_signature_free(struct authenticode_signature *signature);
DEFINE_OWNED(authenticode_signature);

/* EDK2, CryptPkg/Library/BaseCryptLib, AuthenticodeVerify() and Pkcs7Verify(): the content ends in
 * that digest, and a chain leads from the signer to `certificate` (DER), which need not be a root.
 * Times and purposes do not matter. */
bool authenticode_signed_under(const struct authenticode_signature *signature,
                               const uint8_t *digest, size_t digest_bytes,
                               const uint8_t *certificate, size_t certificate_bytes);

/* The digest of what is signed in a certificate (DER); false when it is none. */
bool authenticode_tbs_digest(const uint8_t *certificate, size_t size,
                             enum digest_algorithm algorithm, uint8_t *digest);
size_t authenticode_signer_count(const struct authenticode_signature *signature);
/* The certificate of signer `index`, DER; NULL when there is no memory. */
struct bytes *authenticode_signer_certificate(const struct authenticode_signature *signature,
                                              size_t index, struct error *err);
/* Common name of the first signer, cut to the room there is; "" when there is none. */
void authenticode_signer_name(const struct authenticode_signature *signature,
                              char name[AUTHENTICODE_SIGNER_BYTES]);

#endif
