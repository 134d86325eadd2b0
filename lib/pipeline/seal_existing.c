/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/seal_existing.h"

#include <string.h>

#include "pipeline/describe.h"
#include "token/provenance.h"

static bool refuse(const struct coldseal_seal_options *options, const char *what, struct error *err)
{
    return error_set(err, COLDSEAL_IO, "output %s exists, and %s; --force replaces it",
                     options->out, what);
}

/* Both absent, or both equal. */
static bool same_member(json_object *a, json_object *b, const char *key)
{
    json_object *left = NULL, *right = NULL;

    json_object_object_get_ex(a, key, &left);
    json_object_object_get_ex(b, key, &right);
    return left == right || json_object_equal(left, right);
}

static bool is_string(json_object *object, const char *key, const char *wanted)
{
    struct error ignored = {0};
    const char *value;

    return json_get_string(object, key, &value, &ignored) && strcmp(value, wanted) == 0;
}

static json_object *provenance_of(const struct luks2_header *header)
{
    json_object *token = NULL;
    unsigned number;

    return luks2_header_tokens(header, PROVENANCE_TOKEN_TYPE, &token, &number, 1) > 0 ? token
                                                                                      : NULL;
}

/* Same digests, whatever the documents were called that led to them. */
static bool same_policy(const struct seal_policy *policy, json_object *found, bool *same,
                        struct error *err)
{
    OWNED_JSON wanted = json_new_object(err);
    json_object *target = NULL, *wanted_target;

    if (wanted == NULL || !seal_policy_describe(policy, wanted, "policy", err) ||
        !json_get_object(wanted, "target", &wanted_target, err))
        return false;
    *same = json_object_object_get_ex(found, "target", &target) &&
            same_member(target, wanted_target, "name") && same_member(found, wanted, "policy") &&
            same_member(found, wanted, "states");
    return true;
}

static bool same_partitions(const struct source *a, const struct source *b)
{
    const struct partition *left = partition_by_role(a->table, ROLE_ENCRYPTED_ROOT);
    const struct partition *right = partition_by_role(b->table, ROLE_ENCRYPTED_ROOT);

    return guid_equal(&a->table->gpt.disk_guid, &b->table->gpt.disk_guid) && left != NULL &&
           right != NULL && guid_equal(&left->entry.unique, &right->entry.unique);
}

/* Made from this image: of the same build and, with the same volume key, the same encryption. */
static bool same_image(const struct sealing *opened, const struct source *source,
                       const struct luks2_header *header, bool fresh)
{
    json_object *found = provenance_of(header);
    json_object *golden = provenance_of(opened->root.header);

    return same_partitions(opened->source, source) &&
           disk_size(opened->source->disk) == disk_size(source->disk) &&
           same_member(found, golden, "source_sha256") &&
           (fresh || (strcmp(header->uuid, opened->root.header->uuid) == 0 &&
                      same_member(found, golden, "pin")));
}

static bool same_keys(const struct coldseal_seal_options *options, json_object *found, bool fresh)
{
    json_object *recovery = NULL;

    return is_string(found, "key", fresh ? "fresh" : "shared") &&
           json_object_object_get_ex(found, "recovery", &recovery) &&
           json_object_get_boolean(recovery) == !options->no_recovery;
}

static struct source *open_output(const struct coldseal_seal_options *options, struct error *err)
{
    const char *backing = options->key_choice == COLDSEAL_KEY_FRESH ? NULL : options->backing;

    return source_open(options->out,
                       options->form == COLDSEAL_FORM_OVERLAY ? options->image : backing, 0, err);
}

bool seal_existing_check(const struct sealing *opened, const struct coldseal_seal_options *options,
                         struct seal_policy *policy, struct error *err)
{
    bool fresh = options->key_choice == COLDSEAL_KEY_FRESH, same = false;
    struct error why = {0};
    OWNED_ENCRYPTED_ROOT root = {0};
    struct cleartext_side side;
    OWNED(source) source = open_output(options, &why);

    if (source == NULL || !encrypted_root_read(source, &root, &why))
        return refuse(options, why.message, err);
    json_object *found = provenance_of(root.header);
    if (found == NULL || !same_image(opened, source, root.header, fresh))
        return refuse(options, "was not made from this image", err);
    if (fresh && (!cleartext_side_read(source->disk, source->table, &side, err) ||
                  !seal_policy_predict(policy, source, &side, NULL, err)))
        return false;
    if (!same_policy(policy, found, &same, err))
        return false;
    if (!same)
        return refuse(options, "is sealed to another target or other values", err);
    return same_keys(options, found, fresh) || refuse(options, "has other keys", err);
}
