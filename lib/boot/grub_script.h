/* SPDX-License-Identifier: Apache-2.0 */
/* What GRUB measures when it runs its configuration, from the files on the disk and the GRUB binary
 * alone: GRUB's script interpreter, with those effects of commands that decide what is measured.
 * Facts are from the sources of GRUB 2.06 and 2.12, with the patches of Debian and Ubuntu. */
#ifndef BOOT_GRUB_SCRIPT_H
#define BOOT_GRUB_SCRIPT_H

#include "boot/boot_files.h"
#include "boot/grub_build.h"

enum grub_step_kind {
    GRUB_STEP_COMMAND,        /* PCR 8: "grub_cmd: " is not part of what is measured */
    GRUB_STEP_FILE,           /* PCR 9: a file, whole */
    GRUB_STEP_KERNEL,         /* shim verifies the kernel: PCR 4, 7 */
    GRUB_STEP_KERNEL_CMDLINE, /* PCR 8: "kernel_cmdline: " is not part of it either */
    GRUB_STEP_INITRD,    /* the FILE step before it is an initrd of the kernel's; a mark only */
    GRUB_STEP_CHAINLOAD, /* an EFI program is loaded: the firmware measures it */
    GRUB_STEP_BOOT,      /* what was loaded last is started; the last step */
};

struct grub_step {
    enum grub_step_kind kind;
    const char *text;   /* the command or command line as measured, or the file as GRUB names it */
    size_t volume;      /* of a file, kernel, initrd or program */
    const char *path;   /* there; NULL for other kinds */
    const char *config; /* the configuration file that causes it, as GRUB names it; "" for none */
    unsigned line;      /* there; 0: none */
};

/* Something that the disk's content does not fix, and the line that brings it in. */
struct grub_note {
    const char *config;
    unsigned line;
    const char *reason;
};

struct grub_trace {
    size_t count;
    struct grub_step *steps;
    size_t note_count;
    struct grub_note *notes;
    bool boots; /* the last step is GRUB_STEP_BOOT; else GRUB waits for somebody, or gives up */
    struct arena *arena; /* of all texts */
};

/* How GRUB was started. */
struct grub_start {
    size_t volume;         /* where it lies */
    const char *directory; /* there, "/EFI/BOOT" */
    const char
        *disk; /* what GRUB calls the disk that it boots from; "hd0" where it is the only one */
    bool secure_boot;
};

/* COLDSEAL_UNSUPPORTED where it takes more than the limits allow, such as a loop without an end. A
 * configuration with mistakes is no error: GRUB prints a message and goes on. */
struct grub_trace *grub_script_trace(struct boot_files *files, const struct grub_build *build,
                                     const struct grub_start *start, struct error *err);
void grub_trace_free(struct grub_trace *trace);
DEFINE_OWNED(grub_trace);

#endif
