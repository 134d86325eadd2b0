/* SPDX-License-Identifier: Apache-2.0 */
/* commands/test.c of GRUB 2.06: `[` and `test`, with its own rules of precedence: what stands side
 * by side is joined by "and", and -o ends what was joined. */
#include <string.h>

#include "boot/grub_commands.h"

#define TEST_DEPTH_LIMIT 100 /* MAX_TEST_RECURSION_DEPTH */

struct test {
    struct grub_run *run;
    size_t count;
    char **words;
    size_t position;
    unsigned depth;
};

struct value {
    bool invert;
    bool any_before; /* of what stood before the last -o */
    bool all;
};

static void update(struct value *value, bool is_true)
{
    value->all = value->all && (value->invert ? !is_true : is_true);
    value->invert = false;
}

/* grub_strtosl(): the sign, then blanks and digits; what is no number is 0. */
static int number_of(const char *text)
{
    bool negative = text[0] == '-';
    uint64_t value;

    grub_number(text + negative, 0, &value, NULL);
    return (int)(negative ? -value : value);
}

/* Numbers behind a common prefix: "vmlinuz-2" comes before "vmlinuz-11". */
static int compare_versions(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] != '\0' && a[i] == b[i])
        i++;
    while (i > 1 && strchr("0123456789", a[i - 1]) != NULL && a[i - 1] != '\0')
        i--;
    uint64_t left;
    uint64_t right;
    grub_number(a + i, 0, &left, NULL);
    grub_number(b + i, 0, &right, NULL);
    return left < right ? -1 : left > right;
}

static bool compare_strings(const char *a, const char *operator, const char * b, bool *result)
{
    int order = strcmp(a, b);

    if (strcmp(operator, "=") == 0 || strcmp(operator, "==") == 0)
        *result = order == 0;
    else if (strcmp(operator, "!=") == 0)
        *result = order != 0;
    else if (strcmp(operator, "<") == 0)
        *result = order < 0;
    else if (strcmp(operator, "<=") == 0)
        *result = order <= 0;
    else if (strcmp(operator, ">") == 0)
        *result = order > 0;
    else if (strcmp(operator, ">=") == 0)
        *result = order >= 0;
    else if (strcmp(operator, "-pgt") == 0)
        *result = compare_versions(a, b) > 0;
    else if (strcmp(operator, "-plt") == 0)
        *result = compare_versions(a, b) < 0;
    else
        return false;
    return true;
}

static bool compare_numbers(const char *a, const char *operator, const char * b, bool *result)
{
    int left = number_of(a);
    int right = number_of(b);

    if (strcmp(operator, "-eq") == 0)
        *result = left == right;
    else if (strcmp(operator, "-ge") == 0)
        *result = left >= right;
    else if (strcmp(operator, "-gt") == 0)
        *result = left > right;
    else if (strcmp(operator, "-le") == 0)
        *result = left <= right;
    else if (strcmp(operator, "-lt") == 0)
        *result = left < right;
    else if (strcmp(operator, "-ne") == 0)
        *result = left != right;
    else
        return false;
    return true;
}

/* -nt and -ot: only where one of the files is absent do the times not matter. */
static bool compare_times(struct grub_run *run, const char *a, const char *operator, const char * b,
                          bool *result)
{
    if (strncmp(operator, "-nt", 3) != 0 && strncmp(operator, "-ot", 3) != 0)
        return false;
    bool left = grub_stat(run, a, NULL) != BOOT_FILE_NONE;
    bool right = grub_stat(run, b, NULL) != BOOT_FILE_NONE;
    *result = operator[1] == 'n' ? left && !right : !left && right;
    if (left && right)
        grub_run_note(run, "times of files are compared; the comparison is taken to be false here");
    return true;
}

static bool three_words(struct test *test, struct value *value)
{
    char **words = test->words + test->position;
    bool result;

    if (test->position + 2 >= test->count ||
        (!compare_strings(words[0], words[1], words[2], &result) &&
         !compare_numbers(words[0], words[1], words[2], &result) &&
         !compare_times(test->run, words[0], words[1], words[2], &result)))
        return false;
    update(value, result);
    test->position += 3;
    return true;
}

/* -s opens the file, so that it is measured; the others look into the folder. */
static bool has_size(struct grub_run *run, const char *name)
{
    struct grub_file file;
    uint64_t size_bytes = 0;

    if (grub_open(run, name, true, &file) != GRUB_OK)
        return false;
    return grub_stat(run, name, &size_bytes) == BOOT_FILE_REGULAR &&
           (file.on_memdisk || size_bytes != 0);
}

static bool two_words(struct test *test, struct value *value)
{
    if (test->position + 1 >= test->count)
        return false;
    const char *operator= test->words[test->position];
    const char *operand = test->words[test->position + 1];
    bool result;
    if (strcmp(operator, "-d") == 0)
        result = grub_stat(test->run, operand, NULL) == BOOT_FILE_DIRECTORY;
    else if (strcmp(operator, "-e") == 0)
        result = grub_stat(test->run, operand, NULL) != BOOT_FILE_NONE;
    else if (strcmp(operator, "-f") == 0)
        result = grub_stat(test->run, operand, NULL) == BOOT_FILE_REGULAR;
    else if (strcmp(operator, "-s") == 0)
        result = has_size(test->run, operand);
    else if (strcmp(operator, "-n") == 0)
        result = operand[0] != '\0';
    else if (strcmp(operator, "-z") == 0)
        result = operand[0] == '\0';
    else
        return false;
    update(value, result);
    test->position += 2;
    return true;
}

/* '!', -a and -o; false for a word that is just a text. */
static bool modifier(struct test *test, struct value *value)
{
    const char *word = test->words[test->position];

    if (strcmp(word, "!") == 0) {
        value->invert = !value->invert;
    } else if (strcmp(word, "-o") == 0) {
        value->any_before = value->any_before || value->all;
        value->all = true;
    } else if (strcmp(word, "-a") != 0) {
        return false;
    }
    test->position++;
    return true;
}

/* test_parse() */
static bool evaluate(struct test *test)
{
    struct value value = {.all = true};

    while (test->position < test->count) {
        if (three_words(test, &value) || two_words(test, &value))
            continue;
        const char *word = test->words[test->position];
        if (strcmp(word, ")") == 0) {
            test->position++;
            test->depth -= test->depth > 0;
            break;
        }
        if (strcmp(word, "(") == 0) {
            test->position++;
            if (++test->depth > TEST_DEPTH_LIMIT)
                break;
            update(&value, evaluate(test));
            continue;
        }
        if (!modifier(test, &value)) {
            update(&value, word[0] != '\0');
            test->position++;
        }
    }
    return value.any_before || value.all;
}

enum grub_error grub_cmd_test(struct grub_run *run, const struct grub_argv *argv)
{
    struct test test = {.run = run, .count = argv->count - 1, .words = argv->words + 1};

    if (test.count >= 1 && strcmp(test.words[test.count - 1], "]") == 0)
        test.count--;
    return evaluate(&test) ? GRUB_OK : GRUB_TEST_FAILURE;
}
