/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's fstab(5) and crypttab(5), rewritten. Pure: text in, text out.
 *
 * The host adds and changes partitions as it likes, so that nothing outside the encrypted root may
 * be mounted by itself: / comes from the mapper device, /boot and the ESP wait until somebody asks
 * and cannot carry programs then, and every other line that names a block device or a file system
 * of the host's (9p, virtiofs) is turned into a comment. Doing it twice changes nothing more. */
#ifndef GUEST_FSTAB_H
#define GUEST_FSTAB_H

#include "guest/lines.h"

#define ROOT_DEVICE "/dev/mapper/cloudimg-rootfs"

/* `boot_uuid` names the file system of /boot for a table that has no line for it. Lines that were
 * turned off are added to `warnings`. The caller frees the result with free(3). */
char *fstab_harden(const char *text, const char *boot_uuid, struct lines *warnings,
                   struct error *err);
/* Every line becomes a comment. */
char *crypttab_harden(const char *text, struct lines *warnings, struct error *err);

/* fstab(5)'s first and third field, which are What= and Type= of systemd.mount(5): a block device;
 * a file system whose files are the host's. */
bool mount_source_is_block(const char *source);
bool mount_type_is_host(const char *type);

#endif
