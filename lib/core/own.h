/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership by scope: a variable declared OWNED(x) is freed on every path out of its block;
 * TAKE() hands it over once, to a caller or to a structure that will free it. */
#ifndef CORE_OWN_H
#define CORE_OWN_H

#include <stdlib.h>
#include <unistd.h>

/* struct NAME with NAME_free(struct NAME *), which accepts NULL. */
#define DEFINE_OWNED(name)                             \
    static inline void name##_cleanup(struct name **p) \
    {                                                  \
        name##_free(*p);                               \
    }                                                  \
    struct own_semicolon_

#define OWNED(name) __attribute__((cleanup(name##_cleanup))) struct name *

#define TAKE(p)                     \
    ({                              \
        __typeof__(p) taken_ = (p); \
        (p) = NULL;                 \
        taken_;                     \
    })

#define TAKE_FD(fd)        \
    ({                     \
        int taken_ = (fd); \
        (fd) = -1;         \
        taken_;            \
    })

static inline void own_free_cleanup(void *p)
{
    free(*(void **)p);
}

static inline void own_fd_cleanup(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* OWNED_PTR(char) text: freed with free(3). */
#define OWNED_PTR(type) __attribute__((cleanup(own_free_cleanup))) type *
/* OWNED_FD fd = -1; closed when not negative. */
#define OWNED_FD __attribute__((cleanup(own_fd_cleanup))) int

#endif
