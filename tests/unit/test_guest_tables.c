/* SPDX-License-Identifier: Apache-2.0 */
/* fstab, crypttab, grub.cfg, cloud-init files, package names, the initramfs' list: the parts of
 * lib/guest that need no appliance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guest/boot_files.h"
#include "guest/cloud_init.h"
#include "guest/fstab.h"
#include "guest/initramfs.h"
#include "guest/libraries.h"
#include "guest/packages.h"

#define BOOT_UUID "0b7a6b4e-7f7c-4c51-9a3e-6f4b8c2f1d00"

static void harden(const char *text, const char *expected, size_t warning_count)
{
    struct error err = {0};
    OWNED(lines) warnings = lines_new(&err);
    OWNED_PTR(char) once = fstab_harden(text, BOOT_UUID, warnings, &err);

    assert_non_null(once);
    assert_string_equal(once, expected);
    assert_int_equal(warnings->count, warning_count);
    OWNED_PTR(char) twice = fstab_harden(once, BOOT_UUID, warnings, &err);
    assert_non_null(twice);
    assert_string_equal(twice, expected);
    assert_int_equal(warnings->count, warning_count);
}

/* As Ubuntu 24.04's cloud images have it. */
static void fstab_of_ubuntu(void **state)
{
    (void)state;
    harden("LABEL=cloudimg-rootfs\t/\t ext4\tdiscard,commit=30,errors=remount-ro\t0 1\n"
           "LABEL=BOOT\t/boot\text4\tdefaults\t0 2\n"
           "LABEL=UEFI\t/boot/efi\tvfat\tumask=0077\t0 1\n",
           "/dev/mapper/cloudimg-rootfs / ext4 discard,commit=30,errors=remount-ro 0 1\n"
           "LABEL=BOOT /boot ext4 noauto,nofail,nodev,nosuid,noexec 0 0\n"
           "LABEL=UEFI /boot/efi vfat umask=0077,noauto,nofail,nodev,nosuid,noexec 0 0\n",
           0);
}

static void fstab_gets_what_is_missing(void **state)
{
    (void)state;
    harden("",
           "/dev/mapper/cloudimg-rootfs / auto defaults 0 1\nUUID=" BOOT_UUID
           " /boot ext4 noauto,nofail,nodev,nosuid,noexec 0 0\n",
           0);
    harden("# nothing here",
           "/dev/mapper/cloudimg-rootfs / auto defaults 0 1\n# nothing here\nUUID=" BOOT_UUID
           " /boot ext4 noauto,nofail,nodev,nosuid,noexec 0 0\n",
           0);
}

static void fstab_mounts_nothing_of_the_host(void **state)
{
    (void)state;
    harden("UUID=1-2 / ext4 defaults\n"
           "PARTUUID=3 none swap sw 0 0\n"
           "LABEL=home /home ext4 defaults 0 2\n"
           "/dev/vdb1 /data xfs nofail 0 0\n"
           "share /mnt 9p trans=virtio 0 0\n"
           "other /opt virtiofs defaults 0 0\n"
           ".host:/x /x fuse.vmhgfs-fuse defaults 0 0\n"
           "/swapfile none swap sw 0 0\n"
           "tmpfs /tmp tmpfs nosuid 0 0\n"
           "server:/x /srv nfs ro 0 0\n"
           "LABEL=B /boot ext4 x-systemd.automount,auto,exec,ro 0 2\n",
           "/dev/mapper/cloudimg-rootfs / ext4 defaults 0 1\n"
           "#coldseal: off: PARTUUID=3 none swap sw 0 0\n"
           "#coldseal: off: LABEL=home /home ext4 defaults 0 2\n"
           "#coldseal: off: /dev/vdb1 /data xfs nofail 0 0\n"
           "#coldseal: off: share /mnt 9p trans=virtio 0 0\n"
           "#coldseal: off: other /opt virtiofs defaults 0 0\n"
           "#coldseal: off: .host:/x /x fuse.vmhgfs-fuse defaults 0 0\n"
           "/swapfile none swap sw 0 0\n"
           "tmpfs /tmp tmpfs nosuid 0 0\n"
           "server:/x /srv nfs ro 0 0\n"
           "LABEL=B /boot ext4 ro,noauto,nofail,nodev,nosuid,noexec 0 0\n",
           6);
}

