/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/appliance.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* libguestfs keeps the appliance that it made in a cache; 370 MiB with Debian 12's packages, and
 * twice that while it is made anew. */
#define APPLIANCE_CACHED_BYTES ((uint64_t)64 << 20)
#define APPLIANCE_FRESH_BYTES ((uint64_t)800 << 20)
#define APPLIANCE_MEMORY_MIB 1024
#define SETTINGS_LIMIT 16

static const char force_tcg_setting[] = "force_tcg";

static bool any_readable(const char *pattern, bool *exists)
{
    glob_t found = {0};
    bool readable = false;

    *exists = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0;
    for (size_t i = 0; *exists && i < found.gl_pathc; i++)
        readable = readable || access(found.gl_pathv[i], R_OK) == 0;
    globfree(&found);
    return readable;
}

/* guestfs(3), "Fixed appliance": a folder of the search path that has README.fixed. */
static bool path_has_fixed_appliance(const char *search_path)
{
    OWNED_PTR(char) copy = strdup(search_path);
    char *rest = NULL;

    for (char *folder = copy == NULL ? NULL : strtok_r(copy, ":", &rest); folder != NULL;
         folder = strtok_r(NULL, ":", &rest)) {
        OWNED_PTR(char) readme = NULL;
        if (asprintf(&readme, "%s/README.fixed", folder) < 0)
            return readme = NULL, false;
        if (access(readme, R_OK) == 0)
            return true;
    }
    return false;
}

static bool check_kernel(struct error *err)
{
    bool in_boot, in_modules;

    /* supermin looks in these two places; SUPERMIN_KERNEL names another */
    if (getenv("SUPERMIN_KERNEL") != NULL || any_readable("/boot/vmlinu[xz]-*", &in_boot) ||
        any_readable("/lib/modules/*/vmlinuz", &in_modules))
        return true;
    if (in_boot)
        return error_set(err, COLDSEAL_IO,
                         "the kernel in /boot cannot be read by this user, and the appliance of "
                         "libguestfs is made of it: run \"sudo chmod 0644 /boot/vmlinuz-*\", or "
                         "set LIBGUESTFS_PATH to a fixed appliance");
    return error_set(err, COLDSEAL_IO,
                     "there is no kernel in /boot, and the appliance of libguestfs is made of it: "
                     "install linux-image-cloud-amd64 (Debian) or linux-image-kvm (Ubuntu), or set "
                     "LIBGUESTFS_PATH to a fixed appliance");
}

static bool check_room(const char *cache_folder, struct error *err)
{
    OWNED_PTR(char) root = NULL;
    struct statvfs fs;

    if (asprintf(&root, "%s/.guestfs-%u/appliance.d/root", cache_folder, geteuid()) < 0)
        return root = NULL, error_no_memory(err);
    uint64_t needed = access(root, R_OK) == 0 ? APPLIANCE_CACHED_BYTES : APPLIANCE_FRESH_BYTES;
    if (statvfs(cache_folder, &fs) != 0)
        return error_errno(err, COLDSEAL_IO, "%s, where libguestfs keeps its appliance",
                           cache_folder);
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (free_bytes >= needed)
        return true;
    return error_set(err, COLDSEAL_IO,
                     "%s has %llu MiB free, the appliance of libguestfs needs %llu MiB: make room, "
                     "or set LIBGUESTFS_CACHEDIR to another folder",
                     cache_folder, (unsigned long long)(free_bytes >> 20),
                     (unsigned long long)(needed >> 20));
}

/* Newlines of libguestfs' long messages would be noise in a line. */
static void flatten(char *message)
{
    for (char *p = message; *p != '\0'; p++) {
        if (*p == '\n')
            *p = p[1] == '\0' ? '\0' : ' ';
    }
}

static void last_error(guestfs_h *g, char *why, size_t size)
{
    const char *last = guestfs_last_error(g);

    snprintf(why, size, "%s", last == NULL ? "no reason given" : last);
    flatten(why);
}

/* Silent, and with the user's settings, which guestfs_create() would ignore where they are wrong.
 */
static guestfs_h *new_handle(struct error *err)
{
    char why[ERROR_MESSAGE_BYTES / 2];
    guestfs_h *g = guestfs_create_flags(GUESTFS_CREATE_NO_ENVIRONMENT);

    if (g == NULL)
        return error_set(err, COLDSEAL_IO, "libguestfs does not start"), NULL;
    guestfs_set_error_handler(g, NULL, NULL);
    if (guestfs_parse_environment(g) == 0)
        return g;
    last_error(g, why, sizeof(why));
    guestfs_close(g);
    return error_set(err, COLDSEAL_IO, "settings of libguestfs in the environment: %s", why), NULL;
}

