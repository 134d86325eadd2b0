/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <openssl/sha.h>

#include "luks2_patch.h"

void patch_checksum(uint8_t *header, unsigned copy)
{
    uint8_t *start = header + copy * PATCH_COPY_BYTES;

    memset(start + PATCH_CHECKSUM, 0, 64);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(start, PATCH_COPY_BYTES, digest);
    memcpy(start + PATCH_CHECKSUM, digest, sizeof(digest));
}

char *patch_get_text(const uint8_t *header, unsigned copy)
{
    const char *text = (const char *)header + copy * PATCH_COPY_BYTES + PATCH_BINARY_BYTES;

    return strndup(text, PATCH_JSON_BYTES);
}

void patch_set_text(uint8_t *header, const char *text, size_t size)
{
    assert_true(size <= PATCH_JSON_BYTES);
    for (unsigned copy = 0; copy < 2; copy++) {
        uint8_t *area = header + copy * PATCH_COPY_BYTES + PATCH_BINARY_BYTES;
        memset(area, 0, PATCH_JSON_BYTES);
        memcpy(area, text, size);
        patch_checksum(header, copy);
    }
}

/* The text of the member, or "absent". */
static char *member_text(const uint8_t *header, const char *pointer)
{
    char *text = patch_get_text(header, 1);
    json_object *root = json_tokener_parse(text);
    json_object *member = NULL;

    free(text);
    assert_non_null(root);
    char *found = json_pointer_get(root, pointer, &member) == 0
                      ? strdup(json_object_to_json_string_ext(member, JSON_C_TO_STRING_PLAIN))
                      : strdup("absent");
    json_object_put(root);
    return found;
}

static void remove_member(json_object *root, const char *pointer)
{
    char *parent = strdup(pointer);
    char *name = strrchr(parent, '/');
    json_object *object = root;

    *name++ = '\0';
    if (*parent != '\0')
        assert_int_equal(json_pointer_get(root, parent, &object), 0);
    json_object_object_del(object, name);
    free(parent);
}

void patch_member(uint8_t *header, const char *pointer, const char *value)
{
    char *before = member_text(header, pointer);
    char *text = patch_get_text(header, 0);
    json_object *root = json_tokener_parse(text);

    free(text);
    if (value == NULL)
        remove_member(root, pointer);
    else
        assert_int_equal(json_pointer_set(&root, pointer, json_tokener_parse(value)), 0);
    const char *changed = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
    patch_set_text(header, changed, strlen(changed));
    json_object_put(root);

    char *after = member_text(header, pointer);
    assert_string_not_equal(before, after);
    assert_string_equal(after, value == NULL ? "absent" : value);
    free(before);
    free(after);
}

void patch_replace(uint8_t *header, const char *from, const char *to)
{
    char *text = patch_get_text(header, 0);
    char *place = strstr(text, from);

    assert_non_null(place);
    size_t head = (size_t)(place - text);
    size_t size = strlen(text) - strlen(from) + strlen(to);
    char *changed = calloc(1, size + 1);
    memcpy(changed, text, head);
    strcpy(changed + head, to);
    strcat(changed, place + strlen(from));
    patch_set_text(header, changed, size);
    free(changed);
    free(text);
}

void patch_bytes(uint8_t *header, size_t offset, const void *bytes, size_t size)
{
    for (unsigned copy = 0; copy < 2; copy++) {
        uint8_t *start = header + copy * PATCH_COPY_BYTES;
        assert_memory_not_equal(start + offset, bytes, size);
        memcpy(start + offset, bytes, size);
        patch_checksum(header, copy);
    }
}
