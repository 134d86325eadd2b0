/* SPDX-License-Identifier: Apache-2.0 */
/* The unlock's digest log, found again in what a console recorded. */
#include <openssl/evp.h>
#include <string.h>
#include <zlib.h>

#include "core/reader.h"
#include "measure/eventlog.h"

#define LINE_BYTES ((size_t)57)
/* Times 4, until EVENTLOG_LIMIT_BYTES are reached */
#define PLAIN_FIRST_BYTES ((size_t)64 << 10)
/* What is behind it in a line of the console is not looked at. */
#define CONSOLE_LINE_CHARACTERS 512

struct console_line {
    size_t length;
    char text[CONSOLE_LINE_CHARACTERS + 1];
};

/* Moves behind an escape sequence whose ESC has been read (ECMA-48, 5.4 and 5.6: CSI and the
 * strings), or to the end of the line, which no sequence outlives. */
static void skip_escape(struct reader *line)
{
    uint8_t kind, c;

    if (!read_u8(line, &kind))
        return;
    if (kind == '[') {
        while (read_u8(line, &c) && (c < 0x40 || c > 0x7e))
            ;
    } else if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
        while (read_u8(line, &c) && c != '\a' && c != 0x1b)
            ;
        if (reader_left(line) > 0 && line->data[line->position] == '\\')
            line->position++;
    } else if (kind >= 0x20 && kind <= 0x2f) {
        reader_skip(line, 1);
    }
}

static void line_clean(struct reader raw, struct console_line *line)
{
    uint8_t c;

    line->length = 0;
    while (line->length < CONSOLE_LINE_CHARACTERS && read_u8(&raw, &c)) {
        if (c == 0x1b)
            skip_escape(&raw);
        else if (c >= 0x20 && c != 0x7f)
            line->text[line->length++] = (char)c;
    }
    while (line->length > 0 && line->text[line->length - 1] == ' ')
        line->length--;
    line->text[line->length] = '\0';
}

/* The next line, cleaned. Both CR and LF end one. */
static bool line_next(struct reader *console, struct console_line *line)
{
    const uint8_t *start = console->data + console->position;
    size_t left = reader_left(console);
    size_t length = 0;

    if (left == 0)
        return false;
    while (length < left && start[length] != '\n' && start[length] != '\r')
        length++;
    line_clean(reader_over(start, length), line);
    console->position += length < left ? length + 1 : length;
    return true;
}

/* Narrows `console` to the last block that has both of its markers. */
static bool find_last_block(struct reader *console)
{
    struct reader r = *console;
    struct console_line line;
    size_t start = 0, block_start = 0, block_end = 0;
    bool inside = false, found = false;

    for (size_t at = 0; line_next(&r, &line); at = r.position) {
        if (strstr(line.text, DIGESTLOG_BEGIN) != NULL) {
            inside = true;
            start = r.position;
        } else if (inside && strstr(line.text, DIGESTLOG_END) != NULL) {
            inside = false;
            found = true;
            block_start = start;
            block_end = at;
        }
    }
    if (found)
        *console = reader_over(console->data + block_start, block_end - block_start);
    return found;
}

static bool is_base64(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '+' || c == '/'))
            return false;
    }
    return true;
}

/* The line's last word, when it has a data line's form: the kernel's log puts words before it. */
static const char *line_data(const struct console_line *line)
{
    const char *space = strrchr(line->text, ' ');
    const char *word = space == NULL ? line->text : space + 1;
    size_t length = strlen(word);

    return length == DIGESTLOG_LINE_CHARACTERS && is_base64(word, length) ? word : NULL;
}

static struct bytes *block_unpack(struct reader block, struct error *err)
{
    struct console_line line;
    OWNED(bytes) packed = bytes_new(block.size / DIGESTLOG_LINE_CHARACTERS * LINE_BYTES, err);
    size_t used = 0;

    if (packed == NULL)
        return NULL;
    while (line_next(&block, &line)) {
        const char *data = line_data(&line);
        uint8_t decoded[LINE_BYTES];

        if (data == NULL || used + LINE_BYTES > packed->size)
            continue;
        EVP_DecodeBlock(decoded, (const uint8_t *)data, DIGESTLOG_LINE_CHARACTERS);
        memcpy(packed->data + used, decoded, LINE_BYTES);
        used += LINE_BYTES;
    }
    packed->size = used;
    return TAKE(packed);
}

static bool rest_is_zero(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != 0)
            return false;
    }
    return true;
}

static bool damaged(struct error *err)
{
    return error_set(err, COLDSEAL_BAD_IMAGE,
                     "the boot log in the console text is damaged: lines are missing or changed");
}

static bool plain_grow(struct bytes **plain, struct error *err)
{
    OWNED(bytes) old = *plain;

    *plain = NULL;
    if (old->size >= EVENTLOG_LIMIT_BYTES)
        return damaged(err);
    *plain = bytes_new(old->size * 4, err);
    if (*plain != NULL)
        memcpy((*plain)->data, old->data, old->size);
    return *plain != NULL;
}

/* Inflates the whole stream into `*plain`, which grows, and cuts it to what came out. */
static bool stream_inflate(z_stream *stream, struct bytes **plain, struct error *err)
{
    for (;;) {
        size_t done = stream->total_out;
        stream->next_out = (*plain)->data + done;
        stream->avail_out = (uInt)((*plain)->size - done);
        int status = inflate(stream, Z_NO_FLUSH);

        if (status == Z_STREAM_END)
            break;
        if (status != Z_OK || stream->avail_out > 0)
            return damaged(err);
        if (!plain_grow(plain, err))
            return false;
    }
    (*plain)->size = stream->total_out;
    return (stream->avail_in < LINE_BYTES && rest_is_zero(stream->next_in, stream->avail_in)) ||
           damaged(err);
}

static struct bytes *packed_inflate(struct bytes *packed, struct error *err)
{
    z_stream stream = {.next_in = packed->data, .avail_in = (uInt)packed->size};
    OWNED(bytes) plain = bytes_new(PLAIN_FIRST_BYTES, err);

    if (plain == NULL)
        return NULL;
    if (inflateInit(&stream) != Z_OK) {
        error_no_memory(err);
        return NULL;
    }
    bool whole = stream_inflate(&stream, &plain, err);
    inflateEnd(&stream);
    return whole ? TAKE(plain) : NULL;
}

struct bytes *digestlog_decode(const struct bytes *console, struct error *err)
{
    struct reader r = reader_over(console->data, console->size);

    if (console->size > EVENTLOG_CONSOLE_LIMIT_BYTES) {
        error_set(err, COLDSEAL_BAD_IMAGE, "console text is larger than %zu bytes",
                  EVENTLOG_CONSOLE_LIMIT_BYTES);
        return NULL;
    }
    if (!find_last_block(&r)) {
        error_set(err, COLDSEAL_BAD_IMAGE,
                  "neither an event log nor console text with a whole boot log between its "
                  "\"BEGIN\" and \"END\" lines");
        return NULL;
    }
    OWNED(bytes) packed = block_unpack(r, err);
    return packed == NULL ? NULL : packed_inflate(packed, err);
}
