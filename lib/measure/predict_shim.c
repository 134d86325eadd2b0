/* SPDX-License-Identifier: Apache-2.0 */
/* shim, shim.c and verify.c: efi_main(), verify_buffer(), check_allowlist(), check_denylist(). */
#include "measure/predict_shim.h"

#include <stdio.h>
#include <string.h>

#include "boot/sbat.h"
#include "measure/efi_events.h"
#include "measure/predict_firmware.h"

#define WHAT_BYTES 256

void shim_run_free(struct shim_run *run)
{
    if (run == NULL)
        return;
    shim_variables_drop(&run->variables);
    for (size_t i = 0; i < AUTHENTICODE_LISTS; i++)
        signature_list_free(run->lists[i]);
    free(run);
}

static struct signature_list *parse(const struct bytes *bytes, const char *what, struct error *err)
{
    struct signature_list *list = bytes == NULL
                                      ? signature_list_parse(NULL, 0, err)
                                      : signature_list_parse(bytes->data, bytes->size, err);

    if (list == NULL)
        error_wrap(err, "%s", what);
    return list;
}

/* Before 15.7 the machine owner's list is looked up as the variable is, since then with the
 * vendor's part (commit "shim: use MokListRT"). */
static bool looks_at_runtime_list(const struct shim_facts *facts)
{
    return facts->version_major > 15 || (facts->version_major == 15 && facts->version_minor >= 7);
}

static struct signature_list *machine_owner_list(const struct shim_run *run,
                                                 const struct firmware *firmware, struct error *err)
{
    if (looks_at_runtime_list(run->facts))
        return parse(run->variables.mok_list, "MokListRT", err);
    return firmware_signatures(firmware, FIRMWARE_MOK_LIST, err);
}

/* A list of one, so that a bare certificate is looked at as the entries of lists are. */
static struct signature_list *vendor_certificate(const struct shim_facts *facts, struct error *err)
{
    if (facts->vendor_db == NULL || facts->vendor_db_is_list)
        return parse(NULL, "", err);
    OWNED(bytes) list = signature_list_of_one(SIGNATURE_X509, &efi_shim_lock_guid,
                                              facts->vendor_db->data, facts->vendor_db->size, err);
    return list == NULL ? NULL : parse(list, "vendor certificate", err);
}

static struct signature_list *take_list(const struct shim_run *run, enum authenticode_list list,
                                        const struct firmware *firmware, struct error *err)
{
    const struct shim_facts *facts = run->facts;

    switch (list) {
    case AUTHENTICODE_DB:
        return firmware_signatures(firmware, FIRMWARE_DB, err);
    case AUTHENTICODE_VENDOR_DB:
        return parse(facts->vendor_db_is_list ? facts->vendor_db : NULL, "vendor db", err);
    case AUTHENTICODE_MOK_LIST:
        return machine_owner_list(run, firmware, err);
    case AUTHENTICODE_VENDOR_CERTIFICATE:
        return vendor_certificate(facts, err);
    case AUTHENTICODE_VENDOR_DBX:
        return parse(facts->vendor_dbx, "vendor dbx", err);
    case AUTHENTICODE_DBX:
        return firmware_signatures(firmware, FIRMWARE_DBX, err);
    default:
        return firmware_signatures(firmware, FIRMWARE_MOK_LIST_X, err);
    }
}

static bool take_lists(struct shim_run *run, const struct firmware *firmware, struct error *err)
{
    for (enum authenticode_list list = 0; list < AUTHENTICODE_LISTS; list++) {
        run->lists[list] = take_list(run, list, firmware, err);
        if (run->lists[list] == NULL)
            return false;
    }
    return true;
}

/* A second stage must have a table, and what GRUB asks for need not. */
static bool check_sbat(const struct shim_run *run, const struct boot_program *program,
                       const char *path, bool loads, struct error *err)
{
    const struct bytes *level = run->variables.sbat_level;

    if (program->sbat == NULL)
        return !loads ||
               error_set(err, COLDSEAL_TPM, "%s has no SBAT table: shim does not start it", path);
    OWNED(sbat) own = sbat_parse(program->sbat->data, program->sbat->size, SBAT_SECTION, err);
    OWNED(sbat) set = own == NULL ? NULL : sbat_parse(level->data, level->size, SBAT_LEVEL, err);
    if (set == NULL)
        return error_wrap(err, "SBAT of %s", path);
    const struct sbat_entry *revoked = sbat_revoked(own, set);
    return revoked == NULL ||
           error_set(err, COLDSEAL_TPM,
                     "%s: its component %.60s, generation %u, is below the target's SbatLevel: "
                     "shim does not start it",
                     path, revoked->component, revoked->generation);
}

