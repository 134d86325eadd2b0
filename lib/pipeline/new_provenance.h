/* SPDX-License-Identifier: Apache-2.0 */
/* The provenance token of a header that takes another's place. */
#ifndef PIPELINE_NEW_PROVENANCE_H
#define PIPELINE_NEW_PROVENANCE_H

#include "pipeline/new_keyslots.h"

struct new_provenance {
    const struct luks2_header *old; /* what encrypt noted of the image's source goes on */
    const struct identity *identity;
    const struct new_keyslots *slots;
    const struct seal_policy *policy; /* NULL where no TPM opens it */
    const char *key;                  /* "shared", "fresh"; NULL: as the old one says */
    bool in_place;                    /* of a rekey in place */
};
json_object *new_provenance(const struct new_provenance *request, struct error *err);

#endif
