/* SPDX-License-Identifier: MIT
 * poly1305.c - see poly1305.h. The accumulator h and the key r are below 2^131 and 2^124, in limbs
 * of 64 bits; r is clamped, so that 2^128 r1 = 5 (r1 / 4) modulo p = 2^130 - 5, and the products of
 * a block need no carries between them (D. J. Bernstein, "The Poly1305-AES message-authentication
 * code", FSE 2005, section 4, of 64-bit limbs instead of floating point).
 *
 * Eight at a time (D. J. Bernstein, P. Schwabe, "NEON crypto", CHES 2012, section 4, of AVX-512 IFMA
 * and limbs of 44, 44 and 42 bits): lane i has blocks i, i + 8, ... as a polynomial in r^8, and in
 * the end is multiplied by r^(8 - i). poly1305_avx2.h has four at a time. */
#include "crypto/accel/poly1305.h"

#include "base/secret.h"

#if LT_HAS_INT128

/* All that depends on the key */
struct mac {
    uint64_t h[3], r[2];
    uint8_t key[32], tail[16];
};

/* Blocks of 16 bytes: as many of `n` bytes as it likes; gives the bytes that it took */
typedef size_t many(struct mac *m, const uint8_t *data, size_t n);

static uint64_t load(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

static void store(uint8_t *p, uint64_t x)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(x >> 8 * i);
}

/* h = h r; h[2] is 6 at most before and 4 after */
static inline void multiply(uint64_t h[3], const uint64_t r[2])
{
    uint64_t s = r[1] + (r[1] >> 2), top = h[2] * s;
    lt_u128 d0 = (lt_u128)h[0] * r[0] + (lt_u128)h[1] * s;
    lt_u128 d1 = (lt_u128)h[0] * r[1] + (lt_u128)h[1] * r[0] + top;
    d1 += (uint64_t)(d0 >> 64);
    uint64_t d2 = h[2] * r[0] + (uint64_t)(d1 >> 64);
    uint64_t over = (d2 & ~(uint64_t)3) + (d2 >> 2); /* 5 (d2 / 4), for 2^130 = 5 */
    h[0] = (uint64_t)d0 + over;
    h[1] = (uint64_t)d1 + (h[0] < over);
    h[2] = (d2 & 3) + (h[1] < (uint64_t)d1);
}

static void blocks(struct mac *m, const uint8_t *data, size_t n)
{
    uint64_t h[3] = { m->h[0], m->h[1], m->h[2] };
    const uint64_t r[2] = { m->r[0], m->r[1] };
    for (; n >= 16; data += 16, n -= 16) {
        uint64_t low = load(data), high = load(data + 8);
        h[0] += low, h[1] += high;
        h[2] += 1 + (uint64_t)(h[1] < high); /* 2^128 is what a block is given in front */
        low = h[0] < low;
        h[1] += low, h[2] += h[1] < low;
        multiply(h, r);
    }
    memcpy(m->h, h, sizeof h);
}

/* Zeros to the end of the last block, as section 2.8 has it */
static void padded(struct mac *m, const uint8_t *data, size_t n, many *take)
{
    size_t taken = take ? take(m, data, n) : 0;
    size_t whole = (n - taken) & ~(size_t)15, left = n - taken - whole;
    if (whole > 0)
        blocks(m, data + taken, whole);
    if (left == 0)
        return;
    memset(m->tail, 0, sizeof m->tail);
    memcpy(m->tail, data + taken + whole, left);
    blocks(m, m->tail, sizeof m->tail);
}

static void begin(struct mac *m)
{
    m->h[0] = m->h[1] = m->h[2] = 0;
    m->r[0] = load(m->key) & 0x0ffffffc0fffffff;
    m->r[1] = load(m->key + 8) & 0x0ffffffc0ffffffc;
}

static void finish(struct mac *m, uint8_t tag[16])
{
    lt_u128 low = (lt_u128)m->h[0] + 5; /* h - p, if that is not negative: bit 130 of h + 5 */
    lt_u128 middle = (lt_u128)m->h[1] + (uint64_t)(low >> 64);
    uint64_t mask = 0 - ((m->h[2] + (uint64_t)(middle >> 64)) >> 2);
    uint64_t h0 = (m->h[0] & ~mask) | ((uint64_t)low & mask);
    uint64_t h1 = (m->h[1] & ~mask) | ((uint64_t)middle & mask);
    low = (lt_u128)h0 + load(m->key + 16);
    store(tag, (uint64_t)low);
    store(tag + 8, h1 + load(m->key + 24) + (uint64_t)(low >> 64));
}

