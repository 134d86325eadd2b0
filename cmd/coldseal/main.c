/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

/* From this size on memory comes from the kernel, zeroed and untouched, and goes back to it.
 * Without a fixed threshold the C library raises its own, and then clears 16 MiB for each LUKS2
 * header. */
#define MMAP_THRESHOLD_BYTES (1 << 20)

const struct command commands[] = {
    {"inspect", "IMAGE", "Show what is in an image, and what is wrong with it", inspect_run},
    {"prepare", "IN OUT", "Put the unlock and the hardening into an image's guest", prepare_run},
    {"encrypt", "IN OUT", "Prepare, split and encrypt an image; a pool key protects it",
     encrypt_run},
    {"decrypt", "IN OUT", "Turn an encrypted image back into a plain one", decrypt_run},
    {"firmware import", "[SOURCE …] -o FILE",
     "Put a target's firmware state into a document, from what there is of it",
     firmware_import_run},
    {"target read", "-o TARGET", "Read a TPM's storage key and what vouches for it",
     target_read_run},
    {"predict", "IMAGE", "Compute the PCRs that an image will produce, event by event",
     predict_run},
    {"seal", "IMAGE (-o OUT | --in-place)", "Make the disk that one VM, and no other, opens",
     seal_run},
    {"verify", "IMAGE", "Check everything that a sealed image promises", verify_run},
    {"reseal", "IMAGE (-o OUT | --in-place)", "Seal again: another TPM, another policy",
     reseal_run},
    {"recovery add", "IMAGE (-o OUT | --in-place)", "Add a recovery key", recovery_run},
    {"recovery rotate", "IMAGE (-o OUT | --in-place)",
     "Put a new recovery key in the old one's place", recovery_run},
    {"recovery test", "IMAGE --key-file FILE", "Does a recovery key open the image?", recovery_run},
    {"recovery remove", "IMAGE (-o OUT | --in-place)", "Remove recovery keys", recovery_run},
    {"rekey", "IN (OUT | --in-place)", "Encrypt an image's data anew under a new volume key",
     rekey_run},
    {"explain", "IMAGE LOG", "Say why a machine did not unlock", explain_run},
    {"unseal", "IMAGE --key-out FILE", "Ask a TPM for an image's key, as the guest would",
     unseal_run},
};
const size_t command_count = COUNT_OF(commands);

static int print_usage(FILE *out, int code)
{
    fputs("Usage: coldseal COMMAND [OPTIONS] …\n"
          "Encrypt cloud disk images before their first boot, for one virtual machine.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  %-15s  %s\n", commands[i].name, commands[i].summary);
    fputs("\ncoldseal COMMAND --help tells a command's options; man coldseal tells the rest.\n",
          out);
    return code;
}

/* How many words of argv name the command; 0: they do not. */
static int words_matching(const struct command *command, int argc, char **argv)
{
    const char *space = strchr(command->name, ' ');

    if (space == NULL)
        return strcmp(argv[1], command->name) == 0 ? 1 : 0;
    size_t first = (size_t)(space - command->name);
    bool same = strlen(argv[1]) == first && strncmp(argv[1], command->name, first) == 0;
    return same && argc > 2 && strcmp(argv[2], space + 1) == 0 ? 2 : 0;
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < command_count; i++) {
        int words = words_matching(&commands[i], argc, argv);
        if (words > 0)
            return commands[i].run(&commands[i], argc - words, argv + words);
    }
    fprintf(stderr, "coldseal: there is no command \"%s\" (see coldseal --help)\n", argv[1]);
    return COLDSEAL_USAGE;
}

int main(int argc, char **argv)
{
    coldseal_harden_process();
    mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
    /* A reader that went away is a failed write like any other. */
    signal(SIGPIPE, SIG_IGN);
    setlocale(LC_ALL, "C.UTF-8");
    if (argc < 2)
        return print_usage(stderr, COLDSEAL_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_usage(stdout, COLDSEAL_OK);
    if (strcmp(argv[1], "--version") == 0) {
        printf("coldseal %s\n", coldseal_version());
        return COLDSEAL_OK;
    }
    return run_command(argc, argv);
}
