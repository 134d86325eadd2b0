/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/sbat.h"

#include <string.h>

#define LINE_ENDS "\r\n"
#define SECTION_COLUMNS 6
#define LEVEL_COLUMNS 2
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static bool bad(struct error *err, const char *reason)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "SBAT data: %s", reason);
}

/* verify_single_entry(): atoi(), then 16 bits of it. */
static uint16_t generation_of(const char *text)
{
    return (uint16_t)strtol(text, NULL, 10);
}

/* Splits a line in place; the columns that are asked for must be there and not empty. */
static bool take_line(char *line, enum sbat_kind kind, struct sbat_entry *entry)
{
    int columns = kind == SBAT_SECTION ? SECTION_COLUMNS : LEVEL_COLUMNS;

    for (int i = 0; i < columns; i++) {
        char *column = strsep(&line, ",");
        if (column == NULL || column[0] == '\0')
            return false;
        if (i == 0)
            entry->component = column;
        else if (i == 1)
            entry->generation = generation_of(column);
    }
    return true;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (text += strspn(text, LINE_ENDS); *text != '\0'; text += strspn(text, LINE_ENDS)) {
        lines++;
        text += strcspn(text, LINE_ENDS);
    }
    return lines;
}

static bool take_lines(struct sbat *sbat, char *text, enum sbat_kind kind, struct error *err)
{
    char *line;

    while ((line = strsep(&text, LINE_ENDS)) != NULL) {
        if (line[0] == '\0')
            continue;
        if (!take_line(line, kind, &sbat->entries[sbat->count]))
            return bad(err, "a line has too few columns");
        sbat->count++;
    }
    return true;
}

struct sbat *sbat_parse(const void *data, size_t size, enum sbat_kind kind, struct error *err)
{
    size_t mark = strlen(BYTE_ORDER_MARK);

    if (size > SBAT_LIMIT_BYTES) {
        bad(err, "it is too long");
        return NULL;
    }
    OWNED_PTR(char) text = strndup(data, size);
    if (text == NULL) {
        error_no_memory(err);
        return NULL;
    }
    size_t lines = count_lines(text);
    if (lines > SBAT_ENTRY_LIMIT) {
        bad(err, "it has too many lines");
        return NULL;
    }
    OWNED(sbat) sbat = calloc(1, sizeof(*sbat) + lines * sizeof(sbat->entries[0]));
    if (sbat == NULL) {
        error_no_memory(err);
        return NULL;
    }
    sbat->text = TAKE(text);
    char *first = sbat->text + (strncmp(sbat->text, BYTE_ORDER_MARK, mark) == 0 ? mark : 0);
    return take_lines(sbat, first, kind, err) ? TAKE(sbat) : NULL;
}

void sbat_free(struct sbat *sbat)
{
    if (sbat == NULL)
        return;
    free(sbat->text);
    free(sbat);
}

/* verify_sbat_helper(): for each component the level's first entry of that name counts. (15.4 looks
 * at all of them; no level has ever named one twice.) */
const struct sbat_entry *sbat_revoked(const struct sbat *image, const struct sbat *level)
{
    for (size_t i = 0; i < image->count; i++) {
        const struct sbat_entry *entry = &image->entries[i];
        for (size_t j = 0; j < level->count; j++) {
            if (strcmp(entry->component, level->entries[j].component) != 0)
                continue;
            if (entry->generation < level->entries[j].generation)
                return entry;
            break;
        }
    }
    return NULL;
}
