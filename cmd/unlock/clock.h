/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNLOCK_CLOCK_H
#define UNLOCK_CLOCK_H

#include <stdint.h>

/* Since an unspecified moment; never goes back. */
uint64_t clock_milliseconds(void);
void clock_sleep_milliseconds(unsigned milliseconds);

#endif