enum { SHORT = 192 };

/* A short text, with what makes its one-time key in front: ChaCha20's blocks 0 to 3 */
struct short_text {
    uint8_t key[64], text[SHORT];
};

/* The one-time key, and the text encrypted or decrypted, by one call for both */
static void begin_short(struct mac *m, struct short_text *s, const void *key, const void *iv,
                        const uint8_t *data, size_t n, br_chacha20_run chacha20)
{
    memset(s->key, 0, sizeof s->key);
    if (n > 0)
        memcpy(s->text, data, n);
    chacha20(key, iv, 0, s, sizeof s->key + n);
    memcpy(m->key, s->key, sizeof m->key);
    begin(m);
}

static inline void authenticate(struct mac *m, lt_bytes aad, const uint8_t *data, size_t n,
                                uint8_t *tag, many *take)
{
    uint8_t sizes[16];
    padded(m, aad.p, aad.n, NULL);
    padded(m, data, n, take);
    store(sizes, aad.n);
    store(sizes + 8, n);
    blocks(m, sizes, sizeof sizes);
    finish(m, tag);
}

static void run_short(const void *key, const void *iv, lt_bytes aad, uint8_t *data, size_t n,
                      uint8_t *tag, br_chacha20_run chacha20, bool encrypt)
{
    struct mac m = { .key = { 0 } };
    struct short_text s;
    begin_short(&m, &s, key, iv, data, n, chacha20);
    authenticate(&m, aad, encrypt ? s.text : data, n, tag, NULL);
    if (n > 0)
        memcpy(data, s.text, n);
    lt_wipe(&m, sizeof m);
    lt_wipe(&s, sizeof s.key + n);
}

static inline void run(const void *key, const void *iv, lt_bytes aad, uint8_t *data, size_t n,
                       uint8_t *tag, br_chacha20_run chacha20, bool encrypt, many *take)
{
    struct mac m = { .key = { 0 } };
    if (n <= SHORT) {
        run_short(key, iv, aad, data, n, tag, chacha20, encrypt);
        return;
    }
    chacha20(key, iv, 0, m.key, sizeof m.key);
    begin(&m);
    if (encrypt)
        chacha20(key, iv, 1, data, n);
    authenticate(&m, aad, data, n, tag, take);
    if (!encrypt)
        chacha20(key, iv, 1, data, n);
    lt_wipe(&m, sizeof m);
}

void lt_poly1305_64(const void *key, const void *iv, void *data, size_t n, const void *aad,
                    size_t aad_n, void *tag, br_chacha20_run chacha20, int encrypt)
{
    run(key, iv, (lt_bytes){ aad, aad_n }, data, n, tag, chacha20, encrypt != 0, NULL);
}

#endif

#if LT_HAS_X86
#include <immintrin.h>

#include "crypto/accel/poly1305_avx2.h"

void lt_poly1305_avx2(const void *key, const void *iv, void *data, size_t n, const void *aad,
                      size_t aad_n, void *tag, br_chacha20_run chacha20, int encrypt)
{
    run(key, iv, (lt_bytes){ aad, aad_n }, data, n, tag, chacha20, encrypt != 0, take_avx2);
}

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512ifma")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum { AT_ONCE = 128, TWICE = 2 * AT_ONCE, WORTHWHILE = 256 };

static const uint64_t low44 = ((uint64_t)1 << 44) - 1, low42 = ((uint64_t)1 << 42) - 1;

/* Powers of r, or the accumulators of eight lanes, by limbs */
struct lanes {
    uint64_t limb[3][8];
};

/* The number of lane i: an accumulator's 130 bits and a little, cut at 44 and 88 */
static void set_lane(struct lanes *l, int i, const uint64_t h[3])
{
    l->limb[0][i] = h[0] & low44;
    l->limb[1][i] = (h[0] >> 44 | h[1] << 20) & low44;
    l->limb[2][i] = h[1] >> 24 | h[2] << 40;
}

