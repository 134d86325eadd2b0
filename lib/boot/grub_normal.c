/* SPDX-License-Identifier: Apache-2.0 */
/* kern/main.c and normal/main.c of GRUB 2.06: from the start to configuration files. */
#include <string.h>

#include "boot/grub_run.h"
#include "image/open.h"

/* normal/main.c, features[] */
static const char *const features[] = {
    "feature_chainloader_bpb",      "feature_ntldr",
    "feature_platform_search_hint", "feature_default_font_path",
    "feature_all_video_module",     "feature_menuentry_id",
    "feature_menuentry_options",    "feature_200_final",
    "feature_nativedisk_cmd",       "feature_timeout_style",
};

static void set_exported(struct grub_run *run, const char *name, const char *value)
{
    if (value != NULL && !run->failed) {
        grub_env_set(run, name, value);
        grub_env_export(run, name);
    }
}

/* kern/main.c, grub_set_prefix_and_root(), and the modules' own variables. */
static void set_variables(struct grub_run *run)
{
    const struct grub_start *start = run->start;
    const char *device = grub_device_name(run, start->volume);
    const char *prefix = run->build->prefix;
    const char *load_path = grub_run_format(run, "(%s)%s", device, start->directory);

    set_exported(run, "cmdpath", load_path);
    if (run->build->tries_fw_path)
        set_exported(run, "fw_path", load_path);
    /* A prefix without a device, or with only a partition, is completed. */
    if (prefix[0] == '/')
        prefix = grub_run_format(run, "(%s)%s", device, prefix);
    else if (strncmp(prefix, "(,", 2) == 0)
        prefix = grub_run_format(run, "(%s%s", start->disk, prefix + 1);
    if (prefix != NULL && prefix[0] == '(')
        device = grub_run_format(run, "%.*s", (int)strcspn(prefix + 1, ")"), prefix + 1);
    set_exported(run, "prefix", prefix);
    set_exported(run, "root", device);
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
        set_exported(run, features[i], "y");
    set_exported(run, "grub_cpu", run->build->cpu);
    set_exported(run, "grub_platform", "efi");
    set_exported(run, "pager", "");
    set_exported(run, "color_normal", "light-gray/black");
    set_exported(run, "color_highlight", "black/light-gray");
    set_exported(run, "lang", "");
    set_exported(run, "locale_dir", "");
    set_exported(run, "secondary_locale_dir", "");
    if (start->secure_boot) { /* kern/lockdown.c, kern/efi/sb.c */
        set_exported(run, "lockdown", "y");
        set_exported(run, "shim_lock", "y");
    }
}

/* The variables that normal/main.c, read_config_file() sets while a file is executed. */
static void set_config_variables(struct grub_run *run, const char *config)
{
    const char *root = grub_env_get(run, "root");
    char *full = config[0] == '(' || root == NULL ? grub_run_copy(run, config)
                                                  : grub_run_format(run, "(%s)%s", root, config);
    char *directory = full == NULL ? NULL : grub_run_copy(run, full);
    char *slash = directory == NULL ? NULL : strrchr(directory, '/');

    if (slash != NULL)
        *slash = '\0';
    set_exported(run, "config_file", full);
    set_exported(run, "config_directory", directory);
}

static void restore(struct grub_run *run, const char *name, const char *value)
{
    if (grub_run_stops(run))
        return;
    if (value != NULL)
        grub_env_set(run, name, value);
    else
        grub_env_unset(run, name);
}

static void execute_config(struct grub_run *run, const char *config, const struct grub_file *file)
{
    const char *old_file = grub_env_get(run, "config_file");
    const char *old_directory = grub_env_get(run, "config_directory");
    const char *path = grub_run_copy(run, config);
    OWNED(bytes) bytes = grub_read(run, file);

    if (bytes == NULL || run->failed)
        return;
    struct grub_source source = grub_source_file(path, bytes->data, bytes->size);
    set_config_variables(run, path);
    grub_execute_source(run, &source);
    restore(run, "config_file", old_file);
    restore(run, "config_directory", old_directory);
}

/* read_config_file(): the menu that it adds to, NULL where the file cannot be opened. */
static struct grub_menu *read_config(struct grub_run *run, const char *config)
{
    struct grub_file file;

