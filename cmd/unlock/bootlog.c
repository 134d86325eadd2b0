/* SPDX-License-Identifier: Apache-2.0 */
#include "bootlog.h"

#include <sys/mount.h>

#include "measure/eventlog.h"

#define SECURITYFS "/sys/kernel/security"

static void mount_securityfs(void)
{
    /* What went wrong, if anything, shows when the log is read. */
    if (access(BOOTLOG_PATH, R_OK) != 0)
        mount("securityfs", SECURITYFS, "securityfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

char *bootlog_text(const char *path, struct error *err)
{
    if (path == NULL)
        mount_securityfs();
    OWNED(bytes) bytes =
        bytes_read_file(path != NULL ? path : BOOTLOG_PATH, EVENTLOG_LIMIT_BYTES, err);
    if (bytes == NULL)
        return NULL;
    OWNED(eventlog) log = eventlog_parse(bytes, err);

    return log == NULL ? NULL : digestlog_encode(log, err);
}