/* Sums of the lanes, of 48 bits each at most, as one accumulator */
static void sum_lanes(uint64_t h[3], const struct lanes *l)
{
    uint64_t sum[3] = { 0, 0, 0 };
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 8; i++)
            sum[k] += l->limb[k][i];
    sum[0] += 5 * (sum[2] >> 42);
    lt_u128 low = (lt_u128)sum[0] + ((lt_u128)sum[1] << 44);
    lt_u128 high = ((lt_u128)(sum[2] & low42) << 24) + (uint64_t)(low >> 64);
    h[0] = (uint64_t)low;
    h[1] = (uint64_t)high;
    h[2] = (uint64_t)(high >> 64);
}

/* A factor: r by limbs, and 20 r, for 2^132 = 20 */
struct factor {
    __m512i r0, r1, r2, s1, s2;
};

INLINE struct factor factor(const __m512i r[3])
{
    const __m512i by = _mm512_set1_epi64(20);
    return (struct factor){ r[0], r[1], r[2], _mm512_mullo_epi64(r[1], by),
                            _mm512_mullo_epi64(r[2], by) };
}

INLINE void load_lanes(__m512i x[3], const struct lanes *l)
{
    for (int k = 0; k < 3; k++)
        x[k] = _mm512_loadu_si512(l->limb[k]);
}

#define ADD _mm512_add_epi64
#define MADD(part, sum, x, y, z) sum = part(part(part(sum, h[0], x), h[1], y), h[2], z)

/* Products before they are carried: the lower 52 bits of each, and the upper ones, by limbs of the result */
struct sums {
    __m512i low[3], high[3];
};

/* Limbs of h are below 2^46. */
INLINE void add_product8(struct sums *s, const __m512i h[3], const struct factor *f)
{
    MADD(_mm512_madd52lo_epu64, s->low[0], f->r0, f->s2, f->s1);
    MADD(_mm512_madd52lo_epu64, s->low[1], f->r1, f->r0, f->s2);
    MADD(_mm512_madd52lo_epu64, s->low[2], f->r2, f->r1, f->r0);
    MADD(_mm512_madd52hi_epu64, s->high[0], f->r0, f->s2, f->s1);
    MADD(_mm512_madd52hi_epu64, s->high[1], f->r1, f->r0, f->s2);
    MADD(_mm512_madd52hi_epu64, s->high[2], f->r2, f->r1, f->r0);
}

/* Of two products at most, into limbs below 2^44 + 2^11. A product's bits from 52 on have the weight of
 * the next limb's bit 8 (bit 10, beyond the 42 of the last). */
INLINE void carry8(__m512i h[3], const struct sums *s)
{
    const __m512i m44 = _mm512_set1_epi64((long long)low44);
    const __m512i m42 = _mm512_set1_epi64((long long)low42);
    __m512i carry = ADD(_mm512_srli_epi64(s->low[0], 44), _mm512_slli_epi64(s->high[0], 8));
    __m512i low1 = ADD(s->low[1], carry);
    carry = ADD(_mm512_srli_epi64(low1, 44), _mm512_slli_epi64(s->high[1], 8));
    __m512i low2 = ADD(s->low[2], carry);
    carry = ADD(_mm512_srli_epi64(low2, 42), _mm512_slli_epi64(s->high[2], 10));
    carry = ADD(carry, _mm512_slli_epi64(carry, 2)); /* 2^130 = 5 */
    __m512i low0 = ADD(_mm512_and_si512(s->low[0], m44), carry);
    h[0] = _mm512_and_si512(low0, m44);
    h[1] = ADD(_mm512_and_si512(low1, m44), _mm512_srli_epi64(low0, 44));
    h[2] = _mm512_and_si512(low2, m42);
}

INLINE void multiply8(__m512i h[3], const struct factor *f)
{
    const __m512i zero = _mm512_setzero_si512();
    struct sums s = { { zero, zero, zero }, { zero, zero, zero } };
    add_product8(&s, h, f);
    carry8(h, &s);
}

