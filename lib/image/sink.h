/* SPDX-License-Identifier: Apache-2.0 */
/* The file behind a new image. What is large and lies on blocks goes past the page cache, which
 * would only copy it and give it to the disk later; where the file system cannot do that, the rest
 * of the way is as for any other file. */
#ifndef IMAGE_SINK_H
#define IMAGE_SINK_H

#include "core/own.h"
#include "image/ranges.h"

struct sink;

/* SINK_TO_DISK: what is written should be on the disk soon. SINK_TO_CACHE: somebody reads it next,
 * and nobody waits for the disk. */
enum sink_aim { SINK_TO_DISK, SINK_TO_CACHE };

/* `fd` is borrowed, open for writing, and must outlive the sink. */
struct sink *sink_new(int fd, enum sink_aim aim, struct error *err);
void sink_free(struct sink *sink);
DEFINE_OWNED(sink);
int sink_fd(const struct sink *sink);
/* Room for the long ones of `ranges`, where the file system can: writers into reserved blocks do
 * not wait for each other, and a full disk shows before the work. COLDSEAL_IO. */
bool sink_reserve(const struct sink *sink, const struct ranges *ranges, struct error *err);
/* From any thread. COLDSEAL_IO. */
bool sink_write(struct sink *sink, const void *buffer, size_t size, uint64_t offset,
                struct error *err);

#endif
