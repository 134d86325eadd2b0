/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/uki.h"

#include <stdio.h>
#include <string.h>

#define SECTION_KERNEL ".linux"
#define SECTION_PROFILE ".profile"
#define SECTION_MAGIC ".sdmagic"
#define MAGIC_BEGIN "#### LoaderInfo: "
#define MAGIC_END " ####"

/* The order is fixed; later versions of the stub put names in between. */
static const struct known_section {
    const char *name;
    bool is_measured;        /* a signature over the measurements is not */
    bool depends_on_machine; /* one of several is chosen by the machine's identifiers */
} known_sections[] = {
    {".linux", true, false},   {".osrel", true, false},   {".cmdline", true, false},
    {".initrd", true, false},  {".ucode", true, false},   {".splash", true, false},
    {".dtb", true, false},     {".uname", true, false},   {".sbat", true, false},
    {".pcrsig", false, false}, {".pcrpkey", true, false}, {".profile", true, false},
    {".dtbauto", true, true},  {".hwids", true, false},   {".efifw", true, true},
};
#define KNOWN_SECTIONS (sizeof(known_sections) / sizeof(known_sections[0]))
_Static_assert(KNOWN_SECTIONS <= UKI_SECTION_LIMIT, "room for each");

/* generate_embedded_initrds() */
static const struct embedded_file {
    const char *section;
    const char *file;
} embedded_files[UKI_FILE_LIMIT] = {
    {".pcrsig", "tpm2-pcr-signature.json"},
    {".pcrpkey", "tpm2-pcr-public-key.pem"},
    {".osrel", "os-release"},
    {".profile", "profile"},
};

static bool is_known(const char *name)
{
    for (size_t i = 0; i < KNOWN_SECTIONS; i++) {
        if (strcmp(known_sections[i].name, name) == 0)
            return true;
    }
    return false;
}

/* In a section of the stub's own. */
static bool stub_has(const struct pe *pe, const void *bytes, size_t size)
{
    for (size_t i = 0; i < pe->section_count; i++) {
        const struct pe_section *section = &pe->sections[i];
        struct reader content = pe_section_content(pe, section);
        if (!is_known(section->name) && memmem(content.data, content.size, bytes, size) != NULL)
            return true;
    }
    return false;
}

/* A section's name, as a string between NULs. */
static bool stub_has_name(const struct pe *pe, const char *name)
{
    char wanted[PE_SECTION_NAME_BYTES + 2] = {0};

    memcpy(wanted + 1, name, strlen(name));
    return stub_has(pe, wanted, strlen(name) + 2);
}

/* A file's name, UTF-16LE with its NUL. */
static bool stub_has_file(const struct pe *pe, const char *name)
{
    char wanted[2 * PE_SECTION_NAME_BYTES] = {0};

    for (size_t i = 0; name[i] != '\0'; i++)
        wanted[2 * i] = name[i];
    return stub_has(pe, wanted, 2 * (strlen(name) + 1));
}

/* A part of the section table. */
struct rows {
    size_t first;
    size_t end;
};

/* The row of the next profile, or the end of the table. */
static size_t next_profile(const struct pe *pe, size_t from)
{
    while (from < pe->section_count && strcmp(pe->sections[from].name, SECTION_PROFILE) != 0)
        from++;
    return from;
}

static const struct pe_section *find_in(const struct pe *pe, const struct rows *rows,
                                        const char *name)
{
    for (size_t i = rows->first; i < rows->end; i++) {
        if (strcmp(pe->sections[i].name, name) == 0)
            return &pe->sections[i];
    }
    return NULL;
}

/* find_sections(): those before the first profile, and over them those of the first profile. An
 * empty one is not there (PE_SECTION_VECTOR_IS_SET()). */
