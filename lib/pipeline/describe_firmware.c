/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/describe_firmware.h"

#include <openssl/x509.h>
#include <string.h>

#include "core/hex.h"
#include "measure/signature_list.h"

#define SUBJECT_BYTES 256
/* More of a variable's content tells a person nothing. */
#define SHOWN_BYTES 32

static bool add_text(json_object *array, const char *text, struct error *err)
{
    return json_append(array, json_object_new_string(text), err);
}

/* "CN = …, O = …" of a DER certificate, in a form that is one line of UTF-8. */
static void certificate_subject(const struct signature *entry, char text[SUBJECT_BYTES])
{
    const unsigned char *end = entry->data;
    X509 *certificate = d2i_X509(NULL, &end, (long)entry->size);
    BIO *out = BIO_new(BIO_s_mem());
    int length = 0;

    if (certificate != NULL && out != NULL &&
        X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0,
                           XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) > 0)
        length = BIO_read(out, text, SUBJECT_BYTES - 1);
    text[length > 0 ? length : 0] = '\0';
    X509_free(certificate);
    BIO_free(out);
}

static bool add_certificates(json_object *json, const struct signature_list *list,
                             struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (size_t i = 0; array != NULL && i < list->count; i++) {
        char subject[SUBJECT_BYTES];
        if (list->entries[i].kind != SIGNATURE_X509)
            continue;
        certificate_subject(&list->entries[i], subject);
        if (!add_text(array, subject[0] != '\0' ? subject : "a certificate that cannot be read",
                      err))
            return false;
    }
    return array != NULL && json_add(json, "certificates", TAKE(array), err);
}

static size_t count_of(const struct signature_list *list, enum signature_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += list->entries[i].kind == kind ? 1 : 0;
    return count;
}

static bool add_count(json_object *json, const char *key, size_t count, struct error *err)
{
    return count == 0 || json_add(json, key, json_object_new_uint64(count), err);
}

static json_object *describe_list(const struct signature_list *list, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    if (json == NULL || !add_certificates(json, list, err) ||
        !add_count(json, "image_digests", count_of(list, SIGNATURE_SHA256), err) ||
        !add_count(json, "certificate_digests", count_of(list, SIGNATURE_X509_SHA256), err) ||
        !add_count(json, "other_entries", count_of(list, SIGNATURE_OTHER), err))
        return NULL;
    return TAKE(json);
}

static bool is_printable(const struct bytes *data)
{
    for (size_t i = 0; i < data->size; i++) {
        if (data->data[i] != '\n' && (data->data[i] < 0x20 || data->data[i] > 0x7e))
            return false;
    }
    return true;
}

/* A text, as SbatLevel is, or bytes. */
static json_object *describe_content(const struct bytes *data)
{
    char hex[2 * SHOWN_BYTES + 1];

    if (is_printable(data) && data->size <= INT32_MAX)
        return json_object_new_string_len((const char *)data->data, (int)data->size);
    hex_encode(data->data, data->size < SHOWN_BYTES ? data->size : SHOWN_BYTES, hex);
    return json_object_new_string(hex);
}

static bool add_variable(json_object *json, enum firmware_variable_id id,
                         const struct firmware_variable *variable, struct error *err)
{
    const char *name = firmware_variable_name(id);
    bool is_list = id != FIRMWARE_SECURE_BOOT &&
                   (id <= FIRMWARE_DBR || id == FIRMWARE_MOK_LIST || id == FIRMWARE_MOK_LIST_X);

    if (!is_list)
        return json_add(json, name, describe_content(variable->data), err);
    OWNED(signature_list)
    list = signature_list_parse(variable->data->data, variable->data->size, err);
    json_object *described = list == NULL ? NULL : describe_list(list, err);
    return described != NULL && json_add(json, name, described, err);
}

static json_object *describe_variables(const struct firmware *firmware, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    for (size_t i = 0; json != NULL && i < FIRMWARE_VARIABLES; i++) {
        enum firmware_variable_id id = (enum firmware_variable_id)i;
        if (id != FIRMWARE_SECURE_BOOT && firmware->variables[i].present &&
            !add_variable(json, id, &firmware->variables[i], err))
            return NULL;
    }
    return TAKE(json);
}

static bool is_absent(const struct firmware_variable *variable)
{
    return variable->known && !variable->present;
}

static bool is_guessed(const struct firmware_variable *variable)
{
    return variable->guessed;
}

static bool is_unknown(const struct firmware_variable *variable)
{
    return !variable->known;
}

/* The names of the variables of which `is` holds, and `more` where it is not NULL. */
static bool add_names(json_object *json, const char *key, const struct firmware *firmware,
                      bool (*is)(const struct firmware_variable *), const char *more,
                      struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (size_t i = 0; array != NULL && i < FIRMWARE_VARIABLES; i++) {
        if (is(&firmware->variables[i]) &&
            !add_text(array, firmware_variable_name((enum firmware_variable_id)i), err))
            return false;
    }
    return array != NULL && (more == NULL || add_text(array, more, err)) &&
           json_add(json, key, TAKE(array), err);
}

static bool add_recorded(json_object *json, const struct firmware *firmware, struct error *err)
{
    char mask[64];

    pcr_mask_format(firmware->recorded_pcrs.known, mask);
    return mask[0] == '\0' || json_add(json, "recorded_pcrs", json_object_new_string(mask), err);
}

json_object *describe_firmware(const struct firmware *firmware, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    OWNED_JSON variables = describe_variables(firmware, err);
    const char *guess = firmware->boot_option_action_guessed ? "boot_option_action" : NULL;

    if (json == NULL || variables == NULL ||
        !json_add(json, "origin", json_object_new_string(firmware->origin), err) ||
        !json_add(json, "secure_boot", json_object_new_boolean(firmware->secure_boot), err) ||
        !json_add(json, "variables", TAKE(variables), err) ||
        !json_add(json, "boot_option_action", json_object_new_boolean(firmware->boot_option_action),
                  err) ||
        !add_recorded(json, firmware, err) ||
        !add_names(json, "absent", firmware, is_absent, NULL, err) ||
        !add_names(json, "guessed", firmware, is_guessed, guess, err) ||
        !add_names(json, "unknown", firmware, is_unknown, NULL, err))
        return NULL;
    return TAKE(json);
}
