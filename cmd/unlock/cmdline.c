/* SPDX-License-Identifier: Apache-2.0 */
#include "cmdline.h"

#include <string.h>

#include "core/bytes.h"
#include "core/hex.h"

#define OUR_PREFIX "coldseal."
#define UUID_FIELD OUR_PREFIX "uuid="
#define PIN_FIELD OUR_PREFIX "pin="
#define RECOVERY_WORD OUR_PREFIX "recovery=console"
#define PIN_HEX_BYTES ((size_t)CMDLINE_PIN_BYTES * 2)

struct word {
    const char *text;
    size_t size;
};

struct fields {
    struct cmdline *cmdline;
    unsigned uuids;
    unsigned pins;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Quotes have no meaning here: a quoted field is a field of the wrong form. */
static bool next_word(const char **cursor, const char *end, struct word *word)
{
    while (*cursor < end && is_blank(**cursor))
        (*cursor)++;
    word->text = *cursor;
    while (*cursor < end && !is_blank(**cursor))
        (*cursor)++;
    word->size = (size_t)(*cursor - word->text);
    return word->size > 0;
}

static bool strip_prefix(struct word *word, const char *prefix)
{
    size_t size = strlen(prefix);

    if (word->size < size || memcmp(word->text, prefix, size) != 0)
        return false;
    word->text += size;
    word->size -= size;
    return true;
}

/* GRUB, GRUB's log and the header write these in lower case; one spelling keeps a comparison of
 * text a comparison of values. */
static bool is_lower(struct word word)
{
    for (size_t i = 0; i < word.size; i++) {
        if (word.text[i] >= 'A' && word.text[i] <= 'Z')
            return false;
    }
    return true;
}

static bool all_zero(const uint8_t *data, size_t size)
{
    uint8_t any = 0;

    for (size_t i = 0; i < size; i++)
        any |= data[i];
    return any == 0;
}

static bool take_uuid(struct word value, struct cmdline *cmdline, struct error *err)
{
    struct guid guid;

    if (value.size != GUID_TEXT_BYTES - 1 || !is_lower(value))
        return error_set(err, COLDSEAL_BAD_IMAGE, UUID_FIELD " is not a UUID in lower case");
    memcpy(cmdline->uuid, value.text, value.size);
    cmdline->uuid[value.size] = '\0';
    if (!guid_parse(cmdline->uuid, &guid))
        return error_set(err, COLDSEAL_BAD_IMAGE, UUID_FIELD " is not a UUID in lower case");
    if (guid_is_zero(&guid))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         UUID_FIELD " is all zeros: this image was prepared but not encrypted");
    return true;
}

static bool take_pin(struct word value, struct cmdline *cmdline, struct error *err)
{
    if (value.size != PIN_HEX_BYTES || !is_lower(value) ||
        !hex_decode(value.text, value.size, cmdline->pin))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         PIN_FIELD " is not 64 hexadecimal digits in lower case");
    if (all_zero(cmdline->pin, sizeof(cmdline->pin)))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         PIN_FIELD " is all zeros: this image was prepared but not encrypted");
    return true;
}

static bool take_word(struct word word, struct fields *fields, struct error *err)
{
    struct word value = word;

    if (strip_prefix(&value, UUID_FIELD)) {
        fields->uuids++;
        return take_uuid(value, fields->cmdline, err);
    }
    if (strip_prefix(&value, PIN_FIELD)) {
        fields->pins++;
        return take_pin(value, fields->cmdline, err);
    }
    if (strip_prefix(&value, RECOVERY_WORD) && value.size == 0 &&
        !fields->cmdline->console_recovery) {
        fields->cmdline->console_recovery = true;
        return true;
    }
    value = word;
    if (strip_prefix(&value, OUR_PREFIX))
        return error_set(err, COLDSEAL_BAD_IMAGE, "unknown field %.*s",
                         (int)(word.size < 64 ? word.size : 64), word.text);
    return true;
}

static bool check_once(const char *field, unsigned times, struct error *err)
{
    return times == 1 ||
           error_set(err, COLDSEAL_BAD_IMAGE, "%s stands there %u times, not once", field, times);
}

bool cmdline_parse(const char *text, size_t size, struct cmdline *cmdline, struct error *err)
{
    struct fields fields = {.cmdline = cmdline};
    const char *cursor = text;
    struct word word;

    *cmdline = (struct cmdline){0};
    if (size > CMDLINE_LIMIT_BYTES || memchr(text, '\0', size) != NULL)
        return error_set(err, COLDSEAL_BAD_IMAGE, "kernel command line is not text");
    while (next_word(&cursor, text + size, &word)) {
        if (!take_word(word, &fields, err))
            return error_wrap(err, "kernel command line");
    }
    if (!check_once(UUID_FIELD, fields.uuids, err) || !check_once(PIN_FIELD, fields.pins, err))
        return error_wrap(err, "kernel command line");
    return true;
}

bool cmdline_read(const char *path, struct cmdline *cmdline, struct error *err)
{
    OWNED(bytes) text = bytes_read_file(path, CMDLINE_LIMIT_BYTES, err);

    return text != NULL && cmdline_parse((const char *)text->data, text->size, cmdline, err);
}
