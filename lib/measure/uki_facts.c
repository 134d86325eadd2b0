/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/uki_facts.h"

#include <stdio.h>
#include <string.h>

#include "boot/cpio.h"
#include "measure/authenticode.h"

#define EXTRA_FOLDER ".extra"
#define EXTRA_FOLDER_MODE 0555u
#define EXTRA_FILE_MODE 0444u
#define INITRD_ALIGNMENT 4
/* Kernels of this version and later take the initrd by LoadFile2; the stub enters older ones behind
 * their EFI entry point, where nothing is measured (pe_kernel_info()). */
#define KERNEL_STUB_VERSION 1

static bool bad(struct error *err, enum coldseal_code code, const char *reason)
{
    return error_set(err, code, "unified kernel image: %s", reason);
}

static bool take_sections(const struct uki *uki, struct uki_facts *facts, struct error *err)
{
    for (size_t i = 0; i < uki->count; i++) {
        const struct uki_section *section = &uki->sections[i];
        memcpy(facts->sections[i].name, section->name, sizeof(section->name));
        if (!digest_set_bytes(section->content.data, section->content.size,
                              &facts->sections[i].digest, err))
            return false;
    }
    facts->section_count = uki->count;
    return true;
}

/* mangle_stub_cmdline(): what older and newer stubs would make of it must be the same. */
static bool is_plain(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return length == 0 || (text[0] != ' ' && text[length - 1] != ' ');
}

static bool take_command_line(const struct uki *uki, struct uki_facts *facts, struct error *err)
{
    const struct uki_section *section = uki_section_find(uki, ".cmdline");

    if (section == NULL)
        return true;
    facts->command_line = strndup((const char *)section->content.data, section->content.size);
    if (facts->command_line == NULL)
        return error_no_memory(err);
    return is_plain(facts->command_line) ||
           bad(err, COLDSEAL_UNSUPPORTED,
               "its command line has control characters, blanks at an end or other than ASCII, "
               "which stubs treat in different ways");
}

static bool take_kernel(const struct uki *uki, struct uki_facts *facts, struct error *err)
{
    const struct reader *content = &uki_section_find(uki, ".linux")->content;
    struct pe pe;
    OWNED(bytes) file = bytes_copy(content->data, content->size, err);

    if (file == NULL || !pe_parse(file, &pe, err) ||
        !authenticode_digests(&pe, &facts->kernel, err))
        return error_wrap(err, "the kernel in the unified kernel image");
    if (pe.image_version_major >= KERNEL_STUB_VERSION)
        facts->stub = kernel_facts_read(file);
    return true;
}

/* Each file in an archive of its own. */
static bool append_file(const struct uki_section *file, FILE *rest, struct error *err)
{
    OWNED(cpio) cpio = cpio_new(EXTRA_FOLDER, EXTRA_FOLDER_MODE, err);

    if (cpio == NULL ||
        !cpio_add(cpio, file->name, EXTRA_FILE_MODE, file->content.data, file->content.size, err))
        return false;
    OWNED(bytes) archive = cpio_finish(cpio, err);
    return archive != NULL &&
           (fwrite(archive->data, 1, archive->size, rest) == archive->size || error_no_memory(err));
}

static bool append_files(const struct uki *uki, FILE *rest, struct error *err)
{
    for (size_t i = 0; i < uki->file_count; i++) {
        if (!append_file(&uki->files[i], rest, err))
            return false;
    }
    return fflush(rest) == 0 || error_no_memory(err);
}

static bool take_files(const struct uki *uki, struct uki_facts *facts, struct error *err)
{
    OWNED_PTR(char) text = NULL;
    size_t size = 0;
    FILE *rest = open_memstream(&text, &size);

    if (rest == NULL)
        return error_no_memory(err);
    bool done = append_files(uki, rest, err);
    done = (fclose(rest) == 0 || error_no_memory(err)) && done;
    if (!done || size == 0)
        return done;
    facts->initrd_rest = bytes_copy(text, size, err);
    return facts->initrd_rest != NULL;
}

static bool take_initrd(const struct uki *uki, struct uki_facts *facts, struct error *err)
{
    static const char *const names[] = {".ucode", ".initrd"};

    if (!take_files(uki, facts, err))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct uki_section *section = uki_section_find(uki, names[i]);
        facts->initrd_parts[i] = section == NULL ? reader_over(NULL, 0) : section->content;
        facts->has_initrd = facts->has_initrd || section != NULL;
    }
    facts->has_initrd = facts->has_initrd || facts->initrd_rest != NULL;
    return uki_facts_initrd(facts, NULL, 0, &facts->initrd, err);
}

struct uki_facts *uki_facts_read(const struct pe *pe, struct error *err)
{
    OWNED(uki_facts) facts = calloc(1, sizeof(*facts));
    struct uki uki;

    if (facts == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!uki_read(pe, &uki, err) || !take_sections(&uki, facts, err) ||
        !take_command_line(&uki, facts, err) || !take_kernel(&uki, facts, err) ||
        !take_initrd(&uki, facts, err))
        return NULL;
    return TAKE(facts);
}

void uki_facts_free(struct uki_facts *facts)
{
    if (facts == NULL)
        return;
    free(facts->command_line);
    bytes_free(facts->initrd_rest);
    free(facts);
}

/* combine_initrds(): each is filled up, but for one that is alone. */
static bool add_part(struct digest_set_stream *stream, const void *data, size_t size, bool pad,
                     struct error *err)
{
    static const uint8_t zeros[INITRD_ALIGNMENT];
    size_t padding = (INITRD_ALIGNMENT - size % INITRD_ALIGNMENT) % INITRD_ALIGNMENT;

    return digest_set_stream_update(stream, data, size, err) &&
           (!pad || digest_set_stream_update(stream, zeros, padding, err));
}

bool uki_facts_initrd(const struct uki_facts *facts, struct bytes *const *archives, size_t count,
                      struct digest_set *digest, struct error *err)
{
    const struct reader *parts = facts->initrd_parts;
    const struct bytes *rest = facts->initrd_rest;
    size_t all =
        count + (parts[0].size > 0 ? 1 : 0) + (parts[1].size > 0 ? 1 : 0) + (rest != NULL ? 1 : 0);
    OWNED(digest_set_stream) stream = digest_set_stream_new(err);

    if (stream == NULL || !add_part(stream, parts[0].data, parts[0].size, all > 1, err) ||
        !add_part(stream, parts[1].data, parts[1].size, all > 1, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!add_part(stream, archives[i]->data, archives[i]->size, true, err))
            return false;
    }
    if (rest != NULL && !add_part(stream, rest->data, rest->size, true, err))
        return false;
    return digest_set_stream_final(stream, digest, err);
}
