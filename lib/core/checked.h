/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on untrusted numbers: false when the result does not fit. */
#ifndef CORE_CHECKED_H
#define CORE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool checked_mul(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Rounds up to a multiple of `unit`, which need not be a power of two but must not be 0. */
static inline bool checked_round_up(uint64_t value, uint64_t unit, uint64_t *rounded)
{
    uint64_t rest = value % unit;

    return rest == 0 ? (*rounded = value, true) : checked_add(value, unit - rest, rounded);
}

static inline uint64_t round_down(uint64_t value, uint64_t unit)
{
    return value - value % unit;
}

/* [offset, offset + length) lies within [0, size). */
static inline bool range_within(uint64_t offset, uint64_t length, uint64_t size)
{
    return offset <= size && length <= size - offset;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

#endif
