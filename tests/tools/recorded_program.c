/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded_program.h"

#include <string.h>

#include "core/base64.h"
#include "core/hex.h"
#include "recorded_uki.h"

static json_object *hex_json(const void *data, size_t size)
{
    char text[2 * 64 + 1];

    hex_encode(data, size, text);
    return json_object_new_string(text);
}

/* Nothing for what a program does not have. */
static bool add_blob(json_object *json, const char *key, const struct bytes *bytes,
                     struct error *err)
{
    OWNED_PTR(char) text = NULL;

    if (bytes == NULL)
        return true;
    text = base64_encode(bytes->data, bytes->size, err);
    return text != NULL && json_add(json, key, json_object_new_string(text), err);
}

static bool add_text(json_object *json, const char *key, const char *text, struct error *err)
{
    return text == NULL || json_add(json, key, json_object_new_string(text), err);
}

/* SHA-256 of the certificates, one for each signature, in the order of the signatures. */
static json_object *signers_to_json(const struct boot_program *program,
                                    const struct signature_list *certificates, struct error *err)
{
    const struct signature_list *lists[AUTHENTICODE_LISTS] = {[AUTHENTICODE_DB] = certificates};
    struct authenticode_result result;
    OWNED_JSON array = json_new_array(err);

    if (array == NULL || !authenticode_verify_shim(&program->pe, lists, &result, err))
        return NULL;
    for (size_t i = 0; i < result.match_count; i++) {
        const struct signature *entry = &certificates->entries[result.matches[i].entry];
        uint8_t digest[32];
        if (!digest_bytes(DIGEST_SHA256, entry->data, entry->size, digest, err) ||
            !json_append(array, hex_json(digest, sizeof(digest)), err))
            return NULL;
    }
    return TAKE(array);
}

static json_object *mok_to_json(const struct shim_mok_table *table, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (size_t i = 0; array != NULL && i < table->count; i++) {
        const struct shim_mok_variable *variable = &table->variables[i];
        if ((variable->flags & SHIM_MOK_CONFIG_ONLY) != 0)
            continue;
        json_object *row = json_object_new_object();
        if (!json_add(row, "name", json_object_new_string(variable->name), err) ||
            !json_add(row, "flags", json_object_new_int((int)variable->flags), err) ||
            !json_add(row, "pcr", json_object_new_int((int)variable->pcr), err) ||
            !json_add(row, "vendor", json_object_new_boolean(variable->has_vendor_part), err) ||
            !json_append(array, row, err))
            return NULL;
    }
    return TAKE(array);
}

static bool add_shim(const struct boot_program *program, json_object *json, struct error *err)
{
    const struct shim_facts *shim = program->shim;

    return shim == NULL ||
           (json_add(json, "version_major", json_object_new_int((int)shim->version_major), err) &&
            json_add(json, "version_minor", json_object_new_int((int)shim->version_minor), err) &&
            add_blob(json, "vendor_db", shim->vendor_db, err) &&
            json_add(json, "vendor_db_is_list", json_object_new_boolean(shim->vendor_db_is_list),
                     err) &&
            add_blob(json, "vendor_dbx", shim->vendor_dbx, err) &&
            add_text(json, "sbat_level_automatic", shim->sbat_level_automatic, err) &&
            add_text(json, "sbat_level_latest", shim->sbat_level_latest, err) &&
            json_add(json, "mok", mok_to_json(program->mok, err), err));
}

json_object *recorded_program_to_json(const struct boot_program *program,
                                      const struct signature_list *certificates, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    const struct kernel_facts *kernel = program->kernel;

    if (json == NULL || !json_add(json, "sha256", hex_json(program->digests.sha256, 32), err) ||
        !json_add(json, "signers", signers_to_json(program, certificates, err), err) ||
        !add_shim(program, json, err))
        return NULL;
    if (!add_blob(json, "sbat", program->sbat, err))
        return NULL;
    if (kernel != NULL &&
        (!json_add(json, "measures_load_options",
                   json_object_new_boolean(kernel->measures_load_options), err) ||
         !json_add(json, "measures_initrd", json_object_new_boolean(kernel->measures_initrd), err)))
        return NULL;
    if (program->uki != NULL &&
        !json_add(json, "uki", recorded_uki_to_json(program->uki, err), err))
        return NULL;
    return TAKE(json);
}

