/* SPDX-License-Identifier: MIT
 * montgomery.h - multiplication modulo a large odd number in constant time, 64 bits at a time, for
 * RSA. For moduli that fill a multiple of 512 bits, as those of nearly all keys and their primes
 * do; R = 2^(64 n) then. */
#ifndef LT_CRYPTO_ACCEL_MONTGOMERY_H
#define LT_CRYPTO_ACCEL_MONTGOMERY_H

#include "base/bytes.h"
#include "crypto/accel/accel.h"

#if LT_HAS_INT128

enum {
    LT_MONTGOMERY_LIMBS = 128, /* 8192 bits */
};

/* t[0 .. n) += a[0 .. n) b; gives the limb that is carried out. n is a multiple of 8. */
typedef uint64_t (*lt_multiply_row)(uint64_t *t, const uint64_t *a, uint64_t b, size_t n);
lt_multiply_row lt_multiply_row_choose(void);

typedef struct {
    uint64_t m[LT_MONTGOMERY_LIMBS], r_squared[LT_MONTGOMERY_LIMBS];
    uint64_t t[2 * LT_MONTGOMERY_LIMBS]; /* what a multiplication has in hand */
    uint64_t minus_inverse;              /* -1/m modulo 2^64 */
    uint64_t reciprocal;                 /* 2^127 / (the highest limb of m + 1) */
    size_t n;
    lt_multiply_row row;
} lt_montgomery;

/* False: the modulus is even, or does not fill a multiple of 512 bits. Whether it does may be
 * known. Big-endian, without zeros at its front. lt_montgomery_start leaves r_squared out. */
bool lt_montgomery_start(lt_montgomery *k, const uint8_t *modulus, size_t size);
bool lt_montgomery_set(lt_montgomery *k, const uint8_t *modulus, size_t size);
void lt_montgomery_square_r(lt_montgomery *k); /* r_squared of what has started */

/* r = R mod m; r = r 2^bits mod m, of an r below m */
void lt_montgomery_one(const lt_montgomery *k, uint64_t *r);
void lt_montgomery_shift(const lt_montgomery *k, uint64_t *r, size_t bits);

/* r = a b / R mod m, for one of a and b below m, the other below R; r may be one of them */
void lt_montgomery_multiply(lt_montgomery *k, uint64_t *r, const uint64_t *a,
                            const uint64_t *b);

/* r = r - m if that, with a carry of r above it, is not below zero */
void lt_montgomery_reduce_once(const lt_montgomery *k, uint64_t *r, uint64_t carry);

/* Big-endian to limbs, the lowest first, and back; size is at most 8 n, and zeros are put above */
void lt_limbs_decode(uint64_t *limbs, size_t n, const uint8_t *in, size_t size);
void lt_limbs_encode(uint8_t *out, size_t size, const uint64_t *limbs);

/* The number of the highest bit that is set in e, public and big-endian, whose first octet is not zero */
size_t lt_highest_bit(lt_bytes e);

/* 1 where a < b, else 0 */
uint64_t lt_limbs_below(const uint64_t *a, const uint64_t *b, size_t n);

#endif

#endif
