/* SPDX-License-Identifier: Apache-2.0 */
/* firmware import: a target's firmware state from what people have of it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "image/open.h"
#include "measure/firmware_import.h"
#include "pipeline/describe_firmware.h"
#include "report/report.h"

/* The largest flash chips that firmware comes on. */
#define FLASH_LIMIT_BYTES ((size_t)64 << 20)
#define QCOW2_MAGIC "QFI\xfb"

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool begins_with(const struct bytes *bytes, const char *text)
{
    size_t size = strlen(text);

    return bytes->size >= size && memcmp(bytes->data, text, size) == 0;
}

/* libvirt keeps some stores as qcow2. */
static struct bytes *read_qcow2(const char *path, struct error *err)
{
    OWNED(disk) disk = image_open(path, NULL, err);

    if (disk == NULL)
        return NULL;
    if (disk_size(disk) > FLASH_LIMIT_BYTES) {
        error_set(err, COLDSEAL_UNSUPPORTED, "larger than %zu bytes", FLASH_LIMIT_BYTES);
        return NULL;
    }
    OWNED(bytes) bytes = bytes_new((size_t)disk_size(disk), err);
    if (bytes == NULL || !disk_pread(disk, bytes->data, bytes->size, 0, err))
        return NULL;
    return TAKE(bytes);
}

static struct firmware *import_store(const struct bytes *image, struct error *err)
{
    OWNED(efi_variables) variables = variable_store_parse(image, err);

    return variables == NULL ? NULL : firmware_from_store(variables, err);
}

static struct firmware *import_folder(const char *path, struct error *err)
{
    OWNED(efi_variables) variables = efi_variables_from_folder(path, err);

    return variables == NULL ? NULL : firmware_from_efivars(variables, err);
}

/* A firmware document, or what virt-firmware writes. */
static struct firmware *import_json(const struct bytes *bytes, struct error *err)
{
    OWNED_JSON json = json_parse((const char *)bytes->data, bytes->size, err);

    if (json == NULL)
        return NULL;
    if (json_object_object_get_ex(json, "type", NULL))
        return firmware_from_json(json, err);
    OWNED(efi_variables) variables = efi_variables_from_json(json, err);
    return variables == NULL ? NULL : firmware_from_store(variables, err);
}

static struct firmware *import_bytes(const struct bytes *bytes, json_object *notes,
                                     struct error *err)
{
    if (begins_with(bytes, "{"))
        return import_json(bytes, err);
    return variable_store_is_in(bytes) ? import_store(bytes, err)
                                       : firmware_from_log(bytes, notes, err);
}

static struct firmware *import_file(const char *path, json_object *notes, struct error *err)
{
    OWNED(bytes) bytes = bytes_read_file(path, FLASH_LIMIT_BYTES, err);
    struct firmware *firmware = NULL;

    if (bytes == NULL)
        return NULL;
    if (begins_with(bytes, QCOW2_MAGIC)) {
        bytes_free(bytes);
        bytes = read_qcow2(path, err);
    }
    if (bytes != NULL)
        firmware = import_bytes(bytes, notes, err);
    if (firmware == NULL)
        error_wrap(err, "%s", path);
    return firmware;
}

/* The file's name alone; what is not plain in it would not be JSON. */
static void set_origin(struct firmware *firmware, const char *path)
{
    const char *slash = strrchr(path, '/');

    snprintf(firmware->origin, sizeof(firmware->origin), "%.100s",
             slash != NULL && slash[1] != '\0' ? slash + 1 : path);
    for (char *p = firmware->origin; *p != '\0'; p++)
        *p = *p < 0x20 || *p > 0x7e ? '?' : *p;
}

static bool note_differences(json_object *notes, const char *path, uint32_t differing,
                             struct error *err)
{
    for (size_t i = 0; i < FIRMWARE_VARIABLES; i++) {
        OWNED_PTR(char) text = NULL;
        if ((differing & 1u << i) == 0)
            continue;
        if (asprintf(&text, "%s has another %s than the sources before it; it counts", path,
                     firmware_variable_name((enum firmware_variable_id)i)) < 0) {
            text = NULL;
            return error_no_memory(err);
        }
        if (!json_append(notes, json_object_new_string(text), err))
            return false;
    }
    return true;
}

static bool add_source(struct firmware *into, const char *path, json_object *notes,
                       struct error *err)
{
    uint32_t differing;
    OWNED(firmware)
    firmware = is_folder(path) ? import_folder(path, err) : import_file(path, notes, err);

    if (firmware == NULL)
        return false;
    set_origin(firmware, path);
    return firmware_merge(into, firmware, &differing, err) &&
           note_differences(notes, firmware->origin, differing, err);
}

static bool add_variable(struct firmware *into, const struct coldseal_firmware_variable *variable,
                         struct error *err)
{
    enum firmware_variable_id id;

    if (!firmware_variable_find(variable->name, NULL, &id))
        return error_set(err, COLDSEAL_USAGE, "there is no variable \"%s\"", variable->name);
    OWNED(bytes) bytes = bytes_read_file(variable->file, FIRMWARE_VARIABLE_LIMIT_BYTES, err);
    if (bytes == NULL)
        return false;
    if (bytes->size == 0) {
        firmware_set_absent(into, id, false);
        return true;
    }
    return firmware_set_variable(into, id, firmware_variable_attributes(id), bytes->data,
                                 bytes->size, false, err) ||
           error_wrap(err, "%s", variable->file);
}

static bool set_secure_boot(struct firmware *into, enum coldseal_secure_boot wanted,
                            struct error *err)
{
    uint8_t value = wanted == COLDSEAL_SECURE_BOOT_ON ? 1 : 0;

    return wanted == COLDSEAL_SECURE_BOOT_UNSAID ||
           firmware_set_variable(into, FIRMWARE_SECURE_BOOT,
                                 firmware_variable_attributes(FIRMWARE_SECURE_BOOT), &value, 1,
                                 false, err);
}

static struct firmware *import_all(const struct coldseal_firmware_import_options *options,
                                   json_object *notes, struct error *err)
{
    OWNED(firmware) firmware = firmware_new(err);

    if (firmware == NULL)
        return NULL;
    for (size_t i = 0; i < options->source_count; i++) {
        if (!add_source(firmware, options->sources[i], notes, err))
            return NULL;
    }
    for (size_t i = 0; i < options->variable_count; i++) {
        if (!add_variable(firmware, &options->variables[i], err))
            return NULL;
    }
    if (!set_secure_boot(firmware, options->secure_boot, err))
        return NULL;
    firmware_settle(firmware);
    return TAKE(firmware);
}

static bool write_document(const struct coldseal_firmware_import_options *options,
                           const struct firmware *firmware, struct error *err)
{
    OWNED_JSON json = firmware_to_json(firmware, err);

    return json != NULL && json_write_file(options->out, json, options->force, err);
}

bool coldseal_firmware_import(const struct coldseal_firmware_import_options *options,
                              struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("firmware import", err);
    OWNED_JSON notes = json_new_array(err);

    if (report == NULL || notes == NULL)
        return false;
    OWNED(firmware) firmware = import_all(options, notes, err);
    if (firmware == NULL || !write_document(options, firmware, err))
        return false;
    json_object *described = describe_firmware(firmware, err);
    if (described == NULL || !json_add(report_json(report), "firmware", described, err) ||
        !json_add(report_json(report), "notes", TAKE(notes), err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
