/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on an image that QEMU and its tools see and keep. */
#ifndef IMAGE_LOCK_H
#define IMAGE_LOCK_H

#include "core/error.h"

/* Both last until the open file of `fd` is closed. COLDSEAL_IO when somebody holds the image. A
 * file system without locks lets an image be read, not written in place. */
bool image_lock_reading(int fd, struct error *err);
bool image_lock_writing(int fd, struct error *err);

#endif
