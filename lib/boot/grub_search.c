/* SPDX-License-Identifier: Apache-2.0 */
/* commands/{search,search_wrap}.c of GRUB 2.06: search, search.fs_uuid, search.fs_label and
 * search.file, on one disk. kern/device.c, grub_device_iterate(), goes through the partitions
 * backwards. */
#include <string.h>
#include <strings.h>

#include "boot/grub_commands.h"
#include "boot/grub_options.h"

#define HINT_LIMIT 32

enum search_kind { SEARCH_NONE, SEARCH_FILE, SEARCH_LABEL, SEARCH_UUID };

struct search {
    enum search_kind kind;
    bool sets;
    const char *variable; /* NULL: what is found is printed */
    const char *key;
    size_t hint_count;
    const char *hints[HINT_LIMIT];
};

/* iterate_device(); a file that is searched for is opened, so it is measured. */
static bool is_wanted(struct grub_run *run, const struct search *search, size_t index)
{
    const struct boot_volume *volume = boot_files_volume(run->files, index);
    struct grub_file file;

    if (volume->file_system == NULL)
        return false;
    if (search->kind == SEARCH_UUID)
        return strcasecmp(volume->uuid, search->key) == 0;
    if (search->kind == SEARCH_LABEL)
        return strcmp(volume->label, search->key) == 0;
    const char *device = grub_device_name(run, index);
    const char *name = device == NULL ? NULL : grub_run_format(run, "(%s)%s", device, search->key);
    return name != NULL && grub_open(run, name, true, &file) == GRUB_OK;
}

static bool found(struct grub_run *run, const struct search *search, size_t index)
{
    if (!is_wanted(run, search, index))
        return false;
    char *device = grub_device_name(run, index);
    if (search->variable != NULL && device != NULL)
        grub_env_set(run, search->variable, device);
    return true;
}

/* A hint is a device, with or without the table's name; with a comma at its end its partitions. */
static bool found_by_hint(struct grub_run *run, const struct search *search, const char *hint)
{
    size_t length = strlen(hint);
    bool partitions = length > 0 && hint[length - 1] == ',';
    const char *device = grub_run_format(run, "%.*s", (int)(length - partitions), hint);
    size_t index;

    if (device == NULL)
        return false;
    if (grub_device_find(run, device, &index)) {
        if (!is_wanted(run, search, index))
            return false;
        /* The variable gets the hint's own text. */
        if (search->variable != NULL)
            grub_env_set(run, search->variable, device);
        return true;
    }
    if (!partitions || strcmp(device, run->start->disk) != 0)
        return false;
    for (index = 0; index < boot_files_count(run->files); index++) {
        if (found(run, search, index) && search->variable != NULL)
            return true;
    }
    return false;
}

/* try(): where a variable is set, the first device that fits ends it. */
static bool try_devices(struct grub_run *run, const struct search *search)
{
    bool any = false;

    for (size_t i = 0; i < search->hint_count; i++) {
        any = found_by_hint(run, search, search->hints[i]) || any;
        if (any && search->variable != NULL)
            return true;
    }
    for (size_t i = boot_files_count(run->files); i-- > 0 && !run->failed;) {
        any = found(run, search, i) || any;
        if (any && search->variable != NULL)
            return true;
    }
    return any;
}

static enum grub_error run_search(struct grub_run *run, const struct search *search)
{
    if (search->kind == SEARCH_FILE)
        grub_run_note(run, "a file is searched for on every disk: another disk that has it changes "
                           "what is measured");
    bool any = try_devices(run, search);
    if (search->variable == NULL || !any)
        grub_autoload_file_systems(run);
    /* Without one, the same is tried once more with the modules that fs.lst names. */
    any = any || (search->variable != NULL && try_devices(run, search));
    return any ? GRUB_OK : GRUB_FILE_NOT_FOUND;
}

/* "search.fs_uuid KEY [VARIABLE [HINT…]]" */
static enum grub_error search_for(struct grub_run *run, const struct grub_argv *argv,
                                  enum search_kind kind)
{
    struct search search = {.kind = kind};

