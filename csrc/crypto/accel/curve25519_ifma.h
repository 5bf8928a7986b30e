/* SPDX-License-Identifier: MIT
 * curve25519_ifma.h - multiples of points by AVX-512 IFMA, four numbers at once (field25519_lanes.h);
 * the twins are x25519.c's and ed25519_point.c's. Call these where lt_curve25519_ifma_here says so. */
#ifndef LT_CRYPTO_ACCEL_CURVE25519_IFMA_H
#define LT_CRYPTO_ACCEL_CURVE25519_IFMA_H

#include "crypto/accel/accel.h"
#include "crypto/ed25519_point.h"
#include "crypto/field25519.h"

#if LT_HAS_X86 || (defined LT_IFMA_EMULATED && LT_HAS_INT128)
#define LT_HAS_CURVE25519_IFMA 1

bool lt_curve25519_ifma_here(void);

/* The ladder of RFC 7748 section 5: x / z is the result. The scalar is clamped; u is decoded. */
void lt_x25519_ifma(lt_fe *x, lt_fe *z, const uint8_t scalar[32], const lt_fe *u);

/* lt_ed25519_multiply_base's and lt_ed25519_multiply_two's work, of their digits */
void lt_ed25519_ifma_multiply_base(lt_ed25519_point *r, const int8_t digits[64]);
void lt_ed25519_ifma_multiply_two(lt_ed25519_point *r, const int8_t of_base[LT_ED25519_SPARSE],
                                  const int8_t of_p[LT_ED25519_SPARSE],
                                  const lt_ed25519_point *p);
#else
#define LT_HAS_CURVE25519_IFMA 0
#endif

#endif
