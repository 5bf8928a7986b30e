/* SPDX-License-Identifier: MIT
 * field25519.h - numbers modulo p = 2^255 - 19, in constant time. Five limbs of 51 bits where the
 * machine has products of 128 bits (accel/field25519_51.h), else ten of 26 and 25
 * (field25519_26.c); both give reduced limbs and take such. */
#ifndef LT_CRYPTO_FIELD25519_H
#define LT_CRYPTO_FIELD25519_H

#include "base/bytes.h"
#include "crypto/accel/accel.h"

#if LT_HAS_INT128
#include "crypto/accel/field25519_51.h"
#else
typedef struct {
    uint32_t limb[10];
} lt_fe;

/* A constant of four words of 64 bits, the highest first */
#define LT_FE_BITS(high, low, shift, width)                                            \
    (uint32_t)(((low) >> (shift) | ((shift) > 38 ? (high) << 1 << (63 - (shift)) : 0)) \
               & ((1UL << (width)) - 1))
#define LT_FE(w3, w2, w1, w0)                                                            \
    {                                                                                    \
        {                                                                                \
            LT_FE_BITS(0ULL, w0##ULL, 0, 26), LT_FE_BITS(0ULL, w0##ULL, 26, 25),         \
                LT_FE_BITS(w1##ULL, w0##ULL, 51, 26), LT_FE_BITS(0ULL, w1##ULL, 13, 25), \
                LT_FE_BITS(0ULL, w1##ULL, 38, 26), LT_FE_BITS(0ULL, w2##ULL, 0, 25),     \
                LT_FE_BITS(0ULL, w2##ULL, 25, 26), LT_FE_BITS(w3##ULL, w2##ULL, 51, 25), \
                LT_FE_BITS(0ULL, w3##ULL, 12, 26), LT_FE_BITS(0ULL, w3##ULL, 38, 25)     \
        }                                                                                \
    }

/* The result may be an operand. */
void lt_fe_add(lt_fe *r, const lt_fe *a, const lt_fe *b);
void lt_fe_subtract(lt_fe *r, const lt_fe *a, const lt_fe *b);
void lt_fe_multiply(lt_fe *r, const lt_fe *a, const lt_fe *b);
void lt_fe_square(lt_fe *r, const lt_fe *a);
void lt_fe_select(lt_fe *r, const lt_fe *a, uint32_t mask); /* r = a where mask is all ones */
#endif

static inline lt_fe lt_fe_small(uint32_t v) /* v < 2^26 */
{
    return (lt_fe){ { v } };
}

lt_fe lt_fe_decode(const uint8_t in[32]); /* little-endian; the highest bit is passed over */
void lt_fe_encode(uint8_t out[32], const lt_fe *a); /* the value below p */

void lt_fe_invert(lt_fe *r, const lt_fe *a);    /* 1/a; zero gives zero */
void lt_fe_power_p58(lt_fe *r, const lt_fe *a); /* a^((p-5)/8), for square roots */

bool lt_fe_equal(const lt_fe *a, const lt_fe *b);
bool lt_fe_is_odd(const lt_fe *a); /* of the value below p */

#endif
