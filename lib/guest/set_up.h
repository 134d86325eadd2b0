/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's part, in order, on its mounted file systems. */
#ifndef GUEST_SET_UP_H
#define GUEST_SET_UP_H

#include "guest/guest.h"
#include "guest/guest_root.h"

/* Of the file systems, what no file in them says. */
struct guest_place {
    char boot_uuid[64];
    char root_type[32]; /* "ext4" */
};

/* Shares of the work, as measured without KVM. */
enum set_up_step {
    SET_UP_LAUNCHED = 15,
    SET_UP_INSPECTED = 25,
    SET_UP_INSTALLED = 30,
    SET_UP_BUILT = 95,
    SET_UP_ALL = 100
};

void set_up_progress(struct coldseal_progress progress, enum set_up_step done);

struct guest_os;

/* Refuses before anything is changed, but for local packages, which may bring what is missing:
 * COLDSEAL_UNSUPPORTED with the reason and the remedy. */
bool set_up_check(struct guest_root *guest, const struct guest_place *place,
                  const struct coldseal_guest_options *options, struct guest_os *os,
                  struct guest_result *result, struct error *err);
/* The work, on a guest that was checked. Ends with the stamp (guest/stamp.h). */
bool set_up_apply(struct guest_root *guest, const struct guest_os *os,
                  const struct coldseal_guest_options *options, struct coldseal_progress progress,
                  struct guest_result *result, struct error *err);
/* Both. */
bool set_up(struct guest_root *guest, const struct guest_place *place,
            const struct coldseal_guest_options *options, struct coldseal_progress progress,
            struct guest_result *result, struct error *err);

#endif
