/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud_init.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"

#define SEED_LIMIT ((size_t)1 << 20)
#define CONFIG_FOLDER "/etc/cloud/cloud.cfg.d"
#define SEED_FOLDER "/var/lib/cloud/seed/nocloud"
#define SECRET_MODE 0600

/* YAML 1.1, clause 5.1, for what a double-quoted text may hold as it is; beyond ASCII only UTF-8's
 * own shape is looked at. */
static bool is_plain_text(const char *text)
{
    int following = 0;

    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        bool is_following = (*p & 0xc0) == 0x80;
        if (is_following != (following > 0))
            return false;
        if (is_following)
            following--;
        else if (*p >= 0xc2)
            following = *p >= 0xf5 ? 9 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
        else if (*p >= 0x7f || (*p < 0x20 && strchr("\t\n\r", *p) == NULL))
            return false;
    }
    return following == 0;
}

static bool check_text(const char *name, const char *text, struct error *err)
{
    return is_plain_text(text) ||
           error_set(err, COLDSEAL_USAGE, "cloud-init seed: %s is not UTF-8 text", name);
}

/* A block of YAML stays what it is when each of its lines moves right. */
static bool add_indented(struct text *out, const char *name, const char *yaml, int columns,
                         struct error *err)
{
    bool is_first = true;

    for (const char *line = yaml; *line != '\0';) {
        int length = (int)strcspn(line, "\n");
        bool is_marker = strncmp(line, "---", 3) == 0 || strncmp(line, "...", 3) == 0;
        if ((is_marker && !(is_first && length == 3)) || *line == '%')
            return error_set(err, COLDSEAL_USAGE,
                             "cloud-init seed: %s must be one YAML document without directives",
                             name);
        if (!is_marker)
            text_add(out, "%*s%.*s\n", columns, "", length, line);
        is_first = false;
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return true;
}

/* Whether there is anything but comments. */
static bool has_content(const char *yaml)
{
    for (const char *line = yaml; *line != '\0';) {
        const char *start = line + strspn(line, " \t\r");
        size_t length = strcspn(line, "\n");
        if (strchr("#\n", *start) == NULL && strncmp(start, "---", 3) != 0)
            return true;
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return false;
}

char *cloud_init_none_config(const char *user_data, const char *meta_data, struct error *err)
{
    OWNED_TEXT out = {0};

    if (!check_text("user-data", user_data, err) || !check_text("meta-data", meta_data, err))
        return NULL;
    OWNED_JSON quoted = json_object_new_string(user_data);
    const char *json = quoted == NULL
                           ? NULL
                           : json_object_to_json_string_ext(quoted, JSON_C_TO_STRING_NOSLASHESCAPE);
    if (json == NULL)
        return error_no_memory(err), NULL;
    text_add(&out,
             "# coldseal: the seed given with --cloud-init-seed\n"
             "datasource:\n  \"None\":\n    userdata_raw: %s\n",
             json);
    if (has_content(meta_data)) {
        text_add(&out, "    metadata:\n");
        if (!add_indented(&out, "meta-data", meta_data, 6, err))
            return NULL;
    }
    return text_take(&out, err);
}

char *cloud_init_network_config(const char *network_config, struct error *err)
{
    static const char key[] = "network:";
    OWNED_TEXT out = {0};
    const char *first = network_config;

    if (!check_text("network-config", network_config, err))
        return NULL;
    while (*first == '#' || *first == '\n' || strncmp(first, "---\n", 4) == 0) {
        first += strcspn(first, "\n");
        first += *first == '\n' ? 1 : 0;
    }
    bool has_key = strncmp(first, key, sizeof(key) - 1) == 0;
    text_add(&out, "# coldseal: the seed given with --cloud-init-seed\n%s",
             has_key ? "" : "network:\n");
    if (!add_indented(&out, "network-config", first, has_key ? 0 : 2, err))
        return NULL;
    return text_take(&out, err);
}

/* Empty text where the file is not there and need not be. */
static char *read_seed(const char *folder, const char *name, bool is_needed, struct error *err)
{
    OWNED_PTR(char) path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return path = NULL, error_no_memory(err), NULL;
    if (!is_needed && access(path, F_OK) != 0)
        return strdup("");
    OWNED(bytes) bytes = bytes_read_file(path, SEED_LIMIT, err);
    if (bytes == NULL)
        return error_wrap(err, "cloud-init seed"), NULL;
    if (memchr(bytes->data, 0, bytes->size) != NULL)
        return error_set(err, COLDSEAL_USAGE, "cloud-init seed: %s is not text", name), NULL;
    char *text = strndup((const char *)bytes->data, bytes->size);
    if (text == NULL)
        error_no_memory(err);
    return text;
}

struct seed {
    char *user_data;
    char *meta_data;
    char *vendor_data;
    char *network_config;
};

static void seed_clear(struct seed *seed)
{
    free(seed->user_data);
    free(seed->meta_data);
    free(seed->vendor_data);
    free(seed->network_config);
}

static bool seed_read(const char *folder, struct seed *seed, struct error *err)
{
    return (seed->user_data = read_seed(folder, "user-data", true, err)) != NULL &&
           (seed->meta_data = read_seed(folder, "meta-data", false, err)) != NULL &&
           (seed->vendor_data = read_seed(folder, "vendor-data", false, err)) != NULL &&
           (seed->network_config = read_seed(folder, "network-config", false, err)) != NULL;
}

static bool write_text(struct guest_root *guest, const char *path, const char *text,
                       struct error *err)
{
    return guest_write(guest, path, text, strlen(text), SECRET_MODE, err);
}

static bool bake_none(struct guest_root *guest, const struct seed *seed, struct error *err)
{
    if (seed->vendor_data[0] != '\0')
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "cloud-init seed: vendor-data has no place in an image that takes nothing "
                         "from the host; put it into user-data");
    OWNED_PTR(char) config = cloud_init_none_config(seed->user_data, seed->meta_data, err);
    if (config == NULL || !write_text(guest, CONFIG_FOLDER "/zz-coldseal-seed.cfg", config, err))
        return false;
    if (seed->network_config[0] == '\0')
        return true;
    OWNED_PTR(char) network = cloud_init_network_config(seed->network_config, err);
    return network != NULL &&
           write_text(guest, CONFIG_FOLDER "/zz-coldseal-network.cfg", network, err);
}

static bool bake_nocloud(struct guest_root *guest, const struct seed *seed, struct error *err)
{
    if (!guest_make_folder(guest, SEED_FOLDER, err) ||
        !write_text(guest, SEED_FOLDER "/user-data", seed->user_data, err) ||
        !write_text(guest, SEED_FOLDER "/meta-data", seed->meta_data, err))
        return false;
    if (seed->vendor_data[0] != '\0' &&
        !write_text(guest, SEED_FOLDER "/vendor-data", seed->vendor_data, err))
        return false;
    return seed->network_config[0] == '\0' ||
           write_text(guest, SEED_FOLDER "/network-config", seed->network_config, err);
}

bool cloud_init_bake(struct guest_root *guest, const char *seed_folder,
                     enum coldseal_host_config host_config, struct lines *changes,
                     struct error *err)
{
    struct seed seed = {0};
    bool is_closed = host_config == COLDSEAL_HOST_CONFIG_DENY;
    bool ok = seed_read(seed_folder, &seed, err) &&
              (is_closed ? bake_none(guest, &seed, err) : bake_nocloud(guest, &seed, err));

