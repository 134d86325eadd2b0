/* SPDX-License-Identifier: Apache-2.0 */
/* The table of reasons: the first row that matches counts. */
#include "measure/explain_reasons.h"

#include <string.h>
#include <strings.h>

#include "measure/explain_clue.h"

static bool is_extra(const struct clue *clue)
{
    return clue->difference->kind == DIFFERENCE_EXTRA ||
           clue->difference->kind == DIFFERENCE_GOES_ON;
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && strcasecmp(text + length - tail, end) == 0;
}

static bool has_word(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

/* A program's file, as the prediction or the log names it: a kernel's event has no path. */
static const char *program_name(const struct clue *clue)
{
    const struct measured_event *expected = clue->difference->expected;

    if (clue->expected.name[0] != '\0')
        return last_name(clue->expected.name);
    return expected != NULL && expected->what != NULL ? last_name(expected->what) : "";
}

static bool secure_boot_turned_off(const struct clue *clue)
{
    return is_named(&clue->found, SUBJECT_VARIABLE, "SecureBoot") && clue->found.value_size > 0 &&
           clue->found.value[0] == 0;
}

static bool secure_boot_turned_on(const struct clue *clue)
{
    return is_named(&clue->found, SUBJECT_VARIABLE, "SecureBoot");
}

static bool dbx_changed(const struct clue *clue)
{
    return either_named(clue, SUBJECT_VARIABLE, "dbx");
}

static bool keys_changed(const struct clue *clue)
{
    static const char *const names[] = {"PK", "KEK", "db", "dbt", "dbr"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (either_named(clue, SUBJECT_VARIABLE, names[i]))
            return true;
    }
    return false;
}

static bool variable_changed(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_VARIABLE);
}

static bool sbat_level_changed(const struct clue *clue)
{
    return either_named(clue, SUBJECT_AUTHORITY, "SbatLevel");
}

static bool firmware_accepted_otherwise(const struct clue *clue)
{
    return either_named(clue, SUBJECT_AUTHORITY, "db");
}

static bool shim_accepted_otherwise(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_AUTHORITY);
}

static bool mok_enrolled(const struct clue *clue)
{
    return either_named(clue, SUBJECT_SHIM_LIST, "MokList");
}

static bool mok_other(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_SHIM_LIST);
}

static bool boot_option_failed(const struct clue *clue)
{
    return clue->difference->pcr == 4 && is_extra(clue) && has_kind(&clue->found, SUBJECT_ACTION) &&
           (clue->difference->again || has_word(clue->found.name, "Returning"));
}

static bool action_differs(const struct clue *clue)
{
    return clue->difference->pcr == 4 && either_kind(clue, SUBJECT_ACTION);
}

static bool program_extra(const struct clue *clue)
{
    return is_extra(clue) && has_kind(&clue->found, SUBJECT_PROGRAM);
}

static bool program_not_started(const struct clue *clue)
{
    return has_kind(&clue->expected, SUBJECT_PROGRAM) &&
           (clue->difference->kind == DIFFERENCE_MISSING ||
            clue->difference->kind == DIFFERENCE_ENDED);
}

static bool grub_replaced(const struct clue *clue)
{
    return has_kind(&clue->expected, SUBJECT_PROGRAM) &&
           strncasecmp(program_name(clue), "grub", 4) == 0;
}

static bool shim_replaced(const struct clue *clue)
{
    return has_kind(&clue->expected, SUBJECT_PROGRAM) &&
           (strncasecmp(program_name(clue), "shim", 4) == 0 ||
            strncasecmp(program_name(clue), "boot", 4) == 0);
}

static bool kernel_program_replaced(const struct clue *clue)
{
    return has_kind(&clue->expected, SUBJECT_PROGRAM);
}

/* The file that differs, or the one that came in between. */
static const char *file_of(const struct clue *clue)
{
    const struct event_subject *subject =
        is_extra(clue) || clue->difference->expected == NULL ? &clue->found : &clue->expected;

    return subject->kind == SUBJECT_FILE ? last_name(subject->name) : "";
}

