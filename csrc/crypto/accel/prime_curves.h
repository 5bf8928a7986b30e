/* SPDX-License-Identifier: MIT
 * prime_curves.h - secp256r1, secp384r1 and secp521r1 (SEC 2 section 2) with products of 128 bits,
 * in BearSSL's conventions: see crypto/ec.h, which chooses between these and BearSSL's. */
#ifndef LT_CRYPTO_ACCEL_PRIME_CURVES_H
#define LT_CRYPTO_ACCEL_PRIME_CURVES_H

#include <bearssl.h>

#include "base/bytes.h"

enum { LT_KNOWN_POINT_ODD = 8 }; /* multiples to each limb of a scalar */

/* Multiples of one point of secp256r1: what verifies with it many times makes them once. Public. */
typedef struct lt_known_point {
    uint64_t numbers[4 * LT_KNOWN_POINT_ODD * 2 * 4];
} lt_known_point;

typedef struct {
    /* ECDH: p times x, in place; 0 where p is no point of the curve or x no scalar */
    uint32_t (*multiply)(uint8_t *p, size_t size, const uint8_t *x, size_t x_size);
    /* x times the generator; its size */
    size_t (*multiply_base)(uint8_t *out, const uint8_t *x, size_t x_size);
    /* r || s, deterministic by RFC 6979; its size, or 0 where x is no scalar */
    size_t (*sign)(const br_hash_class *hash, const uint8_t *digest, const uint8_t *x,
                   size_t x_size, uint8_t *signature);
    /* 1, or 0; variable time */
    uint32_t (*verify)(const uint8_t *hash, size_t hash_size, const uint8_t *q, size_t q_size,
                       const uint8_t *signature, size_t size);
    /* The same with q's multiples at hand; NULL: not for this curve. False: q is no point. */
    bool (*know)(lt_known_point *known, const uint8_t *q, size_t q_size);
    uint32_t (*verify_known)(const lt_known_point *known, const uint8_t *hash, size_t hash_size,
                             const uint8_t *signature, size_t size);
} lt_prime_curve;

/* NULL: there is none for this one (BR_EC_ number), or this machine */
const lt_prime_curve *lt_prime_curve_find(int curve);

extern const lt_prime_curve lt_secp256r1, lt_secp384r1, lt_secp521r1;
extern const lt_prime_curve lt_secp256r1_adx; /* of machines with LT_ACCEL_adx */

#endif
