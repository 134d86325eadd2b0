/* SPDX-License-Identifier: Apache-2.0 */
/* Each defect is made in a good header, is shown to be there, and must be refused by its rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "luks2_defects.h"
#include "luks2_patch.h"
#include "luks2_sample.h"

static struct bytes *good_header;

static struct bytes *good_copy(void)
{
    struct error err = {0};
    struct bytes *copy = bytes_copy(good_header->data, good_header->size, &err);

    assert_non_null(copy);
    return copy;
}

static void assert_refused(const struct bytes *bytes, const char *rule)
{
    struct error err = {0};
    char expected[128];

    OWNED(luks2_header) header = luks2_header_read(bytes, &err);
    assert_null(header);
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    snprintf(expected, sizeof(expected), "breaks rule %s: ", rule);
    if (strstr(err.message, expected) == NULL)
        fail_msg("expected rule %s, got: %s", rule, err.message);
}

static void assert_accepted(const struct bytes *bytes)
{
    struct error err = {0};

    OWNED(luks2_header) header = luks2_header_read(bytes, &err);
    if (header == NULL)
        fail_msg("%s", err.message);
}

static void test_member_defect(void **state)
{
    const struct member_defect *defect = *state;
    OWNED(bytes) bytes = good_copy();

    patch_member(bytes->data, defect->pointer, defect->value);
    assert_refused(bytes, defect->rule);
}

static void test_byte_defect(void **state)
{
    const struct byte_defect *defect = *state;
    OWNED(bytes) bytes = good_copy();

    patch_bytes(bytes->data, defect->offset, defect->bytes, defect->size);
    assert_refused(bytes, defect->rule);
}

static void test_text_defect(void **state)
{
    const struct text_defect *defect = *state;
    OWNED(bytes) bytes = good_copy();

    patch_replace(bytes->data, defect->from, defect->to);
    assert_refused(bytes, defect->rule);
}

static void test_hidden_behind_nul(void **state)
{
    OWNED(bytes) bytes = good_copy();
    OWNED_PTR(char) text = patch_get_text(bytes->data, 0);
    size_t size = strlen(text) + 2;
    OWNED_PTR(char) longer = calloc(1, size);

    (void)state;
    memcpy(longer, text, size - 2);
    longer[size - 1] = '{';
    patch_set_text(bytes->data, longer, size);
    assert_refused(bytes, "json-end");
}

static void test_no_nul(void **state)
{
    OWNED(bytes) bytes = good_copy();
    OWNED_PTR(char) text = patch_get_text(bytes->data, 0);
    OWNED_PTR(char) full = malloc(PATCH_JSON_BYTES);

    (void)state;
    memset(full, ' ', PATCH_JSON_BYTES);
    memcpy(full, text, strlen(text));
    patch_set_text(bytes->data, full, PATCH_JSON_BYTES);
    assert_refused(bytes, "json-end");
}

static void test_deep_nesting(void **state)
{
    OWNED(bytes) bytes = good_copy();
    char deep[2048] = "\"tokens\":{\"9\":";

    (void)state;
    for (int i = 0; i < 900; i++)
        strcat(deep, "[");
    for (int i = 0; i < 900; i++)
        strcat(deep, "]");
    strcat(deep, ",");
    patch_replace(bytes->data, "\"tokens\":{", deep);
    assert_refused(bytes, "json-strict");
}

static void test_large_token(void **state)
{
    OWNED(bytes) bytes = good_copy();
    OWNED_PTR(char) value = malloc(20003);

    (void)state;
    memset(value, 'x', 20002);
    value[0] = value[20001] = '"';
    value[20002] = '\0';
    patch_member(bytes->data, "/tokens/2/note", value);
    assert_refused(bytes, "token-size");
}

static void test_wrong_checksum(void **state)
{
    OWNED(bytes) bytes = good_copy();

    (void)state;
    bytes->data[PATCH_BINARY_BYTES + 100] ^= 1;
    assert_accepted(bytes); /* by the second copy */
    bytes->data[PATCH_COPY_BYTES + PATCH_BINARY_BYTES + 100] ^= 1;
    assert_refused(bytes, "binary-checksum");
}