static bool grub_module(const struct clue *clue)
{
    static const char *const ends[] = {".lst", ".mod", ".pf2", ".mo", ".gz", "theme.txt"};
    const char *file = has_kind(&clue->found, SUBJECT_FILE) ? last_name(clue->found.name) : "";

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (is_extra(clue) && ends_with(file, ends[i]))
            return true;
    }
    return false;
}

/* The same files, and one of them more or less often. */
static bool files_counted_otherwise(const struct clue *clue)
{
    bool more = is_extra(clue) && clue->difference->again && has_kind(&clue->found, SUBJECT_FILE);
    bool fewer =
        clue->difference->kind == DIFFERENCE_MISSING || clue->difference->kind == DIFFERENCE_ENDED;

    return more || (fewer && has_kind(&clue->expected, SUBJECT_FILE));
}

static bool grubenv(const struct clue *clue)
{
    return strcmp(file_of(clue), "grubenv") == 0;
}

static bool grub_cfg_other(const struct clue *clue)
{
    return has_kind(&clue->found, SUBJECT_FILE) && ends_with(clue->found.name, ".cfg") &&
           (is_extra(clue) || strcmp(clue->found.name, clue->expected.name) != 0);
}

static bool grub_cfg_edited(const struct clue *clue)
{
    return ends_with(file_of(clue), ".cfg");
}

static bool initramfs_rebuilt(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_INITRD) || has_word(file_of(clue), "initr");
}

static bool kernel_updated(const struct clue *clue)
{
    const char *file = file_of(clue);

    return has_word(file, "vmlinu") || has_word(file, "kernel") || has_word(file, "linux");
}

static bool file_other(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_FILE);
}

static bool field_differs(const struct clue *clue)
{
    static const char field[] = "set coldseal_";

    return has_kind(&clue->expected, SUBJECT_COMMAND) && has_kind(&clue->found, SUBJECT_COMMAND) &&
           strncmp(clue->expected.name, field, strlen(field)) == 0 &&
           strncmp(clue->found.name, field, strlen(field)) == 0;
}

static bool is_linux_command(const struct event_subject *subject)
{
    return subject->kind == SUBJECT_COMMAND && (strncmp(subject->name, "linux ", 6) == 0 ||
                                                strncmp(subject->name, "linuxefi ", 9) == 0);
}

static bool command_line_edited(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_COMMAND_LINE) || either_kind(clue, SUBJECT_LOAD_OPTIONS) ||
           (is_linux_command(&clue->expected) && is_linux_command(&clue->found));
}

static bool command_extra(const struct clue *clue)
{
    return is_extra(clue) && has_kind(&clue->found, SUBJECT_COMMAND);
}

static bool command_other(const struct clue *clue)
{
    return either_kind(clue, SUBJECT_COMMAND);
}

static bool pcr_15(const struct clue *clue)
{
    return clue->difference->pcr == 15;
}

static bool firmware_itself(const struct clue *clue)
{
    return clue->difference->pcr == 0 || clue->difference->pcr == 2;
}

static bool firmware_settings(const struct clue *clue)
{
    return clue->difference->pcr == 1 || clue->difference->pcr == 3;
}

static bool partition_table(const struct clue *clue)
{
    return clue->difference->pcr == 5;
}

static bool ended(const struct clue *clue)
{
    return clue->difference->kind == DIFFERENCE_ENDED;
}

static bool always(const struct clue *clue)
{
    (void)clue;
    return true;
}

