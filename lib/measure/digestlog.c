/* SPDX-License-Identifier: Apache-2.0 */
/* The unlock's digest log, written. */
#include <openssl/evp.h>
#include <string.h>
#include <zlib.h>

#include "core/checked.h"
#include "core/writer.h"
#include "measure/eventlog.h"

#define SPEC_ID_BYTES ((size_t)33)
#define FIRST_EVENT_BYTES (4 + 4 + 20 + 4 + SPEC_ID_BYTES)
#define EVENT_BYTES ((size_t)(4 + 4 + 4 + 2 + 32 + 4))
#define LINE_BYTES ((size_t)57)

static const char spec_id_signature[16] = "Spec ID Event03";

static size_t data_bytes_kept(const struct event *event)
{
    return min_u64(event->data_size, DIGESTLOG_DATA_BYTES);
}

/* What eventlog_parse takes for the first event of a crypto-agile log is written anew. */
static bool is_spec_id(const struct event *event)
{
    return event->type == EV_NO_ACTION && event->data_size >= sizeof(spec_id_signature) &&
           memcmp(event->data, spec_id_signature, sizeof(spec_id_signature)) == 0;
}

static void write_first_event(struct writer *w)
{
    write_u32le(w, 0);
    write_u32le(w, EV_NO_ACTION);
    write_zeros(w, 20);
    write_u32le(w, SPEC_ID_BYTES);
    write_bytes(w, spec_id_signature, sizeof(spec_id_signature));
    write_u32le(w, 0); /* platformClass: client */
    write_u8(w, 0);    /* specVersionMinor */
    write_u8(w, 2);    /* specVersionMajor */
    write_u8(w, 0);    /* specErrata */
    write_u8(w, 2);    /* uintnSize: 64 bits */
    write_u32le(w, 1);
    write_u16le(w, DIGEST_SHA256);
    write_u16le(w, 32);
    write_u8(w, 0);
}

static bool write_event(struct writer *w, const struct event *event, struct error *err)
{
    const uint8_t *digest = event_digest_find(event, DIGEST_SHA256);

    if (digest == NULL)
        return error_set(err, COLDSEAL_BAD_IMAGE, "event log: it has no SHA-256 digests");
    write_u32le(w, event->pcr);
    write_u32le(w, event->type);
    write_u32le(w, 1);
    write_u16le(w, DIGEST_SHA256);
    write_bytes(w, digest, 32);
    write_u32le(w, (uint32_t)data_bytes_kept(event));
    write_bytes(w, event->data, data_bytes_kept(event));
    return true;
}

/* A crypto-agile log with nothing but SHA-256 and the start of each event's data. */
static struct bytes *log_reduce(const struct eventlog *log, struct error *err)
{
    size_t first = log->count > 0 && is_spec_id(&log->events[0]) ? 1 : 0;
    size_t size = FIRST_EVENT_BYTES;

    for (size_t i = first; i < log->count; i++)
        size += EVENT_BYTES + data_bytes_kept(&log->events[i]);
    OWNED(bytes) reduced = bytes_new(size, err);
    if (reduced == NULL)
        return NULL;
    struct writer w = writer_over(reduced->data, reduced->size);
    write_first_event(&w);
    for (size_t i = first; i < log->count; i++) {
        if (!write_event(&w, &log->events[i], err))
            return NULL;
    }
    return TAKE(reduced);
}

/* A zlib stream with zeros behind it up to whole lines. */
static struct bytes *compress_to_lines(const struct bytes *plain, struct error *err)
{
    uLong bound = compressBound(plain->size);
    uint64_t rounded;

    if (!checked_round_up(bound, LINE_BYTES, &rounded)) {
        error_no_memory(err);
        return NULL;
    }
    OWNED(bytes) packed = bytes_new(rounded, err);
    if (packed == NULL)
        return NULL;
    uLongf used = bound;
    if (compress2(packed->data, &used, plain->data, plain->size, Z_BEST_COMPRESSION) != Z_OK) {
        error_set(err, COLDSEAL_BUG, "event log: zlib does not compress it");
        return NULL;
    }
    memset(packed->data + used, 0, packed->size - used);
    packed->size = (used + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    return TAKE(packed);
}

static char *lines_to_text(const struct bytes *packed, struct error *err)
{
    size_t lines = packed->size / LINE_BYTES;
    size_t size =
        sizeof(DIGESTLOG_BEGIN "\n" DIGESTLOG_END "\n") + lines * (DIGESTLOG_LINE_CHARACTERS + 1);
    char *text = malloc(size);

    if (text == NULL) {
        error_no_memory(err);
        return NULL;
    }
    char *p = stpcpy(text, DIGESTLOG_BEGIN "\n");
    for (size_t i = 0; i < lines; i++) {
        EVP_EncodeBlock((uint8_t *)p, packed->data + i * LINE_BYTES, LINE_BYTES);
        p += DIGESTLOG_LINE_CHARACTERS;
        *p++ = '\n';
    }
    stpcpy(p, DIGESTLOG_END "\n");
    return text;
}

char *digestlog_encode(const struct eventlog *log, struct error *err)
{
    OWNED(bytes) reduced = log_reduce(log, err);
    OWNED(bytes) packed = reduced == NULL ? NULL : compress_to_lines(reduced, err);

    return packed == NULL ? NULL : lines_to_text(packed, err);
}
