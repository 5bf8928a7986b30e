/* SPDX-License-Identifier: MIT
 * ifma_lanes.h - vectors of LANES (4 or 8) words of 64 bits, as AVX-512 VL and IFMA compute with them.
 * With LT_IFMA_EMULATED the same in C, for machines without them: valgrind's is one (`make ct`).
 * Included once for each size; see digits52.h, which undefines the names. */

#ifdef LT_IFMA_EMULATED

#define TARGET
#define VECTOR NAME(vector)
typedef struct {
    uint64_t lane[LANES];
} VECTOR;

#define EMULATE(name, expression, ...)           \
    static inline VECTOR NAME(name)(__VA_ARGS__) \
    {                                            \
        VECTOR r;                                \
        for (int i = 0; i < LANES; i++)          \
            r.lane[i] = (expression);            \
        return r;                                \
    }
#define LOW_52(v) ((v).lane[i] & 0xfffffffffffff)
EMULATE(load, p[i], const uint64_t *p)
EMULATE(everywhere, x, uint64_t x)
EMULATE(low, s.lane[i] + ((uint64_t)((lt_u128)LOW_52(a) * LOW_52(b)) & 0xfffffffffffff),
        VECTOR s, VECTOR a, VECTOR b)
EMULATE(high, s.lane[i] + (uint64_t)((lt_u128)LOW_52(a) * LOW_52(b) >> 52), VECTOR s, VECTOR a,
        VECTOR b)
EMULATE(down, i + 1 < LANES ? a.lane[i + 1] : above.lane[0], VECTOR a, VECTOR above)
EMULATE(up, i > 0 ? a.lane[i - 1] : below.lane[LANES - 1], VECTOR below, VECTOR a)
EMULATE(add, a.lane[i] + b.lane[i], VECTOR a, VECTOR b)
EMULATE(and, a.lane[i] & b.lane[i], VECTOR a, VECTOR b)
EMULATE(or, a.lane[i] | b.lane[i], VECTOR a, VECTOR b)
EMULATE(carries, a.lane[i] >> 52, VECTOR a)
EMULATE(add_where, a.lane[i] + (mask >> i & 1), VECTOR a, uint32_t mask)
EMULATE(set_first, i > 0 ? a.lane[i] : x, VECTOR a, uint64_t x)
EMULATE(equal, 0 - (((a.lane[i] ^ b.lane[i]) - 1) >> 63), VECTOR a, VECTOR b)

/* Bit i: the lane is above 2^52 - 1, or is that */
static inline uint32_t NAME(above)(VECTOR a)
{
    uint32_t mask = 0;
    for (int i = 0; i < LANES; i++)
        mask |= (uint32_t)((0xfffffffffffff - a.lane[i]) >> 63) << i;
    return mask;
}

static inline uint32_t NAME(full)(VECTOR a)
{
    uint32_t mask = 0;
    for (int i = 0; i < LANES; i++)
        mask |= (uint32_t)(((a.lane[i] ^ 0xfffffffffffff) - 1) >> 63) << i;
    return mask;
}

#define STORE(p, v) memcpy(p, (v).lane, sizeof(v).lane)
#define FIRST(v) ((v).lane[0])
#define LOAD(p) NAME(load)(p)
#define EVERYWHERE(x) NAME(everywhere)(x)
#define ADD_LOW(s, a, b) NAME(low)(s, a, b)
#define ADD_HIGH(s, a, b) NAME(high)(s, a, b)
#define DOWN(a, above) NAME(down)(a, above)
#define UP(below, a) NAME(up)(below, a)
#define ADD(a, b) NAME(add)(a, b)
#define AND(a, b) NAME (and)(a, b)
#define OR(a, b) NAME(or)(a, b)
#define CARRIES(a) NAME(carries)(a)
#define ADD_WHERE(a, mask) NAME(add_where)(a, mask)
#define SET_FIRST(a, x) NAME(set_first)(a, x)
#define EQUAL(a, b) NAME(equal)(a, b)
#define ABOVE(a) NAME(above)(a)
#define FULL(a) NAME(full)(a)
#undef EMULATE
#undef LOW_52

#else

#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512ifma,bmi2,adx")))
#if LANES == 8
#define VECTOR __m512i
#define OF(name) _mm512_##name
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define AND(a, b) _mm512_and_si512(a, b)
#define OR(a, b) _mm512_or_si512(a, b)
#define EVERYWHERE(x) _mm512_set1_epi64((long long)(x))
#define FIRST(v) ((uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(v)))
#else
#define VECTOR __m256i
#define OF(name) _mm256_##name
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define AND(a, b) _mm256_and_si256(a, b)
#define OR(a, b) _mm256_or_si256(a, b)
#define EVERYWHERE(x) _mm256_set1_epi64x((long long)(x))
#define FIRST(v) ((uint64_t)_mm_cvtsi128_si64(_mm256_castsi256_si128(v)))
#endif
#define ADD_LOW(s, a, b) OF(madd52lo_epu64)(s, a, b)
#define ADD_HIGH(s, a, b) OF(madd52hi_epu64)(s, a, b)
#define DOWN(a, above) OF(alignr_epi64)(above, a, 1)
#define UP(below, a) OF(alignr_epi64)(a, below, LANES - 1)
#define ADD(a, b) OF(add_epi64)(a, b)
#define CARRIES(a) OF(srli_epi64)(a, 52)
#define ADD_WHERE(a, mask) OF(mask_add_epi64)(a, (__mmask8)(mask), a, EVERYWHERE(1))
#define SET_FIRST(a, x) OF(mask_set1_epi64)(a, 1, (long long)(x))
#define EQUAL(a, b) OF(movm_epi64)(OF(cmpeq_epi64_mask)(a, b))
#define ABOVE(a) ((uint32_t)OF(cmpgt_epu64_mask)(a, EVERYWHERE(MASK_52)))
#define FULL(a) ((uint32_t)OF(cmpeq_epi64_mask)(a, EVERYWHERE(MASK_52)))

#endif
