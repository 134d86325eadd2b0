/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNLOCK_POWEROFF_H
#define UNLOCK_POWEROFF_H

/* Ends this machine; never returns, whatever the kernel answers. */
_Noreturn void poweroff(void);

#endif
