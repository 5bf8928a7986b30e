/* SPDX-License-Identifier: MIT
 * rsa_ifma.c - see rsa_ifma.h. The method: S. Gueron, V. Krasnov, "Software implementation of modular
 * exponentiation, using advanced vector instructions architectures" (WAIFI 2012), with digits of 52
 * bits as in N. Drucker, S. Gueron, "Fast modular squaring with AVX512IFMA" (2018) and the two halves
 * of a private key side by side, as one waits for its lowest digit while the other multiplies. 20 digits
 * are five vectors of 256 bits; 30 and 40 are four and five of 512.
 *
 * Constant time: the instructions here are the same for every number of a size, loads and stores too;
 * of a table of powers every entry is read, and masks choose. `make ct` shows it of the same C with the
 * vectors of ifma_lanes.h emulated, as valgrind knows no AVX-512. */
#include "crypto/accel/rsa_ifma.h"

#if LT_HAS_X86 || (defined LT_IFMA_EMULATED && LT_HAS_INT128)

#include <string.h>

#include "base/secret.h"

#ifdef LT_IFMA_EMULATED
#define UNROLL
#else
#include <immintrin.h>
#define UNROLL _Pragma("GCC unroll 10") /* so that vectors stay in registers */
#endif

#define MASK_52 0xfffffffffffffULL
#define INLINE static inline __attribute__((always_inline))

enum {
    WINDOW = 5,
    TABLE_WIDTH = 80, /* words of the largest numbers: twice 40 digits, or once 80 */
};

typedef lt_u128 lane_bits;

struct modulus {
    _Alignas(64) uint64_t m[TABLE_WIDTH];
    uint64_t minus_inverse[2]; /* modulo 2^52 */
};

/* Of two exponentiations; all of it secret */
struct work {
    struct modulus k;
    _Alignas(64) uint64_t r[TABLE_WIDTH], chosen[TABLE_WIDTH], table[1 << WINDOW][TABLE_WIDTH];
};

/* Digits of 52 bits of n limbs, and back: gives what stands above n limbs */
static void to_digits(uint64_t *digits, const uint64_t *limbs, size_t n)
{
    for (size_t i = 0; 52 * i < 64 * n; i++) {
        size_t at = 52 * i / 64, shift = 52 * i % 64;
        uint64_t above = at + 1 < n ? limbs[at + 1] : 0;
        digits[i] = (limbs[at] >> shift | above << 1 << (63 - shift)) & MASK_52;
    }
}

static uint64_t to_limbs(uint64_t *limbs, const uint64_t *digits, size_t n)
{
    memset(limbs, 0, n * sizeof *limbs);
    for (size_t i = 0; 52 * i < 64 * n; i++) {
        size_t at = 52 * i / 64, shift = 52 * i % 64;
        limbs[at] |= digits[i] << shift;
        if (shift > 12 && at + 1 < n)
            limbs[at + 1] = digits[i] >> (64 - shift);
    }
    return digits[64 * n / 52] >> (64 * n % 52);
}

/* The bits of an exponent that a step takes; a limb is above it */
static uint64_t window(const uint64_t *exponent, size_t bit)
{
    size_t i = bit / 64, shift = bit % 64;
    uint64_t low = exponent[i] >> shift, high = exponent[i + 1] << 1 << (63 - shift);
    return (low | high) & ((1 << WINDOW) - 1);
}

#define NAME(x) x##_2_by_20
#define COUNT 2
#define LANES 4
#define VECTORS 5
#define DIGITS 20
#include "crypto/accel/digits52.h"

#define NAME(x) x##_2_by_30
#define COUNT 2
#define LANES 8
#define VECTORS 4
#define DIGITS 30
#include "crypto/accel/digits52.h"

#define NAME(x) x##_2_by_40
#define COUNT 2
#define LANES 8
#define VECTORS 5
#define DIGITS 40
#include "crypto/accel/digits52.h"

#define NAME(x) x##_40
#define COUNT 1
#define LANES 8
#define VECTORS 5
#define DIGITS 40
#include "crypto/accel/digits52.h"

#define NAME(x) x##_60
#define COUNT 1
#define LANES 8
#define VECTORS 8
#define DIGITS 60
#include "crypto/accel/digits52.h"

#define NAME(x) x##_80
#define COUNT 1
#define LANES 8
#define VECTORS 10
#define DIGITS 80
#include "crypto/accel/digits52.h"

static const struct {
    size_t n, width; /* limbs; words between a number and the next */
    void (*power)(struct work *w, const uint64_t *const exponent[2], size_t bits);
} private_sizes[] = { { 16, 20, power_2_by_20 },
                      { 24, 32, power_2_by_30 },
                      { 32, 40, power_2_by_40 } };

