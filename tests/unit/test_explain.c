/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded boots against each other: a good one, and others of the same machine and image with one
 * thing changed (tests/replay/README.md says what). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/event_types.h"
#include "measure/eventlog.h"
#include "measure/explain_reasons.h"

#define ALL_PCRS (1u << 4 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 14)

struct recorded {
    struct eventlog *log;
    struct measured_list *list;
};

static void recorded_drop(struct recorded *recorded)
{
    measured_list_free(recorded->list);
    eventlog_free(recorded->log);
}
#define OWNED_RECORDED __attribute__((cleanup(recorded_drop))) struct recorded

static void read_recorded(const char *name, struct recorded *recorded)
{
    struct error err = {0};
    char path[4096];

    snprintf(path, sizeof(path), "%s/tests/replay/%s", getenv("SRC"), name);
    OWNED(bytes) bytes = bytes_read_file(path, EVENTLOG_CONSOLE_LIMIT_BYTES, &err);
    recorded->log = bytes == NULL ? NULL : eventlog_parse(bytes, &err);
    recorded->list = recorded->log == NULL ? NULL : measured_from_log(recorded->log, &err);
    if (recorded->list == NULL)
        fail_msg("%s: %s", name, err.message);
}

struct expectation {
    const char *name;
    uint32_t pcr;
    enum difference_kind kind;
    const char *reason;
    const char *event; /* a part of what the event that was found is about */
};

static const struct expectation expectations[] = {
    {"cmdline", 8, DIFFERENCE_CHANGED, "command-line-edited", "linux /vmlinuz"},
    {"cmdline", 9, DIFFERENCE_CHANGED, "grub-cfg-edited", "/EFI/debian/grub.cfg"},
    {"comment", 9, DIFFERENCE_CHANGED, "grub-cfg-edited", "/EFI/debian/grub.cfg"},
    {"initramfs", 9, DIFFERENCE_CHANGED, "initramfs-rebuilt", "/initrd.img"},
    {"module", 9, DIFFERENCE_EXTRA, "grub-module", "x86_64-efi/command.lst"},
    {"grub", 4, DIFFERENCE_CHANGED, "grub-replaced", "grubx64.efi"},
    {"grub", 8, DIFFERENCE_EXTRA, "grub-command-extra", "[ -z (hd0,gpt15)/EFI/debian"},
    {"grub", 9, DIFFERENCE_MISSING, "grub-files", "/vmlinuz"},
    {"shim", 4, DIFFERENCE_CHANGED, "shim-replaced", "/EFI/BOOT/BOOTX64.EFI"},
    {"sboff", 7, DIFFERENCE_CHANGED, "secure-boot-off", "SecureBoot"},
    {"sboff", 4, DIFFERENCE_ENDED, "program-missing", ""},
    {"dbx", 7, DIFFERENCE_CHANGED, "dbx-update", "dbx"},
    {"sbat", 7, DIFFERENCE_CHANGED, "sbat-level", "SbatLevel"},
    {"mok", 14, DIFFERENCE_CHANGED, "mok-enrolled", "MokList"},
    {"failed", 4, DIFFERENCE_EXTRA, "boot-option-failed", "Returning from EFI Application"},
};

