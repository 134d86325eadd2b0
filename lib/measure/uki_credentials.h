/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials beside a unified kernel image, as its stub hands them to the initramfs and measures
 * them: systemd, src/boot/cpio.c, pack_cpio(). */
#ifndef MEASURE_UKI_CREDENTIALS_H
#define MEASURE_UKI_CREDENTIALS_H

#include "boot/boot_files.h"

#define UKI_CREDENTIAL_LIMIT 256
#define UKI_CREDENTIAL_LIMIT_BYTES ((size_t)16 << 20)

/* The archive of a folder's *.cred, sorted, as files of `target` (".extra/credentials"). *archive
 * is NULL, and the result true, where there is none. COLDSEAL_UNSUPPORTED where the folder holds
 * add-ons or extension images, which are measured as well. */
bool uki_credentials_archive(struct boot_files *files, size_t volume, const char *folder,
                             const char *target, struct bytes **archive, struct error *err);

#endif
