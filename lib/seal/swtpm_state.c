/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a VM that is shut off: an swtpm of our own over a copy of its state. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "core/bytes.h"
#include "seal/tpm.h"

/* What swtpm names the lasting state of a TPM 2.0; the volatile state is of no interest here. */
#define STATE_FILE "tpm2-00.permall"
#define STATE_LIMIT_BYTES ((size_t)4 << 20)
/* A path of a Unix socket has 107 characters, and swtpm's TCTI puts ".ctrl" behind it. */
#define FOLDER_LIMIT_CHARACTERS 64
#define PATH_BYTES (FOLDER_LIMIT_CHARACTERS + 32)
#define START_TRIES 200
#define START_WAIT_NS 25000000L

struct swtpm {
    pid_t pid;                            /* 0: not started */
    char folder[FOLDER_LIMIT_CHARACTERS]; /* "": none */
    char state[PATH_BYTES];
    char socket[PATH_BYTES];
    char control[PATH_BYTES];
};

static void wait_a_little(void)
{
    const struct timespec wait = {.tv_nsec = START_WAIT_NS};

    nanosleep(&wait, NULL);
}

static bool swtpm_has_ended(struct swtpm *swtpm)
{
    int status;

    if (swtpm->pid == 0 || waitpid(swtpm->pid, &status, WNOHANG) == 0)
        return false;
    swtpm->pid = 0;
    return true;
}

static void swtpm_end(struct swtpm *swtpm)
{
    if (swtpm->pid != 0 && !swtpm_has_ended(swtpm)) {
        kill(swtpm->pid, SIGKILL); /* its state is a copy: nothing to be saved */
        while (waitpid(swtpm->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (swtpm->folder[0] == '\0')
        return;
    unlink(swtpm->state);
    unlink(swtpm->socket);
    unlink(swtpm->control);
    char rest[PATH_BYTES];
    static const char *const others[] = {".lock", "tpm2-00.volatilestate", "TMP2-00.permall"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        snprintf(rest, sizeof(rest), "%s/%s", swtpm->folder, others[i]);
        unlink(rest);
    }
    rmdir(swtpm->folder);
}

/* In the folder itself, or in its "tpm2", where libvirt has it. */
static struct bytes *state_read(const char *state_dir, struct error *err)
{
    OWNED_FD folder = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0) {
        error_errno(err, COLDSEAL_IO, "open the swtpm state folder %s", state_dir);
        return NULL;
    }
    OWNED_FD file = openat(folder, STATE_FILE, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0 && errno == ENOENT)
        file = openat(folder, "tpm2/" STATE_FILE, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        error_errno(err, COLDSEAL_IO, "%s: open " STATE_FILE ", the state of an swtpm 2.0",
                    state_dir);
        return NULL;
    }
    struct bytes *state = bytes_read_fd(file, STATE_LIMIT_BYTES, err);
    if (state == NULL)
        error_wrap(err, "%s/" STATE_FILE, state_dir);
    return state;
}

static bool folder_make(struct swtpm *swtpm, struct error *err)
{
    const char *parent = getenv("TMPDIR");

    if (parent == NULL || parent[0] != '/' || strlen(parent) > FOLDER_LIMIT_CHARACTERS - 24)
        parent = "/tmp";
    snprintf(swtpm->folder, sizeof(swtpm->folder), "%s/coldseal-swtpm-XXXXXX", parent);
    if (mkdtemp(swtpm->folder) == NULL) {
        swtpm->folder[0] = '\0';
        return error_errno(err, COLDSEAL_IO, "make a temporary folder in %s", parent);
    }
    snprintf(swtpm->state, sizeof(swtpm->state), "%s/" STATE_FILE, swtpm->folder);
    snprintf(swtpm->socket, sizeof(swtpm->socket), "%s/tpm", swtpm->folder);
    snprintf(swtpm->control, sizeof(swtpm->control), "%s/tpm.ctrl", swtpm->folder);
    return true;
}

static bool state_copy(const char *state_dir, const struct swtpm *swtpm, struct error *err)
{
    OWNED(bytes) state = state_read(state_dir, err);

    if (state == NULL)
        return false;
    OWNED_FD file = open(swtpm->state, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 || write(file, state->data, state->size) != (ssize_t)state->size)
        return error_errno(err, COLDSEAL_IO, "write %s", swtpm->state);
    return true;
}

/* Its words are of no use to our caller: what failed is told by the TPM that does not answer. */
static int spawn_silent(pid_t *pid, char *const argv[])
{
    extern char **environ;
    posix_spawn_file_actions_t actions;
    int status = posix_spawn_file_actions_init(&actions);

    if (status != 0)
        return status;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && status == 0; fd++)
        status = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    if (status == 0)
        status = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

static bool swtpm_spawn(struct swtpm *swtpm, struct error *err)
{
    char state[PATH_BYTES + 16], server[PATH_BYTES + 32], control[PATH_BYTES + 32];
    char *argv[] = {"swtpm",
                    "socket",
                    "--tpm2",
                    "--tpmstate",
                    state,
                    "--server",
                    server,
                    "--ctrl",
                    control,
                    "--flags",
                    "not-need-init,startup-clear",
                    NULL};

    snprintf(state, sizeof(state), "dir=%s", swtpm->folder);
    snprintf(server, sizeof(server), "type=unixio,path=%s", swtpm->socket);
    snprintf(control, sizeof(control), "type=unixio,path=%s", swtpm->control);
    int status = spawn_silent(&swtpm->pid, argv);
    if (status != 0) {
        swtpm->pid = 0;
        errno = status;
        return error_errno(err, COLDSEAL_UNSUPPORTED,
                           "start swtpm, which reads the state of a VM that is shut off (install "
                           "swtpm)");
    }
    return true;
}

static struct tpm *swtpm_connect(struct swtpm *swtpm, struct error *err)
{
    char tcti[PATH_BYTES + 16];

    snprintf(tcti, sizeof(tcti), "swtpm:path=%s", swtpm->socket);
    for (int i = 0; i < START_TRIES; i++) {
        if (swtpm_has_ended(swtpm)) {
            error_set(err, COLDSEAL_TPM,
                      "swtpm does not take this state: it is damaged, encrypted, or of a newer "
                      "swtpm");
            return NULL;
        }
        struct tpm *tpm = access(swtpm->socket, F_OK) == 0 ? tpm_open(tcti, err) : NULL;
        if (tpm != NULL)
            return tpm;
        wait_a_little();
    }
    error_set(err, COLDSEAL_TPM, "swtpm does not answer");
    return NULL;
}

static struct target *state_target(const char *state_dir, struct swtpm *swtpm, struct error *err)
{
    if (!folder_make(swtpm, err) || !state_copy(state_dir, swtpm, err) || !swtpm_spawn(swtpm, err))
        return NULL;
    OWNED(tpm) tpm = swtpm_connect(swtpm, err);
    struct target *target = tpm == NULL ? NULL : tpm_read_target(tpm, err);
    if (target != NULL)
        snprintf(target->origin, sizeof(target->origin), "swtpm state");
    return target;
}

struct target *swtpm_state_read_target(const char *state_dir, struct error *err)
{
    __attribute__((cleanup(swtpm_end))) struct swtpm swtpm = {0};

    return state_target(state_dir, &swtpm, err);
}