    seed_clear(&seed);
    return ok && lines_add(changes, err, "cloud-init seed is baked in as the data source %s",
                           is_closed ? "None's own settings" : "NoCloud's seed folder");
}

static bool names_sources(struct guest_root *guest, const char *name, bool *names,
                          struct error *err)
{
    OWNED_PTR(char) path = NULL;

    if (asprintf(&path, CONFIG_FOLDER "/%s", name) < 0)
        return path = NULL, error_no_memory(err);
    OWNED_PTR(char) text = guest_read_text(guest, path, SEED_LIMIT, err);
    *names = text != NULL && strstr(text, "datasource_list") != NULL;
    return text != NULL;
}

bool cloud_init_warn(struct guest_root *guest, struct lines *warnings, struct error *err)
{
    OWNED(lines) files = lines_new(err);

    if (files == NULL || !guest_list(guest, CONFIG_FOLDER, files, err))
        return false;
    for (size_t i = 0; i < files->count; i++) {
        const char *name = files->items[i];
        bool is_meant;
        if (fnmatch("*.cfg", name, 0) != 0 || strcmp(name, "zz-coldseal.cfg") <= 0)
            continue;
        if (!names_sources(guest, name, &is_meant, err) ||
            (is_meant && !lines_add(warnings, err,
                                    CONFIG_FOLDER "/%s comes after ours and may bring back data "
                                                  "sources of the host's",
                                    name)))
            return false;
    }
    return true;
}