static bool is_entry(const struct signature *entry, const char *signer)
{
    uint8_t wanted[32], digest[32];
    struct error ignored = {0};

    return entry->kind == SIGNATURE_X509 && strlen(signer) == 64 &&
           hex_decode(signer, 64, wanted) &&
           digest_bytes(DIGEST_SHA256, entry->data, entry->size, digest, &ignored) &&
           memcmp(digest, wanted, sizeof(digest)) == 0;
}

static bool find_in(const struct signature_list *list, const char *signer, size_t *index)
{
    for (*index = 0; list != NULL && *index < list->count; (*index)++) {
        if (is_entry(&list->entries[*index], signer))
            return true;
    }
    return false;
}

static const char *signer_at(const struct boot_program *program, size_t index)
{
    json_object *signers;

    if (!json_object_object_get_ex(program->recorded, "signers", &signers) ||
        index >= json_object_array_length(signers))
        return NULL;
    return json_object_get_string(json_object_array_get_idx(signers, index));
}

/* The first signature that leads to an entry of db counts. */
static bool verify(const struct boot_program *program, const struct signature_list *db,
                   const struct signature_list *dbx, struct authenticode_result *result,
                   struct error *err)
{
    const char *signer;
    size_t entry;

    (void)err;
    *result = (struct authenticode_result){.verdict = AUTHENTICODE_UNSIGNED};
    for (size_t i = 0; (signer = signer_at(program, i)) != NULL; i++) {
        result->verdict = AUTHENTICODE_UNKNOWN_SIGNER;
        if (find_in(dbx, signer, &entry) || !find_in(db, signer, &entry))
            continue;
        result->verdict = AUTHENTICODE_ACCEPTED;
        result->match_count = 1;
        result->matches[0] = (struct authenticode_match){AUTHENTICODE_DB, entry};
        return true;
    }
    return true;
}

/* Every signature, in the lists' order. */
static bool verify_shim(const struct boot_program *program,
                        const struct signature_list *const lists[AUTHENTICODE_LISTS],
                        struct authenticode_result *result, struct error *err)
{
    const char *signer;

    (void)err;
    *result = (struct authenticode_result){.verdict = AUTHENTICODE_UNSIGNED};
    for (size_t i = 0; (signer = signer_at(program, i)) != NULL; i++) {
        struct authenticode_match match = {.list = AUTHENTICODE_DB};
        while (match.list < AUTHENTICODE_VENDOR_DBX &&
               !find_in(lists[match.list], signer, &match.entry))
            match.list++;
        result->verdict = AUTHENTICODE_UNKNOWN_SIGNER;
        if (match.list < AUTHENTICODE_VENDOR_DBX)
            result->matches[result->match_count++] = match;
    }
    if (result->match_count > 0)
        result->verdict = AUTHENTICODE_ACCEPTED;
    return true;
}

static const struct boot_program_operations recorded_operations = {
    .verify = verify,
    .verify_shim = verify_shim,
};

static bool take_blob(json_object *json, const char *key, struct bytes **bytes, struct error *err)
{
    json_object *text;

    if (!json_object_object_get_ex(json, key, &text))
        return true;
    *bytes = base64_decode(json_object_get_string(text), err);
    return *bytes != NULL;
}

static char *take_text(json_object *json, const char *key)
{
    json_object *text;

    return json_object_object_get_ex(json, key, &text) ? strdup(json_object_get_string(text))
                                                       : NULL;
}

static bool take_mok(json_object *json, struct shim_mok_table *table, struct error *err)
{
    json_object *rows;

    if (!json_get_array(json, "mok", &rows, err) || json_object_array_length(rows) > SHIM_MOK_LIMIT)
        return false;
    for (; table->count < json_object_array_length(rows); table->count++) {
        struct shim_mok_variable *variable = &table->variables[table->count];
        json_object *row = json_object_array_get_idx(rows, table->count);
        const char *name;
        uint64_t flags, pcr;
        if (!json_get_string(row, "name", &name, err) || strlen(name) >= SHIM_MOK_NAME_BYTES ||
            !json_get_u64(row, "flags", &flags, err) || !json_get_u64(row, "pcr", &pcr, err) ||
            !json_get_bool(row, "vendor", &variable->has_vendor_part, err))
            return false;
        strcpy(variable->name, name);
        variable->flags = (uint32_t)flags;
        variable->pcr = (uint32_t)pcr;
    }
    return true;
}