/* Eight blocks. Unpacking two vectors leaves blocks 0 4 1 5 2 6 3 7 in the lanes. */
INLINE void load8(__m512i x[3], const uint8_t *data)
{
    const __m512i m44 = _mm512_set1_epi64((long long)low44);
    __m512i a = _mm512_loadu_si512(data), b = _mm512_loadu_si512(data + 64);
    __m512i low = _mm512_unpacklo_epi64(a, b), high = _mm512_unpackhi_epi64(a, b);
    __m512i middle = _mm512_or_si512(_mm512_srli_epi64(low, 44), _mm512_slli_epi64(high, 20));
    x[0] = _mm512_and_si512(low, m44);
    x[1] = _mm512_and_si512(middle, m44);
    x[2] = _mm512_or_si512(_mm512_srli_epi64(high, 24),
                           _mm512_set1_epi64((long long)1 << 40)); /* 2^128 */
}

INLINE void add8(__m512i h[3], const uint8_t *data)
{
    __m512i x[3];
    load8(x, data);
    h[0] = ADD(h[0], x[0]), h[1] = ADD(h[1], x[1]), h[2] = ADD(h[2], x[2]);
}

/* Sixteen blocks that others follow: (h + a) r^16 + b r^8, with one carry for both products */
INLINE void take16(__m512i h[3], const uint8_t *data, const struct factor *eighth,
                   const struct factor *sixteenth)
{
    const __m512i zero = _mm512_setzero_si512();
    struct sums s = { { zero, zero, zero }, { zero, zero, zero } };
    __m512i b[3];
    load8(b, data + AT_ONCE);
    add_product8(&s, b, eighth); /* first, as it waits for nothing */
    add8(h, data);
    add_product8(&s, h, sixteenth);
    carry8(h, &s);
}

/* Powers of r to the places of their blocks: r^(8 - i) for block i; all of `eighth`: r^8 */
static void powers(const struct mac *m, struct lanes *last, struct lanes *eighth)
{
    static const int lane_of[8] = { 0, 2, 4, 6, 1, 3, 5, 7 };
    uint64_t power[3] = { m->r[0], m->r[1], 0 };
    for (int i = 7; i >= 0; i--) {
        set_lane(last, lane_of[i], power);
        if (i > 0)
            multiply(power, m->r);
    }
    for (int i = 0; i < 8; i++)
        set_lane(eighth, i, power);
    lt_wipe(power, sizeof power);
}

TARGET static size_t take_ifma(struct mac *m, const uint8_t *data, size_t n)
{
    struct {
        struct lanes last, eighth, h;
    } s;
    const size_t whole = n & ~(size_t)(AT_ONCE - 1);
    if (n < WORTHWHILE)
        return 0;
    const uint8_t *end = data + whole - AT_ONCE; /* the last eight blocks */
    powers(m, &s.last, &s.eighth);
    memset(&s.h, 0, sizeof s.h);
    set_lane(&s.h, 0, m->h); /* what came before stands before block 0 */
    __m512i h[3], r[3];
    load_lanes(r, &s.eighth);
    const struct factor eighth = factor(r);
    multiply8(r, &eighth);
    const struct factor sixteenth = factor(r);
    load_lanes(h, &s.h);
    for (; end - data >= TWICE; data += TWICE)
        take16(h, data, &eighth, &sixteenth);
    if (data < end) {
        add8(h, data);
        multiply8(h, &eighth);
    }
    add8(h, end);
    load_lanes(r, &s.last);
    const struct factor last = factor(r);
    multiply8(h, &last);
    for (int k = 0; k < 3; k++)
        _mm512_storeu_si512(s.h.limb[k], h[k]);
    sum_lanes(m->h, &s.h);
    lt_wipe(&s, sizeof s);
    return whole;
}

void lt_poly1305_ifma(const void *key, const void *iv, void *data, size_t n, const void *aad,
                      size_t aad_n, void *tag, br_chacha20_run chacha20, int encrypt)
{
    run(key, iv, (lt_bytes){ aad, aad_n }, data, n, tag, chacha20, encrypt != 0, take_ifma);
}

#endif

br_poly1305_run lt_accel_poly1305(void)
{
#if LT_HAS_X86
    if (lt_accel_has(LT_ACCEL_ifma | LT_ACCEL_int128))
        return lt_poly1305_ifma;
    if (lt_accel_has(LT_ACCEL_avx2 | LT_ACCEL_int128))
        return lt_poly1305_avx2;
#endif
#if LT_HAS_INT128
    if (lt_accel_has(LT_ACCEL_int128))
        return lt_poly1305_64;
#endif
    return NULL;
}
