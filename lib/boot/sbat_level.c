/* SPDX-License-Identifier: Apache-2.0 */
/* How shim sets SbatLevel: set_sbat_uefi_variable() in sbat.c. 15.4 and 15.5 write it once; 15.6
 * and 15.7 raise it; since 15.8 it also falls back to nothing revoked while Secure Boot is off. */
#include <string.h>

#include "boot/sbat.h"

#define LEVEL_SIGNATURE "sbat,"
#define LEVEL_ORIGINAL "sbat,1,2021030218\n"
#define DATE_CHARACTERS 10
#define ATTRIBUTES_NV_BS 0x03u
#define ATTRIBUTES_NV_BS_TIMEAUTH 0x23u
#define POLICY_LATEST 1
#define POLICY_RESET 3

/* What shim would write, and whether over a newer level as well. */
struct candidate {
    const char *level;
    bool reset;
};

static bool since_15_8(const struct shim_facts *shim)
{
    return shim->version_major > 15 || (shim->version_major == 15 && shim->version_minor >= 8);
}

static struct candidate choose(const struct shim_facts *shim, bool secure_boot,
                               const struct sbat_variables *before)
{
    struct candidate original = {LEVEL_ORIGINAL, true};

    if (before->has_policy && before->policy == POLICY_LATEST)
        return (struct candidate){shim->sbat_level_latest, false};
    if (before->has_policy && before->policy == POLICY_RESET && !secure_boot)
        return original;
    /* No policy, or one that does not exist. */
    bool unset = !before->has_policy || before->policy == 0 || before->policy > POLICY_RESET;
    if (unset && !secure_boot && since_15_8(shim))
        return original;
    return (struct candidate){shim->sbat_level_automatic, false};
}

/* check_sbat_var_attributes(), and the beginning. */
static bool is_level(const struct sbat_variables *before, size_t least_bytes)
{
    return before->has_level &&
           (before->level_attributes == ATTRIBUTES_NV_BS ||
            before->level_attributes == ATTRIBUTES_NV_BS_TIMEAUTH) &&
           before->level_size >= least_bytes &&
           memcmp(before->level, LEVEL_SIGNATURE, strlen(LEVEL_SIGNATURE)) == 0;
}

/* nth_sbat_field() */
static const char *field(const char *text, int n)
{
    for (; n > 0 && *text != '\0'; text++) {
        if (*text == ',')
            n--;
    }
    return text;
}

/* preserve_sbat_uefi_variable(): a newer version of the format, or no older date. */
static bool keeps(const char *present, const char *candidate)
{
    const char *present_version = field(present, 1);
    const char *candidate_version = field(candidate, 1);
    const char *present_date = field(present, 2);
    const char *candidate_date = field(candidate, 2);
    long present_length = present_date - present_version - 1;
    long length = candidate_date - candidate_version - 1;

    if (present_length > length ||
        (present_length == length && length > 0 &&
         strncmp(present_version, candidate_version, (size_t)length) > 0))
        return true;
    return strncmp(present_date, candidate_date, DATE_CHARACTERS) >= 0;
}

/* Since 15.8 a level that would forbid the shim itself is not written over another. */
static bool revokes_itself(const struct shim_facts *shim, const char *candidate, bool *revokes,
                           struct error *err)
{
    OWNED(sbat) level = sbat_parse(candidate, strlen(candidate), SBAT_LEVEL, err);
    OWNED(sbat) own = sbat_parse(shim->sbat, strlen(shim->sbat), SBAT_SECTION, err);

    if (level == NULL || own == NULL)
        return error_wrap(err, "shim");
    *revokes = sbat_revoked(own, level) != NULL;
    return true;
}

/* *keep: the variable stays as it is. */
static bool decide(const struct shim_facts *shim, const struct sbat_variables *before,
                   const struct candidate *candidate, bool *keep, struct error *err)
{
    *keep = false;
    if (!before->has_level)
        return true;
    if (is_level(before, strlen(LEVEL_ORIGINAL)) && !candidate->reset) {
        OWNED_PTR(char) present = strndup(before->level, before->level_size);
        if (present == NULL)
            return error_no_memory(err);
        *keep = keeps(present, candidate->level);
    }
    return *keep || !since_15_8(shim) || revokes_itself(shim, candidate->level, keep, err);
}

struct bytes *sbat_level_after(const struct shim_facts *shim, bool secure_boot,
                               const struct sbat_variables *before, struct error *err)
{
    struct candidate candidate = {LEVEL_ORIGINAL, false};
    bool keep;

    if (shim->sbat == NULL) {
        error_set(err, COLDSEAL_UNSUPPORTED, "shim: it is older than SBAT");
        return NULL;
    }
    if (shim->sbat_level_automatic == NULL) {
        keep = is_level(before, strlen(LEVEL_SIGNATURE "1"));
    } else {
        candidate = choose(shim, secure_boot, before);
        if (!decide(shim, before, &candidate, &keep, err))
            return NULL;
    }
    return keep ? bytes_copy(before->level, before->level_size, err)
                : bytes_copy(candidate.level, strlen(candidate.level), err);
}
