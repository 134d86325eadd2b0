/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "clock.h"
#include "core/bytes.h"

#define ACTIVE_CONSOLES "/sys/class/tty/console/active"
#define POLL_MILLISECONDS 50
/* TIOCOUTQ does not count what is in a UART's own FIFO: 64 bytes at 9600 baud. */
#define FIFO_MILLISECONDS 100

void console_log(enum console_level level, const char *line)
{
    OWNED_FD fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
    char record[CONSOLE_LINE_BYTES];
    /* One write is one record; dprintf(3) seeks first, which this device refuses. */
    int size =
        snprintf(record, sizeof(record), "<%d>coldseal: %s%s", level == CONSOLE_FAILURE ? 3 : 5,
                 level == CONSOLE_FAILURE ? "unlock failed: " : "", line);

    if (fd < 0 || size < 0)
        return;
    if ((size_t)size >= sizeof(record))
        size = (int)sizeof(record) - 1;
    if (write(fd, record, (size_t)size) < 0)
        return; /* the consoles get it all the same */
}

static bool write_until(int fd, const char *text, size_t size, uint64_t deadline)
{
    while (size > 0 && clock_milliseconds() < deadline) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        ssize_t put = write(fd, text, size);
        if (put < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (put <= 0) {
            poll(&ready, 1, POLL_MILLISECONDS);
            continue;
        }
        text += put;
        size -= (size_t)put;
    }
    return size == 0;
}

/* tcdrain(3) has no limit of time. */
static void drain_until(int fd, uint64_t deadline)
{
    int queued = 0;

    while (ioctl(fd, TIOCOUTQ, &queued) == 0 && queued > 0 && clock_milliseconds() < deadline)
        clock_sleep_milliseconds(POLL_MILLISECONDS);
    clock_sleep_milliseconds(FIFO_MILLISECONDS);
}

static void print_to(const char *path, const char *text)
{
    uint64_t deadline = clock_milliseconds() + (uint64_t)CONSOLE_DRAIN_SECONDS * 1000;
    OWNED_FD fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0 && write_until(fd, text, strlen(text), deadline))
        drain_until(fd, deadline);
}

/* /dev/console is the last one in the kernel's list: Linux, Documentation/admin-guide/
 * serial-console.rst. */
static bool is_dev_console(const char *name)
{
    struct error ignored = {0};
    OWNED(bytes) active = bytes_read_file(ACTIVE_CONSOLES, 4096, &ignored);
    size_t size = strlen(name);

    if (active == NULL)
        return false;
    while (active->size > 0 && active->data[active->size - 1] <= ' ')
        active->size--;
    if (active->size < size || memcmp(active->data + active->size - size, name, size) != 0)
        return false;
    return active->size == size || active->data[active->size - size - 1] == ' ';
}

void console_print(const char *text)
{
    static const char *const others[] = {"ttyS0", "hvc0"};

    print_to("/dev/console", text);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char path[32];
        snprintf(path, sizeof(path), "/dev/%s", others[i]);
        if (!is_dev_console(others[i]))
            print_to(path, text);
    }
}