    if (run->context->menu == NULL)
        run->context->menu = grub_run_take(run, sizeof(*run->context->menu));
    struct grub_menu *menu = run->context->menu;
    if (run->failed || grub_open(run, config, true, &file) != GRUB_OK)
        return NULL;
    if (run->config_depth == GRUB_RUN_CONFIG_DEPTH_LIMIT) {
        run->failed = true;
        error_set(run->err, COLDSEAL_UNSUPPORTED, "%.200s: configuration files nested too deep",
                  config);
        return NULL;
    }
    run->config_depth++;
    execute_config(run, config, &file);
    run->config_depth--;
    return menu;
}

void grub_normal_execute(struct grub_run *run, const char *config, bool nested, bool batch)
{
    if (!nested) {
        grub_read_lists(run, grub_env_get(run, "prefix"));
        run->normal_started = true;
    }
    struct grub_menu *menu = config == NULL ? NULL : read_config(run, config);
    if (grub_run_stops(run) || batch || menu == NULL || menu->count == 0)
        return;
    grub_menu_show(run, menu, false);
    if (nested)
        run->context->menu = NULL;
}

/* grub_enter_normal_mode() */
static void enter_normal_mode(struct grub_run *run, const char *config)
{
    run->nested_levels++;
    grub_normal_execute(run, config, false, false);
    if (run->exit_levels == 0)
        grub_run_end(run, "GRUB shows its command line and waits");
    run->nested_levels--;
    if (run->exit_levels > 0)
        run->exit_levels--;
}

/* Debian's, Ubuntu's and Fedora's patch: the file is opened to see whether it is there. */
static bool try_normal(struct grub_run *run, const char *variable)
{
    const char *folder = grub_env_get(run, variable);
    const char *config = folder == NULL ? NULL : grub_run_format(run, "%s/grub.cfg", folder);
    struct grub_file file;

    if (config == NULL || grub_open(run, config, true, &file) != GRUB_OK)
        return false;
    enter_normal_mode(run, config);
    return true;
}

/* The same patch: at last $prefix, which has a device in it, on every device: "(hd0)(hd0,gpt15)/…"
 * is found nowhere. */
static void normal_by_search(struct grub_run *run)
{
    if (!try_normal(run, "fw_path") && !try_normal(run, "prefix") && !grub_run_stops(run))
        enter_normal_mode(run, NULL);
}

void grub_normal(struct grub_run *run, const char *config)
{
    const char *prefix = grub_env_get(run, "prefix");

    if (config == NULL && run->build->tries_fw_path) {
        normal_by_search(run);
        return;
    }
    if (config == NULL && prefix != NULL)
        config = grub_run_format(run, "%s/grub.cfg", prefix);
    if (!run->failed)
        enter_normal_mode(run, config);
}

static bool open_memdisk(struct grub_run *run)
{
    struct error ignored = {0};

    if (run->build->memdisk == NULL)
        return true;
    const struct bytes *memdisk = run->build->memdisk;
    run->memdisk_disk = memory_disk_new(memdisk->size, run->err);
    if (run->memdisk_disk == NULL ||
        !disk_pwrite(run->memdisk_disk, memdisk->data, memdisk->size, 0, run->err))
        return false;
    run->memdisk = fat_open(run->memdisk_disk, 0, memdisk->size, &ignored);
    return true;
}

/* kern/main.c, grub_main() */
static void run_grub(struct grub_run *run)
{
    set_variables(run);
    if (run->build->embedded_config != NULL && !run->failed)
        grub_execute_rescue(run, run->build->embedded_config);
    if (!grub_run_stops(run))
        grub_normal(run, NULL);
    if (!grub_run_stops(run))
        grub_run_end(run, "GRUB shows its rescue prompt and waits");
}

struct grub_trace *grub_script_trace(struct boot_files *files, const struct grub_build *build,
                                     const struct grub_start *start, struct error *err)
{
    struct grub_context context = {0};
    struct grub_run run = {.files = files,
                           .build = build,
                           .start = start,
                           .err = err,
                           .context = &context,
                           .config = ""};
    OWNED(grub_trace) trace = calloc(1, sizeof(*trace));

    if (trace == NULL) {
        error_no_memory(err);
        return NULL;
    }
    trace->arena = arena_new(GRUB_RUN_MEMORY_LIMIT_BYTES, err);
    run.trace = trace;
    run.arena = trace->arena;
    if (trace->arena == NULL || !open_memdisk(&run))
        return NULL;
    run_grub(&run);
    fat_free(run.memdisk);
    disk_free(run.memdisk_disk);
    return run.failed ? NULL : TAKE(trace);
}
