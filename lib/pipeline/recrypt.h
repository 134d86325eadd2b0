/* SPDX-License-Identifier: Apache-2.0 */
/* An encrypted image written anew under another volume key: each byte of root that is stored is
 * decrypted and encrypted in one pass. */
#ifndef PIPELINE_RECRYPT_H
#define PIPELINE_RECRYPT_H

#include "pipeline/identity.h"
#include "pipeline/write_image.h"

struct recrypt_request {
    const struct source *source;
    const struct cleartext_side *side;
    const struct secret *old_volume_key;
    const struct identity *identity; /* the new one; its pin goes into grub.cfg */
    const struct luks2_header *header;
    const char *path;
    const struct coldseal_output_options *options; /* a size of 0: the source's */
    struct coldseal_progress progress;
};

/* The caller commits. */
struct image_output *recrypt_image(const struct recrypt_request *request,
                                   struct write_result *result, struct error *err);

#endif
