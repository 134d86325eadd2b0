/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share: option tables, from which both parsing and help come, and the printing
 * of a result. */
#ifndef COLDSEAL_COMMAND_H
#define COLDSEAL_COMMAND_H

#include "coldseal.h"

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_STRING, /* const char * */
    OPTION_SIZE,   /* uint64_t, bytes: 512M, 1G, 10GiB */
    OPTION_NUMBER, /* uint32_t */
    OPTION_LIST,   /* struct string_list */
    OPTION_SLOT,   /* uint32_t: the number of a keyslot, whose bit is set */
};

#define STRING_LIST_MAX 64

struct string_list {
    const char *items[STRING_LIST_MAX];
    size_t count;
};

struct option_spec {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum option_kind kind;
    const char *value; /* what the help calls the value; NULL for a flag */
    const char *help;
    void *target;
};

/* Options that every command has. */
struct common_options {
    bool json;
    bool statement; /* of those that write an image: json, as an in-toto statement */
    bool quiet;
};

struct command {
    const char *name;      /* "encrypt", "target read" */
    const char *arguments; /* as the help shows them: "IN OUT" */
    const char *summary;
    int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command commands[];
extern const size_t command_count;

#define MAX_ARGUMENTS 8

struct parsed {
    struct common_options common;
    const char *arguments[MAX_ARGUMENTS];
    size_t argument_count;
    bool stdin_taken;
    bool stdout_taken;
    int exit_code; /* 0 where --help or --version has been printed */
};

/* Parses argv, whose first item is the command's name, against `specs` (`count` of them) and the
 * common options. Exactly `arguments` positional ones are wanted. False: exit with
 * parsed->exit_code. */
bool command_parse(const struct command *self, const struct option_spec *specs, size_t count,
                   size_t arguments, int argc, char **argv, struct parsed *parsed);
/* The same with `least` to `most` positional ones, at most MAX_ARGUMENTS. */
bool command_parse_between(const struct command *self, const struct option_spec *specs,
                           size_t count, size_t least, size_t most, int argc, char **argv,
                           struct parsed *parsed);

/* Prints what a library call left and returns the exit code. Frees the report. `subject` stands
 * before the message of an error; it may be NULL. */
int command_finish(const struct parsed *parsed, const char *subject, bool ok,
                   struct coldseal_report *report, const struct coldseal_error *err);

/* Prints the result of one of many. */
int command_line(const struct parsed *parsed, const struct coldseal_report *report);

/* A usage error: one line, exit code 2. */
int command_usage(const struct command *self, const struct parsed *parsed, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `path` is where an image, a key or a document goes, or NULL. When that is "-", standard output is
 * not for the report: the report is left out, and --json, as a second "-", is a usage error
 * (false). */
bool command_stdout_is_for(const struct command *self, struct parsed *parsed, const char *path);
/* `path` is where one of them comes from, or NULL. A second "-" is a usage error (false). */
bool command_stdin_is_for(const struct command *self, struct parsed *parsed, const char *path);

/* Shows on standard error when that is a terminal and --quiet is not given. */
struct coldseal_progress command_progress(const struct parsed *parsed);

int inspect_run(const struct command *self, int argc, char **argv);
int prepare_run(const struct command *self, int argc, char **argv);
int encrypt_run(const struct command *self, int argc, char **argv);
int decrypt_run(const struct command *self, int argc, char **argv);
int firmware_import_run(const struct command *self, int argc, char **argv);
int target_read_run(const struct command *self, int argc, char **argv);
int predict_run(const struct command *self, int argc, char **argv);
int seal_run(const struct command *self, int argc, char **argv);
int verify_run(const struct command *self, int argc, char **argv);
int reseal_run(const struct command *self, int argc, char **argv);
int recovery_run(const struct command *self, int argc, char **argv);
int rekey_run(const struct command *self, int argc, char **argv);
int explain_run(const struct command *self, int argc, char **argv);
int unseal_run(const struct command *self, int argc, char **argv);

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
