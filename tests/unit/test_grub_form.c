/* SPDX-License-Identifier: Apache-2.0 */
/* The form of our grub.cfg: what lib/guest writes from the template is of it, and one changed,
 * added or missing character is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/grub_form.h"
#include "guest/boot_files.h"

#define BOOT_UUID "0b7a6b4e-7f7c-4c51-9a3e-6f4b8c2f1d00"

static char *rendered_from(const char *name, const struct guest_os *os)
{
    const char *const args[] = {"quiet", "net.ifnames=0"};
    const struct coldseal_guest_options options = {.kernel_args = args, .kernel_arg_count = 2};
    struct error err = {0};
    char path[4096];

    snprintf(path, sizeof(path), "%s/templates/%s", getenv("SRC"), name);
    OWNED(bytes) template = bytes_read_file(path, 65536, &err);
    assert_non_null(template);
    OWNED_PTR(char) text = strndup((const char *)template->data, template->size);
    return grub_cfg_render(text, BOOT_UUID, os, &options, &err);
}

static char *rendered(enum initramfs_kind kind)
{
    const struct guest_os os = {.initramfs = kind, .systemd_version = 260};

    return rendered_from("grub.cfg.in", &os);
}

static bool read_form(const char *text, size_t size, struct grub_form *form, struct error *err)
{
    OWNED(bytes) file = bytes_copy(text, size, err);

    assert_non_null(file);
    return grub_form_read(file, form, err);
}

static void test_what_prepare_writes(void **state)
{
    const enum initramfs_kind kinds[] = {INITRAMFS_TOOLS, INITRAMFS_DRACUT, INITRAMFS_DRACUT_STOCK};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct error err = {0};
        OWNED_GRUB_FORM form = {0};
        OWNED_PTR(char) text = rendered(kinds[i]);
        if (!read_form(text, strlen(text), &form, &err))
            fail_msg("%s", err.message);
        assert_string_equal(form.boot_uuid, BOOT_UUID);
        assert_non_null(strstr(form.arguments, "systemd.gpt_auto=0"));
        assert_non_null(strstr(form.arguments, " quiet net.ifnames=0"));
        assert_null(strstr(form.arguments, "coldseal.pin="));
        assert_false(form.console_recovery);
    }
}

static void test_with_console_recovery(void **state)
{
    const struct guest_os os = {.initramfs = INITRAMFS_TOOLS};
    struct error err = {0};
    OWNED_GRUB_FORM form = {0};
    OWNED_PTR(char) text = rendered_from("grub-recovery.cfg.in", &os);

    (void)state;
    if (!read_form(text, strlen(text), &form, &err))
        fail_msg("%s", err.message);
    assert_true(form.console_recovery);
    assert_non_null(strstr(form.arguments, " quiet net.ifnames=0"));
    assert_null(strstr(form.arguments, "coldseal."));
    char *mark = strstr(text, "quiet net.ifnames=0 coldseal.recovery");
    assert_non_null(mark);
    memcpy(mark, "noise", 5);
    OWNED_GRUB_FORM other = {0};
    assert_false(read_form(text, strlen(text), &other, &err));
}

static void expect_refused(const char *text, size_t size, const char *why)
{
    struct error err = {0};
    OWNED_GRUB_FORM form = {0};

    assert_false(read_form(text, size, &form, &err));
    if (strstr(err.message, why) == NULL)
        fail_msg("\"%s\" is not in: %s", why, err.message);
}

/* The text with the first `from` of it replaced by `to`. */
static void expect_change_refused(const char *from, const char *to, const char *why)
{
    OWNED_PTR(char) text = rendered(INITRAMFS_TOOLS);
    const char *at = strstr(text, from);
    char changed[8192];

    assert_non_null(at);
    snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    expect_refused(changed, strlen(changed), why);
}

static void test_changes(void **state)
{
    (void)state;
    expect_change_refused("# coldseal grub.cfg", "# other grub.cfg", "not one that coldseal wrote");
    expect_change_refused("search ", "load_env\nsearch ", "load_env");
    expect_change_refused("halt", "halt\nreboot", "reboot");
    expect_change_refused("halt", "", "ends before");
    expect_change_refused("boot\nhalt", "halt\nboot", "is not what coldseal writes there");
    expect_change_refused("initrd /initrd.img", "initrd /initrd.img /more.img", "more.img");
    expect_change_refused("initrd /initrd.img", "initrd /initrd.old", "initrd.old");
    expect_change_refused(" ro ", " rw ", "linux /vmlinuz");
    expect_change_refused(" quiet", "  quiet", "linux /vmlinuz");
    expect_change_refused(" quiet", " $quiet", "linux /vmlinuz");
    expect_change_refused(" quiet", "; reboot", "linux /vmlinuz");
    expect_change_refused(" quiet", " rd.luks.name=$coldseal_pin=cloudimg-rootfs", "linux");
    expect_change_refused("--set=root " BOOT_UUID, "--set=root hd0,gpt16", "search");
    expect_change_refused("--no-floppy", "--hint hd0", "search");
    expect_change_refused("\n# Measured", "\n# Measured\t", "line 2");
    expect_change_refused("set coldseal_uuid", "export x\nset coldseal_uuid", "export x");
}

static void test_bytes_behind_a_nul(void **state)
{
    OWNED_PTR(char) text = rendered(INITRAMFS_TOOLS);
    size_t size = strlen(text);

    (void)state;
    text[size - 1] = '\0';
    expect_refused(text, size, "is not what coldseal writes there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_prepare_writes),
        cmocka_unit_test(test_with_console_recovery),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_bytes_behind_a_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