static void fstab_keeps_subvolumes_of_root(void **state)
{
    (void)state;
    harden("UUID=a / btrfs subvol=@ 0 0\nUUID=a /home btrfs subvol=@home 0 0\n"
           "UUID=b /boot ext4 ro 0 0\n",
           "/dev/mapper/cloudimg-rootfs / btrfs subvol=@ 0 0\n"
           "/dev/mapper/cloudimg-rootfs /home btrfs subvol=@home 0 0\n"
           "UUID=b /boot ext4 ro,noauto,nofail,nodev,nosuid,noexec 0 0\n",
           0);
}

static void fstab_line_has_a_limit(void **state)
{
    struct error err = {0};
    OWNED(lines) warnings = lines_new(&err);
    char text[6000];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_null(fstab_harden(text, BOOT_UUID, warnings, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
}

static void crypttab_is_off(void **state)
{
    struct error err = {0};
    OWNED(lines) warnings = lines_new(&err);
    OWNED_PTR(char)
    text = crypttab_harden("# c\nroot UUID=1 /etc/key luks\n\n", warnings, &err);

    (void)state;
    assert_non_null(text);
    assert_string_equal(text, "# c\n#coldseal: off: root UUID=1 /etc/key luks\n\n");
    assert_int_equal(warnings->count, 1);
}

static const char template[] = "# coldseal grub.cfg format 1\nsearch @BOOT_UUID@\n"
                               "linux $coldseal_uuid @KERNEL_ARGS@\n";

static const struct guest_os tools_guest = {.initramfs = INITRAMFS_TOOLS, .systemd_version = 257};

static void grub_cfg_is_rendered(void **state)
{
    struct error err = {0};
    const char *const more[] = {"mitigations=auto,nosmt", "console=hvc0"};
    struct coldseal_guest_options options = {.kernel_args = more, .kernel_arg_count = 2};
    OWNED_PTR(char) text = grub_cfg_render(template, BOOT_UUID, &tools_guest, &options, &err);

    (void)state;
    assert_non_null(text);
    assert_string_equal(text,
                        "# coldseal grub.cfg format 1\nsearch " BOOT_UUID
                        "\nlinux $coldseal_uuid panic=30 noresume "
                        "sysctl.kernel.sysrq=0 systemd.import_credentials=no systemd.gpt_auto=0 "
                        "systemd.getty_auto=0 console=tty1 console=ttyS0 "
                        "systemd.mask=emergency.service systemd.mask=rescue.service "
                        "systemd.mask=debug-shell.service mitigations=auto,nosmt console=hvc0\n");
}

/* The last words of the command line for a guest of that kind. */
static void expect_arguments(enum initramfs_kind kind, unsigned systemd_version, const char *end)
{
    struct error err = {0};
    struct coldseal_guest_options options = {.console_login = true};
    const struct guest_os os = {.initramfs = kind, .systemd_version = systemd_version};
    OWNED_PTR(char) text = grub_cfg_render(template, BOOT_UUID, &os, &options, &err);

    assert_non_null(text);
    assert_null(strstr(text, "getty_auto"));
    assert_non_null(strstr(text, " systemd.mask=emergency.service "));
    const char *found = strstr(text, end);
    assert_non_null(found);
    assert_string_equal(found, end);
}

static void grub_cfg_follows_the_guest(void **state)
{
    (void)state;
    expect_arguments(INITRAMFS_TOOLS, 257, " systemd.mask=debug-shell.service\n");
    expect_arguments(
        INITRAMFS_DRACUT, 260,
        " systemd.mask=debug-shell.service rd.shell=0 rd.emergency=poweroff rd.timeout=600\n");
    expect_arguments(INITRAMFS_DRACUT_STOCK, 257,
                     " rd.shell=0 rd.emergency=poweroff rd.timeout=600 "
                     "rd.luks.name=$coldseal_uuid=cloudimg-rootfs "
                     "rd.luks.options=$coldseal_uuid=tpm2-device=auto\n");
    expect_arguments(INITRAMFS_DRACUT_STOCK, 260,
                     " rd.luks.options=$coldseal_uuid=tpm2-device=auto,"
                     "fixate-volume-key=$coldseal_pin\n");
}

static void grub_cfg_takes_no_script(void **state)
{
    static const char *const hostile[] = {"", "a b", "x;halt", "$x", "a\nb", "'", "\\", "{", "a`b"};

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct error err = {0};
        struct coldseal_guest_options options = {.kernel_args = &hostile[i], .kernel_arg_count = 1};
        assert_null(grub_cfg_render(template, BOOT_UUID, &tools_guest, &options, &err));
        assert_int_equal(err.code, COLDSEAL_USAGE);
    }
    struct error err = {0};
    struct coldseal_guest_options options = {0};
    assert_null(grub_cfg_render(template, "1; halt", &tools_guest, &options, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

static unsigned version_in(const char *name)
{
    struct error err = {0};
    OWNED(lines) names = lines_new(&err);

    assert_non_null(names);
    assert_true(lines_add(names, &err, "libsystemd-core-999.so") &&
                lines_add(names, &err, "%s", name));
    return systemd_version_of(names);
}

static void systemd_has_a_version(void **state)
{
    (void)state;
    assert_int_equal(version_in("libsystemd-shared-257.so"), 257);
    assert_int_equal(version_in("libsystemd-shared-259.2-1.so"), 259);
    assert_int_equal(version_in("libsystemd-shared.so"), 0);
}

static void seed_becomes_settings_of_none(void **state)
{
    struct error err = {0};
    OWNED_PTR(char)
    text = cloud_init_none_config("#cloud-config\nx: \"y\"\n",
                                  "---\ninstance-id: i-1\nlocal-hostname: vm\n", &err);

    (void)state;
    assert_non_null(text);
    assert_string_equal(text, "# coldseal: the seed given with --cloud-init-seed\n"
                              "datasource:\n  \"None\":\n"
                              "    userdata_raw: \"#cloud-config\\nx: \\\"y\\\"\\n\"\n"
                              "    metadata:\n"
                              "      instance-id: i-1\n      local-hostname: vm\n");
}

static void seed_that_cannot_be_carried(void **state)
{
    static const char *const user_data[] = {"a\x01", "\x1f\x8b", "\xc3", "\xff", "a\x7f"};
    static const char *const meta_data[] = {"a: 1\n---\nb: 2\n", "%YAML 1.1\n---\na: 1\n",
                                            "a: 1\n...\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(user_data) / sizeof(user_data[0]); i++) {
        struct error err = {0};
        assert_null(cloud_init_none_config(user_data[i], "", &err));
        assert_int_equal(err.code, COLDSEAL_USAGE);
    }
    for (size_t i = 0; i < sizeof(meta_data) / sizeof(meta_data[0]); i++) {
        struct error err = {0};
        assert_null(cloud_init_none_config("#cloud-config\n", meta_data[i], &err));
        assert_int_equal(err.code, COLDSEAL_USAGE);
    }
}

static void seed_without_metadata(void **state)
{
    struct error err = {0};
    OWNED_PTR(char) text = cloud_init_none_config("x", "# none\n\n", &err);

    (void)state;
    assert_non_null(text);
    assert_null(strstr(text, "metadata"));
}

static void network_config_with_and_without_its_key(void **state)
{
    struct error err = {0};
    OWNED_PTR(char) bare = cloud_init_network_config("version: 2\nethernets: {}\n", &err);
    OWNED_PTR(char) keyed = cloud_init_network_config("# c\nnetwork:\n  version: 2\n", &err);

    (void)state;
    assert_non_null(bare);
    assert_non_null(keyed);
    assert_non_null(strstr(bare, "\nnetwork:\n  version: 2\n  ethernets: {}\n"));
    assert_non_null(strstr(keyed, "\nnetwork:\n  version: 2\n"));
    assert_null(strstr(keyed, "network:\n  network:"));
}

static void packages_of_four_releases(void **state)
{
    static const struct {
        const char *os, *version, *soname, *package;
    } rows[] = {
        {"debian", "12", "libcrypto.so.3", "libssl3"},
        {"debian", "13", "libcrypto.so.3", "libssl3t64"},
        {"ubuntu", "22.04", "libcrypto.so.3", "libssl3"},
        {"ubuntu", "24.04", "libcrypto.so.3", "libssl3t64"},
        {"debian", "12", "libtss2-mu.so.0", "libtss2-mu0"},
        {"debian", "13", "libtss2-mu.so.0", "libtss2-mu-4.0.1-0t64"},
        {"ubuntu", "22.04", "libtss2-esys.so.0", "libtss2-esys-3.0.2-0"},
        {"ubuntu", "24.04", "libtss2-esys.so.0", "libtss2-esys-3.0.2-0t64"},
        {"ubuntu", "26.04", "libtss2-rc.so.0", "libtss2-rc0t64"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(package_of_library(rows[i].os, rows[i].version, rows[i].soname),
                            rows[i].package);
    assert_null(package_of_library("debian", "13", "libunknown.so.1"));
}

static void missing_libraries_are_named_with_their_packages(void **state)
{
    struct error err = {0};
    OWNED(lines) missing = lines_new(&err);

    (void)state;
    assert_true(lines_add(missing, &err, "libtss2-esys.so.0"));
    assert_true(lines_add(missing, &err, "libcrypto.so.3"));
    assert_true(lines_add(missing, &err, "libssl.so.3"));
    assert_false(libraries_refuse("ubuntu", "24.04", missing, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_non_null(strstr(err.message, "libtss2-esys.so.0, libcrypto.so.3, libssl.so.3"));
    assert_non_null(strstr(err.message, "virt-customize -a IMAGE --install "
                                        "libtss2-esys-3.0.2-0t64,libssl3t64\""));
}

static void os_release_values(void **state)
{
    static const char text[] = "NAME=\"A B\"\nID=ubuntu\nVERSION_ID='24.04'\nXID=no\nEMPTY=\n";
    char value[16];

    (void)state;
    os_release_value(text, "ID", value, sizeof(value));
    assert_string_equal(value, "ubuntu");
    os_release_value(text, "NAME", value, sizeof(value));
    assert_string_equal(value, "A B");
    os_release_value(text, "VERSION_ID", value, sizeof(value));
    assert_string_equal(value, "24.04");
    os_release_value(text, "EMPTY", value, sizeof(value));
    assert_string_equal(value, "");
    os_release_value(text, "ABSENT", value, sizeof(value));
    assert_string_equal(value, "");
}

/* The order is dpkg's: checked with dpkg --compare-versions. */
static void kernels_are_ordered(void **state)
{
    static const char *const newer[][2] = {
        {"6.12.57+deb13-cloud-amd64", "6.12.9+deb13-cloud-amd64"},
        {"6.8.0-100-generic", "6.8.0-31-generic"},
        {"6.12.0-1-generic", "6.8.0-31-generic"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
        assert_true(kernel_is_newer(newer[i][0], newer[i][1]));
        assert_false(kernel_is_newer(newer[i][1], newer[i][0]));
    }
}

static const char *const good_initramfs[] = {
    "init",
    "scripts/local-top/coldseal",
    "scripts/local-bottom/coldseal",
    "scripts/init-bottom/coldseal",
    "usr/sbin/coldseal-unlock",
    "usr/lib/x86_64-linux-gnu/libcryptsetup.so.12",
    "usr/lib/x86_64-linux-gnu/libtss2-tcti-device.so.0",
    "usr/lib/modules/6.12.57/kernel/drivers/md/dm-crypt.ko.xz",
    "cryptroot/crypttab",
};
#define GOOD_COUNT (sizeof(good_initramfs) / sizeof(good_initramfs[0]))

static const char *const good_dracut[] = {
    "usr/sbin/coldseal-unlock",
    "usr/lib/systemd/system/coldseal-unlock.service",
    "etc/systemd/system/initrd-root-device.target.requires/coldseal-unlock.service",
    "etc/systemd/system/initrd-root-fs.target.requires/coldseal-root.service",
    "usr/lib/coldseal/check-root",
    "usr/lib/coldseal/check-init",
    "etc/systemd/system/emergency.service",
    "etc/systemd/system/rescue.service",
    "etc/systemd/system/dracut-emergency.service",
    "usr/lib/x86_64-linux-gnu/libtss2-tcti-device.so.0",
    "usr/lib/x86_64-linux-gnu/libcryptsetup.so.12",
    "usr/lib/modules/6.12.1/kernel/drivers/md/dm-crypt.ko.xz",
};
#define DRACUT_COUNT (sizeof(good_dracut) / sizeof(good_dracut[0]))

/* A good list without one name and with another; NULL for none. */
static bool check_list(enum initramfs_kind kind, const char *without, const char *with,
                       bool is_builtin, struct error *err)
{
    const char *const *good = kind == INITRAMFS_DRACUT ? good_dracut : good_initramfs;
    size_t count = kind == INITRAMFS_DRACUT ? DRACUT_COUNT : GOOD_COUNT;
    OWNED(lines) names = lines_new(err);

    assert_non_null(names);
    for (size_t i = 0; i < count; i++) {
        if (without == NULL || strstr(good[i], without) == NULL)
            assert_true(lines_add(names, err, "%s", good[i]));
    }
    if (with != NULL)
        assert_true(lines_add(names, err, "%s", with));
    return initramfs_check(names, kind, is_builtin, err);
}

static bool check_names(const char *without, const char *with, bool is_builtin, struct error *err)
{
    return check_list(INITRAMFS_TOOLS, without, with, is_builtin, err);
}

static void initramfs_of_dracut_is_looked_through(void **state)
{
    struct error err = {0};

    (void)state;
    assert_true(check_list(INITRAMFS_DRACUT, NULL, NULL, false, &err));
    for (size_t i = 0; i < DRACUT_COUNT; i++) {
        /* the unit by itself starts nothing */
        bool is_needed = strcmp(good_dracut[i], "usr/lib/systemd/system/coldseal-unlock.service");
        assert_int_equal(check_list(INITRAMFS_DRACUT, good_dracut[i], NULL, false, &err),
                         !is_needed);
    }
    assert_false(check_list(INITRAMFS_DRACUT, NULL, "usr/bin/systemd-cryptsetup", false, &err));
    assert_non_null(strstr(err.message, "usr/bin/systemd-cryptsetup"));
    assert_false(check_list(INITRAMFS_DRACUT, NULL, "usr/sbin/lvm", false, &err));
}

static void initramfs_is_looked_through(void **state)
{
    static const char *const keys[] = {
        "cryptroot/keyfiles/root.key", "etc/dropbear/dropbear_rsa_host_key",
        "etc/cryptsetup-keys.d/x.key", "root/.ssh/authorized_keys",
        "etc/ssh/ssh_host_rsa_key",
    };
    struct error err = {0};

    (void)state;
    assert_true(check_names(NULL, NULL, false, &err));
    assert_true(check_names("dm-crypt", NULL, true, &err));
    assert_false(check_names("dm-crypt", NULL, false, &err));
    assert_false(check_names("coldseal-unlock", NULL, false, &err));
    assert_false(check_names("local-top", NULL, false, &err));
    assert_false(check_names("local-bottom", NULL, false, &err));
    assert_false(check_names("init-bottom", NULL, false, &err));
    assert_false(check_names("libtss2", NULL, false, &err));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_false(check_names(NULL, keys[i], false, &err));
        assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
        assert_non_null(strstr(err.message, keys[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fstab_of_ubuntu),
        cmocka_unit_test(fstab_gets_what_is_missing),
        cmocka_unit_test(fstab_mounts_nothing_of_the_host),
        cmocka_unit_test(fstab_keeps_subvolumes_of_root),
        cmocka_unit_test(fstab_line_has_a_limit),
        cmocka_unit_test(crypttab_is_off),
        cmocka_unit_test(grub_cfg_is_rendered),
        cmocka_unit_test(grub_cfg_follows_the_guest),
        cmocka_unit_test(systemd_has_a_version),
        cmocka_unit_test(grub_cfg_takes_no_script),
        cmocka_unit_test(seed_becomes_settings_of_none),
        cmocka_unit_test(seed_that_cannot_be_carried),
        cmocka_unit_test(seed_without_metadata),
        cmocka_unit_test(network_config_with_and_without_its_key),
        cmocka_unit_test(packages_of_four_releases),
        cmocka_unit_test(missing_libraries_are_named_with_their_packages),
        cmocka_unit_test(os_release_values),
        cmocka_unit_test(kernels_are_ordered),
        cmocka_unit_test(initramfs_is_looked_through),
        cmocka_unit_test(initramfs_of_dracut_is_looked_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
