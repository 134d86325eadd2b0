/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/holds.h"

#include <string.h>

#include "core/names.h"

#define STATUS "/var/lib/dpkg/status"
#define UPDATES "/var/lib/dpkg/updates"
#define STATUS_LIMIT_BYTES ((size_t)64 << 20)
#define PACKAGE_FIELD "Package: "
#define STATUS_FIELD "Status: "

static const char *const boot_packages[] = {"linux-*", "shim*", "grub*", "systemd-boot*"};
static const char *const other_packages[] = {"linux-base*", "linux-libc-dev*", "linux-firmware*",
                                             "linux-sysctl*", "linux-tools*"};

static char *copy_value(const char *line, const char *field)
{
    const char *value = line + strlen(field);

    return strndup(value, strcspn(value, "\n"));
}

/* deb-control's Status: want, flag, state (dpkg(1), "PACKAGE STATES"). */
static bool is_installed(const char *line)
{
    size_t length = strcspn(line, "\n");
    static const char state[] = " installed";

    return length >= sizeof(state) - 1 &&
           strncmp(line + length - (sizeof(state) - 1), state, sizeof(state) - 1) == 0;
}

bool holds_list(const char *status, struct lines *packages, struct error *err)
{
    OWNED_PTR(char) name = NULL;

    for (const char *line = status; *line != '\0'; line = text_next_line(line)) {
        if (text_starts_with(line, PACKAGE_FIELD)) {
            free(name);
            name = copy_value(line, PACKAGE_FIELD);
            if (name == NULL)
                return error_no_memory(err);
        }
        if (name != NULL && text_starts_with(line, STATUS_FIELD) && is_installed(line) &&
            name_matches(name, NAMES(boot_packages)) &&
            !name_matches(name, NAMES(other_packages)) && !lines_add_once(packages, name, err))
            return false;
    }
    lines_sort(packages, 0);
    return true;
}

char *holds_apply(const char *status, const struct lines *packages, struct error *err)
{
    OWNED_TEXT text = {0};
    OWNED_PTR(char) name = NULL;

    for (const char *line = status; *line != '\0'; line = text_next_line(line)) {
        const char *rest = line;
        if (text_starts_with(line, PACKAGE_FIELD)) {
            free(name);
            name = copy_value(line, PACKAGE_FIELD);
            if (name == NULL)
                return error_no_memory(err), NULL;
        }
        if (name != NULL && text_starts_with(line, STATUS_FIELD) && lines_contain(packages, name)) {
            rest += strlen(STATUS_FIELD);
            rest += strcspn(rest, " \n");
            text_add(&text, STATUS_FIELD "hold");
        }
        text_add_bytes(&text, rest, (size_t)(text_next_line(line) - rest));
    }
    return text_take(&text, err);
}

/* What dpkg has not put together yet would be newer than what we read. */
static bool write_status(struct guest_root *guest, const char *status, const struct lines *packages,
                         struct error *err)
{
    OWNED(lines) updates = lines_new(err);

    if (updates == NULL || !guest_list(guest, UPDATES, updates, err))
        return false;
    if (updates->count > 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "dpkg was interrupted in the guest: " UPDATES " is not empty");
    OWNED_PTR(char) new = holds_apply(status, packages, err);
    return new != NULL &&guest_write(guest, STATUS, new, strlen(new), 0644, err);
}

static bool run_dpkg(struct guest_root *guest, const struct lines *packages, struct error *err)
{
    static const char script[] = "for name; do echo \"$name hold\"; done | dpkg --set-selections";
    size_t count = packages->count;
    OWNED_PTR(const char *) argv = calloc(count + 5, sizeof(*argv));

    if (argv == NULL)
        return error_no_memory(err);
    argv[0] = "/bin/sh";
    argv[1] = "-c";
    argv[2] = script;
    argv[3] = "sh";
    memcpy(argv + 4, packages->items, count * sizeof(*argv));
    OWNED_PTR(char) output = guest_run(guest, argv, err);
    return output != NULL;
}

bool holds_set(struct guest_root *guest, struct lines *changes, struct error *err)
{
    OWNED(lines) packages = lines_new(err);
    OWNED_PTR(char) status = guest_read_text(guest, STATUS, STATUS_LIMIT_BYTES, err);

    if (packages == NULL || status == NULL || !holds_list(status, packages, err))
        return false;
    if (packages->count == 0)
        return true;
    if (!(guest_can_run(guest) ? run_dpkg(guest, packages, err)
                               : write_status(guest, status, packages, err)))
        return error_wrap(err, "hold packages back");
    OWNED_PTR(char) list = lines_join(packages, " ", err);
    return list != NULL && lines_add(changes, err, "held back from upgrades: %s", list);
}
