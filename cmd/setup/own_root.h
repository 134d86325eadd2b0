/* SPDX-License-Identifier: Apache-2.0 */
/* The system that this program runs in, as the guest. */
#ifndef OWN_ROOT_H
#define OWN_ROOT_H

#include "guest/guest_root.h"

extern const struct guest_root_ops own_root_ops;

#endif
