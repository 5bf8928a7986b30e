/* SPDX-License-Identifier: MIT
 * trimmed.h - the end of a record's padding, as lt_ct_trimmed finds it, at the speed of the vectors that
 * are there. */
#ifndef LT_CRYPTO_ACCEL_TRIMMED_H
#define LT_CRYPTO_ACCEL_TRIMMED_H

#include <stddef.h>

#include "crypto/accel/accel.h"

/* The size of `p` without the zeros at its end, in a time that depends on n alone */
size_t lt_trimmed(const void *p, size_t n);

#endif
