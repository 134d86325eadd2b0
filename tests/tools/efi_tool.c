/* SPDX-License-Identifier: Apache-2.0 */
/* What we see in an EFI image, for scripts to compare with other tools:
 *     efi_tool digests FILE         Authenticode digests: algorithm value
 *     efi_tool sections FILE        name, virtual size, raw size and raw offset, in hexadecimal */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/hex.h"
#include "measure/authenticode.h"

#define FILE_LIMIT_BYTES ((size_t)1 << 30)

static bool show_digests(const struct pe *pe, char **args, struct error *err)
{
    struct digest_set digests;
    char text[2 * DIGEST_MAX_BYTES + 1];

    (void)args;
    if (!authenticode_digests(pe, &digests, err))
        return false;
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        enum digest_algorithm bank = digest_set_algorithm(i);
        hex_encode(digest_set_value_const(&digests, bank), digest_size(bank), text);
        printf("%s %s\n", digest_name(bank), text);
    }
    return true;
}

static bool show_sections(const struct pe *pe, char **args, struct error *err)
{
    (void)args;
    (void)err;
    for (size_t i = 0; i < pe->section_count; i++) {
        const struct pe_section *section = &pe->sections[i];
        printf("%s %08" PRIx32 " %08" PRIx32 " %08" PRIx32 "\n", section->name,
               section->virtual_size, section->raw_size, section->raw_offset);
    }
    return true;
}

struct command {
    const char *name;
    int args; /* behind FILE */
    bool (*run)(const struct pe *pe, char **args, struct error *err);
};
static const struct command commands[] = {
    {"digests", 0, show_digests},
    {"sections", 0, show_sections},
};

static int run(const struct command *command, char **args)
{
    struct error err = {0};
    struct pe pe;
    OWNED(bytes) file = bytes_read_file(args[0], FILE_LIMIT_BYTES, &err);

    if (file != NULL && pe_parse(file, &pe, &err) && command->run(&pe, args + 1, &err))
        return 0;
    fprintf(stderr, "%s: %s\n", args[0], err.message);
    return (int)err.code;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc >= 3 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0 && argc == 3 + commands[i].args)
            return run(&commands[i], argv + 2);
    }
    fputs("usage: see the top of tests/tools/efi_tool.c\n", stderr);
    return COLDSEAL_USAGE;
}
