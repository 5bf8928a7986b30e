/* SPDX-License-Identifier: MIT
 * poly1305_avx2.h - blocks of Poly1305 four at a time, on limbs of 26 bits: included by poly1305.c, whose
 * eight at a time it follows: lane i has blocks i, i + 4, ... as a polynomial in r^4. */

#define TARGET __attribute__((target("avx2")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define APART \
    TARGET static __attribute__((noinline)) /* for small frames: what is left there is wiped */
#define UNROLL _Pragma("GCC unroll 5")
#define ADD _mm256_add_epi64
#define MULTIPLY _mm256_mul_epu32
#define RIGHT _mm256_srli_epi64
#define EVERYWHERE(x) _mm256_set1_epi64x((long long)(x))
#define ZERO _mm256_setzero_si256()
#define NOTHING                      \
    {                                \
        ZERO, ZERO, ZERO, ZERO, ZERO \
    }

enum { FOUR = 64, EIGHT = 2 * FOUR, LIMBS = 5, FOUR_WORTHWHILE = 256 };

static const uint64_t low26 = ((uint64_t)1 << 26) - 1;

struct lanes4 {
    uint64_t limb[LIMBS][4];
};

static void set_lane4(struct lanes4 *l, int i, const uint64_t h[3])
{
    l->limb[0][i] = h[0] & low26;
    l->limb[1][i] = h[0] >> 26 & low26;
    l->limb[2][i] = (h[0] >> 52 | h[1] << 12) & low26;
    l->limb[3][i] = h[1] >> 14 & low26;
    l->limb[4][i] = h[1] >> 40 | h[2] << 24;
}

/* Sums of the lanes, of 29 bits each at most, as one accumulator */
static void sum_lanes4(uint64_t h[3], const struct lanes4 *l)
{
    uint64_t sum[LIMBS] = { 0 };
    for (int k = 0; k < LIMBS; k++)
        for (int i = 0; i < 4; i++)
            sum[k] += l->limb[k][i];
    sum[0] += 5 * (sum[4] >> 26);
    lt_u128 low = (lt_u128)(sum[0] + (sum[1] << 26)) + ((lt_u128)sum[2] << 52);
    lt_u128 high = (lt_u128)(sum[3] << 14) + ((lt_u128)(sum[4] & low26) << 40);
    high += (uint64_t)(low >> 64);
    h[0] = (uint64_t)low;
    h[1] = (uint64_t)high;
    h[2] = (uint64_t)(high >> 64);
}

/* A factor: r by limbs, and 5 r, for 2^130 = 5 */
struct factor4 {
    __m256i r[LIMBS], s[LIMBS];
};

INLINE void set_factor4(struct factor4 *f, const __m256i r[LIMBS])
{
    UNROLL
    for (int i = 0; i < LIMBS; i++) {
        f->r[i] = r[i];
        f->s[i] = ADD(r[i], _mm256_slli_epi64(r[i], 2));
    }
}

INLINE void load_lanes4(__m256i x[LIMBS], const struct lanes4 *l)
{
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        x[i] = _mm256_loadu_si256((const __m256i *)(const void *)l->limb[i]);
}

#define PRODUCT(k, a, b, c, d, e)                                                           \
    sum[k] =                                                                                \
        ADD(ADD(ADD(sum[k], MULTIPLY(h[0], a)), ADD(MULTIPLY(h[1], b), MULTIPLY(h[2], c))), \
            ADD(MULTIPLY(h[3], d), MULTIPLY(h[4], e)))

/* sum += h f, not carried. Limbs of h are below 2^28, those of f below 2^28 and 2^30: each product adds less
 * than 2^61. */
INLINE void add_product4(__m256i sum[LIMBS], const __m256i h[LIMBS], const struct factor4 *f)
{
    PRODUCT(0, f->r[0], f->s[4], f->s[3], f->s[2], f->s[1]);
    PRODUCT(1, f->r[1], f->r[0], f->s[4], f->s[3], f->s[2]);
    PRODUCT(2, f->r[2], f->r[1], f->r[0], f->s[4], f->s[3]);
    PRODUCT(3, f->r[3], f->r[2], f->r[1], f->r[0], f->s[4]);
    PRODUCT(4, f->r[4], f->r[3], f->r[2], f->r[1], f->r[0]);
}

#define CARRY(from, to) \
    to = ADD(to, RIGHT(from, 26)), from = _mm256_and_si256(from, EVERYWHERE(low26))