bool appliance_check_host(struct error *err)
{
    guestfs_h *g = new_handle(err);

    if (g == NULL)
        return false;
    const char *borrowed = guestfs_get_path(g);
    OWNED_PTR(char) search_path = strdup(borrowed == NULL ? "" : borrowed);
    OWNED_PTR(char) cache_folder = guestfs_get_cachedir(g);
    guestfs_close(g);
    if (search_path == NULL || cache_folder == NULL)
        return error_no_memory(err);
    if (path_has_fixed_appliance(search_path))
        return true;
    return check_kernel(err) && check_room(cache_folder, err);
}

bool appliance_error(struct appliance *appliance, struct error *err, const char *format, ...)
{
    bool is_gone = guestfs_is_ready(appliance->g) != 1;
    char what[256], why[ERROR_MESSAGE_BYTES / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    last_error(appliance->g, why, sizeof(why));
    return error_set(err, is_gone ? COLDSEAL_TRY_AGAIN : COLDSEAL_UNSUPPORTED, "%s: %s%s", what,
                     is_gone ? "the appliance died: " : "", why);
}

/* The settings that the user's environment gave, and "force_tcg". */
static bool add_force_tcg(guestfs_h *g)
{
    char *settings[SETTINGS_LIMIT + 2];
    char **given = guestfs_get_backend_settings(g);
    size_t count = 0;

    for (size_t i = 0; given != NULL && given[i] != NULL && i < SETTINGS_LIMIT; i++) {
        if (strcmp(given[i], "force_kvm") != 0)
            settings[count++] = given[i];
    }
    settings[count++] = (char *)(uintptr_t)force_tcg_setting;
    settings[count] = NULL;
    bool ok = guestfs_set_backend_settings(g, settings) == 0;
    for (size_t i = 0; given != NULL && given[i] != NULL; i++)
        free(given[i]);
    free(given);
    return ok;
}

static bool has_setting(guestfs_h *g, const char *name)
{
    OWNED_PTR(char) value = guestfs_get_backend_setting(g, name);

    return value != NULL;
}

static bool configure(guestfs_h *g, const char *overlay_path, uint32_t block_bytes, bool network,
                      bool force_tcg)
{
    return guestfs_set_backend(g, "direct") == 0 && guestfs_set_network(g, network) == 0 &&
           guestfs_set_memsize(g, APPLIANCE_MEMORY_MIB) == 0 && guestfs_set_autosync(g, 1) == 0 &&
           (!force_tcg || add_force_tcg(g)) &&
           guestfs_add_drive_opts(g, overlay_path, GUESTFS_ADD_DRIVE_OPTS_FORMAT, "qcow2",
                                  GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe",
                                  GUESTFS_ADD_DRIVE_OPTS_BLOCKSIZE, (int)block_bytes, -1) == 0;
}

static bool try_launch(struct appliance *appliance, const char *overlay_path, uint32_t block_bytes,
                       bool network, bool force_tcg, struct error *err)
{
    char why[ERROR_MESSAGE_BYTES / 2];

    appliance->g = new_handle(err);
    if (appliance->g == NULL)
        return false;
    if (!configure(appliance->g, overlay_path, block_bytes, network, force_tcg)) {
        last_error(appliance->g, why, sizeof(why));
        guestfs_close(TAKE(appliance->g));
        return error_set(err, COLDSEAL_IO, "set up the appliance: %s", why);
    }
    bool tcg = has_setting(appliance->g, force_tcg_setting) || access("/dev/kvm", R_OK | W_OK) != 0;
    snprintf(appliance->accelerator, sizeof(appliance->accelerator), "%s", tcg ? "tcg" : "kvm");
    if (guestfs_launch(appliance->g) == 0)
        return true;
    appliance_error(appliance, err, "start the appliance");
    err->code = COLDSEAL_TRY_AGAIN;
    guestfs_close(TAKE(appliance->g));
    return false;
}

struct appliance *appliance_launch(const char *overlay_path, uint32_t block_bytes, bool network,
                                   bool force_tcg, struct error *err)
{
    OWNED(appliance) appliance = calloc(1, sizeof(*appliance));

    if (appliance == NULL)
        return error_no_memory(err), NULL;
    appliance->root.ops = &appliance_ops;
    if (try_launch(appliance, overlay_path, block_bytes, network, force_tcg, err))
        return TAKE(appliance);
    /* /dev/kvm may be there and not work: QEMU then ends at once */
    if (strcmp(appliance->accelerator, "kvm") == 0 &&
        try_launch(appliance, overlay_path, block_bytes, network, true, err))
        return TAKE(appliance);
    return NULL;
}

bool appliance_finish(struct appliance *appliance, struct error *err)
{
    if (guestfs_umount_all(appliance->g) != 0)
        return appliance_error(appliance, err, "unmount");
    if (guestfs_shutdown(appliance->g) != 0) {
        appliance_error(appliance, err, "stop the appliance");
        err->code = COLDSEAL_TRY_AGAIN;
        return false;
    }
    return true;
}

void appliance_free(struct appliance *appliance)
{
    if (appliance == NULL)
        return;
    if (appliance->g != NULL)
        guestfs_close(appliance->g);
    free(appliance);
}
