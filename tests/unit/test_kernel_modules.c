/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and indexes of some of this machine's kernel modules: what depmod makes of these files
 * alone, and what modprobe finds in ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "folder_root.h"
#include "guest/kernel_modules.h"
#include "guest/module_index.h"
#include "shell.h"

#define LIST_LIMIT ((size_t)64 << 20)

/* "release", and the tree "theirs" with each thirtieth module and what it needs, as depmod lists
 * it.
 */
static void make_tree(void)
{
    shell_run(
        "set -e; r=$(ls /lib/modules | head -n 1); printf %%s \"$r\" >release; m=/lib/modules/$r;"
        " mkdir -p theirs$m ours; awk 'NR %% 30 == 1 { gsub(\":\", \"\"); for (i = 1; i <= NF; i++)"
        " print $i }' $m/modules.dep | sort -u >files; [ $(wc -l <files) -gt 20 ];"
        " tar -C $m -cf - -T files | tar -C theirs$m -xf -;"
        " cp $m/modules.order $m/modules.builtin* theirs$m; depmod -b $PWD/theirs $r;"
        " cp -r theirs/lib ours; rm ours$m/modules.dep* ours$m/modules.alias* ours$m/modules.sym*"
        " ours$m/modules.softdep ours$m/modules.devname");
}

static struct lines *read_files(void)
{
    struct error err = {0};
    struct lines *files = lines_new(&err);
    OWNED_PTR(char) text = shell_output("cat files");
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        assert_true(lines_add(files, &err, "%s", line));
    return files;
}

static void write_list(const struct kernel_modules *modules, const struct lines *files,
                       const char *release, const char *name)
{
    struct error err = {0};
    char path[256];
    bool is_known;
    OWNED(bytes) list = kernel_modules_list(modules, files, name, &is_known, &err);

    if (list == NULL || !is_known)
        fail_msg("%s: %s", name, err.message);
    snprintf(path, sizeof(path), "ours/lib/modules/%s/%s", release, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(list->data, 1, list->size, out), list->size);
    assert_int_equal(fclose(out), 0);
}

static void lists_as_depmod_does(void **state)
{
    static const char *const names[] = {
        "modules.dep",     "modules.dep.bin",   "modules.alias",   "modules.softdep",
        "modules.devname", "modules.alias.bin", "modules.symbols", "modules.symbols.bin"};
    struct folder_root machine = folder_root("");
    struct error err = {0};
    bool is_known = true;

    (void)state;
    make_tree();
    OWNED_PTR(char) release = shell_output("cat release");
    OWNED(lines) files = read_files();
    OWNED(kernel_modules) modules = kernel_modules_read(&machine.root, release, &err);
    if (modules == NULL)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        write_list(modules, files, release, names[i]);
    assert_null(kernel_modules_list(modules, files, "modules.builtin", &is_known, &err));
    assert_false(is_known);
    /* of independent modules either may come first */
    shell_run("for f in alias symbols softdep devname; do a=lib/modules/%s/modules.$f;"
              " sort theirs/$a >a; sort ours/$a | diff a - || exit 1; done",
              release);
    shell_run("for d in theirs ours; do tr ' ' '\\n' <$d/lib/modules/%s/modules.dep | sort >$d.dep;"
              " done; diff theirs.dep ours.dep",
              release);
    shell_run(
        "set -e; for a in $(awk '$1 == \"alias\" && $2 !~ /[[*?]/ { print $2 }'"
        " theirs/lib/modules/%s/modules.alias | head -n 40)"
        " $(awk 'NR > 1 && NR %% 50 == 0 { print $2 }' theirs/lib/modules/%s/modules.symbols)"
        " $(sed 's,.*/,,; s,\\.ko.*,,' files | head -n 40); do for d in theirs ours; do"
        " modprobe -d $PWD/$d -S %s -R -- $a >$d.found 2>&1 || echo none >$d.found;"
        " modprobe -d $PWD/$d -S %s -D -- $a 2>&1 | sed \"s,$PWD/$d,,\" | sort >$d.needs; done;"
        " diff theirs.found ours.found; diff theirs.needs ours.needs; cat ours.needs >>all; done;"
        " [ $(grep -c insmod all) -gt 40 ]",
        release, release, release, release);
}

