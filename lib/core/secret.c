/* SPDX-License-Identifier: Apache-2.0 */
#include "core/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "core/outfile.h"

#define KEY_FILE_LIMIT_BYTES ((size_t)8 << 20)

static size_t mapped_bytes(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    /* One byte more than asked for: text in a secret is followed by a NUL. */
    return (size + 1 + page - 1) / page * page;
}

struct secret *secret_new(size_t size, struct error *err)
{
    struct secret *secret = calloc(1, sizeof(*secret));

    if (secret == NULL) {
        error_no_memory(err);
        return NULL;
    }
    void *map =
        mmap(NULL, mapped_bytes(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        free(secret);
        error_no_memory(err);
        return NULL;
    }
    secret->data = map;
    secret->size = size;
    if (mlock(map, mapped_bytes(size)) != 0) {
        error_errno(err, COLDSEAL_IO, "lock memory for a secret (see ulimit -l)");
        secret_free(secret);
        return NULL;
    }
    madvise(map, mapped_bytes(size), MADV_DONTDUMP);
    madvise(map, mapped_bytes(size), MADV_WIPEONFORK);
    return secret;
}

struct secret *secret_random(size_t size, struct error *err)
{
    OWNED(secret) secret = secret_new(size, err);

    if (secret == NULL)
        return NULL;
    if (size > INT32_MAX || RAND_priv_bytes(secret->data, (int)size) != 1) {
        error_set(err, COLDSEAL_KEY, "OpenSSL gives no random bytes");
        return NULL;
    }
    return TAKE(secret);
}

struct secret *secret_copy(const void *data, size_t size, struct error *err)
{
    struct secret *secret = secret_new(size, err);

    if (secret != NULL)
        memcpy(secret->data, data, size);
    return secret;
}

struct secret *secret_base64(const struct secret *secret, struct error *err)
{
    size_t text_size = (secret->size + 2) / 3 * 4;
    struct secret *text = secret_new(text_size, err);

    if (text != NULL)
        EVP_EncodeBlock(text->data, secret->data, (int)secret->size);
    return text;
}

void secret_free(struct secret *secret)
{
    if (secret == NULL)
        return;
    size_t mapped = mapped_bytes(secret->size);
    OPENSSL_cleanse(secret->data, mapped);
    munmap(secret->data, mapped);
    free(secret);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return a->size == b->size && CRYPTO_memcmp(a->data, b->data, a->size) == 0;
}

static struct secret *secret_resize(struct secret *secret, size_t size, struct error *err)
{
    OWNED(secret) old = secret;
    struct secret *resized = secret_new(size, err);

    if (resized != NULL)
        memcpy(resized->data, old->data, old->size < size ? old->size : size);
    return resized;
}

/* Four times the memory, but never more than is needed to see that the file is too large. */
static size_t next_buffer_bytes(size_t size)
{
    return size > KEY_FILE_LIMIT_BYTES / 4 ? KEY_FILE_LIMIT_BYTES + 1 : size * 4;
}

static bool check_key_size(size_t size, struct error *err)
{
    if (size == 0)
        return error_set(err, COLDSEAL_KEY, "key file is empty");
    return size <= KEY_FILE_LIMIT_BYTES ||
           error_set(err, COLDSEAL_KEY, "key file is larger than 8 MiB");
}

static struct secret *secret_read_fd(int fd, struct error *err)
{
    size_t used = 0;
    OWNED(secret) secret = secret_new(4096, err);

    while (secret != NULL && used <= KEY_FILE_LIMIT_BYTES) {
        if (used == secret->size) {
            secret = secret_resize(TAKE(secret), next_buffer_bytes(used), err);
            continue;
        }
        ssize_t got = read(fd, secret->data + used, secret->size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_errno(err, COLDSEAL_IO, "read key");
            return NULL;
        }
        if (got == 0)
            break;
        used += (size_t)got;
    }
    if (secret == NULL || !check_key_size(used, err))
        return NULL;
    return secret_resize(TAKE(secret), used, err);
}

struct secret *secret_read_file(const char *path, struct error *err)
{
    OWNED_FD opened = -1;
    int fd = STDIN_FILENO;

    if (strcmp(path, "-") != 0) {
        opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (opened < 0) {
            error_errno(err, COLDSEAL_IO, "open key file %s", path);
            return NULL;
        }
        fd = opened;
    }
    struct secret *secret = secret_read_fd(fd, err);
    if (secret == NULL)
        error_wrap(err, "%s", path);
    return secret;
}

bool secret_write_file(const struct secret *secret, const char *path, struct error *err)
{
    return outfile_write(path, secret->data, secret->size, 0600, false, err) ||
           error_wrap(err, "key file");
}

void secret_harden_process(void)
{
    /* core(5): a limit of 1 stops dumps to a file and to a pipe; 0 stops only those to a file.
     * PR_SET_DUMPABLE would do it too, but it closes /proc/self/fd to an unprivileged process,
     * and that is how libcryptsetup is given a header in memory. */
    const struct rlimit one = {1, 1};
    OWNED_FD filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

    setrlimit(RLIMIT_CORE, &one);
    if (filter >= 0 && write(filter, "0", 1) != 1)
        return; /* an old kernel: the limit alone has to do */
}
