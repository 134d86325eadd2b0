/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from what tells the outside: the only reader of a console. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>

#include "clock.h"
#include "console.h"

struct terminal {
    int fd;
    bool is_terminal;
    struct termios before;
};

/* One character at a time, not shown, and none that is a signal. */
static void make_raw(struct terminal *terminal)
{
    struct termios raw;

    terminal->is_terminal = tcgetattr(terminal->fd, &terminal->before) == 0;
    if (!terminal->is_terminal)
        return;
    raw = terminal->before;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_iflag |= ICRNL;
    tcsetattr(terminal->fd, TCSAFLUSH, &raw);
}

static void restore(const struct terminal *terminal)
{
    if (terminal->is_terminal)
        tcsetattr(terminal->fd, TCSANOW, &terminal->before);
}

static bool wait_readable(int fd, uint64_t deadline)
{
    uint64_t now = clock_milliseconds();
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return now < deadline && poll(&ready, 1, (int)(deadline - now)) > 0;
}

static struct secret *read_line(int fd, struct error *err)
{
    uint64_t deadline = clock_milliseconds() + (uint64_t)CONSOLE_ANSWER_SECONDS * 1000;
    OWNED(secret) line = secret_new(CONSOLE_ANSWER_BYTES, err);
    size_t size = 0;

    while (line != NULL && size < line->size) {
        uint8_t *next = line->data + size;
        ssize_t got = wait_readable(fd, deadline) ? read(fd, next, 1) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            error_set(err, COLDSEAL_KEY, "no recovery key was typed");
            return NULL;
        }
        if (*next == '\n' || *next == '\r')
            return secret_copy(line->data, size, err);
        /* what a terminal sends for the key above Enter */
        if (*next == '\b' || *next == 0x7f)
            size -= size > 0 ? 1 : 0;
        else
            size++;
    }
    if (line != NULL)
        error_set(err, COLDSEAL_KEY, "a line of more than %d characters", CONSOLE_ANSWER_BYTES);
    return NULL;
}

struct secret *console_ask(bool from_stdin, struct error *err)
{
    OWNED_FD console = from_stdin ? -1 : open("/dev/console", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct terminal terminal = {.fd = from_stdin ? STDIN_FILENO : console};

    if (terminal.fd < 0) {
        error_errno(err, COLDSEAL_KEY, "read the console");
        return NULL;
    }
    make_raw(&terminal);
    struct secret *line = read_line(terminal.fd, err);
    restore(&terminal);
    return line;
}