static void check_subject(const struct measured_event *event, const char *part)
{
    struct event_subject subject = {0};

    if (event != NULL)
        event_subject_read(event->pcr, event->type, event->data, event->data_size, &subject);
    if (strstr(subject.name, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, subject.name);
}

static void check_expectation(const struct recorded *good, const struct expectation *expected)
{
    OWNED_RECORDED bad = {0};
    char name[64];

    snprintf(name, sizeof(name), "explain/%s.txt", expected->name);
    read_recorded(name, &bad);
    struct difference difference = explain_pcr(good->list, bad.list, expected->pcr);
    const struct explain_reason *reason = explain_reason_find(&difference);
    if (difference.kind != expected->kind || strcmp(reason->name, expected->reason) != 0)
        fail_msg("%s, PCR %u: kind %d, %s", name, expected->pcr, (int)difference.kind,
                 reason->name);
    check_subject(difference.found, expected->event);
}

static void test_recorded_tamperings(void **state)
{
    OWNED_RECORDED good = {0};

    (void)state;
    read_recorded("explain/good.txt", &good);
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
        check_expectation(&good, &expectations[i]);
}

/* What is not tampered with must not be accused. */
static void test_other_pcrs_are_equal(void **state)
{
    static const struct {
        const char *name;
        uint32_t differing;
    } rows[] = {
        {"explain/good.txt", 0},
        {"debian-2.12-coldseal/eventlog.bin", 0},
        {"explain/othertpm.txt", 0},
        {"explain/comment.txt", 1u << 9},
        {"explain/cmdline.txt", 1u << 8 | 1u << 9},
        {"explain/initramfs.txt", 1u << 9},
        {"explain/module.txt", 1u << 9},
        {"explain/dbx.txt", 1u << 7},
        {"explain/sbat.txt", 1u << 7},
        {"explain/mok.txt", 1u << 14},
        {"explain/failed.txt", 1u << 4},
    };
    OWNED_RECORDED good = {0};

    (void)state;
    read_recorded("explain/good.txt", &good);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        OWNED_RECORDED other = {0};
        uint32_t differing = 0;
        read_recorded(rows[i].name, &other);
        for (uint32_t pcr = 0; pcr < PCR_COUNT; pcr++) {
            if ((ALL_PCRS >> pcr & 1) != 0 &&
                explain_pcr(good.list, other.list, pcr).kind != DIFFERENCE_NONE)
                differing |= 1u << pcr;
        }
        if (differing != rows[i].differing)
            fail_msg("%s: PCRs %x, not %x", rows[i].name, differing, rows[i].differing);
    }
}

/* Another grub.cfg by the same programs, recorded from Ubuntu's signed GRUB. */
static void test_other_grub_cfg(void **state)
{
    OWNED_RECORDED plain = {0}, stock = {0};

    (void)state;
    read_recorded("ubuntu-2.06-mok/eventlog.bin", &plain);
    read_recorded("ubuntu-2.06-stock-cfg/eventlog.bin", &stock);
    struct difference difference = explain_pcr(plain.list, stock.list, 8);
    assert_string_equal(explain_reason_find(&difference)->name, "grub-commands");
    difference = explain_pcr(plain.list, stock.list, 4);
    assert_int_equal(difference.kind, DIFFERENCE_NONE);
}

/* Made events, for what no recorded boot has. */
#define MADE_EVENTS 8

struct made {
    struct measured_list *list;
    uint8_t digests[MADE_EVENTS][32];
};

static void made_drop(struct made *made)
{
    measured_list_free(made->list);
}
#define OWNED_MADE __attribute__((cleanup(made_drop))) struct made

/* Texts of PCR 8 commands; a NULL ends them. Equal texts have equal digests. */
static void make_commands(struct made *made, uint32_t pcr, uint32_t type, const char *const *texts)
{
    made->list = calloc(1, sizeof(*made->list) + MADE_EVENTS * sizeof(made->list->events[0]));
    assert_non_null(made->list);
    for (size_t i = 0; texts[i] != NULL; i++) {
        strncpy((char *)made->digests[i], texts[i], sizeof(made->digests[i]));
        made->list->events[made->list->count++] = (struct measured_event){
            .pcr = pcr,
            .type = type,
            .sha256 = made->digests[i],
            .data = (const uint8_t *)texts[i],
            .data_size = strlen(texts[i]) + 1,
        };
    }
}

static void expect_made(uint32_t pcr, uint32_t type, const char *const *expected,
                        const char *const *found, enum difference_kind kind, unsigned position,
                        const char *reason)
{
    OWNED_MADE left = {0}, right = {0};

    make_commands(&left, pcr, type, expected);
    make_commands(&right, pcr, type, found);
    struct difference difference = explain_pcr(left.list, right.list, pcr);
    assert_int_equal(difference.kind, kind);
    if (kind == DIFFERENCE_NONE)
        return;
    assert_int_equal(difference.position, position);
    assert_string_equal(explain_reason_find(&difference)->name, reason);
}

