/* SPDX-License-Identifier: Apache-2.0 */
/* A run of GRUB's script interpreter: its state, and the parts that the files grub_*.c share. */
#ifndef BOOT_GRUB_RUN_H
#define BOOT_GRUB_RUN_H

#include "boot/fat.h"
#include "boot/grub_script.h"
#include "boot/grub_syntax.h"

#define GRUB_RUN_COMMAND_LIMIT 20000
#define GRUB_RUN_DEPTH_LIMIT 64 /* script/execute.c, MAX_RECURSION_DEPTH in patched builds */
#define GRUB_RUN_CONFIG_DEPTH_LIMIT 16
#define GRUB_RUN_MEMORY_LIMIT_BYTES ((size_t)64 << 20)
#define GRUB_CONFIG_LIMIT_BYTES ((size_t)4 << 20)

/* include/grub/err.h: what $? and conditions see. */
enum grub_error {
    GRUB_OK = 0,
    GRUB_TEST_FAILURE = 1,
    GRUB_BAD_MODULE = 2,
    GRUB_BAD_FILE_TYPE = 4,
    GRUB_FILE_NOT_FOUND = 5,
    GRUB_BAD_FILENAME = 7,
    GRUB_BAD_NUMBER = 10,
    GRUB_OUT_OF_RANGE = 11,
    GRUB_UNKNOWN_DEVICE = 12,
    GRUB_INVALID_COMMAND = 17,
    GRUB_BAD_ARGUMENT = 18,
    GRUB_NO_KERNEL = 22,
    GRUB_BAD_FONT = 23,
    GRUB_MENU_ERROR = 27,
    GRUB_ACCESS_DENIED = 30,
};

struct grub_variable {
    const char *name;
    const char *value;
    bool exported;
    const char *config; /* where it was set last */
    unsigned line;
    struct grub_variable *next;
};

struct grub_entry {
    const char *title;
    const char *id;
    size_t argument_count;
    char **arguments;
    const char *body; /* with the line that sets the parameters before it */
    const unsigned *numbers;
    size_t number_count;
    const char *config;
    unsigned line;
    bool is_submenu;
    bool is_restricted;
    struct grub_entry *next;
};

struct grub_menu {
    struct grub_entry *entries;
    size_t count;
};

/* normal/context.c */
struct grub_context {
    struct grub_variable *variables;
    struct grub_menu *menu; /* NULL while there is none */
    struct grub_context *outer;
};

/* The parameters of a function or a menu entry. */
struct grub_scope {
    size_t count;
    char **arguments;
};

struct grub_argv {
    size_t count;
    char **words;
    const struct grub_block *block; /* of the last word, where it is one */
};

/* Names out of command.lst, fs.lst or terminal.lst, and modules that were loaded. */
struct grub_name {
    const char *name;
    const char *module;
    struct grub_name *next;
};

struct grub_run {
    struct boot_files *files;
    const struct grub_build *build;
    const struct grub_start *start;
    struct arena *arena; /* the trace's */
    struct grub_trace *trace;
    size_t step_room;
    size_t note_room;
    struct error *err;

    struct grub_context *context;
    struct grub_function *functions;
    struct grub_scope *scope;           /* NULL outside of functions and entries */
    bool normal_started;                /* the hook of $prefix is in place */
    struct grub_name *dynamic_commands; /* command.lst */
    struct grub_name *file_systems;     /* fs.lst */
    struct grub_name *terminals;        /* terminal.lst */
    struct grub_name *loaded_modules;
    struct fat *memdisk; /* NULL where it cannot be read */
    struct disk *memdisk_disk;

    /* script/execute.c */
    unsigned long loops;
    unsigned long breaks;
    bool is_continue;
    bool returns;
    unsigned depth;

    unsigned config_depth;
    unsigned module_depth;
    unsigned commands;
    unsigned nested_levels; /* of `normal` */
    unsigned exit_levels;   /* of `normal_exit` */
    const char *config;     /* what is being executed */
    unsigned line;
    bool loaded; /* a kernel or program is ready to be started */
    bool ended;  /* GRUB started something, or waits */
    bool failed; /* err is set */
};

static inline bool grub_run_stops(const struct grub_run *run)
{
    return run->ended || run->failed;
}

