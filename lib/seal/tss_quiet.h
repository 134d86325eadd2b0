/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEAL_TSS_QUIET_H
#define SEAL_TSS_QUIET_H

/* tpm2-tss writes its own lines to standard error, and has no call that stops it: each of its
 * libraries looks at TSS2_LOG when it has something to say for the first time. Unless somebody set
 * that variable, it is set to "all+none" for this process and stays so. Call it before any other
 * function of tpm2-tss. */
void tss_quiet(void);

#endif
