/* SPDX-License-Identifier: Apache-2.0 */
/* An output file that is complete or absent: written without a name where the file system can
 * (O_TMPFILE) or under a temporary one, then synced and renamed, and the folder synced. */
#ifndef CORE_OUTFILE_H
#define CORE_OUTFILE_H

#include <sys/types.h>

#include "core/error.h"
#include "core/own.h"

struct outfile;

/* What outfile_open() would refuse at once, for a look before long work. */
bool outfile_check(const char *path, bool replace, struct error *err);

/* Refuses an existing `path` unless `replace` (then only a regular file is replaced, at commit).
 * COLDSEAL_IO otherwise. */
struct outfile *outfile_open(const char *path, mode_t mode, bool replace, struct error *err);
/* Standard output: put together in a temporary file and written out by outfile_commit(), so that
 * nothing came out where something fails before. COLDSEAL_USAGE for a terminal. */
struct outfile *outfile_open_stdout(struct error *err);
bool outfile_check_stdout(struct error *err);
/* Read and write; borrowed. */
int outfile_fd(const struct outfile *out);
/* Sync, give it its name, sync the folder. After this only outfile_free may be called. With
 * OUTFILE_UNSYNCED the kernel writes it out when it likes: complete for every program, but not
 * after a crash of the machine. */
enum outfile_sync { OUTFILE_SYNCED, OUTFILE_UNSYNCED };
bool outfile_commit(struct outfile *out, enum outfile_sync sync, struct error *err);
/* Without a commit before, nothing is left. */
void outfile_free(struct outfile *out);
DEFINE_OWNED(outfile);

/* Writes a small file in one go with the same guarantee. "-" is standard output. */
bool outfile_write(const char *path, const void *data, size_t size, mode_t mode, bool replace,
                   struct error *err);

#endif
