/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates to which a secret is encrypted, so that no file holds it in the clear: CMS
 * AuthEnvelopedData (RFC 5083), content by AES-256-GCM (RFC 5084), keys by RSA-OAEP (RFC 3560) or
 * ephemeral ECDH (RFC 5753), all with SHA-256. Who issued a certificate is not checked: whoever
 * names it vouches for it. */
#ifndef CRYPT_RECIPIENTS_H
#define CRYPT_RECIPIENTS_H

#include "coldseal.h"
#include "core/bytes.h"
#include "core/digest.h"
#include "core/secret.h"

#define RECIPIENTS_MAX 32

struct recipients;

/* From PEM files, of which the first certificate counts, or DER; there may be none. A certificate
 * that is not valid now, not for the encryption of keys, or whose key is too short is COLDSEAL_KEY;
 * a kind of key that is neither RSA nor EC COLDSEAL_UNSUPPORTED. */
struct recipients *recipients_read(const struct coldseal_escrow_options *escrow, struct error *err);
void recipients_free(struct recipients *recipients);
DEFINE_OWNED(recipients);

size_t recipients_count(const struct recipients *recipients);
/* SHA-256 of the certificate. */
bool recipients_fingerprint(const struct recipients *recipients, size_t number,
                            uint8_t digest[DIGEST_MAX_BYTES], struct error *err);

/* The secret for each of them, one at least, as PEM ("CMS"). OpenSSL holds no copy of the secret,
 * only the key of the content, which it wipes. */
struct bytes *recipients_wrap(const struct recipients *recipients, const struct secret *secret,
                              struct error *err);

#endif
