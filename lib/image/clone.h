/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_CLONE_H
#define IMAGE_CLONE_H

#include "core/error.h"

/* Makes the empty file `to_fd` equal to the file or block device `from_fd`: sharing blocks where
 * the file system can (FICLONE), otherwise copying what is not a hole. COLDSEAL_IO. */
bool image_clone(int from_fd, int to_fd, struct error *err);

#endif
