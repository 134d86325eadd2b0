/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/fat_name.h"

#include <stddef.h>
#include <string.h>

#define LAST_PART 0x40
#define LOWER_BASE 0x08
#define LOWER_EXTENSION 0x10
#define REPLACEMENT 0xfffd

void fat_long_name_reset(struct fat_long_name *name)
{
    name->started = false;
    name->parts_left = 0;
}

static void take_units(uint16_t *units, const uint8_t *entry)
{
    static const uint8_t offsets[FAT_LONG_PART_UNITS] = {1,  3,  5,  7,  9,  14, 16,
                                                         18, 20, 22, 24, 28, 30};

    for (size_t i = 0; i < FAT_LONG_PART_UNITS; i++)
        units[i] = (uint16_t)(entry[offsets[i]] | entry[offsets[i] + 1] << 8);
}

/* The entry that comes first on the disk is the name's last part and says how many there are. */
static bool start(struct fat_long_name *name, const uint8_t *entry)
{
    uint8_t parts = entry[0] & 0x3f;

    if (parts == 0 || parts > FAT_LONG_PARTS)
        return false;
    memset(name->units, 0, sizeof(name->units));
    name->started = true;
    name->parts_left = parts;
    name->checksum = entry[13];
    return true;
}

static bool continues(const struct fat_long_name *name, const uint8_t *entry)
{
    return name->started && name->parts_left > 0 && entry[0] == name->parts_left &&
           entry[13] == name->checksum;
}

void fat_long_name_add(struct fat_long_name *name, const uint8_t *entry)
{
    bool fits = (entry[0] & LAST_PART) != 0 ? start(name, entry) : continues(name, entry);

    if (!fits) {
        fat_long_name_reset(name);
        return;
    }
    name->parts_left--;
    take_units(name->units + (size_t)name->parts_left * FAT_LONG_PART_UNITS, entry);
}

/* FAT specification, clause 7: over the 11 bytes of the short name. */
static uint8_t short_name_checksum(const uint8_t *raw)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < FAT_SHORT_NAME_BYTES; i++)
        sum = (uint8_t)(((sum & 1) << 7) + (sum >> 1) + raw[i]);
    return sum;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static bool is_high(uint16_t unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint16_t unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

/* The character at units[*i], which moves on; a lone surrogate is replaced. */
static uint32_t take_character(const uint16_t *units, size_t count, size_t *i)
{
    uint16_t unit = units[(*i)++];

    if (is_high(unit) && *i < count && is_low(units[*i]))
        return 0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(units[(*i)++] - 0xdc00);
    return is_high(unit) || is_low(unit) ? REPLACEMENT : unit;
}

static bool is_legal(uint32_t c)
{
    return c >= 0x20 && c != '/' && c != '\\' && c != 0x7f;
}

bool fat_long_name_text(const struct fat_long_name *name, const uint8_t *raw, char *text)
{
    size_t count = 0;
    size_t limit = sizeof(name->units) / sizeof(name->units[0]);

    if (!name->started || name->parts_left != 0 || name->checksum != short_name_checksum(raw))
        return false;
    while (count < limit && name->units[count] != 0 && name->units[count] != 0xffff)
        count++;
    if (count == 0 || count > FAT_LONG_NAME_UNITS)
        return false;
    for (size_t i = 0; i < count;) {
        uint32_t c = take_character(name->units, count, &i);
        if (!is_legal(c))
            return false;
        text += put_utf8(text, c);
    }
    *text = '\0';
    return true;
}

/* One of the two parts, without the spaces that fill it up. */
static bool put_short_part(const uint8_t *raw, size_t size, bool lower, char **text)
{
    while (size > 0 && raw[size - 1] == ' ')
        size--;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = raw[i];
        if (!is_legal(c))
            return false;
        if (c >= 0x80)
            c = '_';
        if (lower && c >= 'A' && c <= 'Z')
            c = (uint8_t)(c - 'A' + 'a');
        *(*text)++ = (char)c;
    }
    return true;
}

bool fat_short_name_text(const uint8_t *raw, uint8_t case_flags, char text[FAT_SHORT_TEXT_BYTES])
{
    uint8_t copy[FAT_SHORT_NAME_BYTES];
    char *p = text;

    memcpy(copy, raw, sizeof(copy));
    if (copy[0] == 0x05) /* stands for 0xe5, which would mean a deleted entry */
        copy[0] = 0xe5;
    if (!put_short_part(copy, 8, (case_flags & LOWER_BASE) != 0, &p) || p == text)
        return false;
    *p++ = '.';
    char *extension = p;
    if (!put_short_part(copy + 8, 3, (case_flags & LOWER_EXTENSION) != 0, &p))
        return false;
    if (p == extension)
        p--;
    *p = '\0';
    return true;
}
