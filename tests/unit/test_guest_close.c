/* SPDX-License-Identifier: Apache-2.0 */
/* What is closed in a guest, over a folder that stands for its root: units that the host could
 * reach, generators that take options from it, and what it can only be warned of; what makes the
 * machine that machine; packages on hold; the generator's settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "folder_root.h"
#include "guest/cloud_init.h"
#include "guest/fstab.h"
#include "guest/holds.h"
#include "guest/identity.h"
#include "guest/initramfs_order.h"
#include "guest/initramfs_settings.h"
#include "guest/units.h"
#include "shell.h"

#define UNITS "guest/etc/systemd/system"

static void make_guest(void)
{
    shell_run(
        "rm -rf guest && mkdir -p " UNITS "/getty.target.wants guest/lib/systemd/system &&"
        " cd guest/lib/systemd/system && touch serial-getty@.service qemu-guest-agent.service"
        " hyperv-daemons.hv-fcopy-daemon.service google-guest-agent-manager.service ssh.service"
        " lxd-agent.service lxd-agent-9p.service"
        " grub-common.service && cd ../../../etc/systemd/system &&"
        " touch snap.amazon-ssm-agent.amazon-ssm-agent.service serial-getty@ttyS0.service");
}

static void expect_masked(const char *folder, const char *const *names, size_t count, bool masked)
{
    for (size_t i = 0; i < count; i++) {
        bool is_masked =
            shell_try("[ \"$(readlink '%s/%s')\" = /dev/null ]", folder, names[i]) == 0;
        if (is_masked != masked)
            fail_msg("%s is %smasked", names[i], masked ? "not " : "");
    }
}
#define EXPECT_MASKED(folder, masked, ...)                                             \
    do {                                                                               \
        static const char *const names_[] = {__VA_ARGS__};                             \
        expect_masked((folder), names_, sizeof(names_) / sizeof(names_[0]), (masked)); \
    } while (0)

static void close_guest(const struct coldseal_guest_options *options, struct guest_result *result)
{
    struct folder_root guest = folder_root("guest");
    struct error err = {0};

    make_guest();
    if (!units_close(&guest.root, options, result, &err))
        fail_msg("%s", err.message);
}

static void masks_what_the_host_reaches(void **state)
{
    const struct coldseal_guest_options options = {0};
    struct guest_result result = {0};

    (void)state;
    close_guest(&options, &result);
    EXPECT_MASKED(UNITS, true, "emergency.service", "rescue.service", "debug-shell.service",
                  "breakpoint-pre-mount.service", "getty@.service", "serial-getty@.service",
                  "serial-getty@ttyS0.service", "qemu-guest-agent.service",
                  "hyperv-daemons.hv-fcopy-daemon.service", "google-guest-agent-manager.service",
                  "snap.amazon-ssm-agent.amazon-ssm-agent.service", "grub-common.service",
                  "lxd-agent.service", "lxd-agent-9p.service");
    EXPECT_MASKED(UNITS, false, "ssh.service", "open-vm-tools.service",
                  "grub-initrd-fallback.service");
    EXPECT_MASKED("guest/etc/systemd/system-generators", true, "systemd-run-generator",
                  "systemd-gpt-auto-generator", "systemd-hibernate-resume-generator",
                  "systemd-import-generator", "systemd-ssh-generator");
    EXPECT_MASKED("guest/etc/systemd/system-generators", false, "systemd-fstab-generator",
                  "systemd-cryptsetup-generator", "systemd-debug-generator");
    shell_run("grep -qx 'kernel.sysrq = 0' guest/etc/sysctl.d/zz-coldseal.conf");
    assert_true(lines_contain(&result.changes,
                              "qemu-guest-agent.service is masked: it takes orders from the host"));
    assert_int_equal(result.warnings.count, 0);
    lines_clear(&result.changes);
}

static void masks_mounts_outside_the_root(void **state)
{
    const struct coldseal_guest_options options = {.host_config = COLDSEAL_HOST_CONFIG_KEEP};
    struct folder_root guest = folder_root("guest");
    struct guest_result result = {0};
    struct error err = {0};

    (void)state;
    make_guest();
    shell_run(
        "unit() { printf '[Mount]\nWhat=%%s\nWhere=/x\n%%s\n' \"$2\" \"${3:+Type=$3}\" >\"$1\"; };"
        " u=" UNITS " s=guest/lib/systemd/system; unit $u/srv-data.mount LABEL=data;"
        " unit $s/srv-disk.mount /dev/disk/by-partlabel/data ext4;"
        " unit $u/srv-host.mount share virtiofs; unit $u/dev-sdb1.swap PARTUUID=0c7a4f5e-0000;"
        " unit $s/'srv-my\\x2ddisk.mount' UUID=0c7a4f5e-0000-4000-8000-000000000000;"
        " unit $s/tmp.mount tmpfs tmpfs; unit $u/home.mount " ROOT_DEVICE " btrfs;"
        " unit $u/snap-core-1.mount /var/lib/snapd/snaps/core_1.snap squashfs;"
        " unit $u/swapfile.swap /swapfile;"
        " l=guest/usr/local/lib/systemd/system; mkdir -p $l $u/opt.mount.d;"
        " unit $l/srv-local.mount LABEL=local; unit $s/srv-id.mount ID=ata-1; unit $s/opt.mount "
        "tmpfs tmpfs;"
        " printf '[Mount]\n\tWhat\t=\tUUID=0c7a4f5e\n' >$u/opt.mount.d/other.conf");
    assert_true(units_close(&guest.root, &options, &result, &err));
    EXPECT_MASKED(UNITS, true, "srv-data.mount", "srv-disk.mount", "srv-host.mount",
                  "srv-my\\x2ddisk.mount", "dev-sdb1.swap", "srv-local.mount", "opt.mount",
                  "srv-id.mount");
    EXPECT_MASKED(UNITS, false, "tmp.mount", "home.mount", "snap-core-1.mount", "swapfile.swap");
    assert_int_equal(result.warnings.count, 8);
    assert_true(lines_contain(&result.warnings, "dev-sdb1.swap is masked: what it mounts is not in "
                                                "the encrypted root"));
    lines_clear(&result.changes);
    lines_clear(&result.warnings);
}

static void keeps_what_is_asked_for(void **state)
{
    const struct coldseal_guest_options options = {.console_login = true,
                                                   .host_config = COLDSEAL_HOST_CONFIG_KEEP};
    struct guest_result result = {0};

    (void)state;
    close_guest(&options, &result);
    EXPECT_MASKED(UNITS, true, "rescue.service");
    EXPECT_MASKED(UNITS, false, "serial-getty@ttyS0.service", "qemu-guest-agent.service",
                  "getty@.service");
    EXPECT_MASKED("guest/etc/systemd/system-generators", false, "systemd-ssh-generator");
    lines_clear(&result.changes);
}

static void warns_of_what_it_cannot_close(void **state)
{
    const struct coldseal_guest_options options = {0};
    struct folder_root guest = folder_root("guest");
    struct guest_result result = {0};
    struct error err = {0};

    (void)state;
    make_guest();
    shell_run("cd guest && mkdir -p usr/bin usr/share/ec2-instance-connect etc/cloud/cloud.cfg.d"
              " var/lib/snapd/seed/snaps && touch usr/bin/google_authorized_keys"
              " usr/share/ec2-instance-connect/eic_run_authorized_keys"
              " var/lib/snapd/seed/snaps/amazon-ssm-agent_1.snap && cd etc/cloud/cloud.cfg.d &&"
              " for name in 90_dpkg zz-coldseal-seed zz-coldseal zzz-late; do"
              " echo 'datasource_list: [ NoCloud ]' >$name.cfg; done; echo x >zzz-other.cfg");
    assert_true(units_close(&guest.root, &options, &result, &err));
    assert_true(cloud_init_warn(&guest.root, &result.warnings, &err));
    assert_int_equal(result.warnings.count, 4);
    OWNED_PTR(char) all = lines_join(&result.warnings, "\n", &err);
    static const char *const words[] = {"google_authorized_keys", "eic_run_authorized_keys",
                                        "amazon-ssm-agent_1.snap", "/zzz-late.cfg "};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_non_null(strstr(all, words[i]));
    lines_clear(&result.changes);
    lines_clear(&result.warnings);
}

static void clears_the_identity(void **state)
{
    struct folder_root guest = folder_root("guest");
    struct lines changes = {0};
    struct error err = {0};

    (void)state;
    shell_run("rm -rf guest && mkdir -p guest/etc/ssh guest/var/lib/dbus guest/var/lib/systemd"
              " guest/var/lib/cloud/seed/nocloud guest/var/lib/cloud/instances/i guest/var/log &&"
              " cd guest && echo 1 >etc/machine-id && echo 1 >var/lib/dbus/machine-id &&"
              " touch etc/ssh/ssh_host_rsa_key etc/ssh/ssh_host_rsa_key.pub etc/ssh/sshd_config"
              " var/lib/systemd/random-seed var/lib/cloud/seed/nocloud/user-data"
              " var/lib/cloud/data var/log/cloud-init.log");
    if (!identity_clear(&guest.root, &changes, &err))
        fail_msg("%s", err.message);
    shell_run(
        "cd guest && [ -f etc/machine-id ] && [ ! -s etc/machine-id ] &&"
        " [ \"$(readlink var/lib/dbus/machine-id)\" = /etc/machine-id ] &&"
        " [ \"$(ls etc/ssh)\" = sshd_config ] && [ \"$(ls var/lib/cloud)\" = seed ] &&"
        " [ -e var/lib/cloud/seed/nocloud/user-data ] && [ -z \"$(ls var/lib/systemd var/log |"
        " grep -v :)\" ]");
    assert_int_equal(changes.count, 2);
    lines_clear(&changes);
}

static void enables_growth_and_keys(void **state)
{
    struct folder_root guest = folder_root("guest");
    struct error err = {0};

    (void)state;
    make_guest();
    shell_run("mkdir -p guest/usr/bin guest/etc/cloud && touch guest/usr/bin/ssh-keygen");
    assert_true(units_enable(&guest.root, &err));
    shell_run("[ \"$(readlink " UNITS "/sysinit.target.wants/coldseal-grow-root.service)\" ="
              " ../coldseal-grow-root.service ] && [ -L " UNITS
              "/multi-user.target.wants/coldseal-ssh-host-keys.service ]");
    shell_run("touch guest/usr/bin/cloud-init " UNITS "/coldseal-ssh-host-keys.service");
    assert_true(units_enable(&guest.root, &err));
    shell_run("[ ! -e " UNITS "/coldseal-ssh-host-keys.service ] && [ ! -L " UNITS
              "/multi-user.target.wants/coldseal-ssh-host-keys.service ]");
}

/* What dpkg makes of the same selections is the truth. */
static void holds_as_dpkg_does(void **state)
{
    struct folder_root guest = folder_root("guest");
    struct lines changes = {0};
    struct error err = {0};

    (void)state;
    shell_run(
        "rm -rf guest && mkdir -p guest/var/lib/dpkg/updates guest/var/lib/dpkg/info &&"
        " : >guest/var/lib/dpkg/available && for p in bash grub-common grub2-common linux-base"
        " linux-image-6.1 linux-libc-dev linux-tools-6.1 shim-signed systemd systemd-boot-efi; do"
        " printf 'Package: %%s\\nStatus: install ok installed\\nMaintainer: x <x@x.org>\\n"
        "Architecture: all\\nVersion: 1\\nDescription: t\\n linux-image-9\\n\\n' $p; done"
        " >guest/var/lib/dpkg/status && printf 'Package: linux-image-5\\nStatus: deinstall ok"
        " config-files\\nMaintainer: x <x@x.org>\\nArchitecture: all\\nVersion: 1\\nDescription: "
        "t\\n\\n'"
        " >>guest/var/lib/dpkg/status && cp -r guest theirs");
    shell_run("for p in grub-common grub2-common linux-image-6.1 shim-signed systemd-boot-efi; do"
              " echo $p hold; done | dpkg --admindir=theirs/var/lib/dpkg --set-selections &&"
              " dpkg --admindir=theirs/var/lib/dpkg --get-selections >theirs/list");
    if (!holds_set(&guest.root, &changes, &err))
        fail_msg("%s", err.message);
    shell_run("dpkg --admindir=guest/var/lib/dpkg --get-selections | diff theirs/list - &&"
              " grep -c hold theirs/list | grep -qx 5 &&"
              " dpkg-query --admindir=guest/var/lib/dpkg -W >theirs/all &&"
              " [ $(wc -l <theirs/all) = 11 ]");
    assert_string_equal(changes.items[0],
                        "held back from upgrades: grub-common grub2-common linux-image-6.1 "
                        "shim-signed systemd-boot-efi");
    lines_clear(&changes);
    shell_run("touch guest/var/lib/dpkg/updates/0001");
    assert_false(holds_set(&guest.root, &changes, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    lines_clear(&changes);
}

static void settles_the_initramfs(void **state)
{
    struct folder_root guest = folder_root("guest");
    const struct guest_os os = {.kernel = "6.1", .root_type = "ext4", .initramfs = INITRAMFS_TOOLS};
    struct lines changes = {0};
    struct error err = {0};

    (void)state;
    shell_run(
        "rm -rf guest && mkdir -p guest/boot guest/etc/initramfs-tools/conf.d"
        " guest/usr/share/initramfs-tools/scripts/local-bottom && cd guest &&"
        " touch boot/initrd.img-6.1 boot/initrd.img-6.0 boot/initrd.img.old boot/vmlinuz-6.0"
        " boot/initrd.img-6.1.old-dkms usr/share/initramfs-tools/scripts/local-bottom/growroot &&"
        " echo RESUME=none >etc/initramfs-tools/conf.d/zz-coldseal &&"
        " printf '# MODULES=dep\\nMODULES=most\\n' >etc/initramfs-tools/initramfs.conf &&"
        " printf 'backup=no\\nupdate_initramfs=yes\\n' >etc/initramfs-tools/update-initramfs.conf");
    if (!initramfs_settle(&guest.root, &os, &changes, &err) ||
        !initramfs_stop_updates(&guest.root, &err))
        fail_msg("%s", err.message);
    shell_run(
        "cd guest && [ \"$(ls boot | tr '\\n' ' ')\" = 'initrd.img-6.1 vmlinuz-6.0 ' ] &&"
        " [ \"$(tr '\\n' ' ' <etc/initramfs-tools/conf.d/zz-coldseal)\" ="
        " 'RESUME=none FSTYPE=ext4 ' ] && [ \"$(tr '\\n' ' '"
        " <etc/initramfs-tools/update-initramfs.conf)\" = 'backup=no update_initramfs=no ' ] &&"
        " sh etc/initramfs-tools/scripts/local-bottom/growroot");
    shell_run("echo MODULES=dep >guest/etc/initramfs-tools/conf.d/driver-policy");
    assert_true(initramfs_settle(&guest.root, &os, &changes, &err));
    shell_run("grep -qx MODULES=most guest/etc/initramfs-tools/conf.d/zz-coldseal");
    lines_clear(&changes);
}

#define PARAM "[ -e /conf/param.conf ] && . /conf/param.conf\n"

static void expect_order(const char *text, bool has_prerequisites, const char *expected)
{
    struct error err = {0};
    OWNED_PTR(char)
    new = initramfs_order_add(text, "local-bottom", "coldseal", has_prerequisites, &err);

    assert_non_null(new);
    assert_string_equal(new, expected);
}

static void orders_scripts(void **state)
{
    static const char ours[] = "/scripts/local-bottom/coldseal \"$@\"\n" PARAM;
    static const char before[] = "/scripts/local-bottom/cold \"$@\"\n" PARAM;
    static const char behind[] = "/scripts/local-bottom/growroot \"$@\"\n" PARAM;
    char text[512], expected[512];

    (void)state;
    expect_order("", false, ours);
    snprintf(text, sizeof(text), "%s%s", before, behind);
    snprintf(expected, sizeof(expected), "%s%s%s", before, ours, behind);
    expect_order(text, false, expected);
    snprintf(expected, sizeof(expected), "%s%s%s", before, behind, ours);
    expect_order(text, true, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(masks_what_the_host_reaches), SHELL_TEST(masks_mounts_outside_the_root),
        SHELL_TEST(keeps_what_is_asked_for),     SHELL_TEST(warns_of_what_it_cannot_close),
        SHELL_TEST(clears_the_identity),         SHELL_TEST(enables_growth_and_keys),
        SHELL_TEST(holds_as_dpkg_does),          SHELL_TEST(settles_the_initramfs),
        cmocka_unit_test(orders_scripts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
