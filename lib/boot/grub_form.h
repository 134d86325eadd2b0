/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of the grub.cfg that prepare writes (templates/grub.cfg.in, grub-recovery.cfg.in): the
 * same commands for every image, so that a boot can measure nothing else, and two values in them
 * that differ. */
#ifndef BOOT_GRUB_FORM_H
#define BOOT_GRUB_FORM_H

#include "core/bytes.h"

struct grub_form {
    char boot_uuid[64];    /* of the file system that kernel and initramfs are taken from */
    char *arguments;       /* of the kernel, behind those that every image has */
    bool console_recovery; /* Escape leads to a second command line, which asks for the recovery key
                            */
};

/* COLDSEAL_DIFFERS, with the line, for a file that does anything else, by one character;
 * COLDSEAL_BAD_IMAGE for a field that is none. */
bool grub_form_read(const struct bytes *grub_cfg, struct grub_form *form, struct error *err);
void grub_form_drop(struct grub_form *form);
#define OWNED_GRUB_FORM __attribute__((cleanup(grub_form_drop))) struct grub_form

/* A kernel argument that means the same to GRUB's parser, unquoted, as to the kernel. */
bool grub_argument_is_plain(const char *argument, size_t length);

#endif
