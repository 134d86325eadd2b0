/* SPDX-License-Identifier: Apache-2.0 */
/* EFI signature lists, the content of PK, KEK, db, dbx and shim's MokList: UEFI 2.10, 32.4.1. */
#ifndef MEASURE_SIGNATURE_LIST_H
#define MEASURE_SIGNATURE_LIST_H

#include "core/bytes.h"
#include "core/guid.h"

#define SIGNATURE_LIMIT ((size_t)65536)

enum signature_kind {
    SIGNATURE_X509,        /* a DER certificate */
    SIGNATURE_SHA256,      /* an image's Authenticode digest */
    SIGNATURE_X509_SHA256, /* the digest of a certificate's to-be-signed part, and a time */
    SIGNATURE_OTHER,
};

struct signature {
    enum signature_kind kind;
    struct guid type;
    struct guid owner;
    /* EFI_SIGNATURE_DATA is the owner's 16 bytes and these, one behind the other. */
    const uint8_t *data; /* into the list's bytes */
    size_t size;
};

/* The entries of all the lists of a variable, in their order. */
struct signature_list {
    struct bytes *bytes; /* owned */
    size_t count;
    struct signature *entries;
};

/* Copies the data. No data is a list without entries. COLDSEAL_BAD_IMAGE for lists that EDK2 would
 * not store: sizes that do not divide, digests of the wrong size. */
struct signature_list *signature_list_parse(const void *data, size_t size, struct error *err);
void signature_list_free(struct signature_list *list);
DEFINE_OWNED(signature_list);
/* A list of one entry, as a variable holds it; SIGNATURE_X509 or SIGNATURE_SHA256. */
struct bytes *signature_list_of_one(enum signature_kind kind, const struct guid *owner,
                                    const void *data, size_t size, struct error *err);
/* EFI_SIGNATURE_DATA: the owner and the data behind it. */
struct bytes *signature_data(const struct signature *signature, struct error *err);

#endif
