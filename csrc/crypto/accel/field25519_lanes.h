/* SPDX-License-Identifier: MIT
 * field25519_lanes.h - four numbers modulo p = 2^255 - 19 at once, a lane each, in five limbs of 51
 * bits as in field25519_51.h, by AVX-512 VL and IFMA; with LT_IFMA_EMULATED the same in C, for machines
 * without them: valgrind's is one (`make ct`).
 *
 * The instructions multiply the lowest 52 bits of a lane. So factors have limbs below 2^52, and what
 * was added or subtracted is carried before it is one. lanes_carry takes limbs below 2^61; its results have
 * limbs below 2^51 + 2^15, and those of lanes_multiply below 2^51 + 2^11, as no limb of a product that is to
 * be carried reaches 268 2^52, and the last one, which comes back 19 times, 52 2^52. */
#ifndef LT_CRYPTO_ACCEL_FIELD25519_LANES_H
#define LT_CRYPTO_ACCEL_FIELD25519_LANES_H

#include "crypto/accel/field25519_51.h"

#ifdef LT_IFMA_EMULATED

#define LANES_TARGET
#define LANES_INLINE static inline /* frames of few KiB, which lt_wipe_stack wipes */
typedef struct {
    uint64_t lane[4];
} lanes;

#define LANES_EMULATE(name, expression, ...)      \
    static inline lanes lanes_##name(__VA_ARGS__) \
    {                                             \
        lanes r;                                  \
        for (int l = 0; l < 4; l++)               \
            r.lane[l] = (expression);             \
        return r;                                 \
    }
#define LANES_52(v) ((v).lane[l] & 0xfffffffffffff)
#define LANES_WHERE(a, j) ((a).lane[j] & (0 - (((which.lane[l] ^ (j)) - 1) >> 63)))
LANES_EMULATE(load, p[l], const uint64_t *p)
LANES_EMULATE(everywhere, x, uint64_t x)
LANES_EMULATE(add, a.lane[l] + b.lane[l], lanes a, lanes b)
LANES_EMULATE(subtract, a.lane[l] - b.lane[l], lanes a, lanes b)
LANES_EMULATE(and, a.lane[l] & b.lane[l], lanes a, lanes b)
LANES_EMULATE(xor, a.lane[l] ^ b.lane[l], lanes a, lanes b)
LANES_EMULATE(above_51, a.lane[l] >> 51, lanes a)
LANES_EMULATE(times_19, a.lane[l] * 19, lanes a)
LANES_EMULATE(add_low,
              s.lane[l] + ((uint64_t)((lt_u128)LANES_52(a) * LANES_52(b)) & 0xfffffffffffff),
              lanes s, lanes a, lanes b)
LANES_EMULATE(add_high, s.lane[l] + (uint64_t)((lt_u128)LANES_52(a) * LANES_52(b) >> 52),
              lanes s, lanes a, lanes b)
LANES_EMULATE(blend, of_b >> l & 1 ? b.lane[l] : a.lane[l], lanes a, lanes b, int of_b)
LANES_EMULATE(order,
              a.lane[l == 0   ? w
                     : l == 1 ? x
                     : l == 2 ? y
                              : z],
              lanes a, int w, int x, int y, int z)
LANES_EMULATE(swap_pairs, a.lane[l ^ 1], lanes a)
LANES_EMULATE(permute,
              LANES_WHERE(a, 0) | LANES_WHERE(a, 1) | LANES_WHERE(a, 2) | LANES_WHERE(a, 3),
              lanes a, lanes which)
#undef LANES_WHERE
#undef LANES_52
#undef LANES_EMULATE

static inline void lanes_store(uint64_t p[4], lanes a)
{
    memcpy(p, a.lane, sizeof a.lane);
}

#else

#include <immintrin.h>

#define LANES_TARGET __attribute__((target("avx512f,avx512vl,avx512ifma")))
#define LANES_INLINE LANES_TARGET static inline __attribute__((always_inline))
typedef __m256i lanes;

#define lanes_load(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define lanes_store(p, a) _mm256_storeu_si256((__m256i *)(void *)(p), a)
#define lanes_everywhere(x) _mm256_set1_epi64x((long long)(x))
#define lanes_add(a, b) _mm256_add_epi64(a, b)
#define lanes_subtract(a, b) _mm256_sub_epi64(a, b)
#define lanes_and(a, b) _mm256_and_si256(a, b)
#define lanes_xor(a, b) _mm256_xor_si256(a, b)
#define lanes_above_51(a) _mm256_srli_epi64(a, 51)
#define lanes_times_19(a) \
    lanes_add(lanes_add(_mm256_slli_epi64(a, 4), _mm256_slli_epi64(a, 1)), a)
