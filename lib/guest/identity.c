/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/identity.h"

#include <stdio.h>
#include <string.h>

#include "core/names.h"

#define MACHINE_ID "/etc/machine-id"
#define DBUS_MACHINE_ID "/var/lib/dbus/machine-id"
#define CLOUD_FOLDER "/var/lib/cloud"

static const char *const seeds[] = {
    "/var/lib/systemd/random-seed",
    "/var/lib/systemd/credential.secret",
    "/var/lib/urandom/random-seed",
    "/boot/efi/loader/random-seed",
};

static bool remove_all(struct guest_root *guest, const char *const *paths, size_t count,
                       struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (guest_has_file(guest, paths[i]) && !guest_remove(guest, paths[i], err))
            return false;
    }
    return true;
}

static const char *const host_keys[] = {"ssh_host_*_key", "ssh_host_*_key.pub"};

static bool remove_host_keys(struct guest_root *guest, struct error *err)
{
    OWNED(lines) names = lines_new(err);

    if (names == NULL || !guest_list(guest, "/etc/ssh", names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        OWNED_PTR(char) path = NULL;
        if (!name_matches(names->items[i], NAMES(host_keys)))
            continue;
        if (asprintf(&path, "/etc/ssh/%s", names->items[i]) < 0)
            return path = NULL, error_no_memory(err);
        if (!guest_remove(guest, path, err))
            return false;
    }
    return true;
}

/* Empty, not absent: absent would mean a first boot with its questions. The other name's own copy
 * becomes a link to it, as it is on new systems. */
static bool clear_machine_id(struct guest_root *guest, struct error *err)
{
    return guest_write(guest, MACHINE_ID, "", 0, 0644, err) &&
           (!guest_has_file(guest, DBUS_MACHINE_ID) ||
            guest_link(guest, MACHINE_ID, DBUS_MACHINE_ID, err));
}

static bool clear_cloud_init(struct guest_root *guest, struct lines *changes, struct error *err)
{
    static const char *const logs[] = {"/var/log/cloud-init.log", "/var/log/cloud-init-output.log"};
    OWNED(lines) names = lines_new(err);

    if (!guest_has_folder(guest, CLOUD_FOLDER))
        return true;
    if (names == NULL || !guest_list(guest, CLOUD_FOLDER, names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        OWNED_PTR(char) path = NULL;
        if (strcmp(names->items[i], "seed") == 0)
            continue;
        if (asprintf(&path, CLOUD_FOLDER "/%s", names->items[i]) < 0)
            return path = NULL, error_no_memory(err);
        if (!guest_remove_tree(guest, path, err))
            return false;
    }
    return remove_all(guest, logs, sizeof(logs) / sizeof(logs[0]), err) &&
           lines_add(changes, err, "cloud-init's state is cleared");
}

bool identity_clear(struct guest_root *guest, struct lines *changes, struct error *err)
{
    return remove_all(guest, seeds, sizeof(seeds) / sizeof(seeds[0]), err) &&
           remove_host_keys(guest, err) && clear_machine_id(guest, err) &&
           lines_add(changes, err, "machine-id, SSH host keys and random seeds are cleared") &&
           clear_cloud_init(guest, changes, err);
}
