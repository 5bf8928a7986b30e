/* SPDX-License-Identifier: MIT
 * invert256.h - inverses modulo odd numbers of 256 bits in constant time, where LT_HAS_INT128. */
#ifndef LT_CRYPTO_ACCEL_INVERT256_H
#define LT_CRYPTO_ACCEL_INVERT256_H

#include "crypto/accel/accel.h"

#if LT_HAS_INT128
/* r = 1/a mod m of an a below m that has no factor with it; zero gives zero. Limbs of 64 bits, the
 * lowest first; r may be a. m is public, and odd. */
void lt_invert_256(uint64_t r[4], const uint64_t a[4], const uint64_t m[4]);
#endif

#endif
