/* SPDX-License-Identifier: Apache-2.0 */
/* The libguestfs appliance: a small virtual machine of this machine's kernel in which the image's
 * file systems are mounted. Paths given to its calls are resolved after a chroot into the mounted
 * image, so that symbolic links of a guest lead nowhere but into the guest. Programs of the guest
 * get arguments as a vector; no text of the image becomes shell code. */
#ifndef GUEST_APPLIANCE_H
#define GUEST_APPLIANCE_H

#include <guestfs.h>

#include "core/bytes.h"
#include "guest/lines.h"

struct appliance {
    guestfs_h *g;
    char accelerator[16]; /* "kvm", "tcg" */
};

/* What can be known before anything starts: a host kernel that this user can read, room for the
 * appliance. LIBGUESTFS_PATH with a fixed appliance needs neither. COLDSEAL_IO with the remedy. */
bool appliance_check_host(struct error *err);

/* Starts it over a qcow2 file whose disk has blocks of 512 or 4096 bytes, without network. KVM is
 * tried unless `force_tcg`; where it fails, TCG is used. COLDSEAL_TRY_AGAIN when neither comes up.
 */
struct appliance *appliance_launch(const char *overlay_path, uint32_t block_bytes, bool force_tcg,
                                   struct error *err);
/* Unmounts, flushes and stops; without it the overlay is of no use. */
bool appliance_finish(struct appliance *appliance, struct error *err);
void appliance_free(struct appliance *appliance);
DEFINE_OWNED(appliance);

/* Sets the error of the libguestfs call that just failed, always false: COLDSEAL_TRY_AGAIN where
 * the appliance is gone, else COLDSEAL_UNSUPPORTED. */
bool appliance_error(struct appliance *appliance, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whole file, refused above `limit_bytes` (COLDSEAL_BAD_IMAGE). */
struct bytes *guest_read(struct appliance *appliance, const char *path, size_t limit_bytes,
                         struct error *err);
/* As guest_read, as text; what is not there is an empty text. Freed with free(3). */
char *guest_read_text(struct appliance *appliance, const char *path, size_t limit_bytes,
                      struct error *err);
#define GUEST_MODE_FAT (-1) /* no permissions there */
/* Replaces a file, or a link of that name, by a file of root's. */
bool guest_write(struct appliance *appliance, const char *path, const void *data, size_t size,
                 int mode, struct error *err);
/* A file of this machine's. */
bool guest_upload(struct appliance *appliance, const char *local, const char *path, int mode,
                  struct error *err);
/* Follows links. */
bool guest_has_file(struct appliance *appliance, const char *path);
bool guest_has_folder(struct appliance *appliance, const char *path);
bool guest_make_folder(struct appliance *appliance, const char *path, struct error *err);
bool guest_remove(struct appliance *appliance, const char *path, struct error *err);
/* Names in a folder, sorted; empty where there is none. The caller frees the list. */
bool guest_list(struct appliance *appliance, const char *path, struct lines *names,
                struct error *err);
/* Runs a program of the guest's; its output is freed with free(3). */
char *guest_run(struct appliance *appliance, const char *const *argv, struct error *err);

#endif
