/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/grub_form.h"

#include <stdio.h>
#include <string.h>

#include "boot/grub.h"

#define ARGUMENT_LIMIT 256

enum rest {
    REST_FIELD, /* the field's, which grub_field_read() checks */
    REST_UUID,
    REST_ARGUMENTS,
    REST_RECOVERY, /* the same arguments, and one more */
    REST_NONE,
};

/* The lines, in order; comments and empty lines may be anywhere. */
struct step {
    const char *text;
    enum rest rest;
};
#define LINUX                                                                          \
    "linux /vmlinuz root=/dev/mapper/cloudimg-rootfs ro coldseal.uuid=$coldseal_uuid " \
    "coldseal.pin=$coldseal_pin "
static const struct step plain_steps[] = {
    {"set coldseal_uuid=", REST_FIELD},
    {"set coldseal_pin=", REST_FIELD},
    {"search --no-floppy --fs-uuid --set=root ", REST_UUID},
    {LINUX, REST_ARGUMENTS},
    {"initrd /initrd.img", REST_NONE},
    {"boot", REST_NONE},
    {"halt", REST_NONE},
};
/* templates/grub-recovery.cfg.in */
static const struct step recovery_steps[] = {
    {"set coldseal_uuid=", REST_FIELD},
    {"set coldseal_pin=", REST_FIELD},
    {"search --no-floppy --fs-uuid --set=root ", REST_UUID},
    {"echo \"Escape within 5 seconds: unlock with the recovery key, which the host then knows\"",
     REST_NONE},
    {"if sleep --interruptible 5; then", REST_NONE},
    {LINUX, REST_ARGUMENTS},
    {"else", REST_NONE},
    {LINUX, REST_RECOVERY},
    {"fi", REST_NONE},
    {"initrd /initrd.img", REST_NONE},
    {"boot", REST_NONE},
    {"halt", REST_NONE},
};
#define RECOVERY_ARGUMENT "coldseal.recovery=console"

struct steps {
    const struct step *items;
    size_t count;
};
#define STEPS_OF(array) ((struct steps){(array), sizeof(array) / sizeof((array)[0])})

/* The only arguments with a variable of GRUB's: what tells dracut's systemd-cryptsetup. */
static const char *const variable_arguments[] = {
    "rd.luks.name=$coldseal_uuid=cloudimg-rootfs",
    "rd.luks.options=$coldseal_uuid=tpm2-device=auto",
    "rd.luks.options=$coldseal_uuid=tpm2-device=auto,fixate-volume-key=$coldseal_pin",
};

struct text {
    const char *start; /* not NUL-terminated */
    size_t length;
};

void grub_form_drop(struct grub_form *form)
{
    free(form->arguments);
    form->arguments = NULL;
}

bool grub_argument_is_plain(const char *argument, size_t length)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._,=:/@%+-";

    for (size_t i = 0; i < length; i++) {
        if (argument[i] == '\0' || strchr(allowed, argument[i]) == NULL)
            return false;
    }
    return length > 0 && length <= ARGUMENT_LIMIT;
}

static bool next_line(const struct bytes *file, size_t *position, struct text *line)
{
    const char *start = (const char *)file->data + *position;
    size_t left = file->size - *position;

    if (left == 0)
        return false;
    const char *end = memchr(start, '\n', left);
    line->start = start;
    line->length = end == NULL ? left : (size_t)(end - start);
    *position += line->length + (end != NULL);
    return true;
}

/* GRUB ends a comment at the newline; nothing but plain text is in one of ours. */
static bool is_comment(const struct text *line)
{
    if (line->length > 0 && line->start[0] != '#')
        return false;
    for (size_t i = 0; i < line->length; i++) {
        if (line->start[i] < 0x20 || line->start[i] == 0x7f)
            return false;
    }
    return true;
}

static bool is_variable_argument(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof(variable_arguments) / sizeof(variable_arguments[0]); i++) {
        if (strlen(variable_arguments[i]) == length &&
            memcmp(variable_arguments[i], word, length) == 0)
            return true;
    }
    return false;
}

/* Words with one space between them. */
static bool take_arguments(const struct text *rest, struct grub_form *form)
{
    for (size_t at = 0; at < rest->length;) {
        const char *word = rest->start + at;
        const char *space = memchr(word, ' ', rest->length - at);
        size_t length = space == NULL ? rest->length - at : (size_t)(space - word);
        if (!grub_argument_is_plain(word, length) && !is_variable_argument(word, length))
            return false;
        at += length + 1;
    }
    form->arguments = strndup(rest->start, rest->length);
    return form->arguments != NULL && rest->length > 0 && rest->start[rest->length - 1] != ' ';
}

static bool is_recovery(const struct text *rest, const struct grub_form *form)
{
    OWNED_PTR(char) expected = NULL;

    if (form->arguments == NULL ||
        asprintf(&expected, "%s " RECOVERY_ARGUMENT, form->arguments) < 0)
        return expected = NULL, false;
    return rest->length == strlen(expected) && memcmp(rest->start, expected, rest->length) == 0;
}

static bool take_uuid(const struct text *rest, struct grub_form *form)
{
    if (rest->length == 0 || rest->length >= sizeof(form->boot_uuid))
        return false;
    snprintf(form->boot_uuid, sizeof(form->boot_uuid), "%.*s", (int)rest->length, rest->start);
    return strspn(form->boot_uuid, "0123456789abcdefABCDEF-") == rest->length;
}

static bool take_step(const struct text *line, const struct step *step, struct grub_form *form)
{
    size_t length = strlen(step->text);

    if (line->length < length || memcmp(line->start, step->text, length) != 0)
        return false;
    const struct text rest = {line->start + length, line->length - length};
    switch (step->rest) {
    case REST_FIELD:
        return true;
    case REST_UUID:
        return take_uuid(&rest, form);
    case REST_ARGUMENTS:
        return take_arguments(&rest, form);
    case REST_RECOVERY:
        form->console_recovery = is_recovery(&rest, form);
        return form->console_recovery;
    case REST_NONE:
        break;
    }
    return rest.length == 0;
}

static bool read_steps(const struct bytes *grub_cfg, struct steps steps, struct grub_form *form,
                       struct error *err)
{
    size_t position = 0;
    size_t next = 0;
    struct text line;

    for (unsigned number = 1; next_line(grub_cfg, &position, &line); number++) {
        if (is_comment(&line))
            continue;
        if (next == steps.count || !take_step(&line, &steps.items[next], form))
            return error_set(err, COLDSEAL_DIFFERS,
                             "grub.cfg, line %u is not what coldseal writes there: %.*s", number,
                             (int)(line.length < 80 ? line.length : 80), line.start);
        next++;
    }
    return next == steps.count ||
           error_set(err, COLDSEAL_DIFFERS, "grub.cfg ends before its \"%s\"",
                     steps.items[next].text);
}

bool grub_form_read(const struct bytes *grub_cfg, struct grub_form *form, struct error *err)
{
    struct grub_field field;
    bool ours;

    *form = (struct grub_form){0};
    if (!grub_field_read(grub_cfg, &field, &ours, err))
        return false;
    if (!ours)
        return error_set(err, COLDSEAL_DIFFERS, "grub.cfg is not one that coldseal wrote");
    bool has_recovery = memmem(grub_cfg->data, grub_cfg->size, RECOVERY_ARGUMENT,
                               strlen(RECOVERY_ARGUMENT)) != NULL;
    return read_steps(grub_cfg, has_recovery ? STEPS_OF(recovery_steps) : STEPS_OF(plain_steps),
                      form, err);
}
