/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/luks2_device.h"

#include <stdio.h>
#include <string.h>

static void keep_error(int level, const char *message, void *context)
{
    struct luks2_device *device = context;

    if (level != CRYPT_LOG_ERROR)
        return;
    snprintf(device->log, sizeof(device->log), "%s", message);
    device->log[strcspn(device->log, "\n")] = '\0';
}

/* Without a callback of its own the library writes to stdout and stderr while there is no device.
 */
static void keep_silent(int level, const char *message, void *context)
{
    (void)level;
    (void)message;
    (void)context;
}

struct luks2_device *luks2_device_new(int fd, struct error *err)
{
    char path[40];
    OWNED(luks2_device) device = calloc(1, sizeof(*device));

    if (device == NULL) {
        error_no_memory(err);
        return NULL;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    crypt_set_log_callback(NULL, keep_silent, NULL);
    int code = crypt_init(&device->cd, path);
    if (code < 0) {
        luks2_device_failed(device, code, "open a LUKS2 header in memory", err);
        return NULL;
    }
    crypt_set_log_callback(device->cd, keep_error, device);
    return TAKE(device);
}

void luks2_device_free(struct luks2_device *device)
{
    if (device == NULL)
        return;
    crypt_free(device->cd);
    free(device);
}

bool luks2_device_failed(const struct luks2_device *device, int code, const char *what,
                         struct error *err)
{
    char text[128];

    if (device->log[0] != '\0')
        return error_set(err, COLDSEAL_KEY, "%s: %s", what, device->log);
    return error_set(err, COLDSEAL_KEY, "%s: %s", what, strerror_r(-code, text, sizeof(text)));
}