static void test_kinds(void **state)
{
    const char *const abc[] = {"grub_cmd: a", "grub_cmd: b", "grub_cmd: c", NULL};
    const char *const axbc[] = {"grub_cmd: a", "grub_cmd: x", "grub_cmd: b", "grub_cmd: c", NULL};
    const char *const ac[] = {"grub_cmd: a", "grub_cmd: c", NULL};
    const char *const ab[] = {"grub_cmd: a", "grub_cmd: b", NULL};
    const char *const axc[] = {"grub_cmd: a", "grub_cmd: x", "grub_cmd: c", NULL};
    const char *const none[] = {NULL};

    (void)state;
    expect_made(8, EV_IPL, abc, abc, DIFFERENCE_NONE, 0, "");
    expect_made(8, EV_IPL, abc, axbc, DIFFERENCE_EXTRA, 2, "grub-command-extra");
    expect_made(8, EV_IPL, abc, ac, DIFFERENCE_MISSING, 2, "grub-commands");
    expect_made(8, EV_IPL, abc, axc, DIFFERENCE_CHANGED, 2, "grub-commands");
    expect_made(8, EV_IPL, abc, ab, DIFFERENCE_ENDED, 3, "grub-commands");
    expect_made(8, EV_IPL, ab, abc, DIFFERENCE_GOES_ON, 3, "grub-command-extra");
    expect_made(8, EV_IPL, none, ab, DIFFERENCE_GOES_ON, 1, "grub-command-extra");
    expect_made(8, EV_IPL, none, none, DIFFERENCE_NONE, 0, "");
}

static void test_reasons(void **state)
{
    static const struct {
        uint32_t pcr;
        uint32_t type;
        const char *expected;
        const char *found;
        const char *reason;
    } rows[] = {
        {8, EV_IPL, "grub_cmd: set coldseal_pin=11", "grub_cmd: set coldseal_pin=22",
         "other-volume"},
        {8, EV_IPL, "kernel_cmdline: /vmlinuz a", "kernel_cmdline: /vmlinuz b",
         "command-line-edited"},
        {9, EV_IPL, "/vmlinuz", "/vmlinuz ", "kernel-updated"},
        {9, EV_IPL, "(hd0,gpt15)/a/grub.cfg", "(hd0,gpt15)/b/grub.cfg", "grub-cfg-other"},
        {9, EV_IPL, "(hd0,gpt16)/grub/grubenv", "(hd0,gpt16)/grub/grubenv ", "grubenv"},
        {14, EV_IPL, "MokListX", "MokListX ", "shim-state"},
        {15, EV_IPL, "x", "y", "pcr15-extended"},
        {0, EV_IPL, "x", "y", "firmware"},
        {1, EV_IPL, "x", "y", "firmware-settings"},
        {5, EV_IPL, "x", "y", "partition-table"},
        {4, EV_EFI_ACTION, "Calling EFI Application from Boot Option", "Booting it",
         "firmware-actions"},
        {12, EV_EVENT_TAG, "x", "y", "uki-addition"},
        {13, EV_IPL, "x", "y", "uki-addition"},
        {6, EV_IPL, "x", "y", "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const expected[] = {rows[i].expected, NULL};
        const char *const found[] = {rows[i].found, NULL};
        expect_made(rows[i].pcr, rows[i].type, expected, found, DIFFERENCE_CHANGED, 1,
                    rows[i].reason);
    }
}

/* Data that ends too early, or whose lengths lie, names nothing. */
static void test_hostile_subjects(void **state)
{
    static const uint8_t long_name[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0, 9,   0,
                                        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'd', 0, 'b', 0};
    static const uint8_t short_node[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                         0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 3, 0};
    static const uint32_t types[] = {EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_VARIABLE_AUTHORITY,
                                     EV_EFI_BOOT_SERVICES_APPLICATION, EV_EVENT_TAG, EV_IPL};
    struct event_subject subject;

    (void)state;
    event_subject_read(7, EV_EFI_VARIABLE_DRIVER_CONFIG, long_name, sizeof(long_name), &subject);
    assert_int_equal(subject.kind, SUBJECT_OTHER);
    event_subject_read(4, EV_EFI_BOOT_SERVICES_APPLICATION, short_node, sizeof(short_node),
                       &subject);
    assert_string_equal(subject.name, "");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        for (size_t size = 0; size < sizeof(long_name); size++)
            event_subject_read(9, types[i], long_name, size, &subject);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_tamperings),
        cmocka_unit_test(test_other_pcrs_are_equal),
        cmocka_unit_test(test_other_grub_cfg),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_hostile_subjects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
