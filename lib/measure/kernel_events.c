/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/kernel_events.h"

#include <string.h>

#include "core/writer.h"

#define TAG_LIMIT 64
#define TAG_INITRD UINT32_C(0x8f3b22ec)
#define TAG_LOAD_OPTIONS UINT32_C(0x8f3b22ed)

/* TCG_PCClientTaggedEvent: number, size, and a name with its NUL for people. */
static struct measurement tagged(uint32_t tag, const char *name, uint8_t room[TAG_LIMIT])
{
    struct writer w = writer_over(room, TAG_LIMIT);

    write_u32le(&w, tag);
    write_u32le(&w, (uint32_t)strlen(name) + 1);
    write_bytes(&w, name, strlen(name) + 1);
    return (struct measurement){
        .pcr = 9,
        .type = EV_EVENT_TAG,
        .data = room,
        .data_size = w.position,
    };
}

bool kernel_measure_load_options(struct prediction *prediction, const char *options, bool with_nul,
                                 struct error *err)
{
    size_t characters = strlen(options) + (with_nul ? 1 : 0);
    uint8_t room[TAG_LIMIT];
    struct measurement measurement = tagged(TAG_LOAD_OPTIONS, "LOADED_IMAGE::LoadOptions", room);
    OWNED(bytes) wide = bytes_new(2 * characters, err);

    if (wide == NULL)
        return false;
    struct writer w = writer_over(wide->data, wide->size);
    for (size_t i = 0; i < characters; i++)
        write_u16le(&w, (uint8_t)options[i]);
    measurement.source = SOURCE_COMMAND;
    measurement.what = "the kernel's command line, by its EFI stub";
    return prediction_measure_bytes(prediction, &measurement, wide->data, wide->size, err);
}

bool kernel_measure_initrd(struct prediction *prediction, enum prediction_source source,
                           const char *what, const struct digest_set *initrd, struct error *err)
{
    uint8_t room[TAG_LIMIT];
    struct measurement measurement = tagged(TAG_INITRD, "Linux initrd", room);

    measurement.source = source;
    measurement.what = what;
    return prediction_measure_digest(prediction, &measurement, initrd, err);
}
