/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program: lets its Nth call of one kind fail, once, and tells what is left in
 * memory when the program ends.
 *
 * FAIL_KIND=
 *   own      malloc(3) and its relatives find no memory, called by the program itself
 *   library  the same, called by a library (but json-c: its parser of 0.16 does not look)
 *   read     pread(2) and read(2) of a regular file say EIO
 *   short    pread(2) and pwrite(2) of a regular file do a part of what they shall
 *   lock     mlock(2) is refused; it and all later ones
 * FAIL_AT=N          which call, from 1
 * FAIL_COUNT=FILE    gets the number of calls
 * FAIL_LEFT=FILE     gets what left_report() finds
 * FAIL_SECRETS=FILE[:FILE…]  that it searches for
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "left_behind.h"

/* glibc's own names for what is wrapped here: dlsym(3) allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

enum kind { NONE, OWN, LIBRARY, READ, SHORT, LOCK };

/* Where a program or library lies in memory. */
struct place {
    uintptr_t start;
    uintptr_t end;
};

static enum kind kind;
static long fails_at;
static atomic_long calls;
static struct place program, json;
static const void *program_base;

static int find_places(struct dl_phdr_info *info, size_t size, void *context)
{
    struct place *place = info->dlpi_name[0] == '\0'                ? &program
                          : strstr(info->dlpi_name, "json") != NULL ? &json
                                                                    : NULL;

    (void)size;
    (void)context;
    if (place == &program)
        program_base = (const void *)info->dlpi_addr;
    for (int i = 0; place != NULL && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0) {
            place->start = info->dlpi_addr + header->p_vaddr;
            place->end = place->start + header->p_memsz;
        }
    }
    return 0;
}

static bool is_in(const struct place *place, const void *address)
{
    return (uintptr_t)address >= place->start && (uintptr_t)address < place->end;
}

__attribute__((constructor)) static void start(void)
{
    const char *name = getenv("FAIL_KIND");
    const char *at = getenv("FAIL_AT");

    if (name == NULL)
        return;
    dl_iterate_phdr(find_places, NULL);
    fails_at = at == NULL ? 0 : strtol(at, NULL, 10);
    kind = strcmp(name, "own") == 0       ? OWN
           : strcmp(name, "library") == 0 ? LIBRARY
           : strcmp(name, "read") == 0    ? READ
           : strcmp(name, "short") == 0   ? SHORT
                                          : LOCK;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FAIL_COUNT");
    const char *left_path = getenv("FAIL_LEFT");

    kind = NONE;
    FILE *file = path == NULL ? NULL : fopen(path, "we");
    FILE *left = left_path == NULL ? NULL : fopen(left_path, "we");
    if (file != NULL) {
        fprintf(file, "%ld\n", atomic_load(&calls));
        fclose(file);
    }
    if (left != NULL) {
        left_report(left, program_base, getenv("FAIL_SECRETS"));
        fclose(left);
    }
}

static bool fails(enum kind of)
{
    if (kind != of)
        return false;
    long number = atomic_fetch_add(&calls, 1) + 1;
    return number == fails_at || (of == LOCK && fails_at > 0 && number > fails_at);
}

static bool allocation_fails(const void *caller)
{
    if (kind == OWN && is_in(&program, caller))
        return fails(OWN);
    return kind == LIBRARY && !is_in(&program, caller) && !is_in(&json, caller) && fails(LIBRARY);
}

static void *remember(void *memory, const void *caller)
{
    if (kind != NONE && is_in(&program, caller))
        left_remember(memory, caller);
    return memory;
}

/* Of what allocates: without memory, or the real thing. */
#define ALLOCATE(real)                                       \
    do {                                                     \
        if (allocation_fails(__builtin_return_address(0))) { \
            errno = ENOMEM;                                  \
            return NULL;                                     \
        }                                                    \
        return remember(real, __builtin_return_address(0));  \
    } while (0)

void *malloc(size_t size)
{
    ALLOCATE(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    ALLOCATE(__libc_calloc(count, size));
}

void free(void *memory)
{
    left_forget(memory);
    __libc_free(memory);
}

void *realloc(void *memory, size_t size)
{
    const void *caller = __builtin_return_address(0);

    if (allocation_fails(caller)) {
        errno = ENOMEM;
        return NULL;
    }
    left_forget(memory);
    return remember(__libc_realloc(memory, size), caller);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    ALLOCATE(__libc_memalign(alignment, size));
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = allocation_fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);

    remember(copy, __builtin_return_address(0));
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

char *strndup(const char *text, size_t limit)
{
    size_t size = strnlen(text, limit);
    char *copy = allocation_fails(__builtin_return_address(0)) ? NULL : __libc_calloc(1, size + 1);

    remember(copy, __builtin_return_address(0));
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (allocation_fails(__builtin_return_address(0)))
        return ENOMEM;
    *memory = remember(__libc_memalign(alignment, size), __builtin_return_address(0));
    return *memory == NULL ? ENOMEM : 0;
}

/* memfd_create(2): regular to fstat(2), but no disk that could fail is behind it. */
static bool is_memory(int fd)
{
    static const char prefix[] = "/memfd:";
    char path[32];
    char name[sizeof(prefix)] = "";

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return readlink(path, name, sizeof(prefix) - 1) > 0 && strcmp(name, prefix) == 0;
}

static bool is_regular(int fd)
{
    struct stat file;

    return fd > 2 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && !is_memory(fd);
}

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)
#define READING(name, fd, size, ...)                   \
    do {                                               \
        bool regular = kind != NONE && is_regular(fd); \
        if (regular && fails(READ)) {                  \
            errno = EIO;                               \
            return -1;                                 \
        }                                              \
        if (regular && (size) > 1 && fails(SHORT))     \
            (size) = ((size) + 1) / 2;                 \
        return REAL(name, __VA_ARGS__);                \
    } while (0)

ssize_t read(int fd, void *data, size_t size)
{
    READING(read, fd, size, fd, data, size);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    READING(pread, fd, size, fd, data, size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    READING(pread64, fd, size, fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    if (kind == SHORT && size > 1 && is_regular(fd) && fails(SHORT))
        size = (size + 1) / 2;
    return REAL(pwrite, fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    if (kind == SHORT && size > 1 && is_regular(fd) && fails(SHORT))
        size = (size + 1) / 2;
    return REAL(pwrite64, fd, data, size, offset);
}

int mlock(const void *address, size_t size)
{
    if (fails(LOCK)) {
        errno = EPERM;
        return -1;
    }
    return REAL(mlock, address, size);
}
