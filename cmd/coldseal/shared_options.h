/* SPDX-License-Identifier: Apache-2.0 */
/* Options that several commands have, as rows of their tables. */
#ifndef COLDSEAL_SHARED_OPTIONS_H
#define COLDSEAL_SHARED_OPTIONS_H

#include "command.h"

/* The guest's part: prepare and encrypt. */
struct guest_arguments {
    const char *host_config;
    const char *cloud_init_seed;
    struct string_list debs;
    struct string_list kernel_args;
    uint32_t root_partition;
    const char *unlock;
    const char *appliance;
    bool install;
    bool console_login;
    bool console_recovery;
};

/* clang-format off */
#define GUEST_OPTIONS(a)                                                                           \
    {"host-config", 0, OPTION_STRING, "deny|keep",                                                 \
     "what the host may configure in the guest [deny]", &(a).host_config},                         \
    {"cloud-init-seed", 0, OPTION_STRING, "DIR",                                                   \
     "bake a NoCloud seed into the encrypted root", &(a).cloud_init_seed},                         \
    {"console-login", 0, OPTION_FLAG, NULL,                                                        \
     "keep login prompts on the consoles", &(a).console_login},                                    \
    {"console-recovery", 0, OPTION_FLAG, NULL,                                                     \
     "let a recovery key be typed on the console, where the host sees it", &(a).console_recovery}, \
    {"unlock", 0, OPTION_STRING, "coldseal|stock",                                                 \
     "what unlocks in the guest [coldseal]", &(a).unlock},                                         \
    {"appliance", 0, OPTION_STRING, "auto|yes|no",                                                 \
     "whether a virtual machine does it [auto]", &(a).appliance},                                  \
    {"deb", 0, OPTION_LIST, "FILE",                                                                \
     "install a local package in the guest", &(a).debs},                                           \
    {"install", 0, OPTION_FLAG, NULL,                                                              \
     "let the guest fetch packages that it lacks, over the network", &(a).install},                \
    {"kernel-arg", 0, OPTION_LIST, "ARG",                                                          \
     "add to the kernel's command line", &(a).kernel_args},                                        \
    {"root-partition", 0, OPTION_NUMBER, "N", "which partition is root", &(a).root_partition}

#define BACKING_OPTION(o)                                                                          \
    {"backing", 0, OPTION_STRING, "FILE", "what a qcow2 with a backing file is over",              \
     &(o).backing}

#define STATEMENT_OPTION(o)                                                                        \
    {"statement", 0, OPTION_FLAG, NULL, "print an in-toto statement", &(o).statement}

#define OUTPUT_OPTIONS(o)                                                                          \
    {"force", 'f', OPTION_FLAG, NULL, "replace an existing output file", &(o).force},              \
    {"threads", 0, OPTION_NUMBER, "N", "worker threads [two for each processor]", &(o).threads},   \
    {"no-sync", 0, OPTION_FLAG, NULL, "do not wait until the image is on the disk", &(o).no_sync}, \
    STATEMENT_OPTION(o)

#define MORE_STATES_OPTIONS(m)                                                                     \
    {"other-kernels", 0, OPTION_FLAG, NULL,                                                        \
     "also as if another kernel in /boot were the one to boot", &(m).other_kernels},               \
    {"latest-sbat-level", 0, OPTION_FLAG, NULL,                                                    \
     "also as once shim has raised SbatLevel to its latest", &(m).latest_sbat_level}

#define POLICY_OPTIONS(p, states)                                                                          \
    {"target", 0, OPTION_STRING, "TARGET", "target document", &(p).target},                        \
    {"parent", 0, OPTION_STRING, "KEY", "bare public key of the storage key", &(p).parent},        \
    {"parent-kind", 0, OPTION_STRING, "srk", "what the bare key is", &(p).parent_kind},            \
    {"firmware", 0, OPTION_LIST, "FILE",                                                           \
     "the target's firmware state, or its name (repeatable)", &(states)},                          \
    MORE_STATES_OPTIONS((p).more),                                                                 \
    {"pcr-values", 0, OPTION_STRING, "FILE",                                                       \
     "JSON, event log or console text of a boot", &(p).pcr_values},                                \
    {"pcrs", 0, OPTION_STRING, "LIST", "PCRs of the policy [4,7,8,9,14,15]", &(p).pcrs},       \
    {"allow-weak-policy", 0, OPTION_FLAG, NULL, "also one that leaves out what decides the boot",  \
     &(p).allow_weak_policy}

#define SHAPE_OPTIONS(o)                                                                           \
    {"format", 0, OPTION_STRING, "raw|qcow2", "format of the output [by its suffix]",              \
     &(o).format},                                                                                 \
    {"disk-size", 0, OPTION_SIZE, "SIZE", "size of the output's disk [as needed]",                 \
     &(o).disk_size_bytes},                                                                        \
    {"align", 0, OPTION_SIZE, "SIZE", "round the disk's size up to a multiple [1M]",               \
     &(o).align_bytes}

#define ESCROW_OPTIONS(certificates)                                                               \
    {"recipient", 0, OPTION_LIST, "CERT",                                                          \
     "encrypt new keys to this certificate, as CMS (repeatable)", &(certificates)}
/* clang-format on */

/* OUTPUT_OPTIONS or STATEMENT_OPTION: what is to be printed. Before command_stdout_is_for(). */
void output_options_take(struct parsed *parsed, struct coldseal_output_options *output);
/* IN and OUT, either of which may be "-". False: the message is printed and parsed->exit_code set.
 */
bool image_arguments_take(const struct command *self, struct parsed *parsed, const char **in,
                          const char **out);
/* What is missing or too much in a policy, as a message; NULL: nothing. */
const char *policy_options_wrong(const struct coldseal_policy_options *policy);
/* The certificates of ESCROW_OPTIONS, for a key that goes to one of two files, which may be NULL.
 * False: there is none; the message is printed and parsed->exit_code set. */
bool escrow_options_take(const struct command *self, const struct string_list *certificates,
                         const char *key_out, const char *recovery_key_out, struct parsed *parsed,
                         struct coldseal_escrow_options *escrow);
/* The firmware states of POLICY_OPTIONS. */
void policy_options_take(const struct string_list *states, struct coldseal_policy_options *policy);

/* False: a value that is none; the message is printed and parsed->exit_code set. */
bool guest_arguments_take(const struct command *self, const struct guest_arguments *arguments,
                          struct parsed *parsed, struct coldseal_guest_options *options);

#endif
