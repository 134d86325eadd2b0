/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/fstab.h"

#include <stdio.h>
#include <string.h>

#include "core/names.h"

#define FSTAB_LINE_BYTES 4096
#define OFF_PREFIX "#coldseal: off: "

static const char boot_options[] = "noauto,nofail,nodev,nosuid,noexec";
/* What would undo them, or mount behind their back. */
static const char *const boot_options_dropped[] = {
    "defaults", "auto",   "dev",   "suid",   "exec",   "x-systemd.automount",
    "noauto",   "nofail", "nodev", "nosuid", "noexec",
};

struct fstab_line {
    char fields[6][FSTAB_LINE_BYTES]; /* spec, file, type, options, freq, pass */
    int count;
};

enum fstab_rule { RULE_KEEP, RULE_ROOT, RULE_SUBVOLUME, RULE_BOOT, RULE_OFF };

/* False for comments, empty lines and what mount(8) would not take either. */
static bool line_parse(const char *line, struct fstab_line *parsed)
{
    const char *p = line + strspn(line, " \t");

    parsed->count = 0;
    if (*p == '#')
        return false;
    while (*p != '\0' && parsed->count < 6) {
        size_t length = strcspn(p, " \t");
        memcpy(parsed->fields[parsed->count], p, length);
        parsed->fields[parsed->count++][length] = '\0';
        p += length;
        p += strspn(p, " \t");
    }
    return parsed->count >= 2;
}

static const char *field(const struct fstab_line *line, int index, const char *otherwise)
{
    return index < line->count ? line->fields[index] : otherwise;
}

static bool is_boot_folder(const char *path)
{
    static const char *const folders[] = {"/boot", "/boot/", "/boot/efi", "/boot/efi/", "/efi"};

    return name_is_among(path, NAMES(folders));
}

bool mount_source_is_block(const char *source)
{
    static const char *const patterns[] = {"UUID=*",      "LABEL=*", "PARTUUID=*",
                                           "PARTLABEL=*", "ID=*",    "/dev/*"};

    return name_matches(source, NAMES(patterns));
}

bool mount_type_is_host(const char *type)
{
    static const char *const types[] = {"9p", "virtiofs", "vboxsf", "vmhgfs", "fuse.vmhgfs-fuse"};

    return name_is_among(type, NAMES(types));
}

static enum fstab_rule line_rule(const struct fstab_line *line, const char *root_spec)
{
    const char *spec = line->fields[0];
    const char *type = field(line, 2, "auto");

    if (strcmp(line->fields[1], "/") == 0)
        return RULE_ROOT;
    if (is_boot_folder(line->fields[1]))
        return RULE_BOOT;
    if (mount_type_is_host(type))
        return RULE_OFF;
    if (strcmp(spec, ROOT_DEVICE) == 0)
        return RULE_KEEP;
    /* other subvolumes of a btrfs root */
    if (strcmp(spec, root_spec) == 0 && strcmp(type, "swap") != 0)
        return RULE_SUBVOLUME;
    return mount_source_is_block(spec) ? RULE_OFF : RULE_KEEP;
}

static void add_boot_options(struct text *out, const char *options)
{
    char copy[FSTAB_LINE_BYTES];
    char *rest = NULL;

    snprintf(copy, sizeof(copy), "%s", options);
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        if (!name_is_among(word, NAMES(boot_options_dropped)))
            text_add(out, "%s,", word);
    }
    text_add(out, "%s", boot_options);
}

/* systemd-growfs would first ask the header on the disk, which is the host's, how to resize the
 * mapping. coldseal-grow-root.service has no need of it. */
static void add_root_options(struct text *out, const char *options)
{
    static const char growfs[] = "x-systemd.growfs";
    char copy[FSTAB_LINE_BYTES];
    char *rest = NULL;
    const char *separator = "";

    snprintf(copy, sizeof(copy), "%s", options);
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        if (strcmp(word, growfs) == 0)
            continue;
        text_add(out, "%s%s", separator, word);
        separator = ",";
    }
    if (separator[0] == '\0')
        text_add(out, "defaults");
}

static void add_boot_line(struct text *out, const struct fstab_line *line)
{
    text_add(out, "%s %s %s ", line->fields[0], line->fields[1], field(line, 2, "auto"));
    add_boot_options(out, field(line, 3, ""));
    text_add(out, " 0 0\n");
}

