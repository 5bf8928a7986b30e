/* SPDX-License-Identifier: MIT
 * entropy.h - random bytes from the operating system, or a fixed seed handed in by a test. */
#ifndef LT_BASE_ENTROPY_H
#define LT_BASE_ENTROPY_H

#include "base/error.h"

enum { LT_SEED_SIZE = 32 };

/* getrandom(2); fails closed: what cannot be filled whole is LT_entropy, and `out` is wiped. */
lt_code lt_entropy(uint8_t *out, size_t n, lt_error *e);

#endif
