/* SPDX-License-Identifier: MIT
 * x25519_ifma.c - see curve25519_ifma.h. The method: K. Nath, P. Sarkar, "Efficient 4-way
 * vectorizations of the Montgomery ladder" (2020); H. Hisil, B. Egrik, M. Yassi, "Fast 4 way vectorized
 * ladder for the complete set of Montgomery curves" (2020). A step is three products of four lanes.
 *
 * Constant time: the same instructions and addresses for every scalar; its bits make the indices of
 * permutations in registers. */
#include "crypto/accel/curve25519_ifma.h"

#include "base/secret.h"

#if LT_HAS_CURVE25519_IFMA
#include "crypto/accel/field25519_lanes.h"

bool lt_curve25519_ifma_here(void)
{
#ifdef LT_IFMA_EMULATED
    return true;
#else
    return lt_accel_has(LT_ACCEL_ifma);
#endif
}

static const uint64_t a24[4] = { 0, 121665, 0, 0 };
/* Which lanes a step takes where x2, z2 and x3, z3 are not to be swapped; with one bit of each
 * index, or both, the other way round, where they are */
static const uint64_t crosswise[4] = { 0, 1, 1, 0 }, firsts[4] = { 0, 0, 2, 2 },
                      seconds[4] = { 1, 1, 3, 3 };

/* A = x2 + z2, B = x2 - z2, C = x3 + z3, D = x3 - z3 */
LANES_INLINE fe4 sums(fe4 v)
{
    fe4 p = lanes_p(1), r;
    EACH_LIMB(i, r.limb[i] = lanes_add(
                     lanes_swap_pairs(v.limb[i]),
                     lanes_blend(v.limb[i], lanes_subtract(p.limb[i], v.limb[i]), 10)));
    return lanes_carry(r);
}

LANES_INLINE fe4 permuted(fe4 v, lanes which)
{
    EACH_LIMB(i, v.limb[i] = lanes_permute(v.limb[i], which));
    return v;
}

/* Of g = (AA, AA, CB, CB) and h = (BB, BB, DA, DA): AA, E = AA - BB, CB + DA, CB - DA */
LANES_INLINE fe4 differences(fe4 g, fe4 h)
{
    fe4 p = lanes_p(1);
    lanes zero = lanes_everywhere(0);
    EACH_LIMB(i, lanes minus = lanes_subtract(p.limb[i], h.limb[i]);
              lanes more = lanes_blend(lanes_blend(zero, minus, 10), h.limb[i], 4);
              g.limb[i] = lanes_add(g.limb[i], more));
    return lanes_carry(g);
}

/* The names are RFC 7748's. `last` is 1, 0, 1, u. */
LANES_INLINE fe4 step(fe4 state, fe4 last, uint32_t swap)
{
    lanes mask = lanes_everywhere(lt_ct_mask(0 - (uint64_t)swap)), zero = lanes_everywhere(0);
    lanes one_bit = lanes_and(mask, lanes_everywhere(2));
    lanes both = lanes_and(mask, lanes_everywhere(3));
    fe4 d, e, g, h;
    d = sums(state);
    d = lanes_multiply(d, permuted(d, lanes_xor(lanes_load(crosswise), both)));
    g = permuted(d, lanes_xor(lanes_load(firsts), one_bit));
    h = permuted(d, lanes_xor(lanes_load(seconds), one_bit));
    d = differences(g, h);
    EACH_LIMB(i, e.limb[i] = lanes_blend(d.limb[i], h.limb[i], 1);
              e.limb[i] = lanes_blend(e.limb[i], i > 0 ? zero : lanes_load(a24), 2);
              g.limb[i] = lanes_blend(zero, g.limb[i], 2);
              last.limb[i] = lanes_blend(last.limb[i], d.limb[i], 2));
    e = lanes_multiply_add(d, e, g); /* AA BB, AA + a24 E, (DA + CB)^2, (DA - CB)^2 */
    return lanes_multiply(e, last);
}

LANES_TARGET void lt_x25519_ifma(lt_fe *x, lt_fe *z, const uint8_t scalar[32], const lt_fe *u)
{
    const lt_fe one = lt_fe_small(1), zero = lt_fe_small(0);
    fe4 state = lanes_of(&one, &zero, u, &one), last = lanes_of(&one, &zero, &one, u);
    lt_fe other;
    uint32_t swapped = 0;
    for (int i = 254; i >= 0; i--) {
        uint32_t bit = scalar[i / 8] >> (i % 8) & 1U;
        state = step(state, last, swapped ^ bit);
        swapped = bit;
    }
    lanes_get(x, z, &other, &other, state); /* the lowest bit is zero: nothing to swap */
    lt_wipe(&other, sizeof other);
}

#endif
