/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a LUKS2 header as a sealed disk has it, for the TPM and the PCR values that are there now:
 *     make_sealed TCTI PCRS UUID VOLUME-KEY PASSPHRASE-OUT OUT
 * PCRS is a list ("4,7,15") or "none" for a header without a token. PASSPHRASE-OUT lets cryptsetup
 * open what the TPM guards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/outfile.h"
#include "crypt/luks2.h"
#include "seal/policy.h"
#include "seal/sealed_token.h"

struct arguments {
    const char *tcti;
    const char *pcrs;
    const char *uuid;
    const char *volume_key;
    const char *passphrase_out;
    const char *out;
};

static json_object *seal_token(const struct arguments *args, struct secret **passphrase,
                               struct error *err)
{
    struct pcr_values values = {0};
    uint8_t policy[32];
    uint32_t mask;
    OWNED(tpm) tpm = tpm_open(args->tcti, err);
    OWNED(target) parent = tpm == NULL ? NULL : tpm_read_target(tpm, err);

    if (parent == NULL || !pcr_mask_parse(args->pcrs, &mask, err) ||
        !tpm_read_pcrs(tpm, mask, &values, err) || !policy_pcr_digest(&values, mask, policy, err))
        return NULL;
    return sealed_token_new(parent, mask, policy, 0, passphrase, err);
}

static bool make_sealed(const struct arguments *args, struct error *err)
{
    OWNED(secret) volume_key = secret_read_file(args->volume_key, err);
    OWNED(secret) passphrase = NULL;
    OWNED_JSON token = NULL;

    if (volume_key == NULL)
        return false;
    if (strcmp(args->pcrs, "none") == 0)
        passphrase = secret_random(32, err);
    else
        token = seal_token(args, &passphrase, err);
    if (passphrase == NULL)
        return false;
    const struct luks2_keyslot keyslot = {.passphrase = passphrase, .token = token};
    const struct luks2_request request = {args->uuid, volume_key, &keyslot, 1, NULL};
    OWNED(luks2_header) header = luks2_build(&request, err);
    OWNED(bytes) bytes = header == NULL ? NULL : luks2_header_serialise(header, err);

    return bytes != NULL && secret_write_file(passphrase, args->passphrase_out, err) &&
           outfile_write(args->out, bytes->data, bytes->size, 0600, true, err);
}

int main(int argc, char **argv)
{
    struct error err = {0};

    if (argc != 7) {
        fprintf(stderr, "usage: make_sealed TCTI PCRS UUID VOLUME-KEY PASSPHRASE-OUT OUT\n");
        return EXIT_FAILURE;
    }
    const struct arguments args = {argv[1], argv[2], argv[3], argv[4], argv[5], argv[6]};
    if (!make_sealed(&args, &err)) {
        fprintf(stderr, "make_sealed: %s\n", err.message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
