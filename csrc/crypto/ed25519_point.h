/* SPDX-License-Identifier: MIT
 * ed25519_point.h - points of edwards25519 (RFC 8032 section 5.1) and their multiples, for Ed25519
 * and for X25519's base point. */
#ifndef LT_CRYPTO_ED25519_POINT_H
#define LT_CRYPTO_ED25519_POINT_H

#include "crypto/field25519.h"
#include "crypto/sparse_digits.h"

enum { LT_ED25519_SPARSE = 256 + LT_SPARSE_DIGITS_MORE }; /* digits of a public number */

/* x = X/Z, y = Y/Z, x y = T/Z (section 5.1.4) */
typedef struct {
    lt_fe x, y, z, t;
} lt_ed25519_point;

/* A point that is known beforehand */
typedef struct {
    lt_fe sum, difference, product; /* y + x, y - x, 2 d x y */
} lt_ed25519_multiple;

extern const lt_ed25519_multiple lt_ed25519_table[8][8]; /* see ed25519_table.c */

/* Section 5.1.2 */
void lt_ed25519_encode(uint8_t out[32], const lt_ed25519_point *p);

/* Section 5.1.3, of public points; y from p on and a negative zero are refused. */
bool lt_ed25519_decode(lt_ed25519_point *p, const uint8_t in[32]);

/* [scalar]B of a little-endian scalar below 2^255, in constant time */
void lt_ed25519_multiply_base(lt_ed25519_point *r, const uint8_t scalar[32]);

/* [s]B - [k]p of public numbers below 2^253 */
void lt_ed25519_multiply_two(lt_ed25519_point *r, const uint8_t s[32], const uint8_t k[32],
                             const lt_ed25519_point *p);

#endif
