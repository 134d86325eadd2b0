/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_THREADS_H
#define CORE_THREADS_H

/* Worker threads where nobody asks for a number: two for each processor that this process may use,
 * since about half of them wait for the disk; 16 at most, so that their memory stays small. */
unsigned threads_default(void);

#endif
