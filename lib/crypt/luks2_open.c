/* SPDX-License-Identifier: Apache-2.0 */
/* Opening keyslots. libcryptsetup sees the validated header, written anew into memory, and never
 * the disk. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "crypt/luks2.h"
#include "crypt/luks2_device.h"

#define MEMFD_SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static bool write_piece(int fd, const struct bytes *bytes, size_t offset, size_t size)
{
    size_t end = offset + size;

    while (offset < end) {
        ssize_t put = pwrite(fd, bytes->data + offset, end - offset, (off_t)offset);
        if (put < 0 && errno != EINTR)
            return false;
        offset += put < 0 ? 0 : (size_t)put;
    }
    return true;
}

/* Metadata and the areas in use; the rest of the file stays a hole. */
static bool write_header(int fd, const struct luks2_header *header, const struct bytes *bytes)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);

    if (ftruncate(fd, (off_t)bytes->size) != 0 || !write_piece(fd, bytes, 0, LUKS2_KEYSLOTS_OFFSET))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!write_piece(fd, bytes, LUKS2_KEYSLOTS_OFFSET + areas[i].index * LUKS2_AREA_BYTES,
                         LUKS2_AREA_BYTES))
            return false;
    }
    return true;
}

int luks2_header_memfd(const struct luks2_header *header, struct error *err)
{
    OWNED(bytes) bytes = luks2_header_serialise(header, err);

    if (bytes == NULL)
        return -1;
    OWNED_FD fd = memfd_create("luks2-header", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || !write_header(fd, header, bytes) || fcntl(fd, F_ADD_SEALS, MEMFD_SEALS) != 0) {
        error_errno(err, COLDSEAL_IO, "room for a LUKS2 header in memory");
        return -1;
    }
    return TAKE_FD(fd);
}

static struct luks2_device *load_device(int fd, struct error *err)
{
    OWNED(luks2_device) device = luks2_device_new(fd, err);

    if (device == NULL)
        return NULL;
    int code = crypt_load(device->cd, CRYPT_LUKS2, NULL);
    if (code < 0) {
        luks2_device_failed(device, code, "load the LUKS2 header", err);
        return NULL;
    }
    return TAKE(device);
}

static struct secret *open_slot(const struct luks2_header *header, int wanted,
                                const struct secret *passphrase, unsigned *keyslot,
                                struct error *err)
{
    OWNED_FD fd = luks2_header_memfd(header, err);
    OWNED(luks2_device) device = fd < 0 ? NULL : load_device(fd, err);
    OWNED(secret) key = device == NULL ? NULL : secret_new(LUKS2_VOLUME_KEY_BYTES, err);

    if (key == NULL)
        return NULL;
    size_t size = key->size;
    int slot = crypt_volume_key_get(device->cd, wanted, (char *)key->data, &size,
                                    (const char *)passphrase->data, passphrase->size);
    if (slot == -EPERM || slot == -ENOENT) {
        error_set(err, COLDSEAL_KEY, "this key opens no keyslot");
        return NULL;
    }
    if (slot < 0 || size != key->size) {
        luks2_device_failed(device, slot, "open a keyslot", err);
        return NULL;
    }
    *keyslot = (unsigned)slot;
    return TAKE(key);
}

struct secret *luks2_volume_key(const struct luks2_header *header, const struct secret *passphrase,
                                unsigned *keyslot, struct error *err)
{
    return open_slot(header, CRYPT_ANY_SLOT, passphrase, keyslot, err);
}

struct secret *luks2_volume_key_at(const struct luks2_header *header, unsigned keyslot,
                                   const struct secret *passphrase, struct error *err)
{
    unsigned opened;

    return open_slot(header, (int)keyslot, passphrase, &opened, err);
}