static void test_no_magic(void **state)
{
    struct error err = {0};
    OWNED(bytes) bytes = good_copy();

    (void)state;
    bytes->data[0] = 0;
    assert_accepted(bytes);
    bytes->data[PATCH_COPY_BYTES] = 0;
    OWNED(luks2_header) header = luks2_header_read(bytes, &err);
    assert_null(header);
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

static void test_short(void **state)
{
    struct error err = {0};
    OWNED(bytes) bytes = bytes_new(LUKS2_HEADER_BYTES - 1, &err);

    (void)state;
    memcpy(bytes->data, good_header->data, bytes->size);
    OWNED(luks2_header) header = luks2_header_read(bytes, &err);
    assert_null(header);
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

static void set_sequence(struct bytes *bytes, unsigned copy, uint8_t sequence)
{
    bytes->data[copy * PATCH_COPY_BYTES + PATCH_SEQUENCE_ID + 7] = sequence;
    patch_checksum(bytes->data, copy);
}

static void set_label(struct bytes *bytes, unsigned copy, const char *label)
{
    strcpy((char *)bytes->data + copy * PATCH_COPY_BYTES + PATCH_LABEL, label);
    patch_checksum(bytes->data, copy);
}

/* label and copy that win, whether the copies agree */
static void assert_choice(const struct bytes *bytes, const char *label, unsigned copy, bool agree)
{
    struct error err = {0};

    OWNED(luks2_header) header = luks2_header_read(bytes, &err);
    assert_non_null(header);
    assert_string_equal(header->label, label);
    assert_int_equal(header->copy, copy);
    assert_int_equal(header->copies_agree, agree);
}

static void test_choice(void **state)
{
    OWNED(bytes) bytes = good_copy();

    (void)state;
    assert_choice(bytes, LUKS2_LABEL, 0, true);
    set_label(bytes, 1, "cloudimg-rootfs-two");
    assert_choice(bytes, LUKS2_LABEL, 0, false);
    set_sequence(bytes, 1, 200);
    assert_choice(bytes, "cloudimg-rootfs-two", 1, false);
    set_sequence(bytes, 0, 201);
    assert_choice(bytes, LUKS2_LABEL, 0, false);
    bytes->data[PATCH_SALT] ^= 1; /* now without a valid checksum */
    assert_choice(bytes, "cloudimg-rootfs-two", 1, false);
}

/* The copy that is chosen is refused, although the other one would do. */
static void test_no_second_chance(void **state)
{
    OWNED(bytes) bytes = good_copy();
    OWNED(bytes) bad = good_copy();

    (void)state;
    patch_member(bad->data, "/segments/0/encryption", "\"cipher_null-ecb\"");
    memcpy(bytes->data + PATCH_COPY_BYTES, bad->data + PATCH_COPY_BYTES, PATCH_COPY_BYTES);
    assert_choice(bytes, LUKS2_LABEL, 0, false);
    set_sequence(bytes, 1, 200);
    assert_refused(bytes, "segment-encryption");
}

/* What passes is written in one form, whatever the order and spacing it came in; areas that nobody
 * owns are not carried over. */
static void test_canonical(void **state)
{
    struct error err = {0};
    OWNED(bytes) bytes = good_copy();
    OWNED_PTR(char) text = patch_get_text(bytes->data, 0);

    (void)state;
    json_object *root = json_tokener_parse(text);
    json_object *config = json_object_get(json_object_object_get(root, "config"));
    json_object_object_del(root, "config");
    json_object_object_add(root, "config", config);
    const char *other = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY);
    assert_string_not_equal(text, other);
    patch_set_text(bytes->data, other, strlen(other));
    json_object_put(root);
    memset(bytes->data + LUKS2_KEYSLOTS_OFFSET + 40 * LUKS2_AREA_BYTES, 0x5a, LUKS2_AREA_BYTES);

    OWNED(luks2_header) header = luks2_header_read(bytes, &err);
    assert_non_null(header);
    OWNED(bytes) again = luks2_header_serialise(header, &err);
    assert_non_null(again);
    assert_int_equal(again->size, good_header->size);
    assert_memory_equal(again->data, good_header->data, good_header->size);
}

static void test_tokens(void **state)
{
    struct error err = {0};
    json_object *tokens[4];
    unsigned numbers[4];

    (void)state;
    OWNED(luks2_header) header = luks2_header_read(good_header, &err);
    assert_non_null(header);
    assert_int_equal(luks2_header_keyslot_count(header), SAMPLE_KEYSLOTS);
    assert_int_equal(luks2_header_tokens(header, "systemd-recovery", tokens, numbers, 4), 1);
    assert_int_equal(numbers[0], 1);
    assert_string_equal(json_object_get_string(json_object_object_get(tokens[0], "type")),
                        "systemd-recovery");
    assert_int_equal(luks2_header_tokens(header, "coldseal", tokens, numbers, 4), 1);
    assert_int_equal(numbers[0], 2);
    assert_int_equal(luks2_header_tokens(header, "coldseal", tokens, numbers, 0), 0);
    assert_int_equal(luks2_header_tokens(header, "clevis", tokens, numbers, 4), 0);
}

static int group_setup(void **state)
{
    struct error err = {0};

    (void)state;
    OWNED(luks2_header) header = sample_header("pass", SAMPLE_KEYSLOTS, true);
    good_header = luks2_header_serialise(header, &err);
    return good_header == NULL ? -1 : 0;
}

static int group_teardown(void **state)
{
    (void)state;
    bytes_free(good_header);
    return 0;
}

#define DEFECTS (LENGTH(member_defects) + LENGTH(byte_defects) + LENGTH(text_defects))

#define ADD_ALL(table, function)                                                    \
    for (size_t i = 0; i < LENGTH(table); i++)                                      \
        tests[count++] = (struct CMUnitTest)                                        \
        {                                                                           \
            (table)[i].name, function, NULL, NULL, (void *)(uintptr_t) & (table)[i] \
        }

int main(void)
{
    struct CMUnitTest tests[DEFECTS + 11] = {
        cmocka_unit_test(test_hidden_behind_nul),
        cmocka_unit_test(test_no_nul),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_large_token),
        cmocka_unit_test(test_wrong_checksum),
        cmocka_unit_test(test_no_magic),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_no_second_chance),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_tokens),
    };
    size_t count = 11;

    ADD_ALL(member_defects, test_member_defect);
    ADD_ALL(byte_defects, test_byte_defect);
    ADD_ALL(text_defects, test_text_defect);
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