static const struct rule rules[] = {
    {pcr_15,
     {"pcr15-extended", "something extended PCR 15 before the unlock: another unlock ran, or "
                        "firmware that measures there"}},
    {secure_boot_turned_off,
     {"secure-boot-off", "Secure Boot is switched off on this machine: switch it on"}},
    {secure_boot_turned_on,
     {"secure-boot-on", "Secure Boot is on, and the image was sealed for a machine where it is "
                        "off: seal it anew"}},
    {dbx_changed,
     {"dbx-update", "the firmware's list of revoked programs (dbx) is another: it was updated; "
                    "import the firmware's state and seal anew"}},
    {keys_changed,
     {"secure-boot-keys", "the firmware's Secure Boot keys are others: another firmware, or keys "
                          "were enrolled; import its state and seal anew"}},
    {firmware_itself,
     {"firmware", "another firmware, or another driver of a device, runs on this machine"}},
    {firmware_settings,
     {"firmware-settings", "settings of the firmware, or its boot entries, are others"}},
    {partition_table, {"partition-table", "the disk's partition table is another"}},
    {variable_changed, {"firmware-variable", "a variable of the firmware is another"}},
    {sbat_level_changed,
     {"sbat-level", "shim's revocation level (SbatLevel) is another: a shim on this machine "
                    "raised it; import the firmware's state and seal anew"}},
    {firmware_accepted_otherwise,
     {"shim-signer", "another certificate of the firmware's db accepted the first program: shim "
                     "was replaced, or is signed twice"}},
    {shim_accepted_otherwise,
     {"signer", "another key accepted GRUB or the kernel: one of them was replaced, or a machine "
                "owner key is in use"}},
    {mok_enrolled,
     {"mok-enrolled", "shim's list of machine owner keys is another: a key was enrolled or "
                      "removed, or shim was replaced"}},
    {mok_other,
     {"shim-state", "another list or state of shim's: shim was replaced, or its variables were "
                    "changed"}},
    {boot_option_failed,
     {"boot-option-failed", "a boot option before this disk was tried and failed: put this disk "
                            "first, or take away the other"}},
    {action_differs,
     {"firmware-actions", "the firmware starts programs by another way than the one that was "
                          "sealed for"}},
    {program_extra,
     {"program-extra", "a program ran that the image does not start: another boot entry, a shell, "
                       "or shim's fallback"}},
    {program_not_started,
     {"program-missing", "a program of the boot chain was not measured: it was not started, or "
                         "Secure Boot is off"}},
    {grub_replaced, {"grub-replaced", "GRUB on the ESP is another: updated, or exchanged"}},
    {shim_replaced, {"shim-replaced", "shim on the ESP is another: updated, or exchanged"}},
    {kernel_program_replaced, KERNEL_UPDATED},
    {grub_module,
     {"grub-module", "GRUB opened a module, list or font that the image does not have: a folder "
                     "of GRUB's was put beside its configuration"}},
    {files_counted_otherwise,
     {"grub-files", "GRUB opened a file more or less often, or not at all: another build of GRUB, "
                    "or another way through its configuration"}},
    {grubenv, {"grubenv", "GRUB's environment block is another, or was read"}},
    {grub_cfg_other, {"grub-cfg-other", "GRUB read another configuration file than the image's"}},
    {grub_cfg_edited, {"grub-cfg-edited", "grub.cfg was edited, if only in a comment"}},
    {initramfs_rebuilt, INITRAMFS_REBUILT},
    {kernel_updated, KERNEL_UPDATED},
    {file_other, {"file", "GRUB opened another file, or one with other content"}},
    {field_differs,
     {"other-volume", "UUID or pin in grub.cfg are another volume's: a boot side of another "
                      "image, or from before the key was changed"}},
    {command_line_edited, COMMAND_LINE_EDITED},
    {command_extra,
     {"grub-command-extra", "GRUB ran a command that is not in the image's grub.cfg: typed at its "
                            "prompt or menu, added, or built into another GRUB"}},
    {command_other,
     {"grub-commands", "GRUB ran other commands: grub.cfg was edited, or another menu entry was "
                       "chosen"}},
    {ended, {"ended-early", "the boot took another way before it got there"}},
    {always, {"unknown", "nothing that is known explains it"}},
};

static void read_clue(const struct measured_event *event, struct event_subject *subject)
{
    *subject = (struct event_subject){0};
    if (event != NULL)
        event_subject_read(event->pcr, event->type, event->data, event->data_size, subject);
}

const struct explain_reason *explain_reason_find(const struct difference *difference)
{
    struct clue clue = {.difference = difference};
    size_t i = 0;

    read_clue(difference->expected, &clue.expected);
    read_clue(difference->found, &clue.found);
    const struct explain_reason *of_uki = explain_reason_find_uki(&clue);
    if (of_uki != NULL)
        return of_uki;
    while (!rules[i].matches(&clue))
        i++;
    return &rules[i].reason;
}