static void add_root_line(struct text *out, const struct fstab_line *line)
{
    text_add(out, "%s %s %s ", ROOT_DEVICE, line->fields[1], field(line, 2, "auto"));
    add_root_options(out, field(line, 3, "defaults"));
    text_add(out, " %s %s\n", field(line, 4, "0"), field(line, 5, "1"));
}

static bool add_off_line(struct text *out, const char *text, const struct fstab_line *line,
                         struct lines *warnings, struct error *err)
{
    text_add(out, OFF_PREFIX "%s\n", text);
    return lines_add(warnings, err,
                     "fstab: %s on %s is not mounted any more: it is not in the "
                     "encrypted root",
                     line->fields[0], line->fields[1]);
}

static bool add_line(struct text *out, const char *text, const struct fstab_line *line,
                     const char *root_spec, struct lines *warnings, struct error *err)
{
    switch (line_rule(line, root_spec)) {
    case RULE_ROOT:
    case RULE_SUBVOLUME:
        add_root_line(out, line);
        return true;
    case RULE_BOOT:
        add_boot_line(out, line);
        return true;
    case RULE_OFF:
        return add_off_line(out, text, line, warnings, err);
    case RULE_KEEP:
        break;
    }
    text_add(out, "%s\n", text);
    return true;
}

/* What the whole table says, found before any line is rewritten. */
struct fstab_facts {
    char root_spec[FSTAB_LINE_BYTES];
    bool has_boot;
};

/* Calls for each line of `text`, without its newline. */
static bool next_line(const char **text, char line[FSTAB_LINE_BYTES], struct error *err)
{
    size_t length = strcspn(*text, "\n");

    if (length >= FSTAB_LINE_BYTES)
        return error_set(err, COLDSEAL_BAD_IMAGE, "a line of %zu bytes", length);
    memcpy(line, *text, length);
    line[length] = '\0';
    *text += length + ((*text)[length] == '\n' ? 1 : 0);
    return true;
}

static bool read_facts(const char *text, struct fstab_facts *facts, struct error *err)
{
    char line[FSTAB_LINE_BYTES];
    struct fstab_line parsed;

    *facts = (struct fstab_facts){0};
    while (*text != '\0') {
        if (!next_line(&text, line, err))
            return false;
        if (!line_parse(line, &parsed))
            continue;
        if (strcmp(parsed.fields[1], "/") == 0)
            memcpy(facts->root_spec, parsed.fields[0], sizeof(facts->root_spec));
        if (strcmp(parsed.fields[1], "/boot") == 0)
            facts->has_boot = true;
    }
    return true;
}

char *fstab_harden(const char *text, const char *boot_uuid, struct lines *warnings,
                   struct error *err)
{
    OWNED_TEXT out = {0};
    char line[FSTAB_LINE_BYTES];
    struct fstab_line parsed;
    struct fstab_facts facts;

    if (!read_facts(text, &facts, err))
        return NULL;
    if (facts.root_spec[0] == '\0')
        text_add(&out, "%s / auto defaults 0 1\n", ROOT_DEVICE);
    while (*text != '\0') {
        if (!next_line(&text, line, err))
            return NULL;
        if (!line_parse(line, &parsed))
            text_add(&out, "%s\n", line);
        else if (!add_line(&out, line, &parsed, facts.root_spec, warnings, err))
            return NULL;
    }
    if (!facts.has_boot)
        text_add(&out, "UUID=%s /boot ext4 %s 0 0\n", boot_uuid, boot_options);
    return text_take(&out, err);
}

char *crypttab_harden(const char *text, struct lines *warnings, struct error *err)
{
    OWNED_TEXT out = {0};
    char line[FSTAB_LINE_BYTES];
    struct fstab_line parsed;

    while (*text != '\0') {
        if (!next_line(&text, line, err))
            return NULL;
        bool active = line_parse(line, &parsed);
        text_add(&out, "%s%s\n", active ? OFF_PREFIX : "", line);
        if (active && !lines_add(warnings, err,
                                 "crypttab: %s is not opened any more: %s is not "
                                 "in the encrypted root",
                                 parsed.fields[0], parsed.fields[1]))
            return NULL;
    }
    return text_take(&out, err);
}
