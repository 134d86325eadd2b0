/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/module_index.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define MAGIC UINT32_C(0xb007f457)
#define VERSION UINT32_C(0x00020001)
#define HEADER_BYTES 12
#define KEY_LIMIT 1024 /* the depth of the trie at most */
#define KEY_COUNT_LIMIT 100000
#define CHARACTERS 128
/* What a node has, in the upper bits of its offset. */
#define HAS_PREFIX UINT32_C(0x80000000)
#define HAS_VALUES UINT32_C(0x40000000)
#define HAS_CHILDREN UINT32_C(0x20000000)

struct value {
    struct value *next;
    uint32_t priority;
    char text[];
};

struct node {
    char *prefix;
    struct value *values; /* by priority */
    unsigned first;       /* of the children; above `last` where there are none */
    unsigned last;
    struct node *children[CHARACTERS];
};

struct module_index {
    struct node *root;
    size_t count; /* of keys */
};

static void node_free(struct node *node)
{
    if (node == NULL)
        return;
    for (unsigned i = 0; i < CHARACTERS; i++)
        node_free(node->children[i]);
    for (struct value *value = node->values; value != NULL;) {
        struct value *next = value->next;
        free(value);
        value = next;
    }
    free(node->prefix);
    free(node);
}
DEFINE_OWNED(node);

static struct node *node_new(const char *prefix, struct error *err)
{
    OWNED(node) node = calloc(1, sizeof(*node));

    if (node != NULL)
        node->prefix = strdup(prefix);
    if (node == NULL || node->prefix == NULL) {
        error_no_memory(err);
        return NULL;
    }
    node->first = CHARACTERS;
    return TAKE(node);
}

struct module_index *module_index_new(struct error *err)
{
    OWNED(module_index) index = calloc(1, sizeof(*index));

    if (index == NULL)
        return error_no_memory(err), NULL;
    index->root = node_new("", err);
    return index->root == NULL ? NULL : TAKE(index);
}

void module_index_free(struct module_index *index)
{
    if (index == NULL)
        return;
    node_free(index->root);
    free(index);
}

static bool add_value(struct node *node, const char *text, uint32_t priority, struct error *err)
{
    struct value **at = &node->values;
    size_t size = strlen(text) + 1;
    struct value *value = malloc(sizeof(*value) + size);

    if (value == NULL)
        return error_no_memory(err);
    value->priority = priority;
    memcpy(value->text, text, size);
    while (*at != NULL && (*at)->priority < priority)
        at = &(*at)->next;
    value->next = *at;
    *at = value;
    return true;
}

static void set_child(struct node *node, unsigned character, struct node *child)
{
    node->children[character] = child;
    if (character < node->first)
        node->first = character;
    if (character > node->last)
        node->last = character;
}

/* Behind the first `length` characters of the prefix: the rest, with all that was here, moves into
 * a child. */
static bool split(struct node *node, size_t length, struct error *err)
{
    unsigned character = (unsigned char)node->prefix[length];
    struct node *child = node_new(node->prefix + length + 1, err);

    if (child == NULL)
        return false;
    child->values = node->values;
    child->first = node->first;
    child->last = node->last;
    memcpy(child->children, node->children, sizeof(node->children));
    node->prefix[length] = '\0';
    node->values = NULL;
    node->first = CHARACTERS;
    node->last = 0;
    memset(node->children, 0, sizeof(node->children));
    set_child(node, character, child);
    return true;
}

static bool is_key(const char *key)
{
    size_t length = strlen(key);

    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)key[i] >= CHARACTERS)
            return false;
    }
    return length <= KEY_LIMIT;
}

bool module_index_add(struct module_index *index, const char *key, const char *value,
                      uint32_t priority, struct error *err)
{
    struct node *node = index->root;

    if (!is_key(key) || index->count++ == KEY_COUNT_LIMIT)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "a kernel module's alias is malformed, or there "
                         "are too many");
    for (;;) {
        size_t common = 0;
        while (node->prefix[common] != '\0' && node->prefix[common] == key[common])
            common++;
        if (node->prefix[common] != '\0' && !split(node, common, err))
            return false;
        key += common;
        if (*key == '\0')
            return add_value(node, value, priority, err);
        unsigned character = (unsigned char)*key++;
        if (node->children[character] == NULL) {
            struct node *child = node_new(key, err);
            if (child == NULL)
                return false;
            set_child(node, character, child);
            return add_value(child, value, priority, err);
        }
        node = node->children[character];
    }
}

static bool put_u32(FILE *out, uint32_t value)
{
    uint32_t big = htonl(value);

    return fwrite(&big, sizeof(big), 1, out) == 1;
}

static bool put_text(FILE *out, const char *text)
{
    return fwrite(text, 1, strlen(text) + 1, out) == strlen(text) + 1;
}

static bool put_values(FILE *out, const struct value *values)
{
    uint32_t count = 0;

    for (const struct value *value = values; value != NULL; value = value->next)
        count++;
    bool ok = put_u32(out, count);
    for (const struct value *value = values; ok && value != NULL; value = value->next)
        ok = put_u32(out, value->priority) && put_text(out, value->text);
    return ok;
}

static bool put_children(FILE *out, const struct node *node, const uint32_t *offsets)
{
    bool ok = fputc((int)node->first, out) != EOF && fputc((int)node->last, out) != EOF;

    for (unsigned i = node->first; ok && i <= node->last; i++)
        ok = put_u32(out, offsets[i]);
    return ok;
}

/* Children come before their parent. No deeper than a key is long. */
static bool put_node(FILE *out, const struct node *node, uint32_t *offset)
{
    uint32_t offsets[CHARACTERS] = {0};
    bool has_children = node->first <= node->last;
    bool ok = true;

    for (unsigned i = node->first; ok && i <= node->last; i++)
        ok = node->children[i] == NULL || put_node(out, node->children[i], &offsets[i]);
    *offset = (uint32_t)ftell(out);
    if (ok && node->prefix[0] != '\0') {
        ok = put_text(out, node->prefix);
        *offset |= HAS_PREFIX;
    }
    if (ok && has_children) {
        ok = put_children(out, node, offsets);
        *offset |= HAS_CHILDREN;
    }
    if (ok && node->values != NULL) {
        ok = put_values(out, node->values);
        *offset |= HAS_VALUES;
    }
    return ok;
}

struct bytes *module_index_write(const struct module_index *index, struct error *err)
{
    OWNED_PTR(char) text = NULL;
    size_t size = 0;
    uint32_t root = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return error_no_memory(err), NULL;
    bool ok = put_u32(out, MAGIC) && put_u32(out, VERSION) && put_u32(out, 0) &&
              put_node(out, index->root, &root);
    ok = fclose(out) == 0 && ok && size >= HEADER_BYTES;
    if (!ok)
        return error_no_memory(err), NULL;
    root = htonl(root);
    memcpy(text + HEADER_BYTES - sizeof(root), &root, sizeof(root));
    return bytes_copy(text, size, err);
}
