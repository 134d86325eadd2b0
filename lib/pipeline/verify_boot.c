/* SPDX-License-Identifier: Apache-2.0 */
/* verify: the cleartext side. Its programs and files are measured, whatever they are; here it is
 * about their being ours, and alone. */
#include "pipeline/verify.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "boot/boot_files.h"
#include "boot/grub_form.h"
#include "core/hex.h"
#include "pipeline/verify_esp.h"
#include "token/provenance.h"

#define GRUB_CFG_LIMIT_BYTES ((size_t)64 << 10)

/* Without these the guest has a way in that the host can steer. */
static const char *const needed_arguments[] = {
    "panic=",
    "noresume",
    "sysctl.kernel.sysrq=0",
    "systemd.import_credentials=no",
    "systemd.gpt_auto=0",
    "systemd.mask=emergency.service",
    "systemd.mask=rescue.service",
    "systemd.mask=debug-shell.service",
};
/* Each of them is such a way. A word that ends in '=' stands for all that begin with it. */
static const char *const open_arguments[] = {
    "init=",
    "rdinit=",
    "systemd.unit=",
    "systemd.debug-shell",
    "systemd.debug_shell",
    "single",
    "emergency",
    "rescue",
    "rd.break",
    "rd.shell=1",
    "rd.shell",
    "break",
    "break=",
    "resume=",
    "systemd.debug-shell=",
};

static bool has_argument(const char *arguments, const char *wanted)
{
    size_t length = strlen(wanted);
    bool is_prefix = wanted[length - 1] == '=';

    for (const char *word = arguments; *word != '\0'; word += strspn(word, " ")) {
        size_t size = strcspn(word, " ");
        if (strncmp(word, wanted, length) == 0 && (is_prefix || size == length))
            return true;
        word += size;
    }
    return false;
}

static bool check_command_line(struct verification *work, struct error *err)
{
    const char *arguments = work->command_line;

    for (size_t i = 0; i < sizeof(open_arguments) / sizeof(open_arguments[0]); i++) {
        if (has_argument(arguments, open_arguments[i]))
            return checks_failed(&work->checks, "command-line", err,
                                 "\"%s\" opens a way into the guest", open_arguments[i]);
    }
    for (size_t i = 0; i < sizeof(needed_arguments) / sizeof(needed_arguments[0]); i++) {
        if (!has_argument(arguments, needed_arguments[i]))
            return checks_failed(&work->checks, "command-line", err, "\"%s\" is missing",
                                 needed_arguments[i]);
    }
    return checks_ok(&work->checks, "command-line", err,
                     "no shell, no credentials, no partition or image of the host's");
}

static bool check_boot_uuid(struct verification *work, const struct grub_form *form,
                            struct error *err)
{
    const struct partition_table *table = work->source->table;
    const struct partition *boot = partition_by_role(table, ROLE_BOOT);

    for (uint32_t i = 0; i < table->count; i++) {
        const struct partition *p = &table->partitions[i];
        if (p != boot && strcasecmp(p->volume.uuid, form->boot_uuid) == 0)
            return checks_failed(&work->checks, "boot-uuid", err,
                                 "partition %u has the UUID that grub.cfg looks for",
                                 p->entry.number);
    }
    if (boot == NULL || strcasecmp(boot->volume.uuid, form->boot_uuid) != 0)
        return checks_failed(&work->checks, "boot-uuid", err,
                             "grub.cfg takes kernel and initramfs from %s, which is not /boot's "
                             "UUID",
                             form->boot_uuid);
    return checks_ok(&work->checks, "boot-uuid", err,
                     "kernel and initramfs are those of partition %u", boot->entry.number);
}

static bool check_grub_cfg(struct verification *work, struct boot_files *files, size_t esp,
                           struct error *err)
{
    struct error why = {0};
    OWNED_GRUB_FORM form = {0};
    OWNED(bytes) cfg =
        work->side.files.grub_cfg[0] == '\0'
            ? NULL
            : boot_files_read(files, esp, work->side.files.grub_cfg, GRUB_CFG_LIMIT_BYTES, &why);

    if (work->side.files.grub_cfg[0] == '\0')
        return checks_failed(&work->checks, "grub-cfg", err,
                             "there is no shim with a GRUB at the removable path");
    if (cfg == NULL || !grub_form_read(cfg, &form, &why))
        return checks_error(&work->checks, "grub-cfg", &why, err);
    work->command_line = TAKE(form.arguments);
    work->console_recovery = form.console_recovery;
    return checks_ok(&work->checks, "grub-cfg", err, "%s is coldseal's, the same at every boot",
                     work->side.files.grub_cfg) &&
           check_boot_uuid(work, &form, err) && check_command_line(work, err);
}

static bool recorded_pin_matches(const struct verification *work)
{
    json_object *token, *pin = NULL;
    char hex[2 * PIN_BYTES + 1];
    unsigned number;

    hex_encode(work->side.field.pin, PIN_BYTES, hex);
    if (luks2_header_tokens(work->header, PROVENANCE_TOKEN_TYPE, &token, &number, 1) == 0)
        return true;
    json_object_object_get_ex(token, "pin", &pin);
    return pin == NULL || (json_object_is_type(pin, json_type_string) &&
                           strcmp(json_object_get_string(pin), hex) == 0);
}

/* The pin is the boot side's word for which volume key is the right one. */
static bool check_pin(struct verification *work, struct error *err)
{
    struct error why = {0};

    if (!work->side.prepared || !work->side.field.is_set)
        return checks_failed(&work->checks, "pin", err, "no pin in grub.cfg");
    if (work->header == NULL)
        return checks_skipped(&work->checks, "pin", err, "there is no header to compare with");
    if (strcmp(work->side.field.luks_uuid, work->header->uuid) != 0)
        return checks_failed(&work->checks, "pin", err,
                             "grub.cfg is for the volume %s, the header is %s",
                             work->side.field.luks_uuid, work->header->uuid);
    if (!recorded_pin_matches(work))
        return checks_failed(&work->checks, "pin", err,
                             "the pin in grub.cfg is not the one that was recorded");
    if (work->volume_key == NULL)
        return checks_ok(&work->checks, "pin", err,
                         "for this header; whether for its key, --key-file would tell");
    if (!cleartext_side_check_pin(&work->side, work->header, work->volume_key, &why))
        return why.code == COLDSEAL_BAD_IMAGE
                   ? checks_failed(&work->checks, "pin", err, "%s", why.message)
                   : checks_error(&work->checks, "pin", &why, err);
    return checks_ok(&work->checks, "pin", err, "for this header and its volume key");
}

bool verify_boot_side(struct verification *work, struct error *err)
{
    const struct source *source = work->source;
    struct error why = {0};
    size_t esp;

    if (!cleartext_side_read(source->disk, source->table, &work->side, &why))
        return checks_error(&work->checks, "boot-side", &why, err);
    OWNED(boot_files) files = boot_files_from_disk(source->disk, source->table, err);
    if (files == NULL)
        return false;
    if (!boot_files_esp(files, &esp))
        return checks_skipped(&work->checks, "boot-side", err, "there is no ESP");
    if (!check_grub_cfg(work, files, esp, err) || !check_pin(work, err))
        return false;
    if (verify_esp(work, files, esp, &why))
        return true;
    return checks_error(&work->checks, "boot-side", &why, err);
}
