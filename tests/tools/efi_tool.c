/* SPDX-License-Identifier: Apache-2.0 */
/* What we see in an EFI image, for scripts to compare with other tools:
 *     efi_tool digests FILE         Authenticode digests: algorithm value
 *     efi_tool verify FILE DB DBX   what the firmware decides, given the two variables' content
 *     efi_tool verify-shim FILE DB VENDOR_DB MOK_LIST VENDOR_CERTIFICATE VENDOR_DBX DBX MOK_LIST_X
 *                                   what shim decides; a list is a file, "-" stands for none
 *     efi_tool shim FILE DIR        writes what is built into a shim to files of DIR
 *     efi_tool uki FILE             the stub, then what it measures: name and SHA-256
 *     efi_tool sections FILE        name, offset and size of the content, in hexadecimal */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shim.h"
#include "boot/uki.h"
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

static bool show_uki(const struct pe *pe, char **args, struct error *err)
{
    struct uki uki;
    uint8_t digest[32];
    char text[2 * sizeof(digest) + 1];

    (void)args;
    if (!uki_read(pe, &uki, err))
        return false;
    printf("stub %s\n", uki.stub);
    for (size_t i = 0; i < uki.count; i++) {
        const struct reader *content = &uki.sections[i].content;
        if (!digest_bytes(DIGEST_SHA256, content->data, content->size, digest, err))
            return false;
        hex_encode(digest, sizeof(digest), text);
        printf("%s %s\n", uki.sections[i].name, text);
    }
    return true;
}

static bool show_sections(const struct pe *pe, char **args, struct error *err)
{
    (void)args;
    (void)err;
    for (size_t i = 0; i < pe->section_count; i++) {
        const struct pe_section *section = &pe->sections[i];
        printf("%s %08" PRIx32 " %08zx\n", section->name, section->raw_offset,
               pe_section_content(pe, section).size);
    }
    return true;
}

static const char *const verdicts[] = {"unsigned", "unknown", "accepted", "revoked"};
static const char *const list_names[] = {"db",         "vendor_db", "MokList", "vendor_cert",
                                         "vendor_dbx", "dbx",       "MokListX"};

/* "accepted db:1 signer CN", with all matches; "revoked dbx:0 signer CN" */
static void print_result(const struct authenticode_result *result)
{
    printf("%s", verdicts[result->verdict]);
    for (size_t i = 0; result->verdict == AUTHENTICODE_ACCEPTED && i < result->match_count; i++)
        printf(" %s:%zu", list_names[result->matches[i].list], result->matches[i].entry);
    if (result->verdict == AUTHENTICODE_REVOKED)
        printf(" %s:%zu", list_names[result->revoked_by.list], result->revoked_by.entry);
    printf(" signer %s\n", result->signer);
}

/* false only for a file that cannot be read. */
static bool read_list(const char *path, struct signature_list **list, struct error *err)
{
    *list = NULL;
    if (strcmp(path, "-") == 0)
        return true;
    OWNED(bytes) file = bytes_read_file(path, FILE_LIMIT_BYTES, err);
    *list = file == NULL ? NULL : signature_list_parse(file->data, file->size, err);
    return *list != NULL;
}

static bool show_verify(const struct pe *pe, char **args, struct error *err)
{
    struct authenticode_result result;
    OWNED(signature_list) db = NULL;
    OWNED(signature_list) dbx = NULL;

    if (!read_list(args[0], &db, err) || !read_list(args[1], &dbx, err) ||
        !authenticode_verify(pe, db, dbx, &result, err))
        return false;
    print_result(&result);
    return true;
}

static bool show_verify_shim(const struct pe *pe, char **args, struct error *err)
{
    struct authenticode_result result;
    struct signature_list *lists[AUTHENTICODE_LISTS] = {NULL};
    const struct signature_list *borrowed[AUTHENTICODE_LISTS];
    bool done = true;

    for (size_t i = 0; i < AUTHENTICODE_LISTS; i++) {
        done = done && read_list(args[i], &lists[i], err);
        borrowed[i] = lists[i];
    }
    done = done && authenticode_verify_shim(pe, borrowed, &result, err);
    if (done)
        print_result(&result);
    for (size_t i = 0; i < AUTHENTICODE_LISTS; i++)
        signature_list_free(lists[i]);
    return done;
}

static bool write_file(const char *dir, const char *name, const void *data, size_t size)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    bool written = fwrite(data, 1, size, file) == size;
    return fclose(file) == 0 && written;
}

static bool write_text(const char *dir, const char *name, const char *text)
{
    return text == NULL || write_file(dir, name, text, strlen(text));
}

static bool show_shim(const struct pe *pe, char **args, struct error *err)
{
    OWNED(shim_facts) facts = shim_read(pe, err);

    if (facts == NULL)
        return false;
    printf("version %u.%u\nvendor %s\n", facts->version_major, facts->version_minor,
           facts->vendor_db == NULL   ? "none"
           : facts->vendor_db_is_list ? "list"
                                      : "certificate");
    const struct bytes *db = facts->vendor_db;
    const struct bytes *dbx = facts->vendor_dbx;
    return ((db == NULL || write_file(args[0], "vendor_db", db->data, db->size)) &&
            (dbx == NULL || write_file(args[0], "vendor_dbx", dbx->data, dbx->size)) &&
            write_text(args[0], "sbat", facts->sbat) &&
            write_text(args[0], "automatic", facts->sbat_level_automatic) &&
            write_text(args[0], "latest", facts->sbat_level_latest)) ||
           error_errno(err, COLDSEAL_IO, "cannot write to %s", args[0]);
}

struct command {
    const char *name;
    int args; /* behind FILE */
    bool (*run)(const struct pe *pe, char **args, struct error *err);
};
static const struct command commands[] = {
    {"digests", 0, show_digests},
    {"verify", 2, show_verify},
    {"verify-shim", AUTHENTICODE_LISTS, show_verify_shim},
    {"shim", 1, show_shim},
    {"uki", 0, show_uki},
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
