/* SPDX-License-Identifier: Apache-2.0 */
/* The files of templates/, as installed. */
#ifndef GUEST_TEMPLATE_H
#define GUEST_TEMPLATE_H

#include "coldseal.h"
#include "core/bytes.h"

/* Path of a template, or of coldseal-unlock; freed with free(3). */
char *template_path(const struct coldseal_guest_options *options, const char *name,
                    struct error *err);
char *unlock_program_path(const struct coldseal_guest_options *options, struct error *err);
/* Its text, freed with free(3). COLDSEAL_IO when it is not there: the installation is broken. */
char *template_read(const struct coldseal_guest_options *options, const char *name,
                    struct error *err);

/* Every file of this machine that the work will need is there: an appliance takes a minute to find
 * out. COLDSEAL_IO. */
bool template_check_inputs(const struct coldseal_guest_options *options, struct error *err);

#endif
