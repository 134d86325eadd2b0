/* SPDX-License-Identifier: Apache-2.0 */
#include "left_behind.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLE_ENTRIES ((size_t)1 << 18)
#define SECRET_BYTES 16
#define PAGE_BYTES 4096

/* Found by the address, or after it; `memory` stays when it is freed, so that search goes on. */
struct entry {
    const void *memory;
    const void *caller; /* NULL: freed */
};

static struct entry table[TABLE_ENTRIES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct entry *find(const void *memory)
{
    size_t at = ((uintptr_t)memory >> 4) % TABLE_ENTRIES;

    for (size_t i = 0; i < TABLE_ENTRIES; i++) {
        struct entry *entry = &table[(at + i) % TABLE_ENTRIES];
        if (entry->memory == memory || entry->memory == NULL)
            return entry;
    }
    return NULL;
}

void left_remember(const void *memory, const void *caller)
{
    if (memory == NULL)
        return;
    pthread_mutex_lock(&lock);
    struct entry *entry = find(memory);
    if (entry != NULL)
        *entry = (struct entry){memory, caller};
    pthread_mutex_unlock(&lock);
}

void left_forget(const void *memory)
{
    if (memory == NULL)
        return;
    pthread_mutex_lock(&lock);
    struct entry *entry = find(memory);
    if (entry != NULL)
        entry->caller = NULL;
    pthread_mutex_unlock(&lock);
}

static void report_range(FILE *out, const char *name, const uint8_t *secret, const uint8_t *start,
                         const uint8_t *end)
{
    const uint8_t *at = start;

    while ((at = memmem(at, (size_t)(end - at), secret, SECRET_BYTES)) != NULL) {
        if (at != secret)
            fprintf(out, "secret %s at %p\n", name, (const void *)at);
        at++;
    }
}

static void report_secret(FILE *out, const char *name)
{
    char line[512];
    /* A page of its own, which is not searched: what is read must not be found. */
    uint8_t *secret =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    bool whole = secret != MAP_FAILED && fd >= 0 && read(fd, secret, SECRET_BYTES) == SECRET_BYTES;

    while (whole && maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t start, end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3 && memcmp(rights, "rw", 2) == 0)
            report_range(out, name, secret, (const uint8_t *)start, (const uint8_t *)end);
    }
    if (!whole)
        fprintf(out, "secret %s is not there to search for\n", name);
    if (maps != NULL)
        fclose(maps);
    if (fd >= 0)
        close(fd);
}

void left_report(FILE *out, const void *program, const char *secrets)
{
    char names[1024];
    char *rest = names;
    char *name;

    for (size_t i = 0; i < TABLE_ENTRIES; i++) {
        if (table[i].caller != NULL)
            fprintf(out, "leak %#lx\n", (uintptr_t)table[i].caller - (uintptr_t)program);
    }
    snprintf(names, sizeof(names), "%s", secrets == NULL ? "" : secrets);
    while ((name = strsep(&rest, ":")) != NULL) {
        if (*name != '\0')
            report_secret(out, name);
    }
}