    if (argv->count < 2)
        return GRUB_BAD_ARGUMENT;
    search.key = argv->words[1];
    search.variable = argv->count > 2 ? argv->words[2] : NULL;
    for (size_t i = 3; i < argv->count && search.hint_count < HINT_LIMIT; i++)
        search.hints[search.hint_count++] = argv->words[i];
    return run_search(run, &search);
}

enum grub_error grub_cmd_search_fs_uuid(struct grub_run *run, const struct grub_argv *argv)
{
    return search_for(run, argv, SEARCH_UUID);
}

enum grub_error grub_cmd_search_label(struct grub_run *run, const struct grub_argv *argv)
{
    return search_for(run, argv, SEARCH_LABEL);
}

enum grub_error grub_cmd_search_file(struct grub_run *run, const struct grub_argv *argv)
{
    return search_for(run, argv, SEARCH_FILE);
}

enum { OPTION_FILE, OPTION_LABEL, OPTION_UUID, OPTION_SET, OPTION_HINT = 6, OPTION_HINT_EFI = 9 };
static const struct grub_option search_option_table[] = {
    {"file", 'f', GRUB_OPTION_FLAG},
    {"label", 'l', GRUB_OPTION_FLAG},
    {"fs-uuid", 'u', GRUB_OPTION_FLAG},
    {"set", 's', GRUB_OPTION_OPTIONAL_VALUE},
    {"no-floppy", 'n', GRUB_OPTION_FLAG},
    {"efidisk-only", 0, GRUB_OPTION_FLAG},
    [OPTION_HINT] = {"hint", 'h', GRUB_OPTION_VALUE},
    {"hint-ieee1275", 0, GRUB_OPTION_VALUE},
    {"hint-bios", 0, GRUB_OPTION_VALUE},
    [OPTION_HINT_EFI] = {"hint-efi", 0, GRUB_OPTION_VALUE},
    {"hint-baremetal", 0, GRUB_OPTION_VALUE},
    {"hint-arc", 0, GRUB_OPTION_VALUE},
};
static const struct grub_option_table search_options = {
    search_option_table, sizeof(search_option_table) / sizeof(search_option_table[0]), true};

/* Of several kinds, label comes before UUID, and UUID before file. */
static void take_kind(struct search *search, enum search_kind kind)
{
    static const enum search_kind order[] = {SEARCH_LABEL, SEARCH_UUID, SEARCH_FILE};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (search->kind == order[i])
            return;
        if (kind == order[i])
            search->kind = kind;
    }
}

static void take_search_option(void *context, size_t index, const char *value)
{
    struct search *search = context;

    if (index == OPTION_FILE)
        take_kind(search, SEARCH_FILE);
    if (index == OPTION_LABEL)
        take_kind(search, SEARCH_LABEL);
    if (index == OPTION_UUID)
        take_kind(search, SEARCH_UUID);
    if (index == OPTION_SET) {
        search->sets = true;
        search->variable = value;
    }
    if ((index == OPTION_HINT || index == OPTION_HINT_EFI) && search->hint_count < HINT_LIMIT)
        search->hints[search->hint_count++] = value;
}

enum grub_error grub_cmd_search(struct grub_run *run, const struct grub_argv *argv)
{
    struct search search = {0};
    struct grub_argv rest;
    size_t first = 0;

    if (!grub_options_parse(run, &search_options, argv, take_search_option, &search, &rest))
        return GRUB_BAD_ARGUMENT;
    while (first < rest.count && strncmp(rest.words[first], "--hint-", 7) == 0)
        first++;
    if (first < rest.count) {
        search.key = rest.words[first];
        if (search.sets && search.variable == NULL)
            search.variable = "root";
    } else if (search.variable != NULL) {
        /* "--set KEY": what looked like the variable was the key. */
        search.key = search.variable;
        search.variable = "root";
    } else {
        return GRUB_BAD_ARGUMENT;
    }
    return search.kind == SEARCH_NONE ? GRUB_INVALID_COMMAND : run_search(run, &search);
}
