/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a header with what a TPM releases. */
#ifndef PIPELINE_OPEN_BY_TPM_H
#define PIPELINE_OPEN_BY_TPM_H

#include "pipeline/source.h"

/* Asks the TPM at `tcti` (NULL: the device) for each systemd-tpm2 token in turn; a passphrase
 * counts only when it opens its keyslot. COLDSEAL_TPM, COLDSEAL_UNSUPPORTED without such a token.
 */
bool header_open_by_tpm(const struct luks2_header *header, const char *tcti, struct opened *opened,
                        struct error *err);

#endif
