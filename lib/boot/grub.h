/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB on the ESP: the folder a signed GRUB reads its configuration from, and our own grub.cfg with
 * its fixed-width field. */
#ifndef BOOT_GRUB_H
#define BOOT_GRUB_H

#include "boot/fat.h"
#include "core/guid.h"

#define LUKS_UUID_TEXT_BYTES 37
#define PIN_BYTES 32

/* The prefix baked into a GRUB EFI image ("/EFI/ubuntu"), from its "mods" section (GRUB 2.06,
 * include/grub/kernel.h: OBJ_TYPE_PREFIX). COLDSEAL_BAD_IMAGE when there is none. Freed with
 * free(3). */
char *grub_image_prefix(const struct bytes *efi_image, struct error *err);

/* Where the boot files of an ESP are: paths as on the ESP; empty strings where absent. */
struct esp_files {
    char shim[128];      /* what the firmware starts: /EFI/BOOT/BOOTX64.EFI or …AA64 */
    char grub[128];      /* what shim starts: grubx64.efi beside it, or of the vendor's folder */
    char grub_cfg[160];  /* PREFIX/grub.cfg of that GRUB */
    char vendor_dir[96]; /* /EFI/ubuntu, with shimx64.efi and grubx64.efi; may be empty */
    bool has_fallback;   /* fbx64.efi beside the shim: it resets the machine once */
};
bool esp_find_files(struct fat *esp, struct esp_files *files, struct error *err);

/* The field in a grub.cfg that prepare wrote: two lines,
 *     set coldseal_uuid=<36 characters>
 *     set coldseal_pin=<64 hex digits>
 * at any line, once each. All zeros while not set. */
struct grub_field {
    char luks_uuid[LUKS_UUID_TEXT_BYTES];
    uint8_t pin[PIN_BYTES];
    bool is_set;
    size_t uuid_offset; /* of the values, within the file */
    size_t pin_offset;
};
/* *present is false, and the result true, for a grub.cfg that is not ours. Ours is known by its
 * first line, "# coldseal grub.cfg format 1". Another format: COLDSEAL_UNSUPPORTED. */
bool grub_field_read(const struct bytes *grub_cfg, struct grub_field *field, bool *present,
                     struct error *err);
/* Writes both values in place into the file on the ESP. */
bool grub_field_write(struct fat *esp, const char *grub_cfg_path, const char *luks_uuid,
                      const uint8_t pin[PIN_BYTES], struct error *err);

#endif
