/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/libraries.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "guest/elf.h"
#include "guest/fetch.h"
#include "guest/packages.h"

#define LIBRARY_LIMIT_BYTES ((size_t)64 << 20)
#define LIBRARY_LIMIT_COUNT 256

/* libtss2-tctildr opens it by name. */
static const char tcti_device[] = "libtss2-tcti-device.so.0";

struct search {
    struct guest_root *guest;
    const struct elf *program;
    struct lines *queue; /* sonames, each once; grows while it is worked on */
    struct lines *missing;
    struct lines *outdated; /* "libc.so.6 GLIBC_2.38" */
};

bool library_find(struct guest_root *guest, uint16_t machine, const char *soname, char *path,
                  size_t size)
{
    static const char *const folders_x86_64[] = {"/usr/lib/x86_64-linux-gnu", "/lib64",
                                                 "/usr/lib64", "/usr/lib", "/usr/local/lib"};
    static const char *const folders_aarch64[] = {"/usr/lib/aarch64-linux-gnu", "/lib64",
                                                  "/usr/lib64", "/usr/lib", "/usr/local/lib"};
    const char *const *folders = machine == EM_AARCH64 ? folders_aarch64 : folders_x86_64;

    if (strchr(soname, '/') != NULL)
        return false;
    for (size_t i = 0; i < sizeof(folders_x86_64) / sizeof(folders_x86_64[0]); i++) {
        snprintf(path, size, "%s/%s", folders[i], soname);
        if (guest_has_file(guest, path))
            return true;
    }
    return false;
}

static bool check_versions(struct search *search, const char *soname, const struct elf *library,
                           struct error *err)
{
    for (size_t i = 0; i < search->program->need_count; i++) {
        const struct elf_version_need *need = &search->program->needs[i];
        if (strcmp(need->file, soname) == 0 && !lines_contain(&library->provided, need->version) &&
            !lines_add(search->outdated, err, "%s %s", soname, need->version))
            return false;
    }
    return true;
}

static bool queue_all(struct search *search, const struct lines *sonames, struct error *err)
{
    for (size_t i = 0; i < sonames->count; i++) {
        if (!lines_add_once(search->queue, sonames->items[i], err))
            return false;
    }
    return true;
}

static bool check_library(struct search *search, const char *soname, struct error *err)
{
    char path[256];

    if (!library_find(search->guest, search->program->machine, soname, path, sizeof(path)))
        return lines_add(search->missing, err, "%s", soname);
    OWNED(bytes) file = guest_read(search->guest, path, LIBRARY_LIMIT_BYTES, err);
    if (file == NULL)
        return false;
    OWNED(elf) library = elf_read(file, err);
    if (library == NULL)
        return error_wrap(err, "%s", path);
    if (library->machine != search->program->machine)
        return lines_add(search->missing, err, "%s", soname);
    return check_versions(search, soname, library, err) && queue_all(search, &library->needed, err);
}

/* Those that are known. */
static struct lines *packages_of(const char *os, const char *version, const struct lines *sonames,
                                 struct error *err)
{
    OWNED(lines) packages = lines_new(err);

    for (size_t i = 0; packages != NULL && i < sonames->count; i++) {
        const char *package = package_of_library(os, version, sonames->items[i]);
        if (package != NULL && !lines_add_once(packages, package, err))
            return NULL;
    }
    return TAKE(packages);
}

bool libraries_refuse(const char *os, const char *version, const struct lines *missing,
                      struct error *err)
{
    OWNED(lines) packages = packages_of(os, version, missing, err);

    if (packages == NULL)
        return false;
    OWNED_PTR(char) sonames = lines_join(missing, ", ", err);
    OWNED_PTR(char) install = lines_join(packages, ",", err);
    if (sonames == NULL || install == NULL)
        return false;
    if (packages->count == 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the guest lacks %s, which coldseal-unlock needs; install them in the "
                         "image first",
                         sonames);
    return error_set(
        err, COLDSEAL_UNSUPPORTED,
        "the guest lacks %s, which coldseal-unlock needs: run \"virt-customize -a "
        "IMAGE --install %s\" first, give the packages with --deb, or let --install fetch them",
        sonames, install);
}

static bool refuse_outdated(const struct guest_os *os, const struct lines *outdated,
                            struct error *err)
{
    OWNED_PTR(char) list = lines_join(outdated, ", ", err);

    if (list == NULL)
        return false;
    return error_set(
        err, COLDSEAL_UNSUPPORTED,
        "this coldseal-unlock was built for newer libraries than %s has (it needs %s): "
        "name one that was built for this release in COLDSEAL_UNLOCK",
        os->name, list);
}

static bool run_search(struct search *search, struct error *err)
{
    if (!queue_all(search, &search->program->needed, err) ||
        !lines_add_once(search->queue, tcti_device, err))
        return false;
    for (size_t i = 0; i < search->queue->count; i++) {
        if (i == LIBRARY_LIMIT_COUNT)
            return error_set(err, COLDSEAL_BAD_IMAGE, "more than %d libraries",
                             LIBRARY_LIMIT_COUNT);
        if (!check_library(search, search->queue->items[i], err))
            return false;
    }
    return true;
}

static bool search_guest(struct guest_root *guest, const struct elf *program, struct lines *missing,
                         struct lines *outdated, struct error *err)
{
    OWNED(lines) queue = lines_new(err);

    if (queue == NULL)
        return false;
    struct search search = {guest, program, queue, missing, outdated};
    return run_search(&search, err) || error_wrap(err, "libraries of the guest");
}

/* Their packages bring what they need themselves. */
static bool fetch_missing(struct guest_root *guest, const struct guest_os *os,
                          const struct elf *program, struct lines *missing, struct lines *outdated,
                          struct lines *changes, struct error *err)
{
    OWNED(lines) packages = packages_of(os->id, os->version, missing, err);

    if (packages == NULL)
        return false;
    if (packages->count == 0)
        return true;
    lines_clear(missing);
    lines_clear(outdated);
    return guest_fetch_packages(guest, packages, changes, err) &&
           search_guest(guest, program, missing, outdated, err);
}

bool guest_check_libraries(struct guest_root *guest, const struct guest_os *os, const char *program,
                           bool fetch, struct lines *changes, struct error *err)
{
    OWNED(bytes) file = bytes_read_file(program, LIBRARY_LIMIT_BYTES, err);

    if (file == NULL)
        return false;
    OWNED(elf) elf = elf_read(file, err);
    if (elf == NULL)
        return error_wrap(err, "%s", program);
    OWNED(lines) missing = lines_new(err);
    OWNED(lines) outdated = lines_new(err);
    if (missing == NULL || outdated == NULL || !search_guest(guest, elf, missing, outdated, err))
        return false;
    if (missing->count > 0 && fetch &&
        !fetch_missing(guest, os, elf, missing, outdated, changes, err))
        return false;
    if (missing->count > 0)
        return libraries_refuse(os->id, os->version, missing, err);
    return outdated->count == 0 || refuse_outdated(os, outdated, err);
}
