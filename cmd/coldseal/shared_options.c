/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_options.h"

#include <stdlib.h>
#include <string.h>

bool guest_arguments_take(const struct command *self, const struct guest_arguments *arguments,
                          struct parsed *parsed, struct coldseal_guest_options *options)
{
    const char *host_config = arguments->host_config ? arguments->host_config : "deny";

    *options = (struct coldseal_guest_options){
        .console_login = arguments->console_login,
        .cloud_init_seed = arguments->cloud_init_seed,
        .debs = arguments->debs.items,
        .deb_count = arguments->debs.count,
        .kernel_args = arguments->kernel_args.items,
        .kernel_arg_count = arguments->kernel_args.count,
        .root_partition = arguments->root_partition,
        /* as the manual says under ENVIRONMENT: for a program that is not installed */
        .data_dir = getenv("COLDSEAL_DATA_DIR"),
        .unlock_program = getenv("COLDSEAL_UNLOCK"),
    };
    if (strcmp(host_config, "keep") == 0)
        options->host_config = COLDSEAL_HOST_CONFIG_KEEP;
    else if (strcmp(host_config, "deny") != 0) {
        parsed->exit_code =
            command_usage(self, parsed, "--host-config is deny or keep, not \"%s\"", host_config);
        return false;
    }
    return true;
}

const char *policy_options_wrong(const struct coldseal_policy_options *policy)
{
    if ((policy->target == NULL) == (policy->parent == NULL))
        return "give one of --target and --parent";
    if (policy->parent != NULL && policy->parent_kind == NULL)
        return "--parent needs --parent-kind";
    return policy->pcr_values == NULL ? "--pcr-values is needed" : NULL;
}