/* --- grub_trace.c. Results of arena_…() and of steps: the run fails where memory runs out. */
void *grub_run_take(struct grub_run *run, size_t size);
char *grub_run_copy(struct grub_run *run, const char *text);
char *grub_run_format(struct grub_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void grub_run_step(struct grub_run *run, enum grub_step_kind kind, const char *text, size_t volume,
                   const char *path);
/* Once for each line and reason. */
void grub_run_note(struct grub_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void grub_run_note_at(struct grub_run *run, const char *config, unsigned line, const char *reason);
/* A text that is measured into PCR 8. */
void grub_run_measure(struct grub_run *run, enum grub_step_kind kind, const char *text);
/* GRUB waits for somebody at the console, or gives up. */
void grub_run_end(struct grub_run *run, const char *reason);

/* --- grub_env.c */
const struct grub_variable *grub_env_find(const struct grub_run *run, const char *name);
const char *grub_env_get(const struct grub_run *run, const char *name); /* NULL */
void grub_env_set(struct grub_run *run, const char *name, const char *value);
void grub_env_unset(struct grub_run *run, const char *name);
void grub_env_export(struct grub_run *run, const char *name);
void grub_env_open(struct grub_run *run, bool export_all);
void grub_env_close(struct grub_run *run);

/* --- grub_expand.c: the words of a command (script/execute.c, grub_script_arglist_to_argv()). */
bool grub_expand(struct grub_run *run, const struct grub_word *words, struct grub_argv *argv);
/* --- grub_glob.c: file names for a pattern with escapes; none where nothing matches. */
bool grub_glob(struct grub_run *run, const char *pattern, size_t *count, char ***names);

/* --- grub_open.c */
struct grub_file {
    size_t volume;
    const char *path; /* there */
    bool on_memdisk;
};
/* "hd0,gpt16" to a volume; false where GRUB would not find a file system there. */
bool grub_device_find(struct grub_run *run, const char *name, size_t *volume);
char *grub_device_name(struct grub_run *run, size_t volume);
/* As GRUB opens a file by name: with a step, unless it lies on the memory disk or is not verified.
 */
enum grub_error grub_open(struct grub_run *run, const char *name, bool measured,
                          struct grub_file *file);
/* NULL where it cannot be read; the run fails then. */
struct bytes *grub_read(struct grub_run *run, const struct grub_file *file);
enum boot_file_kind grub_stat(struct grub_run *run, const char *name, uint64_t *size_bytes);

/* --- grub_number.c: kern/misc.c, grub_strtoul(). A number at the beginning; base 0 guesses. false,
 * with 0, where there is none, and with the largest value where it does not fit. */
bool grub_number(const char *text, unsigned base, uint64_t *value, const char **rest);

/* --- grub_execute.c */
enum grub_error grub_execute_list(struct grub_run *run, const struct grub_list *list);
/* All units of a source. */
void grub_execute_source(struct grub_run *run, struct grub_source *source);
/* --- grub_rescue.c: the configuration that is built into the image (kern/parser.c). */
void grub_execute_rescue(struct grub_run *run, const char *config);

/* --- grub_modules.c */
bool grub_module_is_loaded(const struct grub_run *run, const char *name);
enum grub_error grub_module_load(struct grub_run *run, const char *name);
enum grub_error grub_module_load_file(struct grub_run *run, const char *path);
/* normal/main.c, read_lists() */
void grub_read_lists(struct grub_run *run, const char *prefix);
/* normal/autofs.c: once, when a file system is not recognised. */
void grub_autoload_file_systems(struct grub_run *run);
void grub_read_locale(struct grub_run *run, const char *language, const char *directory,
                      const char *prefix);

/* --- grub_normal.c */
void grub_normal(struct grub_run *run, const char *config);
void grub_normal_execute(struct grub_run *run, const char *config, bool nested, bool batch);
/* --- grub_menu.c */
/* `autobooted`: the menu of an entry that was chosen by itself is shown once. */
void grub_menu_show(struct grub_run *run, const struct grub_menu *menu, bool autobooted);

/* --- grub_loader.c: what was loaded is started. */
void grub_boot(struct grub_run *run);

/* --- grub_commands.c */
typedef enum grub_error (*grub_command_function)(struct grub_run *run,
                                                 const struct grub_argv *argv);
/* A command of a module that is loaded, else NULL. argv->words[0] is its name. */
grub_command_function grub_command_find(struct grub_run *run, const char *name);

#endif