static const struct pe_section *find_section(const struct pe *pe, bool has_profiles,
                                             const char *name)
{
    struct rows base = {0, pe->section_count};
    struct rows profile = {pe->section_count, pe->section_count};

    if (has_profiles) {
        base.end = profile.first = next_profile(pe, 0);
        if (profile.first < pe->section_count)
            profile.end = next_profile(pe, profile.first + 1);
    }
    const struct pe_section *section = find_in(pe, &profile, name);
    section = section == NULL ? find_in(pe, &base, name) : section;
    return section == NULL || section->virtual_size == 0 ? NULL : section;
}

static bool take_section(const struct pe *pe, const struct pe_section *section, const char *name,
                         struct uki_section *out, struct error *err)
{
    if (section->virtual_size > section->raw_size)
        return error_set(err, COLDSEAL_BAD_IMAGE, "unified kernel image: %s is not all in the file",
                         section->name);
    *out = (struct uki_section){name, pe_section_content(pe, section)};
    return true;
}

static bool read_measured(const struct pe *pe, bool has_profiles, struct uki *uki,
                          struct error *err)
{
    for (size_t i = 0; i < KNOWN_SECTIONS; i++) {
        const struct known_section *known = &known_sections[i];
        const struct pe_section *section = find_section(pe, has_profiles, known->name);
        if (!known->is_measured || section == NULL || !stub_has_name(pe, known->name))
            continue;
        if (known->depends_on_machine)
            return error_set(err, COLDSEAL_UNSUPPORTED,
                             "unified kernel image: whether %s is measured depends on the machine",
                             known->name);
        if (!take_section(pe, section, known->name, &uki->sections[uki->count++], err))
            return false;
    }
    return true;
}

static bool read_files(const struct pe *pe, bool has_profiles, struct uki *uki, struct error *err)
{
    for (size_t i = 0; i < UKI_FILE_LIMIT; i++) {
        const struct embedded_file *embedded = &embedded_files[i];
        const struct pe_section *section = find_section(pe, has_profiles, embedded->section);
        if (section == NULL || !stub_has_name(pe, embedded->section) ||
            !stub_has_file(pe, embedded->file))
            continue;
        if (!take_section(pe, section, embedded->file, &uki->files[uki->file_count++], err))
            return false;
    }
    return true;
}

static void read_stub(const struct pe *pe, struct uki *uki)
{
    const struct pe_section *section = pe_section_find(pe, SECTION_MAGIC);
    char text[sizeof(MAGIC_BEGIN) + UKI_STUB_BYTES + sizeof(MAGIC_END)] = {0};

    if (section == NULL)
        return;
    struct reader content = pe_section_content(pe, section);
    memcpy(text, content.data, content.size < sizeof(text) ? content.size : sizeof(text) - 1);
    const char *begin = strstr(text, MAGIC_BEGIN);
    char *end = begin == NULL ? NULL : strstr(begin + strlen(MAGIC_BEGIN), MAGIC_END);
    if (end == NULL)
        return;
    *end = '\0';
    snprintf(uki->stub, sizeof(uki->stub), "%.*s", UKI_STUB_BYTES - 1, begin + strlen(MAGIC_BEGIN));
}

bool uki_recognise(const struct pe *pe)
{
    return pe_section_find(pe, SECTION_KERNEL) != NULL;
}

bool uki_read(const struct pe *pe, struct uki *uki, struct error *err)
{
    bool has_profiles = stub_has_name(pe, SECTION_PROFILE);

    *uki = (struct uki){0};
    if (!stub_has_name(pe, SECTION_KERNEL))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "unified kernel image: it does not begin with systemd's stub");
    read_stub(pe, uki);
    if (!read_measured(pe, has_profiles, uki, err) || !read_files(pe, has_profiles, uki, err))
        return false;
    return uki_section_find(uki, SECTION_KERNEL) != NULL ||
           error_set(err, COLDSEAL_BAD_IMAGE, "unified kernel image: it has no kernel");
}

const struct uki_section *uki_section_find(const struct uki *uki, const char *name)
{
    for (size_t i = 0; i < uki->count; i++) {
        if (strcmp(uki->sections[i].name, name) == 0)
            return &uki->sections[i];
    }
    return NULL;
}
