/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that a server of the network block device protocol exports. */
#ifndef IMAGE_NBD_H
#define IMAGE_NBD_H

#include "image/disk.h"

/* "nbd:", "nbd+unix:" and those of their kind that nbd_open() refuses, as the NBD URI specification
 * names them. */
bool nbd_is_uri(const char *name);

/* nbd://HOST[:PORT]/[EXPORT] or nbd+unix:///[EXPORT]?socket=PATH, without TLS. To be written, the
 * export has to be writable and the server able to flush. Nothing locks it: the server is to be the
 * only one who has the image open. COLDSEAL_IO, COLDSEAL_UNSUPPORTED; the latter always in a build
 * without libnbd. */
struct disk *nbd_open(const char *uri, bool writable, struct error *err);

#endif
