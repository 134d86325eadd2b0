/* SPDX-License-Identifier: Apache-2.0 */
/* What firmware and shim hash of an EFI image, and whose signature makes them start it: Windows
 * Authenticode Portable Executable Signature Format 1.0 as EDK2 (SecurityPkg) and shim carry it
 * out, which is not always what the paper says. */
#ifndef MEASURE_AUTHENTICODE_H
#define MEASURE_AUTHENTICODE_H

#include "boot/pe.h"
#include "core/digest_set.h"
#include "measure/signature_list.h"

#define AUTHENTICODE_SIGNATURE_LIMIT 16 /* signatures of one image */
#define AUTHENTICODE_SIGNER_BYTES 128

/* What PCR 4 is extended with, whoever starts the image: shim leaves the hashing to the firmware.
 * COLDSEAL_BAD_IMAGE where the firmware cannot measure it, and where sections overlap. */
bool authenticode_digests(const struct pe *pe, struct digest_set *digests, struct error *err);

enum authenticode_verdict {
    AUTHENTICODE_UNSIGNED, /* and its digest is in no list */
    AUTHENTICODE_UNKNOWN_SIGNER,
    AUTHENTICODE_ACCEPTED,
    AUTHENTICODE_REVOKED,
};

/* Where signatures are looked up; those from AUTHENTICODE_VENDOR_DBX on forbid. */
enum authenticode_list {
    AUTHENTICODE_DB,
    AUTHENTICODE_VENDOR_DB,          /* built into shim */
    AUTHENTICODE_MOK_LIST,           /* as shim mirrors it to MokListRT; 15.4: MokList itself */
    AUTHENTICODE_VENDOR_CERTIFICATE, /* built into shim, one entry */
    AUTHENTICODE_VENDOR_DBX,         /* built into shim */
    AUTHENTICODE_DBX,
    AUTHENTICODE_MOK_LIST_X,
    AUTHENTICODE_LISTS,
};

struct authenticode_match {
    enum authenticode_list list;
    size_t entry; /* counts in the list */
};

struct authenticode_result {
    enum authenticode_verdict verdict;
    /* Accepted: the entries that are measured as authorities, in that order; an entry that was
     * measured before, here or for an earlier image, is not measured again. The firmware has one,
     * shim may have one for each signature. */
    size_t match_count;
    struct authenticode_match matches[AUTHENTICODE_SIGNATURE_LIMIT];
    struct authenticode_match revoked_by;
    /* The common name of who made the deciding signature, or of the first one; "" when unsigned. */
    char signer[AUTHENTICODE_SIGNER_BYTES];
};

/* The firmware's decision: EDK2, SecurityPkg/Library/DxeImageVerificationLib. Each list may be
 * NULL. Every signature is held against dbx, by certificate, by the digest of the signer's
 * certificate (a time stamp does not save it: there is no dbt) and by the image's digest, and
 * against db until one is accepted. COLDSEAL_BAD_IMAGE for an image or a certificate table that is
 * damaged. */
bool authenticode_verify(const struct pe *pe, const struct signature_list *db,
                         const struct signature_list *dbx, struct authenticode_result *result,
                         struct error *err);

/* shim's decision on what it starts or is asked about: shim 15.4 to 16.1, verify_buffer(). Lists
 * may be NULL; db is where MokDBState says that shim ignores it. */
bool authenticode_verify_shim(const struct pe *pe,
                              const struct signature_list *const lists[AUTHENTICODE_LISTS],
                              struct authenticode_result *result, struct error *err);

#endif
