/* SPDX-License-Identifier: Apache-2.0 */
/* loader/{i386/linux,i386/efi/linux,efi/linux,efi/chainloader,linux}.c, lib/cmdline.c and
 * commands/boot.c of GRUB 2.06 and 2.12. That a kernel's signature is good is taken for granted;
 * whoever uses the trace checks it. */
#include <string.h>

#include "boot/grub_commands.h"

/* grub_create_loader_cmdline() */
static char *append_argument(char *out, const char *argument)
{
    bool quoted = strchr(argument, ' ') != NULL;

    if (quoted)
        *out++ = '"';
    for (; *argument != '\0'; argument++) {
        if (strchr("\\'\"", *argument) != NULL)
            *out++ = '\\';
        *out++ = *argument;
    }
    if (quoted)
        *out++ = '"';
    return out;
}

static void measure_cmdline(struct grub_run *run, const struct grub_argv *argv)
{
    size_t room = 1;

    for (size_t i = 1; i < argv->count; i++)
        room += 2 * strlen(argv->words[i]) + 3;
    char *text = grub_run_take(run, room);
    if (text == NULL)
        return;
    char *out = text;
    for (size_t i = 1; i < argv->count; i++) {
        out = append_argument(out, argv->words[i]);
        *out++ = i + 1 < argv->count ? ' ' : '\0';
    }
    grub_run_measure(run, GRUB_STEP_KERNEL_CMDLINE, text);
}

static enum grub_error load_kernel(struct grub_run *run, const struct grub_argv *argv,
                                   unsigned verifications)
{
    struct grub_file file;

    run->loaded = false;
    if (argv->count < 2)
        return GRUB_BAD_ARGUMENT;
    enum grub_error result = grub_open(run, argv->words[1], true, &file);
    if (result != GRUB_OK)
        return result;
    for (unsigned i = 0; i < verifications && !file.on_memdisk; i++)
        grub_run_step(run, GRUB_STEP_KERNEL, argv->words[1], file.volume, file.path);
    measure_cmdline(run, argv);
    run->loaded = true;
    return GRUB_OK;
}

/* kern/efi/sb.c: with Secure Boot, shim's verifier is asked when the file is opened. */
static unsigned verifications_on_open(const struct grub_run *run)
{
    return run->start->secure_boot && run->build->verifies_on_open;
}

enum grub_error grub_cmd_linuxefi(struct grub_run *run, const struct grub_argv *argv)
{
    unsigned own = run->start->secure_boot && run->build->linuxefi_verifies;

    return load_kernel(run, argv, verifications_on_open(run) + own);
}

enum grub_error grub_cmd_linux(struct grub_run *run, const struct grub_argv *argv)
{
    bool hands_over =
        run->build->linuxefi == GRUB_LINUXEFI_ALWAYS ||
        (run->build->linuxefi == GRUB_LINUXEFI_SECURE_BOOT && run->start->secure_boot);

    if (hands_over && grub_module_is_loaded(run, "linuxefi"))
        return grub_cmd_linuxefi(run, argv);
    return load_kernel(run, argv, verifications_on_open(run));
}

/* grub_initrd_init(): "newc:NAME:FILE" makes a file of that name in the initrd. */
static const char *initrd_name(const char *word)
{
    const char *colon = strncmp(word, "newc:", 5) == 0 ? strchr(word + 5, ':') : NULL;

    return colon == NULL ? word : colon + 1;
}

enum grub_error grub_cmd_initrd(struct grub_run *run, const struct grub_argv *argv)
{
    struct grub_file file;

    if (argv->count < 2 || !run->loaded)
        return GRUB_BAD_ARGUMENT;
    for (size_t i = 1; i < argv->count; i++) {
        const char *name = initrd_name(argv->words[i]);
        enum grub_error result = grub_open(run, name, true, &file);
        if (result != GRUB_OK)
            return result;
        if (!file.on_memdisk)
            grub_run_step(run, GRUB_STEP_INITRD, argv->words[i], file.volume, file.path);
    }
    return GRUB_OK;
}

enum grub_error grub_cmd_chainloader(struct grub_run *run, const struct grub_argv *argv)
{
    struct grub_file file;

    run->loaded = false;
    if (argv->count < 2)
        return GRUB_BAD_ARGUMENT;
    enum grub_error result = grub_open(run, argv->words[1], true, &file);
    if (result != GRUB_OK)
        return result;
    if (!file.on_memdisk)
        grub_run_step(run, GRUB_STEP_CHAINLOAD, argv->words[1], file.volume, file.path);
    run->loaded = true;
    return GRUB_OK;
}

void grub_boot(struct grub_run *run)
{
    grub_run_step(run, GRUB_STEP_BOOT, "boot", 0, NULL);
    run->trace->boots = true;
    run->ended = true;
}

enum grub_error grub_cmd_boot(struct grub_run *run, const struct grub_argv *argv)
{
    (void)argv;
    if (!run->loaded)
        return GRUB_NO_KERNEL;
    grub_boot(run);
    return GRUB_OK;
}
