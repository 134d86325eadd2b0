/* SPDX-License-Identifier: Apache-2.0 */
/* commands/loadenv.c and lib/envblk.c of GRUB 2.06: the environment block. What it holds is taken
 * as it is on the disk; that GRUB or the system may write it between two boots is noted. */
#include <string.h>

#include "boot/grub_commands.h"
#include "boot/grub_options.h"

#define SIGNATURE "# GRUB Environment Block\n"

struct env_options {
    const char *file;
    bool skips_signature;
};

enum { OPTION_FILE, OPTION_SKIP_SIGNATURE };
static const struct grub_option env_option_table[] = {
    [OPTION_FILE] = {"file", 'f', GRUB_OPTION_VALUE},
    [OPTION_SKIP_SIGNATURE] = {"skip-sig", 's', GRUB_OPTION_FLAG},
};
static const struct grub_option_table env_options = {env_option_table, 2, false};

static void take_option(void *context, size_t index, const char *value)
{
    struct env_options *options = context;

    if (index == OPTION_FILE)
        options->file = value;
    else
        options->skips_signature = true;
}

/* open_envblk_file() */
static enum grub_error open_block(struct grub_run *run, const char *name, bool measured,
                                  struct grub_file *file)
{
    const char *prefix = grub_env_get(run, "prefix");

    if (name == NULL && prefix == NULL)
        return GRUB_FILE_NOT_FOUND;
    if (name == NULL)
        name = grub_run_format(run, "%s/grubenv", prefix);
    return name == NULL ? GRUB_FILE_NOT_FOUND : grub_open(run, name, measured, file);
}

/* A value up to its newline, its backslashes taken off; 0 where it has no end. */
static size_t take_value(const char *text, size_t left, char *value)
{
    size_t used = 0;

    for (size_t i = 0; i < left; i++) {
        if (text[i] == '\n') {
            value[used] = '\0';
            return i + 1;
        }
        if (text[i] == '\\' && ++i == left)
            break;
        value[used++] = text[i];
    }
    return 0;
}

static bool is_listed(const struct grub_argv *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->words[i], name) == 0)
            return true;
    }
    return names->count == 0;
}

/* grub_envblk_iterate(): lines that begin with '#' are free space. */
static void load_variables(struct grub_run *run, const char *text, size_t left,
                           const struct grub_argv *names)
{
    char *value = grub_run_take(run, left + 1);

    while (left > 0 && !run->failed) {
        const char *end = text[0] == '#' ? memchr(text, '\n', left) : memchr(text, '=', left);
        if (end == NULL)
            break;
        size_t used = (size_t)(end - text) + 1;
        if (text[0] != '#') {
            const char *name = grub_run_format(run, "%.*s", (int)used - 1, text);
            size_t length = take_value(end + 1, left - used, value);
            if (length == 0 || name == NULL)
                break;
            if (is_listed(names, name))
                grub_env_set(run, name, value);
            used += length;
        }
        text += used;
        left -= used;
    }
}

enum grub_error grub_cmd_load_env(struct grub_run *run, const struct grub_argv *argv)
{
    struct env_options options = {0};
    struct grub_argv names;
    struct grub_file file;

    if (!grub_options_parse(run, &env_options, argv, take_option, &options, &names))
        return GRUB_BAD_ARGUMENT;
    enum grub_error result = open_block(run, options.file, !options.skips_signature, &file);
    if (result != GRUB_OK)
        return result;
    grub_run_note(run, "the environment block is taken as it is on the disk; GRUB and the system "
                       "may write it");
    OWNED(bytes) block = grub_read(run, &file);
    size_t signature = strlen(SIGNATURE);
    if (block == NULL || block->size < signature || memcmp(block->data, SIGNATURE, signature) != 0)
        return GRUB_BAD_FILE_TYPE;
    if (argv->words[0][1] == 'o') /* load_env, not list_env */
        load_variables(run, (const char *)block->data + signature, block->size - signature, &names);
    return GRUB_OK;
}

/* It reads the block without a measurement, and writes it in place. */
enum grub_error grub_cmd_save_env(struct grub_run *run, const struct grub_argv *argv)
{
    struct env_options options = {0};
    struct grub_argv names;
    struct grub_file file;

    if (!grub_options_parse(run, &env_options, argv, take_option, &options, &names) ||
        names.count == 0)
        return GRUB_BAD_ARGUMENT;
    enum grub_error result = open_block(run, options.file, false, &file);
    if (result == GRUB_OK)
        grub_run_note(run, "the environment block is written: the next boot may measure another");
    return result;
}
