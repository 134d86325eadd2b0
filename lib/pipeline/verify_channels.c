/* SPDX-License-Identifier: Apache-2.0 */
/* verify: what still goes from the host to root, by design or because somebody asked for it. Each
 * line comes from something that stands in the image; those that no image is without come last. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/verify.h"
#include "token/provenance.h"
#include "token/systemd_tpm2.h"

struct channel {
    const char *name;
    const char *why;
};

static const struct channel always[] = {
    {"blocks", "the host can replace a block of root by noise or by what it held earlier: the "
               "cipher does not authenticate"},
    {"rollback", "the host can put back the whole disk as it was: header, boot side and data of "
                 "then still go together"},
    {"firmware-tables", "the kernel runs the ACPI tables that the host makes"},
    {"devices", "disks, network, clock, console output and random numbers of the machine are the "
                "host's"},
    {"agents", "agents of a cloud that the image's author put in, other than those that prepare "
               "masks, do what their host says"},
    {"tpm", "whoever runs the TPM outside the trusted environment has the key"},
};

static bool add(json_object *list, struct error *err, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool add(json_object *list, struct error *err, const char *name, const char *format, ...)
{
    OWNED_JSON row = json_new_object(err);
    char text[ERROR_MESSAGE_BYTES];
    struct error clean = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    error_set(&clean, COLDSEAL_OK, "%s", text);
    return row != NULL && json_add(row, "channel", json_object_new_string(name), err) &&
           json_add(row, "why", json_object_new_string(clean.message), err) &&
           json_append(list, TAKE(row), err);
}

static json_object *provenance_of(const struct verification *work)
{
    json_object *token = NULL;
    unsigned number;

    if (work->header != NULL &&
        luks2_header_tokens(work->header, PROVENANCE_TOKEN_TYPE, &token, &number, 1) == 0)
        return NULL;
    return token;
}

/* Borrowed; NULL where it is not there or no string. */
static const char *member_text(json_object *object, const char *key)
{
    json_object *value = NULL;

    if (object == NULL || !json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

/* What is recorded beside the header is in the host's hands. */
static bool add_host_config(const struct verification *work, json_object *list, struct error *err)
{
    const char *by = work->guest_is_proven ? "as its root says" : "as recorded outside of root";
    json_object *guest = work->guest, *recorded = NULL;

    if (guest == NULL && provenance_of(work) != NULL)
        json_object_object_get_ex(provenance_of(work), "guest", &recorded);
    guest = guest != NULL ? guest : recorded;
    const char *host_config = member_text(guest, "host_config");
    if (host_config == NULL)
        return add(list, err, "host-config",
                   "not recorded: SMBIOS, metadata and CIDATA disks may configure the guest");
    if (strcmp(host_config, "deny") == 0)
        return true;
    return add(list, err, "host-config",
               "--host-config %s, %s: SMBIOS, metadata and CIDATA disks configure the guest",
               host_config, by);
}

static bool add_console(const struct verification *work, json_object *list, struct error *err)
{
    if (work->command_line == NULL)
        return add(list, err, "command-line", "not known: grub.cfg is not coldseal's");
    if (work->console_recovery &&
        !add(list, err, "console-recovery",
             "--console-recovery: a recovery key that is typed at the console is the host's"))
        return false;
    if (strstr(work->command_line, "systemd.getty_auto=0") != NULL)
        return true;
    return add(list, err, "console-login", "--console-login: the host may try to log in");
}

/* systemd-cryptsetup of a dracut guest keeps fewer promises. */
static bool add_unlock(const struct verification *work, json_object *list, struct error *err)
{
    if (work->command_line == NULL || strstr(work->command_line, "rd.luks.") == NULL)
        return true;
    return add(list, err, "stock-unlock",
               "systemd-cryptsetup unlocks: it reads the disk's own header and compares no pin "
               "(coldseal-unlock(8))");
}

static bool add_keys(const struct verification *work, json_object *list, struct error *err)
{
    const char *key = member_text(provenance_of(work), "key");

    if (key != NULL && strcmp(key, "shared") == 0 &&
        !add(list, err, "shared-key", "every disk sealed from this image has this volume key"))
        return false;
    if (work->header == NULL || luks2_header_keyslots_of(work->header, "systemd-recovery") == 0)
        return true;
    return add(list, err, "recovery-key", "whoever has the recovery key opens the disk offline");
}

static bool add_firmware(const struct verification *work, json_object *list, struct error *err)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    size_t count = work->header == NULL ? 0
                                        : luks2_header_tokens(work->header, "systemd-tpm2", tokens,
                                                              numbers, LUKS2_MAX_TOKENS);

    for (size_t i = 0; i < count; i++) {
        struct error ignored = {0};
        OWNED(systemd_tpm2) token = systemd_tpm2_from_json(tokens[i], &ignored);
        if (token != NULL && (token->pcr_mask & 1u) == 0)
            return add(list, err, "firmware",
                       "PCR 0 is not in the policy: that the firmware is the right one must be "
                       "vouched for by what gives it the TPM");
    }
    return true;
}

static bool add_partitions(const struct verification *work, json_object *list, struct error *err)
{
    const struct partition_table *table = work->source->table;

    for (uint32_t i = 0; i < table->count; i++) {
        const struct partition *p = &table->partitions[i];
        if (p->role == ROLE_OTHER &&
            !add(list, err, "partition", "partition %u (%s, label \"%s\") is not encrypted",
                 p->entry.number, p->volume.type[0] == '\0' ? "unknown" : p->volume.type,
                 p->volume.label))
            return false;
    }
    return true;
}

static bool add_free_blocks(const struct verification *work, json_object *list, struct error *err)
{
    return work->zero_blocks == 0 ||
           add(list, err, "free-blocks",
               "%" PRIu64 " blocks of root were left out: which blocks are free shows "
               "(--holes none)",
               work->zero_blocks);
}

json_object *verify_channels(const struct verification *work, struct error *err)
{
    OWNED_JSON list = json_new_array(err);

    if (list == NULL || !add_host_config(work, list, err) || !add_console(work, list, err) ||
        !add_unlock(work, list, err) || !add_keys(work, list, err) ||
        !add_firmware(work, list, err) || !add_partitions(work, list, err) ||
        !add_free_blocks(work, list, err))
        return NULL;
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        if (!add(list, err, always[i].name, "%s", always[i].why))
            return NULL;
    }
    return TAKE(list);
}
