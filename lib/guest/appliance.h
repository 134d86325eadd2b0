/* SPDX-License-Identifier: Apache-2.0 */
/* The libguestfs appliance: a small virtual machine of this machine's kernel in which the image's
 * file systems are mounted. Paths given to its calls are resolved after a chroot into the mounted
 * image, so that symbolic links of a guest lead nowhere but into the guest. */
#ifndef GUEST_APPLIANCE_H
#define GUEST_APPLIANCE_H

#include <guestfs.h>

#include "guest/guest_root.h"

struct appliance {
    struct guest_root root;
    guestfs_h *g;
    char accelerator[16]; /* "kvm", "tcg" */
};

/* What can be known before anything starts: a host kernel that this user can read, room for the
 * appliance. LIBGUESTFS_PATH with a fixed appliance needs neither. COLDSEAL_IO with the remedy. */
bool appliance_check_host(struct error *err);

/* Starts it over a qcow2 file whose disk has blocks of 512 or 4096 bytes, without network. KVM is
 * tried unless `force_tcg`; where it fails, TCG is used. COLDSEAL_TRY_AGAIN when neither comes up.
 */
struct appliance *appliance_launch(const char *overlay_path, uint32_t block_bytes, bool network,
                                   bool force_tcg, struct error *err);
/* Unmounts, flushes and stops; without it the overlay is of no use. */
bool appliance_finish(struct appliance *appliance, struct error *err);
void appliance_free(struct appliance *appliance);
DEFINE_OWNED(appliance);

/* Sets the error of the libguestfs call that just failed, always false: COLDSEAL_TRY_AGAIN where
 * the appliance is gone, else COLDSEAL_UNSUPPORTED. */
bool appliance_error(struct appliance *appliance, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Its files and programs. */
extern const struct guest_root_ops appliance_ops;

#endif
