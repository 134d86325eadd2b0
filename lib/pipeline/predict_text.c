/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/predict_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/hex.h"
#include "report/text.h"

#define SHA256_TEXT (2 * 32 + 1)

static void put_events(FILE *out, const struct prediction *prediction)
{
    char digest[SHA256_TEXT];

    for (size_t i = 0; i < prediction->count; i++) {
        const struct predicted_event *event = &prediction->events[i];
        hex_encode(event->digest.sha256, sizeof(event->digest.sha256), digest);
        fprintf(out, "%3" PRIu32 "  %s  ", event->pcr, digest);
        text_put_printable(out, event->what);
        fputs(event->guessed ? "  (guessed)\n" : "\n", out);
    }
}

static void put_pcrs(FILE *out, const struct prediction *prediction)
{
    char value[SHA256_TEXT];

    for (uint32_t i = 0; i < PCR_COUNT; i++) {
        if ((prediction->known & UINT32_C(1) << i) == 0)
            continue;
        hex_encode(prediction->pcrs[i].sha256, sizeof(prediction->pcrs[i].sha256), value);
        fprintf(out, "%3" PRIu32 "  %s%s\n", i, value,
                (prediction->recorded & UINT32_C(1) << i) != 0 ? "  as recorded" : "");
    }
}

static void put_state(FILE *out, const struct prediction *prediction, bool is_one_of_many)
{
    if (is_one_of_many) {
        fputs("state ", out);
        text_put_printable(out, prediction->name);
        fputs("\n\n", out);
    }
    fprintf(out, "events, %s, SHA-256:\n", prediction_chain_name(prediction->chain));
    put_events(out, prediction);
    fputs("\nPCRs, SHA-256:\n", out);
    put_pcrs(out, prediction);
    for (size_t i = 0; i < prediction->note_count; i++) {
        fputs(i == 0 ? "\nmay come otherwise:\n  " : "  ", out);
        text_put_printable(out, prediction->notes[i]);
        fputc('\n', out);
    }
}

char *predict_text(const struct predictions *predictions, struct error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL) {
        error_no_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < predictions->count; i++) {
        fputs(i > 0 ? "\n" : "", out);
        put_state(out, predictions->items[i], predictions->count > 1);
    }
    if (fclose(out) != 0) {
        free(text);
        error_no_memory(err);
        return NULL;
    }
    return text;
}
