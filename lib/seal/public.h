/* SPDX-License-Identifier: Apache-2.0 */
/* Public areas of TPM objects: bytes, Name, and what makes one a storage key that we seal to. */
#ifndef SEAL_PUBLIC_H
#define SEAL_PUBLIC_H

#include <tss2/tss2_tpm2_types.h>

#include "core/bytes.h"
#include "core/digest.h"

/* The larger of the structures that hold one. */
#define PUBLIC_LIMIT_BYTES ((size_t)4096)
/* The TCG's SRK template: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA,
 * restricted, decrypt. */
#define SRK_ATTRIBUTES ((TPMA_OBJECT)0x30472)

/* All of `data` as TPM2B_PUBLIC or as TPMT_PUBLIC. COLDSEAL_BAD_IMAGE. */
bool public_parse(const void *data, size_t size, TPM2B_PUBLIC *public, struct error *err);
/* TPM2B_PUBLIC with its size. */
struct bytes *public_marshal(const TPM2B_PUBLIC *public, struct error *err);
/* TPM 2.0 part 1, 16: nameAlg || H(TPMT_PUBLIC). */
bool public_name(const TPM2B_PUBLIC *public, TPM2B_NAME *name, struct error *err);

/* A restricted decryption key with fixedTPM and fixedParent, RSA-2048/3072 or ECC P-256/P-384,
 * AES-CFB with 128 or 256 bits, Name over SHA-256, SHA-384 or SHA-512. COLDSEAL_UNSUPPORTED. */
bool public_check_storage_key(const TPM2B_PUBLIC *public, struct error *err);
/* Bits of its field or modulus. */
unsigned public_key_bits(const TPM2B_PUBLIC *public);

/* A SubjectPublicKeyInfo in PEM or DER, RSA-2048 or ECC P-256, completed with the SRK template.
 * COLDSEAL_BAD_IMAGE for other bytes, COLDSEAL_UNSUPPORTED for other keys: for those more than one
 * template is in use, and a wrong one gives a key that no TPM has. */
bool public_from_spki(const void *data, size_t size, TPM2B_PUBLIC *public, struct error *err);
/* The ECC P-256 SRK template, as TPM2_CreatePrimary takes it. */
void public_srk_template(TPM2B_PUBLIC *public);

#endif
