/* SPDX-License-Identifier: Apache-2.0 */
/* Names in FAT directories. Private to boot/. FAT specification 1.03, clauses 6 and 7. */
#ifndef BOOT_FAT_NAME_H
#define BOOT_FAT_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define FAT_SHORT_NAME_BYTES 11
#define FAT_SHORT_TEXT_BYTES 16
#define FAT_LONG_NAME_UNITS 255
#define FAT_LONG_PART_UNITS 13
#define FAT_LONG_PARTS 20

/* A long name that is being collected from the entries in front of a short one. */
struct fat_long_name {
    uint8_t parts_left; /* entries still to come; the short one follows 0 */
    bool started;
    uint8_t checksum;
    uint16_t units[FAT_LONG_PARTS * FAT_LONG_PART_UNITS];
};

void fat_long_name_reset(struct fat_long_name *name);
/* One entry of 32 bytes with the attributes of a long name; one that does not continue what was
 * collected drops it. */
void fat_long_name_add(struct fat_long_name *name, const uint8_t *entry);
/* UTF-8 of the name collected for the short name `raw`; false where there is none that is whole,
 * fits it and is legal. `text` has room for 3 bytes a unit and a NUL. */
bool fat_long_name_text(const struct fat_long_name *name, const uint8_t *raw, char *text);

/* "BOOTX64.EFI" from the 11 bytes; `case_flags` is byte 12 of the entry, where Windows NT keeps
 * lower case. What is not ASCII becomes '_'. False for a name that no tool writes. */
bool fat_short_name_text(const uint8_t *raw, uint8_t case_flags, char text[FAT_SHORT_TEXT_BYTES]);

#endif
