/* SPDX-License-Identifier: MIT
 * bignum.h - natural numbers, as far as checking an RSA key takes. Limbs of 32 bits, the lowest
 * first; sizes in limbs. Time and addresses depend on the sizes only, never on the values. */
#ifndef LT_CRYPTO_BIGNUM_H
#define LT_CRYPTO_BIGNUM_H

#include "base/bytes.h"

/* Unsigned big-endian bytes, at most 4 * n of them. */
void lt_bn_decode(uint32_t *x, size_t n, lt_bytes bytes);

void lt_bn_mul(uint32_t *product, const uint32_t *a, size_t a_n, const uint32_t *b, size_t b_n);

/* a mod m into m_n limbs; the top limb of m is not zero. */
void lt_bn_mod(uint32_t *r, const uint32_t *a, size_t a_n, const uint32_t *m, size_t m_n);

/* a - b in place if that is not negative, or if `carry` is a limb above a. */
void lt_bn_reduce_once(uint32_t *a, uint32_t carry, const uint32_t *b, size_t n);

bool lt_bn_equal(const uint32_t *a, const uint32_t *b, size_t n);
bool lt_bn_is_one(const uint32_t *a, size_t n);

#endif
