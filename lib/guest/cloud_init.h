/* SPDX-License-Identifier: Apache-2.0 */
/* cloud-init, under --host-config deny, takes nothing from the host.
 *
 * DataSourceNoCloud cannot be closed by configuration: it reads the SMBIOS serial number, whatever
 * its settings are, and fetches user data from where that says, a fw_cfg file included (cloud-init,
 * DataSourceNoCloud.py, _get_data). So the only data source is None, and a seed is written into
 * None's own settings, in a file of cloud.cfg.d inside the encrypted root. */
#ifndef GUEST_CLOUD_INIT_H
#define GUEST_CLOUD_INIT_H

#include "guest/guest_root.h"

/* A file of cloud.cfg.d that gives the None data source these user data and metadata. `meta_data`
 * is YAML without document markers, or empty. COLDSEAL_USAGE for what such a file cannot carry.
 * Freed with free(3). */
char *cloud_init_none_config(const char *user_data, const char *meta_data, struct error *err);
/* The same for network configuration, with or without its outer `network:` key. */
char *cloud_init_network_config(const char *network_config, struct error *err);

/* Bakes the folder `seed` in: as above under COLDSEAL_HOST_CONFIG_DENY, else as a NoCloud seed. */
bool cloud_init_bake(struct guest_root *guest, const char *seed,
                     enum coldseal_host_config host_config, struct lines *changes,
                     struct error *err);
/* Of settings that come after ours in the folder's order. */
bool cloud_init_warn(struct guest_root *guest, struct lines *warnings, struct error *err);

#endif
