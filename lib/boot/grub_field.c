/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "boot/grub.h"
#include "core/hex.h"

#define FORMAT_LINE "# coldseal grub.cfg format "
#define FORMAT "1"
#define UUID_LINE "set coldseal_uuid="
#define PIN_LINE "set coldseal_pin="
#define UUID_CHARACTERS (LUKS_UUID_TEXT_BYTES - 1)
#define PIN_CHARACTERS ((size_t)2 * PIN_BYTES)
#define GRUB_CFG_LIMIT_BYTES ((size_t)64 << 10)

struct line {
    const char *text; /* not NUL-terminated */
    size_t length;
};

/* The line at *position, which moves behind its newline; false at the end. */
static bool next_line(const struct bytes *file, size_t *position, struct line *line)
{
    const char *start = (const char *)file->data + *position;
    size_t left = file->size - *position;

    if (left == 0)
        return false;
    const char *end = memchr(start, '\n', left);
    line->text = start;
    line->length = end == NULL ? left : (size_t)(end - start);
    *position += line->length + (end != NULL);
    return true;
}

static bool starts_with(const struct line *line, const char *prefix)
{
    size_t length = strlen(prefix);

    return line->length >= length && memcmp(line->text, prefix, length) == 0;
}

static bool check_format(const struct bytes *grub_cfg, bool *present, struct error *err)
{
    size_t position = 0;
    struct line line;

    *present = next_line(grub_cfg, &position, &line) && starts_with(&line, FORMAT_LINE);
    if (!*present)
        return true;
    if (line.length == strlen(FORMAT_LINE FORMAT) && starts_with(&line, FORMAT_LINE FORMAT))
        return true;
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "grub.cfg is of a format that this version does "
                     "not know (it knows " FORMAT ")");
}

/* The one line that sets a variable; its value has exactly `length` characters. */
static bool find_value(const struct bytes *grub_cfg, const char *prefix, size_t length,
                       size_t *offset, struct error *err)
{
    size_t position = 0;
    struct line line;
    unsigned count = 0;

    while (next_line(grub_cfg, &position, &line)) {
        if (!starts_with(&line, prefix))
            continue;
        if (line.length != strlen(prefix) + length)
            return error_set(err, COLDSEAL_BAD_IMAGE,
                             "grub.cfg: the value of \"%s\" has not %zu "
                             "characters",
                             prefix, length);
        *offset = (size_t)(line.text - (const char *)grub_cfg->data) + strlen(prefix);
        count++;
    }
    if (count != 1)
        return error_set(err, COLDSEAL_BAD_IMAGE, "grub.cfg: %u lines with \"%s\", not one", count,
                         prefix);
    return true;
}

/* The kernel's command line is compared as text, so there is one way to write a value. */
static bool is_canonical(const char *text)
{
    for (; *text != '\0'; text++) {
        if (isupper((unsigned char)*text))
            return false;
    }
    return true;
}

static bool take_uuid(const struct bytes *grub_cfg, struct grub_field *field, struct guid *uuid,
                      struct error *err)
{
    memcpy(field->luks_uuid, grub_cfg->data + field->uuid_offset, UUID_CHARACTERS);
    field->luks_uuid[UUID_CHARACTERS] = '\0';
    if (guid_parse(field->luks_uuid, uuid) && is_canonical(field->luks_uuid))
        return true;
    return error_set(err, COLDSEAL_BAD_IMAGE, "grub.cfg: \"%s\" is no UUID", field->luks_uuid);
}

static bool take_pin(const struct bytes *grub_cfg, struct grub_field *field, struct error *err)
{
    char text[PIN_CHARACTERS + 1];

    memcpy(text, grub_cfg->data + field->pin_offset, PIN_CHARACTERS);
    text[PIN_CHARACTERS] = '\0';
    if (strlen(text) == PIN_CHARACTERS && is_canonical(text) &&
        hex_decode(text, PIN_CHARACTERS, field->pin))
        return true;
    return error_set(err, COLDSEAL_BAD_IMAGE, "grub.cfg: the pin is not hexadecimal");
}

bool grub_field_read(const struct bytes *grub_cfg, struct grub_field *field, bool *present,
                     struct error *err)
{
    static const uint8_t no_pin[PIN_BYTES];
    struct guid uuid;

    memset(field, 0, sizeof(*field));
    if (!check_format(grub_cfg, present, err))
        return false;
    if (!*present)
        return true;
    if (!find_value(grub_cfg, UUID_LINE, UUID_CHARACTERS, &field->uuid_offset, err) ||
        !find_value(grub_cfg, PIN_LINE, PIN_CHARACTERS, &field->pin_offset, err) ||
        !take_uuid(grub_cfg, field, &uuid, err) || !take_pin(grub_cfg, field, err))
        return false;
    bool has_pin = memcmp(field->pin, no_pin, sizeof(no_pin)) != 0;
    field->is_set = !guid_is_zero(&uuid);
    if (has_pin != field->is_set)
        return error_set(err, COLDSEAL_BAD_IMAGE, "grub.cfg: only one of UUID and pin is set");
    return true;
}

static bool read_ours(struct fat *esp, const char *path, struct bytes **grub_cfg,
                      struct grub_field *field, struct error *err)
{
    bool present;
    OWNED(bytes) file = fat_read_file(esp, path, GRUB_CFG_LIMIT_BYTES, err);

    if (file == NULL)
        return false;
    if (!grub_field_read(file, field, &present, err))
        return error_wrap(err, "%s", path);
    if (!present)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s is not coldseal's: prepare the image first",
                         path);
    *grub_cfg = TAKE(file);
    return true;
}

static bool check_written(struct fat *esp, const char *path, const char *luks_uuid,
                          const uint8_t pin[PIN_BYTES], struct error *err)
{
    struct grub_field field;
    struct bytes *unused = NULL;

    if (!read_ours(esp, path, &unused, &field, err))
        return false;
    bytes_free(unused);
    if (strcmp(field.luks_uuid, luks_uuid) != 0 || memcmp(field.pin, pin, PIN_BYTES) != 0)
        return error_set(err, COLDSEAL_IO, "%s: what was written does not read back", path);
    return true;
}

bool grub_field_write(struct fat *esp, const char *grub_cfg_path, const char *luks_uuid,
                      const uint8_t pin[PIN_BYTES], struct error *err)
{
    struct grub_field field;
    struct guid uuid;
    char pin_text[PIN_CHARACTERS + 1];
    struct bytes *loaded = NULL;

    if (!guid_parse(luks_uuid, &uuid) || !is_canonical(luks_uuid))
        return error_set(err, COLDSEAL_BUG, "\"%s\" is no LUKS UUID", luks_uuid);
    if (!read_ours(esp, grub_cfg_path, &loaded, &field, err))
        return false;
    OWNED(bytes) grub_cfg = loaded;
    hex_encode(pin, PIN_BYTES, pin_text);
    memcpy(grub_cfg->data + field.uuid_offset, luks_uuid, UUID_CHARACTERS);
    memcpy(grub_cfg->data + field.pin_offset, pin_text, PIN_CHARACTERS);
    /* Both values in one write: the file has a few hundred bytes. */
    return fat_patch_file(esp, grub_cfg_path, 0, grub_cfg->data, grub_cfg->size, err) &&
           check_written(esp, grub_cfg_path, luks_uuid, pin, err);
}
