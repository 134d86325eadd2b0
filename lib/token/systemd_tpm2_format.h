/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader and the writer of token "systemd-tpm2" share. Private to lib/token. */
#ifndef TOKEN_SYSTEMD_TPM2_FORMAT_H
#define TOKEN_SYSTEMD_TPM2_FORMAT_H

#define SYSTEMD_TPM2_TYPE "systemd-tpm2"
#define SYSTEMD_TPM2_PCRS 24
#define SYSTEMD_TPM2_ESYS_KEY 1 /* IESYSC_KEY_RSRC */

#endif