/* Of two products at most, into limbs below 2^26 + 2^14: two chains side by side */
INLINE void carry4(__m256i h[LIMBS], const __m256i sum[LIMBS])
{
    __m256i a = sum[0], b = sum[1], c = sum[2], d = sum[3], e = sum[4];
    CARRY(a, b), CARRY(d, e);
    __m256i over = RIGHT(e, 26);
    e = _mm256_and_si256(e, EVERYWHERE(low26));
    a = ADD(a, ADD(over, _mm256_slli_epi64(over, 2))); /* 2^130 = 5 */
    CARRY(b, c);
    CARRY(a, b), CARRY(c, d);
    CARRY(d, e);
    h[0] = a, h[1] = b, h[2] = c, h[3] = d, h[4] = e;
}

APART void multiply4(__m256i h[LIMBS], const struct factor4 *f)
{
    __m256i sum[LIMBS] = NOTHING;
    add_product4(sum, h, f);
    carry4(h, sum);
}

/* h + four blocks. Unpacking two vectors leaves blocks 0 2 1 3 in the lanes. */
INLINE void add4(__m256i h[LIMBS], const uint8_t *data)
{
    const __m256i m26 = EVERYWHERE(low26);
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)data);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(data + 32));
    __m256i low = _mm256_unpacklo_epi64(a, b), high = _mm256_unpackhi_epi64(a, b);
    __m256i middle = _mm256_or_si256(RIGHT(low, 52), _mm256_slli_epi64(high, 12));
    h[0] = ADD(h[0], _mm256_and_si256(low, m26));
    h[1] = ADD(h[1], _mm256_and_si256(RIGHT(low, 26), m26));
    h[2] = ADD(h[2], _mm256_and_si256(middle, m26));
    h[3] = ADD(h[3], _mm256_and_si256(RIGHT(high, 14), m26));
    h[4] = ADD(h[4], _mm256_or_si256(RIGHT(high, 40), EVERYWHERE(1 << 24))); /* 2^128 */
}

/* Eight blocks that others follow: (h + a) r^8 + b r^4, with one carry for both products */
APART void take8(__m256i h[LIMBS], const uint8_t *data, const struct factor4 *fourth,
                 const struct factor4 *eighth)
{
    __m256i sum[LIMBS] = NOTHING, b[LIMBS] = NOTHING;
    add4(b, data + FOUR);
    add_product4(sum, b, fourth);
    add4(h, data);
    add_product4(sum, h, eighth);
    carry4(h, sum);
}

/* Powers of r to the places of their blocks: r^(4 - i) for block i; all of `fourth`: r^4 */
static void powers4(const struct mac *m, struct lanes4 *last, struct lanes4 *fourth)
{
    static const int lane_of[4] = { 0, 2, 1, 3 };
    uint64_t power[3] = { m->r[0], m->r[1], 0 };
    for (int i = 3; i >= 0; i--) {
        set_lane4(last, lane_of[i], power);
        if (i > 0)
            multiply(power, m->r);
    }
    for (int i = 0; i < 4; i++)
        set_lane4(fourth, i, power);
    lt_wipe(power, sizeof power);
}

TARGET static size_t take_avx2(struct mac *m, const uint8_t *data, size_t n)
{
    struct {
        struct lanes4 last, h; /* h: r^4 before it is needed */
        struct factor4 by_fourth, by_eighth;
    } s;
    const size_t whole = n & ~(size_t)(FOUR - 1);
    if (n < FOUR_WORTHWHILE)
        return 0;
    const uint8_t *end = data + whole - FOUR; /* the last four blocks */
    __m256i h[LIMBS], r[LIMBS];
    powers4(m, &s.last, &s.h);
    load_lanes4(r, &s.h);
    memset(&s.h, 0, sizeof s.h);
    set_lane4(&s.h, 0, m->h); /* what came before stands before block 0 */
    set_factor4(&s.by_fourth, r);
    multiply4(r, &s.by_fourth);
    set_factor4(&s.by_eighth, r);
    load_lanes4(h, &s.h);
    for (; end - data >= EIGHT; data += EIGHT)
        take8(h, data, &s.by_fourth, &s.by_eighth);
    if (data < end) {
        add4(h, data);
        multiply4(h, &s.by_fourth);
    }
    add4(h, end);
    load_lanes4(r, &s.last);
    set_factor4(&s.by_fourth, r);
    multiply4(h, &s.by_fourth);
    for (int i = 0; i < LIMBS; i++)
        _mm256_storeu_si256((__m256i *)(void *)s.h.limb[i], h[i]);
    sum_lanes4(m->h, &s.h);
    lt_wipe(&s, sizeof s);
    return whole;
}

#undef TARGET
#undef INLINE
#undef APART
#undef UNROLL
#undef ADD
#undef MULTIPLY
#undef RIGHT
#undef EVERYWHERE
#undef ZERO
#undef NOTHING
#undef PRODUCT
#undef CARRY
