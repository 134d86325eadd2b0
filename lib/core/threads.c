/* SPDX-License-Identifier: Apache-2.0 */
#include "core/threads.h"

#include <sched.h>

#define DEFAULT_MAX_THREADS 16u
#define THREADS_PER_PROCESSOR 2u

/* In a container a process may use fewer processors than there are. */
unsigned threads_default(void)
{
    cpu_set_t set;
    unsigned processors =
        sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    unsigned count = processors * THREADS_PER_PROCESSOR;

    return count < DEFAULT_MAX_THREADS ? count : DEFAULT_MAX_THREADS;
}