struct shim_run *shim_run_start(struct prediction *prediction, const struct firmware *firmware,
                                const struct boot_program *shim, struct error *err)
{
    OWNED(shim_run) run = calloc(1, sizeof(*run));

    if (run == NULL) {
        error_no_memory(err);
        return NULL;
    }
    run->facts = shim->shim;
    run->first_event = prediction->count;
    if (!shim_variables_measure(prediction, firmware, shim, &run->variables, err) ||
        !take_lists(run, firmware, err))
        return NULL;
    run->verifies = firmware->secure_boot && !run->variables.is_insecure;
    if (run->verifies && !check_sbat(run, shim, "shim", true, err))
        return NULL;
    return TAKE(run);
}

/* How shim names the list in the event; a bare certificate is measured without an owner. */
struct authority {
    const char *name;
    const struct guid *guid;
    bool is_bare;
};

static struct authority authority_of(const struct shim_run *run, enum authenticode_list list)
{
    switch (list) {
    case AUTHENTICODE_VENDOR_DB:
        return (struct authority){"vendor_db", &efi_image_security_database_guid, false};
    case AUTHENTICODE_MOK_LIST:
        return (struct authority){looks_at_runtime_list(run->facts) ? "MokListRT" : "MokList",
                                  &efi_shim_lock_guid, false};
    case AUTHENTICODE_VENDOR_CERTIFICATE:
        return (struct authority){"Shim", &efi_shim_lock_guid, true};
    default:
        return (struct authority){"db", &efi_image_security_database_guid, false};
    }
}

static bool measure_match(const struct shim_run *run, struct prediction *prediction,
                          const struct authenticode_match *match, const char *path,
                          struct error *err)
{
    const struct signature *entry = &run->lists[match->list]->entries[match->entry];
    struct authority authority = authority_of(run, match->list);
    char what[WHAT_BYTES];
    OWNED(bytes) data =
        authority.is_bare ? bytes_copy(entry->data, entry->size, err) : signature_data(entry, err);

    if (data == NULL)
        return false;
    snprintf(what, sizeof(what), "entry %zu of %s, which accepts %s", match->entry, authority.name,
             path);
    const struct efi_variable_event event = {
        .type = EV_EFI_VARIABLE_AUTHORITY,
        .guid = authority.guid,
        .name = authority.name,
        .data = data->data,
        .size = data->size,
        .what = what,
        .source = SOURCE_CERTIFICATE,
    };
    return efi_measure_authority(prediction, &event, run->first_event, err);
}

static bool refuse(const char *path, const struct authenticode_result *result, struct error *err)
{
    switch (result->verdict) {
    case AUTHENTICODE_UNSIGNED:
        return error_set(err, COLDSEAL_TPM, "%s is not signed: shim does not start it", path);
    case AUTHENTICODE_REVOKED:
        return error_set(err, COLDSEAL_TPM, "%s is revoked: shim does not start it", path);
    default:
        return error_set(err, COLDSEAL_TPM,
                         "%s is signed by \"%s\", whom neither the firmware nor shim trusts", path,
                         result->signer);
    }
}

static bool check_signatures(const struct shim_run *run, struct prediction *prediction,
                             const struct boot_program *program, const char *path,
                             struct error *err)
{
    const struct signature_list *lists[AUTHENTICODE_LISTS];
    struct authenticode_result result;

    memcpy(lists, run->lists, sizeof(lists));
    if (run->variables.ignores_db)
        lists[AUTHENTICODE_DB] = NULL;
    if (!program->operations->verify_shim(program, lists, &result, err))
        return error_wrap(err, "%s", path);
    if (result.verdict != AUTHENTICODE_ACCEPTED)
        return refuse(path, &result, err);
    for (size_t i = 0; i < result.match_count; i++) {
        if (!measure_match(run, prediction, &result.matches[i], path, err))
            return false;
    }
    return true;
}

static bool measure_program(struct prediction *prediction, const struct boot_program *program,
                            const char *path, struct error *err)
{
    char what[WHAT_BYTES];

    snprintf(what, sizeof(what), "%s %s", boot_program_kind(program), path);
    return efi_measure_program(prediction, path, what, &program->digests, err);
}

/* Since 15.6 the second stage is measured once it is verified; before, and what GRUB asks for in
 * every version, first of all. */
static bool verifies_first(const struct shim_facts *facts)
{
    return facts->version_major > 15 || (facts->version_major == 15 && facts->version_minor >= 6);
}

bool shim_run_verify(const struct shim_run *run, struct prediction *prediction,
                     const struct boot_program *program, const char *path, bool loads,
                     struct error *err)
{
    bool late = loads && verifies_first(run->facts);

    if (!late && !measure_program(prediction, program, path, err))
        return false;
    if (run->verifies && (!check_sbat(run, program, path, loads, err) ||
                          !check_signatures(run, prediction, program, path, err)))
        return false;
    return !late || measure_program(prediction, program, path, err);
}
