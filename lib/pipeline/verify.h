/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of verify share. Each part looks at one side of the finished image and adds its
 * rows; it returns false only where the command itself cannot go on. */
#ifndef PIPELINE_VERIFY_H
#define PIPELINE_VERIFY_H

#include "pipeline/source.h"
#include "report/checks.h"

struct verification {
    const struct coldseal_verify_options *options;
    struct checks checks;
    struct source *source;
    const struct partition *root; /* borrowed; NULL: no encrypted root */
    uint64_t root_offset_bytes;
    uint64_t root_length_bytes;
    struct luks2_header *header; /* NULL: refused, or none */
    struct secret *volume_key;   /* NULL without --key-file */
    struct cleartext_side side;
    char *command_line;    /* the kernel's, as grub.cfg gives it; NULL: grub.cfg is not our form */
    bool console_recovery; /* grub.cfg leads to it */
    json_object *guest;    /* what prepare was told; NULL: not known */
    bool guest_is_proven;  /* read inside the encrypted root, not from the host's copy */
    uint64_t zero_blocks;  /* of root's data */
};

/* Partition table and partitions; the container of the image. Sets `root`. */
bool verify_layout(struct verification *work, struct error *err);
/* The LUKS2 header. Sets `header` and, with --key-file, `volume_key`. */
bool verify_header(struct verification *work, struct error *err);
/* Tokens: what they are sealed to. */
bool verify_tokens(struct verification *work, struct error *err);
/* ESP: grub.cfg, and what else is there that decides. Sets `side` and `command_line`. */
bool verify_boot_side(struct verification *work, struct error *err);
/* With --firmware: whether it starts the image, and what the image then measures. */
bool verify_prediction(struct verification *work, struct error *err);
/* Root's data; with a key, what is in it as well. Sets the members about guest and blocks. */
bool verify_data(struct verification *work, struct error *err);
/* What still goes from the host to root by design: [{ "channel", "why" }]. */
json_object *verify_channels(const struct verification *work, struct error *err);

#endif
