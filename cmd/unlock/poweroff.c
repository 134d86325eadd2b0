/* SPDX-License-Identifier: Apache-2.0 */
#include "poweroff.h"

#include <sys/reboot.h>
#include <unistd.h>

_Noreturn void poweroff(void)
{
    reboot((int)RB_POWER_OFF);
    reboot((int)RB_HALT_SYSTEM);
    for (;;)
        pause();
}
