/* SPDX-License-Identifier: MIT
 * field25519_51.h - field25519.h in five limbs of 51 bits, the lowest first (Bernstein, Duif,
 * Lange, Schwabe, Yang: High-speed high-security signatures, section 3).
 *
 * multiply and square take limbs below 2^54 and give limbs below 2^51 + 2^15; add adds; subtract
 * adds 2p, whose limbs are 2^52 - 38 and 2^52 - 2, so that what it takes away must be a product, or
 * come from decode. Sums and differences of products, and the sum of two such, may go into a
 * product: no limb of them reaches 2^54. */
#ifndef LT_CRYPTO_ACCEL_FIELD25519_51_H
#define LT_CRYPTO_ACCEL_FIELD25519_51_H

#include "base/secret.h"
#include "crypto/accel/accel.h"

#define LT_FE_MASK ((1ULL << 51) - 1)

typedef struct {
    uint64_t limb[5];
} lt_fe;

/* What compilers leave as it is at -O2, at the price of a sixth of a ladder: loops over limbs, and calls */
#define LT_FE_UNROLL _Pragma("GCC unroll 5")
#define LT_FE_INLINE static inline __attribute__((always_inline))

/* A constant of four words, the highest first */
#define LT_FE(w3, w2, w1, w0)                                                            \
    {                                                                                    \
        {                                                                                \
            w0##ULL &LT_FE_MASK, (w0##ULL >> 51 | w1##ULL << 13) & LT_FE_MASK,           \
                (w1##ULL >> 38 | w2##ULL << 26) & LT_FE_MASK,                            \
                (w2##ULL >> 25 | w3##ULL << 39) & LT_FE_MASK, w3##ULL >> 12 & LT_FE_MASK \
        }                                                                                \
    }

static inline void lt_fe_add(lt_fe *r, const lt_fe *a, const lt_fe *b)
{
    LT_FE_UNROLL
    for (int i = 0; i < 5; i++)
        r->limb[i] = a->limb[i] + b->limb[i];
}

static inline void lt_fe_subtract(lt_fe *r, const lt_fe *a, const lt_fe *b)
{
    r->limb[0] = a->limb[0] + ((LT_FE_MASK - 18) << 1) - b->limb[0];
    LT_FE_UNROLL
    for (int i = 1; i < 5; i++)
        r->limb[i] = a->limb[i] + (LT_FE_MASK << 1) - b->limb[i];
}

/* Carries twice, from every limb at once, as a chain of them takes longer than the products; from the
 * last limb to the first, as 2^255 = 19. The first of 95 2^108 at most are below 2^64 with what they
 * are added to, the fifth of 5 2^108 times 19 too. */
LT_FE_INLINE void lt_fe_settle(lt_fe *r, lt_u128 h0, lt_u128 h1, lt_u128 h2, lt_u128 h3,
                               lt_u128 h4)
{
    uint64_t l0 = ((uint64_t)h0 & LT_FE_MASK) + 19 * (uint64_t)(h4 >> 51);
    uint64_t l1 = ((uint64_t)h1 & LT_FE_MASK) + (uint64_t)(h0 >> 51);
    uint64_t l2 = ((uint64_t)h2 & LT_FE_MASK) + (uint64_t)(h1 >> 51);
    uint64_t l3 = ((uint64_t)h3 & LT_FE_MASK) + (uint64_t)(h2 >> 51);
    uint64_t l4 = ((uint64_t)h4 & LT_FE_MASK) + (uint64_t)(h3 >> 51);
    r->limb[0] = (l0 & LT_FE_MASK) + 19 * (l4 >> 51);
    r->limb[1] = (l1 & LT_FE_MASK) + (l0 >> 51);
    r->limb[2] = (l2 & LT_FE_MASK) + (l1 >> 51);
    r->limb[3] = (l3 & LT_FE_MASK) + (l2 >> 51);
    r->limb[4] = (l4 & LT_FE_MASK) + (l3 >> 51);
}

LT_FE_INLINE void lt_fe_multiply(lt_fe *r, const lt_fe *a, const lt_fe *b)
{
    uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3],
             a4 = a->limb[4];
    uint64_t b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2], b3 = b->limb[3],
             b4 = b->limb[4];
    uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;
    lt_fe_settle(r,
                 (lt_u128)a0 * b0 + (lt_u128)a1 * c4 + (lt_u128)a2 * c3 + (lt_u128)a3 * c2
                     + (lt_u128)a4 * c1,
                 (lt_u128)a0 * b1 + (lt_u128)a1 * b0 + (lt_u128)a2 * c4 + (lt_u128)a3 * c3
                     + (lt_u128)a4 * c2,
                 (lt_u128)a0 * b2 + (lt_u128)a1 * b1 + (lt_u128)a2 * b0 + (lt_u128)a3 * c4
                     + (lt_u128)a4 * c3,
                 (lt_u128)a0 * b3 + (lt_u128)a1 * b2 + (lt_u128)a2 * b1 + (lt_u128)a3 * b0
                     + (lt_u128)a4 * c4,
                 (lt_u128)a0 * b4 + (lt_u128)a1 * b3 + (lt_u128)a2 * b2 + (lt_u128)a3 * b1
                     + (lt_u128)a4 * b0);
}

LT_FE_INLINE void lt_fe_square(lt_fe *r, const lt_fe *a)
{
    uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3],
             a4 = a->limb[4];
    uint64_t d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2, c3 = 19 * a3, c4 = 19 * a4;
    lt_fe_settle(r, (lt_u128)a0 * a0 + (lt_u128)d1 * c4 + (lt_u128)d2 * c3,
                 (lt_u128)d0 * a1 + (lt_u128)d2 * c4 + (lt_u128)a3 * c3,
                 (lt_u128)d0 * a2 + (lt_u128)a1 * a1 + (lt_u128)(2 * a3) * c4,
                 (lt_u128)d0 * a3 + (lt_u128)d1 * a2 + (lt_u128)a4 * c4,
                 (lt_u128)d0 * a4 + (lt_u128)d1 * a3 + (lt_u128)a2 * a2);
}

LT_FE_INLINE void lt_fe_multiply_small(lt_fe *r, const lt_fe *a, uint32_t n)
{
    lt_fe_settle(r, (lt_u128)a->limb[0] * n, (lt_u128)a->limb[1] * n, (lt_u128)a->limb[2] * n,
                 (lt_u128)a->limb[3] * n, (lt_u128)a->limb[4] * n);
}

/* r = a where mask is all ones */
static inline void lt_fe_select(lt_fe *r, const lt_fe *a, uint32_t mask)
{
    uint64_t take = lt_ct_mask(0 - (uint64_t)(mask & 1));
    LT_FE_UNROLL
    for (int i = 0; i < 5; i++)
        r->limb[i] ^= (r->limb[i] ^ a->limb[i]) & take;
}

#endif