static void finds_what_a_module_needs(void **state)
{
    struct folder_root guest = folder_root("guest");
    struct error err = {0};

    (void)state;
    shell_run("mkdir -p guest/lib/modules/6.1 && cd guest/lib/modules/6.1 &&"
              " printf 'kernel/a-b.ko.xz: kernel/c.ko.xz\\nkernel/c.ko.xz:\\nkernel/d.ko:\\n"
              "kernel/loop1.ko:\\nkernel/loop2.ko:\\n' >modules.dep &&"
              " printf '# x\\nalias crypto-* d\\nalias pci:v[0-9]-* c\\n' >modules.alias &&"
              " printf 'softdep c pre: crypto-aes post: nothing\\nsoftdep loop1 pre: loop2\\n"
              "softdep loop2 pre: loop1\\n' >modules.softdep");
    OWNED(kernel_modules) modules = kernel_modules_read(&guest.root, "6.1", &err);
    OWNED(lines) paths = lines_new(&err);
    assert_non_null(modules);
    assert_true(kernel_modules_add(modules, "a_b", paths, &err));
    assert_int_equal(paths->count, 3);
    assert_string_equal(paths->items[0], "kernel/a-b.ko.xz");
    assert_string_equal(paths->items[1], "kernel/c.ko.xz");
    assert_string_equal(paths->items[2], "kernel/d.ko");
    assert_true(kernel_modules_add(modules, "loop1", paths, &err));
    assert_true(kernel_modules_add(modules, "not_there", paths, &err));
    assert_int_equal(paths->count, 5);
    assert_true(kernel_modules_have(modules, "kernel/c.ko.xz"));
    assert_false(kernel_modules_have(modules, "kernel/c.ko"));
}

/* Forty lines for each of twelve names would be forty times as many ways at each. */
static void follows_no_alias_of_an_alias(void **state)
{
    struct folder_root guest = folder_root("guest");
    struct error err = {0};

    (void)state;
    shell_run("mkdir -p guest/lib/modules/6.1 && cd guest/lib/modules/6.1 &&"
              " printf 'kernel/m.ko:\\n' >modules.dep && printf 'alias l0 m\\n' >modules.alias &&"
              " for i in $(seq 0 11); do for j in $(seq 40); do"
              " echo \"alias l$i l$((i + 1))\"; done; done >>modules.alias &&"
              " printf 'alias * nothing\\n' >>modules.alias");
    OWNED(kernel_modules) modules = kernel_modules_read(&guest.root, "6.1", &err);
    OWNED(lines) paths = lines_new(&err);
    assert_non_null(modules);
    assert_true(kernel_modules_add(modules, "l1", paths, &err));
    assert_int_equal(paths->count, 0);
    assert_true(kernel_modules_add(modules, "l0", paths, &err));
    assert_int_equal(paths->count, 1);
}

static void stops_at_hostile_dependencies(void **state)
{
    struct folder_root guest = folder_root("guest");
    struct error err = {0};

    (void)state;
    shell_run("mkdir -p guest/lib/modules/6.1 && cd guest/lib/modules/6.1 &&"
              " printf 'kernel/m.ko:\\n' >modules.dep &&"
              " { yes 'softdep m pre: x' || true; } | head -n 100000 >modules.softdep");
    OWNED(kernel_modules) modules = kernel_modules_read(&guest.root, "6.1", &err);
    OWNED(lines) paths = lines_new(&err);
    assert_non_null(modules);
    assert_false(kernel_modules_add(modules, "m", paths, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
}

static void refuses_hostile_keys(void **state)
{
    struct error err = {0};
    OWNED(module_index) index = module_index_new(&err);
    char key[4096];

    (void)state;
    memset(key, 'x', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    assert_false(module_index_add(index, key, "m", 0, &err));
    assert_false(module_index_add(index, "\xc3\xa4", "m", 0, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    OWNED(bytes) empty = module_index_write(index, &err);
    assert_non_null(empty);
    assert_int_equal(empty->size, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(lists_as_depmod_does),         SHELL_TEST(finds_what_a_module_needs),
        SHELL_TEST(follows_no_alias_of_an_alias), SHELL_TEST(stops_at_hostile_dependencies),
        SHELL_TEST(refuses_hostile_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
