/* SPDX-License-Identifier: Apache-2.0 */
/* The target: a storage key's public part, its kind, and what vouches for it. */
#ifndef SEAL_TARGET_H
#define SEAL_TARGET_H

#include "core/bytes.h"
#include "core/json.h"

#define TARGET_FORMAT 1
#define SRK_HANDLE 0x81000001u

struct target {
    struct bytes *storage_key; /* TPM2B_PUBLIC, marshalled with its size */
    struct bytes *name;        /* TPM2B_NAME, marshalled with its size; computed, never read */
    char kind[8];              /* "srk" */
    uint32_t handle;           /* SRK_HANDLE; 0 when not persisted there */
    bool persisted;
    char origin[128];             /* "swtpm state", "tcti device:/dev/tpmrm0", "file" */
    struct bytes *ek_public;      /* TPM2B_PUBLIC or NULL */
    struct bytes *ek_certificate; /* DER or NULL */
    char manufacturer[16];
    char firmware[32];
};

void target_free(struct target *target);
DEFINE_OWNED(target);
/* Target document. The storage key must be a restricted decryption key that is fixedTPM and
 * fixedParent, RSA-2048/3072 or ECC P-256/P-384: COLDSEAL_UNSUPPORTED otherwise. Kind "ek" is
 * COLDSEAL_UNSUPPORTED for now. */
struct target *target_from_json(json_object *json, struct error *err);
struct target *target_read_file(const char *path, struct error *err);
json_object *target_to_json(const struct target *target, struct error *err);
/* A bare TPM2B_PUBLIC, TPMT_PUBLIC, PEM or DER; PEM and DER need a kind and are completed with the
 * SRK template (TCG EK and SRK templates: attributes 0x30472, AES-128-CFB). */
struct target *target_from_public(const char *path, const char *kind, struct error *err);
/* What is not proven about this target, as lines for the report; NULL-terminated, static. */
const char *const *target_unproven(const struct target *target);

#endif