static bool take_shim(json_object *json, struct boot_program *program, struct error *err)
{
    struct shim_facts *shim = calloc(1, sizeof(*shim));
    uint64_t major, minor;

    program->shim = shim;
    program->mok = calloc(1, sizeof(*program->mok));
    if (!json_get_u64(json, "version_major", &major, err) ||
        !json_get_u64(json, "version_minor", &minor, err) ||
        !json_get_bool(json, "vendor_db_is_list", &shim->vendor_db_is_list, err))
        return false;
    shim->version_major = (unsigned)major;
    shim->version_minor = (unsigned)minor;
    shim->sbat_level_automatic = take_text(json, "sbat_level_automatic");
    shim->sbat_level_latest = take_text(json, "sbat_level_latest");
    if (program->sbat != NULL)
        shim->sbat = strndup((const char *)program->sbat->data, program->sbat->size);
    return take_blob(json, "vendor_db", &shim->vendor_db, err) &&
           take_blob(json, "vendor_dbx", &shim->vendor_dbx, err) &&
           take_mok(json, program->mok, err);
}

static struct grub_build *copy_build(const struct grub_build *from)
{
    struct grub_build *build = calloc(1, sizeof(*build));
    struct error ignored = {0};

    *build = *from;
    build->prefix = strdup(from->prefix);
    build->version = from->version == NULL ? NULL : strdup(from->version);
    build->embedded_config = from->embedded_config == NULL ? NULL : strdup(from->embedded_config);
    build->memdisk = from->memdisk == NULL
                         ? NULL
                         : bytes_copy(from->memdisk->data, from->memdisk->size, &ignored);
    build->modules = calloc(from->module_count + 1, sizeof(*build->modules));
    for (size_t i = 0; i < from->module_count; i++)
        build->modules[i] = strdup(from->modules[i]);
    return build;
}

static bool take_kernel(json_object *json, struct boot_program *program, struct error *err)
{
    program->kernel = calloc(1, sizeof(*program->kernel));
    return json_get_bool(json, "measures_load_options", &program->kernel->measures_load_options,
                         err) &&
           json_get_bool(json, "measures_initrd", &program->kernel->measures_initrd, err);
}

static bool take_program(const struct recorded_programs *recorded, json_object *json,
                         enum boot_program_role role, struct boot_program *program,
                         struct error *err)
{
    const char *digest;
    json_object *uki;

    program->operations = &recorded_operations;
    program->recorded = json;
    if (!json_get_string(json, "sha256", &digest, err) || strlen(digest) != 64 ||
        !hex_decode(digest, 64, program->digests.sha256) ||
        !take_blob(json, "sbat", &program->sbat, err))
        return false;
    if (json_object_object_get_ex(json, "uki", &uki))
        return (program->uki = recorded_uki_read(uki, err)) != NULL;
    if (role == BOOT_PROGRAM_FIRST)
        return take_shim(json, program, err);
    if (role == BOOT_PROGRAM_KERNEL)
        return take_kernel(json, program, err);
    program->grub = copy_build(recorded->build);
    return true;
}

static struct boot_program *read_recorded(void *context, struct boot_files *files, size_t volume,
                                          const char *path, enum boot_program_role role,
                                          struct error *err)
{
    const struct recorded_programs *recorded = context;
    OWNED(boot_program) program = calloc(1, sizeof(*program));
    json_object *json;

    (void)files, (void)volume;
    if (!json_get_object(recorded->programs, path, &json, err) ||
        !take_program(recorded, json, role, program, err))
        return NULL;
    return TAKE(program);
}

struct boot_program_source recorded_programs_source(struct recorded_programs *recorded)
{
    return (struct boot_program_source){.read = read_recorded, .context = recorded};
}
