/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/template.h"

#include <stdio.h>
#include <string.h>

#define TEMPLATE_LIMIT ((size_t)256 << 10)

char *template_path(const struct coldseal_guest_options *options, const char *name,
                    struct error *err)
{
    const char *folder = options->data_dir == NULL ? COLDSEAL_DATA_DIR : options->data_dir;
    char *path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return error_no_memory(err), NULL;
    return path;
}

char *unlock_program_path(const struct coldseal_guest_options *options, struct error *err)
{
    const char *path = options->unlock_program;
    char *copy = strdup(path == NULL ? COLDSEAL_LIBEXEC_DIR "/coldseal-unlock" : path);

    if (copy == NULL)
        error_no_memory(err);
    return copy;
}

char *template_read(const struct coldseal_guest_options *options, const char *name,
                    struct error *err)
{
    OWNED_PTR(char) path = template_path(options, name, err);

    if (path == NULL)
        return NULL;
    OWNED(bytes) bytes = bytes_read_file(path, TEMPLATE_LIMIT, err);
    if (bytes == NULL)
        return error_wrap(err, "template"), NULL;
    char *text = strndup((const char *)bytes->data, bytes->size);
    if (text == NULL)
        error_no_memory(err);
    return text;
}

static bool readable(const char *path, const char *what, struct error *err)
{
    return access(path, R_OK) == 0 || error_errno(err, COLDSEAL_IO, "%s %s", what, path);
}

bool template_check_inputs(const struct coldseal_guest_options *options, struct error *err)
{
    OWNED_PTR(char) program = unlock_program_path(options, err);
    OWNED_PTR(char) grub_cfg = template_path(options, "grub.cfg.in", err);

    if (program == NULL || grub_cfg == NULL || !readable(program, "the guest's program", err) ||
        !readable(grub_cfg, "template", err))
        return false;
    if (options->cloud_init_seed != NULL &&
        !readable(options->cloud_init_seed, "cloud-init seed", err))
        return false;
    for (size_t i = 0; i < options->deb_count; i++) {
        if (!readable(options->debs[i], "package", err))
            return false;
    }
    return true;
}
