/* SPDX-License-Identifier: Apache-2.0 */
#include "core/temporary.h"

#include <fcntl.h>
#include <stdio.h>

#include "core/own.h"

#define DEFAULT_FOLDER "/var/tmp"

const char *temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");

    return folder == NULL || *folder == '\0' ? DEFAULT_FOLDER : folder;
}

/* Where the file system has no O_TMPFILE. */
static int named_and_removed(const char *folder)
{
    OWNED_PTR(char) path = NULL;

    if (asprintf(&path, "%s/coldseal-XXXXXX", folder) < 0) {
        path = NULL;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

int temporary_file(struct error *err)
{
    const char *folder = temporary_folder();
    int fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

    if (fd < 0)
        fd = named_and_removed(folder);
    if (fd < 0)
        error_errno(err, COLDSEAL_IO, "create a temporary file in %s", folder);
    return fd;
}
