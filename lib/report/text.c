/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INDENT 2
#define NAME_COLUMN 22
#define TABLE_COLUMNS 4
#define TABLE_WIDTH 32

static void put_indent(FILE *out, int depth)
{
    fprintf(out, "%*s", depth * INDENT, "");
}

/* C1 is U+0080 to U+009F. */
void text_put_printable(FILE *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;
        fputc(*p < 0x20 || *p == 0x7f || c1 ? '?' : *p, out);
        if (c1)
            p++;
    }
}

static void put_name(FILE *out, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        fputc(name[i] == '_' ? ' ' : name[i], out);
}

static void put_size(FILE *out, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    unsigned unit = 0;

    while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    if (unit == 0)
        fprintf(out, "%" PRIu64 " bytes", bytes);
    else
        fprintf(out, "%.1f %s (%" PRIu64 " bytes)", value, units[unit], bytes);
}

static void put_scalar(FILE *out, json_object *value, bool is_size)
{
    if (is_size && json_object_is_type(value, json_type_int))
        put_size(out, json_object_get_uint64(value));
    else if (json_object_is_type(value, json_type_boolean))
        fputs(json_object_get_boolean(value) ? "yes" : "no", out);
    else if (value == NULL)
        fputs("none", out);
    else
        text_put_printable(out, json_object_get_string(value));
}

static bool is_scalar(json_object *value)
{
    return !json_object_is_type(value, json_type_object) &&
           !json_object_is_type(value, json_type_array);
}

static void put_object(FILE *out, json_object *object, int depth);

/* Objects of a few scalars, all with as many members, make a table. */
static bool is_row(json_object *item, int columns)
{
    if (!json_object_is_type(item, json_type_object) || json_object_object_length(item) != columns)
        return false;
    json_object_object_foreach(item, key, value)
    {
        (void)key;
        if (!is_scalar(value))
            return false;
    }
    return true;
}

/* How many columns; 0: no table. */
static int table_columns(json_object *array)
{
    size_t count = json_object_array_length(array);
    json_object *first = count == 0 ? NULL : json_object_array_get_idx(array, 0);
    int columns =
        json_object_is_type(first, json_type_object) ? json_object_object_length(first) : 0;

    if (columns < 2 || columns > TABLE_COLUMNS)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_row(json_object_array_get_idx(array, i), columns))
            return 0;
    }
    return columns;
}

static void measure_row(json_object *row, int widths[TABLE_COLUMNS])
{
    int column = 0;

    json_object_object_foreach(row, key, value)
    {
        (void)key;
        int width = (int)strlen(value == NULL ? "none" : json_object_get_string(value));
        if (width > widths[column] && width <= TABLE_WIDTH)
            widths[column] = width;
        column++;
    }
}

static void put_row(FILE *out, json_object *row, const int widths[TABLE_COLUMNS], int columns)
{
    int column = 0;

    json_object_object_foreach(row, key, value)
    {
        (void)key;
        put_scalar(out, value, false);
        int gap =
            widths[column] - (int)strlen(value == NULL ? "none" : json_object_get_string(value));
        if (++column < columns)
            fprintf(out, "%*s", 2 + (gap > 0 ? gap : 0), "");
    }
    fputc('\n', out);
}

static void put_table(FILE *out, json_object *array, int columns, int depth)
{
    int widths[TABLE_COLUMNS] = {0};

    for (size_t i = 0; i < json_object_array_length(array); i++)
        measure_row(json_object_array_get_idx(array, i), widths);
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        put_indent(out, depth);
        put_row(out, json_object_array_get_idx(array, i), widths, columns);
    }
}

static void put_array(FILE *out, json_object *array, int depth)
{
    int columns = table_columns(array);

    if (columns > 0) {
        put_table(out, array, columns, depth);
        return;
    }
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *item = json_object_array_get_idx(array, i);
        if (json_object_is_type(item, json_type_object)) {
            if (i > 0)
                fputc('\n', out);
            put_object(out, item, depth);
            continue;
        }
        put_indent(out, depth);
        fputs("- ", out);
        put_scalar(out, item, false);
        fputc('\n', out);
    }
}

static void put_member(FILE *out, const char *key, json_object *value, int depth)
{
    static const char suffix[] = "_bytes";
    size_t length = strlen(key);
    bool is_size =
        length > sizeof(suffix) && strcmp(key + length - sizeof(suffix) + 1, suffix) == 0;
    size_t shown = is_size ? length - sizeof(suffix) + 1 : length;

    put_indent(out, depth);
    put_name(out, key, shown);
    if (is_scalar(value)) {
        int gap = NAME_COLUMN - depth * INDENT - (int)shown;
        fprintf(out, "%*s", gap > 1 ? gap : 1, "");
        put_scalar(out, value, is_size);
        fputc('\n', out);
        return;
    }
    fputs(":\n", out);
    if (json_object_is_type(value, json_type_array))
        put_array(out, value, depth + 1);
    else
        put_object(out, value, depth + 1);
}

static bool is_empty(json_object *value)
{
    return (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0) ||
           (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0);
}

static void put_object(FILE *out, json_object *object, int depth)
{
    json_object_object_foreach(object, key, value)
    {
        if (!is_empty(value))
            put_member(out, key, value, depth);
    }
}

char *text_render(json_object *json, struct error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL) {
        error_no_memory(err);
        return NULL;
    }
    json_object_object_foreach(json, key, value)
    {
        /* a failure's line is on standard error */
        if (!is_empty(value) && strcmp(key, "error") != 0)
            put_member(out, key, value, 0);
    }
    if (fclose(out) != 0) {
        free(text);
        error_no_memory(err);
        return NULL;
    }
    return text;
}
