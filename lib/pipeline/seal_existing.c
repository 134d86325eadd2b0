/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/seal_existing.h"

#include <string.h>

#include "pipeline/describe.h"
#include "pipeline/sealing_delta.h"
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

static struct source *open_output(const struct coldseal_seal_options *options, struct error *err)
{
    const char *backing = options->key_choice == COLDSEAL_KEY_FRESH ? NULL : options->backing;

    return source_open(options->out,
                       options->form == COLDSEAL_FORM_OVERLAY ? options->image : backing, 0, err);
}

/* What is known of an output. A delta has no partitions. */
struct found {
    struct source *source; /* NULL: a delta */
    struct luks2_header *header;
    json_object *delta;
    json_object *provenance; /* borrowed from one of them; NULL: none */
    const char *uuid;        /* the same */
    uint64_t disk_size_bytes;
};

static void found_drop(struct found *found)
{
    luks2_header_free(found->header);
    source_free(found->source);
    json_object_put(found->delta);
}

static bool read_disk(const struct coldseal_seal_options *options, struct found *found,
                      struct error *err)
{
    struct encrypted_root root = {0};

    found->source = open_output(options, err);
    if (found->source == NULL || !encrypted_root_read(found->source, &root, err))
        return false;
    found->header = root.header;
    found->provenance = provenance_of(root.header);
    found->uuid = root.header->uuid;
    found->disk_size_bytes = disk_size(found->source->disk);
    return true;
}

static bool read_delta(const char *path, struct found *found, struct error *err)
{
    OWNED(bytes) text = bytes_read_file(path, JSON_LIMIT_BYTES, err);
    json_object *luks2;

    found->delta = text == NULL ? NULL : json_parse((const char *)text->data, text->size, err);
    if (found->delta == NULL || !json_get_object(found->delta, "luks2", &luks2, err))
        return false;
    if (!is_string(found->delta, "type", SEALING_DELTA_TYPE))
        return error_set(err, COLDSEAL_BAD_IMAGE, "no delta");
    return json_get_u64(found->delta, "disk_size_bytes", &found->disk_size_bytes, err) &&
           json_get_string(luks2, "uuid", &found->uuid, err) &&
           json_get_object(luks2, "provenance", &found->provenance, err);
}

/* Made from this image: of the same build and, with the same volume key, the same encryption. */
static bool same_image(const struct sealing *opened, const struct found *found, bool fresh)
{
    json_object *golden = provenance_of(opened->root.header);

    return (found->source == NULL || same_partitions(opened->source, found->source)) &&
           disk_size(opened->source->disk) == found->disk_size_bytes &&
           same_member(found->provenance, golden, "source_sha256") &&
           (fresh || (strcmp(found->uuid, opened->root.header->uuid) == 0 &&
                      same_member(found->provenance, golden, "pin")));
}

static bool same_keys(const struct coldseal_seal_options *options, json_object *found, bool fresh)
{
    json_object *recovery = NULL;

    return is_string(found, "key", fresh ? "fresh" : "shared") &&
           json_object_object_get_ex(found, "recovery", &recovery) &&
           json_object_get_boolean(recovery) == !options->no_recovery;
}

/* Only a disk with a volume key of its own has values of its own. */
static bool predict_own(const struct found *found, struct seal_policy *policy, struct error *err)
{
    struct cleartext_side side;

    return cleartext_side_read(found->source->disk, found->source->table, &side, err) &&
           seal_policy_predict(policy, found->source, &side, NULL, err);
}

bool seal_existing_check(const struct sealing *opened, const struct coldseal_seal_options *options,
                         struct seal_policy *policy, struct error *err)
{
    bool fresh = options->key_choice == COLDSEAL_KEY_FRESH, same = false;
    __attribute__((cleanup(found_drop))) struct found found = {0};
    struct error why = {0};

    if (!(options->form == COLDSEAL_FORM_DELTA ? read_delta(options->out, &found, &why)
                                               : read_disk(options, &found, &why)))
        return refuse(options, why.message, err);
    if (found.provenance == NULL || !same_image(opened, &found, fresh))
        return refuse(options, "was not made from this image", err);
    if ((fresh && !predict_own(&found, policy, err)) ||
        !same_policy(policy, found.provenance, &same, err))
        return false;
    if (!same)
        return refuse(options, "is sealed to another target or other values", err);
    return same_keys(options, found.provenance, fresh) || refuse(options, "has other keys", err);
}
