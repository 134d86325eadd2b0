/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's file systems, root, /boot and the ESP at /boot/efi mounted, and its programs: in a
 * libguestfs appliance for coldseal, or without their programs as they lie on the disk; as they are
 * for coldseal-setup, which runs in the guest. Paths are the guest's. Programs get arguments as a
 * vector; no text of the image becomes shell code. */
#ifndef GUEST_GUEST_ROOT_H
#define GUEST_GUEST_ROOT_H

#include "core/bytes.h"
#include "guest/lines.h"

#define GUEST_MODE_FAT (-1) /* no permissions there */

/* The beginning of a shell script that installs packages: no service may start. What it puts
 * there for that, $added, is the script's to remove. */
#define GUEST_NO_SERVICES                                                                   \
    "added=\n"                                                                              \
    "if [ ! -e /usr/sbin/policy-rc.d ]; then\n"                                             \
    "    added=/usr/sbin/policy-rc.d; printf '#!/bin/sh\\nexit 101\\n' >$added; chmod 755 " \
    "$added\n"                                                                              \
    "fi\n"

struct guest_root;
struct guest_os;

/* What each does is said at the function of the same name below. */
struct guest_root_ops {
    struct bytes *(*read)(struct guest_root *guest, const char *path, size_t limit_bytes,
                          struct error *err);
    bool (*write)(struct guest_root *guest, const char *path, const void *data, size_t size,
                  int mode, struct error *err);
    bool (*upload)(struct guest_root *guest, const char *local, const char *path, int mode,
                   struct error *err);
    bool (*copy)(struct guest_root *guest, const char *from, const char *to, struct error *err);
    bool (*link)(struct guest_root *guest, const char *target, const char *path, struct error *err);
    bool (*remove)(struct guest_root *guest, const char *path, struct error *err);
    bool (*remove_tree)(struct guest_root *guest, const char *path, struct error *err);
    bool (*has_file)(struct guest_root *guest, const char *path);
    bool (*has_folder)(struct guest_root *guest, const char *path);
    bool (*make_folder)(struct guest_root *guest, const char *path, struct error *err);
    bool (*list)(struct guest_root *guest, const char *path, struct lines *names,
                 struct error *err);
    /* NULL: nothing of the guest's is run … */
    char *(*run)(struct guest_root *guest, const char *const *argv, struct error *err);
    /* … and this makes its initramfs (guest/initramfs.h). */
    bool (*build_initramfs)(struct guest_root *guest, const struct guest_os *os,
                            struct lines *names, struct error *err);
};

/* Part of the structure of each of the three. */
struct guest_root {
    const struct guest_root_ops *ops;
};

/* Whole file, refused above `limit_bytes` (COLDSEAL_BAD_IMAGE). */
struct bytes *guest_read(struct guest_root *guest, const char *path, size_t limit_bytes,
                         struct error *err);
/* As guest_read, as text; what is not there is an empty text. Freed with free(3). */
char *guest_read_text(struct guest_root *guest, const char *path, size_t limit_bytes,
                      struct error *err);
/* Replaces a file, or a link of that name, by a file of root's. */
bool guest_write(struct guest_root *guest, const char *path, const void *data, size_t size,
                 int mode, struct error *err);
/* The same with the content of a file outside the guest. */
bool guest_upload(struct guest_root *guest, const char *local, const char *path, int mode,
                  struct error *err);
bool guest_copy(struct guest_root *guest, const char *from, const char *to, struct error *err);
/* A symbolic link, which replaces what has that name. */
bool guest_link(struct guest_root *guest, const char *target, const char *path, struct error *err);
/* A file or link; true where there is none. */
bool guest_remove(struct guest_root *guest, const char *path, struct error *err);
/* The same for a folder with all that is in it; links in it are not followed. */
bool guest_remove_tree(struct guest_root *guest, const char *path, struct error *err);
/* Both follow links. */
bool guest_has_file(struct guest_root *guest, const char *path);
bool guest_has_folder(struct guest_root *guest, const char *path);
/* With those above it. */
bool guest_make_folder(struct guest_root *guest, const char *path, struct error *err);
/* Names in a folder, sorted; empty where there is none. The caller frees the list. */
bool guest_list(struct guest_root *guest, const char *path, struct lines *names, struct error *err);
/* Whether its programs can be run. */
bool guest_can_run(const struct guest_root *guest);
/* Runs a program of the guest's; its output is freed with free(3). */
char *guest_run(struct guest_root *guest, const char *const *argv, struct error *err);

#endif