#define lanes_add_low(s, a, b) _mm256_madd52lo_epu64(s, a, b)
#define lanes_add_high(s, a, b) _mm256_madd52hi_epu64(s, a, b)
#define lanes_blend(a, b, of_b) \
    _mm256_blend_epi32(a, b,    \
                       ((of_b)&1) * 3 | ((of_b)&2) * 6 | ((of_b)&4) * 12 | ((of_b)&8) * 24)
#define lanes_order(a, w, x, y, z) \
    _mm256_permute4x64_epi64(a, (w) | (x) << 2 | (y) << 4 | (z) << 6)
#define lanes_swap_pairs(a) _mm256_shuffle_epi32(a, 0x4e)
#define lanes_permute(a, which) _mm256_permutexvar_epi64(which, a)

#endif

/* The statement for every i, a constant each time: loops are unrolled too late for gcc to keep the
 * limbs in registers. OF_EACH_LIMB is for one inside of the other. */
/* clang-format off */
#define LANES_FOR(i, value, ...) { enum { i = value }; __VA_ARGS__; }
#define EACH_LIMB(i, ...) do { LANES_FOR(i, 0, __VA_ARGS__) LANES_FOR(i, 1, __VA_ARGS__) \
    LANES_FOR(i, 2, __VA_ARGS__) LANES_FOR(i, 3, __VA_ARGS__) LANES_FOR(i, 4, __VA_ARGS__) } while (0)
#define OF_EACH_LIMB(i, ...) do { LANES_FOR(i, 0, __VA_ARGS__) LANES_FOR(i, 1, __VA_ARGS__) \
    LANES_FOR(i, 2, __VA_ARGS__) LANES_FOR(i, 3, __VA_ARGS__) LANES_FOR(i, 4, __VA_ARGS__) } while (0)
/* clang-format on */

typedef struct {
    lanes limb[5];
} fe4;

LANES_INLINE fe4 lanes_carry(fe4 a)
{
    fe4 r;
    lanes mask = lanes_everywhere(LT_FE_MASK), above[5];
    EACH_LIMB(i, above[i] = lanes_above_51(a.limb[i]); r.limb[i] = lanes_and(a.limb[i], mask));
    r.limb[0] = lanes_add_low(r.limb[0], above[4], lanes_everywhere(19));
    EACH_LIMB(i, if (i > 0) r.limb[i] = lanes_add(r.limb[i], above[(i + 4) % 5]));
    return r;
}

/* a b + c. The two halves of a product meet one limb and one bit apart, as 52 is 51 and 1. */
LANES_INLINE fe4 lanes_multiply_add(fe4 a, fe4 b, fe4 c)
{
    lanes low[10], high[10], zero = lanes_everywhere(0);
    EACH_LIMB(i, low[i] = c.limb[i]; high[i] = low[i + 5] = high[i + 5] = zero);
    EACH_LIMB(i, OF_EACH_LIMB(j, low[i + j] = lanes_add_low(low[i + j], a.limb[i], b.limb[j]);
                              high[i + j + 1] =
                                  lanes_add_high(high[i + j + 1], a.limb[i], b.limb[j])));
    EACH_LIMB(i, low[i] = lanes_add(low[i], lanes_add(high[i], high[i]));
              low[i + 5] = lanes_add(low[i + 5], lanes_add(high[i + 5], high[i + 5])));
    EACH_LIMB(i, c.limb[i] = lanes_add(low[i], lanes_times_19(low[i + 5])));
    return lanes_carry(c);
}

LANES_INLINE fe4 lanes_zero(void)
{
    fe4 r;
    EACH_LIMB(i, r.limb[i] = lanes_everywhere(0));
    return r;
}

LANES_INLINE fe4 lanes_multiply(fe4 a, fe4 b)
{
    return lanes_multiply_add(a, b, lanes_zero());
}

/* 2p and 4p, from which limbs below 2^52 - 38 and twice that are taken */
LANES_INLINE fe4 lanes_p(int shift)
{
    fe4 r;
    EACH_LIMB(i, r.limb[i] = lanes_everywhere((LT_FE_MASK - (i > 0 ? 0 : 18)) << shift));
    return r;
}

LANES_INLINE fe4 lanes_of(const lt_fe *x, const lt_fe *y, const lt_fe *z, const lt_fe *t)
{
    fe4 r;
    EACH_LIMB(i, r.limb[i] = lanes_load(
                     ((const uint64_t[4]){ x->limb[i], y->limb[i], z->limb[i], t->limb[i] })));
    return r;
}

LANES_INLINE void lanes_get(lt_fe *x, lt_fe *y, lt_fe *z, lt_fe *t, fe4 a)
{
    uint64_t l[4];
    EACH_LIMB(i, lanes_store(l, a.limb[i]); x->limb[i] = l[0]; y->limb[i] = l[1];
              z->limb[i] = l[2]; t->limb[i] = l[3]);
}

#endif
