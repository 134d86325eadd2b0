/* SPDX-License-Identifier: Apache-2.0 */
/* The image that a command makes another of, wherever it comes from: a file, a device, an NBD
 * server, or, as "-", standard input. */
#ifndef PIPELINE_INPUT_H
#define PIPELINE_INPUT_H

#include "image/disk.h"

struct input;

/* Standard input that is a file or a device, from its beginning, is read where it is; anything
 * else is first read to its end, into a temporary file. COLDSEAL_USAGE for a terminal. */
struct input *input_open(const char *name, struct error *err);
/* As it was given. */
const char *input_name(const struct input *input);
/* As image_open() takes it; borrowed. The name, but for standard input. */
const char *input_path(const struct input *input);
/* The path of a file that another program can open; borrowed. Of a server's export one is made,
 * from `disk`, which is the input, opened. */
const char *input_file(struct input *input, struct disk *disk, struct error *err);
/* Whether it is a file, which has a digest of its own. */
bool input_is_file(const struct input *input);
void input_free(struct input *input);
DEFINE_OWNED(input);

#endif