static const struct {
    size_t n;
    void (*multiply)(uint64_t *r, const uint64_t *a, const uint64_t *b,
                     const struct modulus *k);
} public_sizes[] = { { 32, multiply_40 }, { 48, multiply_60 }, { 64, multiply_80 } };

bool lt_rsa_ifma_here(void)
{
#ifdef LT_IFMA_EMULATED
    return true;
#else
    return lt_accel_has(LT_ACCEL_ifma | LT_ACCEL_adx);
#endif
}

/* One of both: R of 52-bit digits is 2^n times R of 64-bit limbs, as they have 65 n bits. */
static void start_half(struct work *w, lt_montgomery *k, const uint64_t *r, int half,
                       size_t width)
{
    uint64_t one[LT_RSA_PRIME_LIMBS], x[LT_RSA_PRIME_LIMBS];
    size_t at = width * (size_t)half;
    lt_montgomery_one(k, one);
    lt_montgomery_shift(k, one, k->n);
    lt_montgomery_multiply(k, x, r, one);
    to_digits(w->table[0] + at, one, k->n);
    to_digits(w->table[1] + at, x, k->n);
    to_digits(w->k.m + at, k->m, k->n);
    w->k.minus_inverse[half] = k->minus_inverse & MASK_52;
    lt_wipe(one, sizeof one);
    lt_wipe(x, sizeof x);
}

bool lt_rsa_ifma_private(lt_montgomery *const k[2], uint64_t *const r[2],
                         const uint64_t *const exponent[2])
{
    struct work w;
    size_t n = k[0]->n, which = 0, count = sizeof private_sizes / sizeof *private_sizes;
    while (which < count && private_sizes[which].n != n)
        which++;
    if (which == count || !lt_rsa_ifma_here())
        return false;
    size_t width = private_sizes[which].width;
    memset(&w, 0, sizeof w);
    for (int i = 0; i < 2; i++)
        start_half(&w, k[i], r[i], i, width);
    private_sizes[which].power(&w, exponent, 64 * n);
    for (int i = 0; i < 2; i++) {
        uint64_t above = to_limbs(r[i], w.r + width * (size_t)i, n);
        lt_montgomery_reduce_once(k[i], r[i], above);
    }
    lt_wipe(&w, sizeof w);
    return true;
}

/* R^2 of 52-bit digits: 2^(65 n) times R, by squarings that double the power of two beside R */
static void public_r_squared(uint64_t *r, const lt_montgomery *k, const struct modulus *m,
                             size_t which)
{
    uint64_t limbs[LT_MONTGOMERY_LIMBS];
    lt_montgomery_one(k, limbs);
    lt_montgomery_shift(k, limbs, k->n + 65 * k->n / 8);
    to_digits(r, limbs, k->n);
    for (int i = 0; i < 3; i++)
        public_sizes[which].multiply(r, r, r, m);
}

bool lt_rsa_ifma_public(const lt_montgomery *k, uint64_t *x, lt_bytes e)
{
    struct modulus m = { .minus_inverse = { k->minus_inverse & MASK_52 } };
    uint64_t plain[TABLE_WIDTH] = { 0 }, base[TABLE_WIDTH] = { 0 }, r[TABLE_WIDTH] = { 0 };
    size_t which = 0, count = sizeof public_sizes / sizeof *public_sizes;
    while (which < count && public_sizes[which].n != k->n)
        which++;
    if (which == count || !lt_rsa_ifma_here())
        return false;
    to_digits(m.m, k->m, k->n);
    to_digits(plain, x, k->n);
    public_r_squared(r, k, &m, which);
    public_sizes[which].multiply(base, plain, r, &m);
    memcpy(r, base, sizeof r);
    for (size_t bit = lt_highest_bit(e); bit-- > 0;) {
        public_sizes[which].multiply(r, r, r, &m);
        if (e.p[e.n - 1 - bit / 8] >> (bit % 8) & 1) /* the last one out of Montgomery's form */
            public_sizes[which].multiply(r, r, bit > 0 ? base : plain, &m);
    }
    uint64_t above = to_limbs(x, r, k->n); /* below 2m, it may have one bit more than m */
    lt_montgomery_reduce_once(k, x, above);
    return true;
}

#elif LT_HAS_INT128

bool lt_rsa_ifma_here(void)
{
    return false;
}

bool lt_rsa_ifma_private(lt_montgomery *const k[2], uint64_t *const r[2],
                         const uint64_t *const exponent[2])
{
    (void)k, (void)r, (void)exponent;
    return false;
}

bool lt_rsa_ifma_public(const lt_montgomery *k, uint64_t *x, lt_bytes e)
{
    (void)k, (void)x, (void)e;
    return false;
}

#endif
