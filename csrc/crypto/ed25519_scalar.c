/* SPDX-License-Identifier: MIT
 * ed25519_scalar.c - see ed25519_scalar.h. */
#include "crypto/ed25519_scalar.h"

#include "base/secret.h"
#include "crypto/bignum.h"

/* L, and a limb above it */
static const uint32_t order[9] = { 0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0,
                                   0,          0,          0x10000000, 0 };

/* 2^512 / L, rounded down */
static const uint32_t order_inverse[9] = { 0x0a2c131b, 0xed9ce5a3, 0x086329a7,
                                           0x2106215d, 0xffffffeb, 0xffffffff,
                                           0xffffffff, 0xffffffff, 0x0000000f };

/* By Barrett's quotient, which is at most two too small (Menezes, van Oorschot, Vanstone:
 * Handbook of applied cryptography, algorithm 14.42) */
void lt_ed25519_reduce(uint32_t r[8], const uint32_t x[16])
{
    uint32_t quotient[18], product[17], rest[9], borrow = 0;
    lt_bn_mul(quotient, x + 7, 9, order_inverse, 9);
    lt_bn_mul(product, quotient + 9, 9, order, 8);
    for (size_t i = 0; i < 9; i++) {
        uint64_t difference = (uint64_t)x[i] - product[i] - borrow;
        rest[i] = (uint32_t)difference;
        borrow = (uint32_t)(difference >> 63);
    }
    lt_bn_reduce_once(rest, 0, order, 9);
    lt_bn_reduce_once(rest, 0, order, 9);
    memcpy(r, rest, 8 * sizeof *r);
    lt_wipe(quotient, sizeof quotient);
    lt_wipe(product, sizeof product);
    lt_wipe(rest, sizeof rest);
}

bool lt_ed25519_is_reduced(const uint32_t x[8])
{
    uint32_t rest[8];
    memcpy(rest, x, sizeof rest);
    lt_bn_reduce_once(rest, 0, order, 8);
    return lt_bn_equal(rest, x, 8);
}
