/* SPDX-License-Identifier: Apache-2.0 */
/* A header in memory as libcryptsetup sees it. Private to lib/crypt. */
#ifndef CRYPT_LUKS2_DEVICE_H
#define CRYPT_LUKS2_DEVICE_H

#include <libcryptsetup.h>

#include "core/error.h"
#include "core/own.h"

#define LUKS2_LOG_BYTES 256

/* What libcryptsetup logs is kept and becomes part of the error; nothing is printed. */
struct luks2_device {
    struct crypt_device *cd;
    char log[LUKS2_LOG_BYTES]; /* the last error message */
};

/* Over the file behind `fd`, which is borrowed and stays open. COLDSEAL_KEY. */
struct luks2_device *luks2_device_new(int fd, struct error *err);
void luks2_device_free(struct luks2_device *device);
DEFINE_OWNED(luks2_device);

/* Always false: COLDSEAL_KEY, `what`, and why as the log or the code says it. */
bool luks2_device_failed(const struct luks2_device *device, int code, const char *what,
                         struct error *err);

#endif
