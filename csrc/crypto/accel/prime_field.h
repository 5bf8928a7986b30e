/* SPDX-License-Identifier: MIT
 * prime_field.h - arithmetic modulo the p and the n of one curve, in Montgomery's form (Koç, Acar,
 * Kaliski: Analyzing and comparing Montgomery multiplication algorithms, CIOS), in constant time.
 *
 * A curve's file defines before it includes this: LIMBS; BITS and BYTES of n; num, which has that many; P,
 * P_ONE, P_RR and N, N_ONE, N_RR (R and R^2 modulo each, R = 2^(64 LIMBS)); N_INVERSE (-1/n mod
 * 2^64). It defines fe_reduce after that, or with
 * FE_MULTIPLY the three operations modulo p; with FE_SQUARE and SCALAR_MULTIPLY those. */
#include <string.h>

#include "base/secret.h"
#include "crypto/accel/accel.h"
#include "crypto/accel/invert256.h"

#ifdef __x86_64__
#include <x86intrin.h>
#endif

typedef unsigned long long word;

/* Loops over limbs, which compilers leave as they are at -O2 */
#define UNROLL _Pragma("GCC unroll 9")
#define INLINE static inline __attribute__((always_inline))

#ifdef __x86_64__
INLINE uint8_t add_carry(uint8_t carry, uint64_t a, uint64_t b, uint64_t *r)
{
    word out;
    carry = _addcarry_u64(carry, a, b, &out);
    *r = out;
    return carry;
}

INLINE uint8_t subtract_borrow(uint8_t borrow, uint64_t a, uint64_t b, uint64_t *r)
{
    word out;
    borrow = _subborrow_u64(borrow, a, b, &out);
    *r = out;
    return borrow;
}
#else
INLINE uint8_t add_carry(uint8_t carry, uint64_t a, uint64_t b, uint64_t *r)
{
    lt_u128 sum = (lt_u128)a + b + carry;
    *r = (uint64_t)sum;
    return (uint8_t)(sum >> 64);
}

INLINE uint8_t subtract_borrow(uint8_t borrow, uint64_t a, uint64_t b, uint64_t *r)
{
    lt_u128 difference = (lt_u128)a - b - borrow;
    *r = (uint64_t)difference;
    return (uint8_t)(difference >> 127);
}
#endif

/* r = a where mask is all ones */
INLINE void select_num(num *r, const num *a, uint64_t mask)
{
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        r->limb[i] ^= (r->limb[i] ^ a->limb[i]) & mask;
}

/* r, with a carry above it, below 2m: below m */
INLINE void reduce_once(num *r, uint8_t carry, const num *m)
{
    num less;
    uint64_t above;
    uint8_t borrow = 0;
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        borrow = subtract_borrow(borrow, r->limb[i], m->limb[i], &less.limb[i]);
    borrow = subtract_borrow(borrow, carry, 0, &above);
    select_num(r, &less, (uint64_t)borrow - 1);
}

static inline void add_mod(num *r, const num *a, const num *b, const num *m)
{
    uint8_t carry = 0;
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        carry = add_carry(carry, a->limb[i], b->limb[i], &r->limb[i]);
    reduce_once(r, carry, m);
}

static inline void subtract_mod(num *r, const num *a, const num *b, const num *m)
{
    uint8_t borrow = 0, carry = 0;
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        borrow = subtract_borrow(borrow, a->limb[i], b->limb[i], &r->limb[i]);
    uint64_t mask = 0 - (uint64_t)borrow;
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        carry = add_carry(carry, r->limb[i], m->limb[i] & mask, &r->limb[i]);
}

/* *carry and *t, the high and the low half of a b + *t + *carry. GCC makes twice as many
 * instructions of a product of 128 bits. */
#ifdef __x86_64__
INLINE void multiply_step(uint64_t *t, uint64_t *carry, uint64_t a, uint64_t b)
{
    uint64_t low, high;
    __asm__("mulq %3\n\taddq %4, %0\n\tadcq $0, %1\n\taddq %5, %0\n\tadcq $0, %1"
            : "=&a"(low), "=&d"(high)
            : "0"(a), "rm"(b), "r"(*t), "r"(*carry)
            : "cc");
    *t = low;
    *carry = high;
}
#else
INLINE void multiply_step(uint64_t *t, uint64_t *carry, uint64_t a, uint64_t b)
{
    lt_u128 sum = (lt_u128)a * b + *t + *carry;
    *t = (uint64_t)sum;
    *carry = (uint64_t)(sum >> 64);
}
#endif

/* t += a b, where t has two limbs more */
INLINE void multiply_add(uint64_t t[LIMBS + 2], const num *a, uint64_t b)
{
    uint64_t carry = 0;
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        multiply_step(&t[i], &carry, a->limb[i], b);
    t[LIMBS + 1] = add_carry(0, t[LIMBS], carry, &t[LIMBS]);
}

/* t = (t + k m) / 2^64, with the k that makes it whole: `inverse` is -1/m mod 2^64 */
INLINE void reduce_limb(uint64_t t[LIMBS + 2], const num *m, uint64_t inverse)
{
    uint64_t k = t[0] * inverse, carry = 0;
    multiply_step(&t[0], &carry, m->limb[0], k);
    UNROLL
    for (int i = 1; i < LIMBS; i++) {
        multiply_step(&t[i], &carry, m->limb[i], k);
        t[i - 1] = t[i];
    }
    t[LIMBS] = t[LIMBS + 1] + add_carry(0, t[LIMBS], carry, &t[LIMBS - 1]);
}

#ifndef FE_MULTIPLY
INLINE void fe_reduce(uint64_t t[LIMBS + 2]); /* the curve's: reduce_limb of p */

static void fe_multiply(num *r, const num *a, const num *b)
{
    uint64_t t[LIMBS + 2] = { 0 };
    UNROLL
    for (int i = 0; i < LIMBS; i++) {
        multiply_add(t, a, b->limb[i]);
        fe_reduce(t);
    }
    memcpy(r->limb, t, sizeof r->limb);
    reduce_once(r, (uint8_t)t[LIMBS], &P);
}

static inline void fe_add(num *r, const num *a, const num *b)
{
    add_mod(r, a, b, &P);
}

static inline void fe_subtract(num *r, const num *a, const num *b)
{
    subtract_mod(r, a, b, &P);
}
#else
static void fe_multiply(num *r, const num *a, const num *b);
INLINE void fe_add(num *r, const num *a, const num *b);
INLINE void fe_subtract(num *r, const num *a, const num *b);
#endif

#ifndef SCALAR_MULTIPLY
static void scalar_multiply(num *r, const num *a, const num *b)
{
    uint64_t t[LIMBS + 2] = { 0 };
    UNROLL
    for (int i = 0; i < LIMBS; i++) {
        multiply_add(t, a, b->limb[i]);
        reduce_limb(t, &N, N_INVERSE);
    }
    memcpy(r->limb, t, sizeof r->limb);
    reduce_once(r, (uint8_t)t[LIMBS], &N);
    lt_wipe(t, sizeof t);
}
#else
static void scalar_multiply(num *r, const num *a, const num *b);
#endif

#ifndef FE_SQUARE
static inline void fe_square(num *r, const num *a)
{
    fe_multiply(r, a, a);
}
#else
static void fe_square(num *r, const num *a);
#endif

static inline void scalar_square(num *r, const num *a)
{
    scalar_multiply(r, a, a);
}

#if LIMBS == 4
/* 1/a of an a that stands for a/R: R^2 times that */
INLINE void invert(num *r, const num *a, const num *m, const num *rr,
                   void (*multiply)(num *r, const num *a, const num *b))
{
    lt_invert_256(r->limb, a->limb, m->limb);
    multiply(r, r, rr);
    multiply(r, r, rr);
}

static void fe_invert(num *r, const num *a)
{
    invert(r, a, &P, &P_RR, fe_multiply);
}

static void scalar_invert(num *r, const num *a)
{
    invert(r, a, &N, &N_RR, scalar_multiply);
}
#else
/* a^(m-2) = 1/a by windows of four bits of the public exponent; zero gives zero */
INLINE void invert(num *r, const num *a, const num *m, const num *one,
                   void (*multiply)(num *r, const num *a, const num *b),
                   void (*square)(num *r, const num *a))
{
    num powers[16], exponent = *m, result = *one;
    exponent.limb[0] -= 2; /* no borrow: the last limb of each p and n is above 2 */
    powers[1] = *a;
    for (int i = 2; i < 16; i++)
        multiply(&powers[i], &powers[i - 1], a);
    for (int i = 16 * LIMBS - 1; i >= 0; i--) {
        unsigned digit = exponent.limb[i / 16] >> (4 * (i % 16)) & 15;
        for (int k = 0; k < 4; k++)
            square(&result, &result);
        if (digit)
            multiply(&result, &result, &powers[digit]);
    }
    *r = result;
    lt_wipe(powers, sizeof powers);
    lt_wipe(&result, sizeof result);
}

static void fe_invert(num *r, const num *a)
{
    invert(r, a, &P, &P_ONE, fe_multiply, fe_square);
}

static void scalar_invert(num *r, const num *a)
{
    invert(r, a, &N, &N_ONE, scalar_multiply, scalar_square);
}
#endif

/* Big-endian, of `size` octets at most 8 LIMBS */
static void decode(num *r, const uint8_t *in, size_t size)
{
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < size; i++)
        r->limb[(size - 1 - i) / 8] |= (uint64_t)in[i] << (8 * ((size - 1 - i) % 8));
}

static void encode(uint8_t out[BYTES], const num *a)
{
    for (size_t i = 0; i < BYTES; i++)
        out[i] = (uint8_t)(a->limb[(BYTES - 1 - i) / 8] >> (8 * ((BYTES - 1 - i) % 8)));
}

/* 1 or 0, without a branch */
static uint64_t is_below(const num *a, const num *m)
{
    uint64_t unused;
    uint8_t borrow = 0;
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        borrow = subtract_borrow(borrow, a->limb[i], m->limb[i], &unused);
    return borrow;
}

static uint64_t is_zero(const num *a)
{
    uint64_t any = 0;
    UNROLL
    for (int i = 0; i < LIMBS; i++)
        any |= a->limb[i];
    return 1 ^ ((any | (0 - any)) >> 63);
}

static void to_field(num *r, const num *a)
{
    fe_multiply(r, a, &P_RR);
}

static void from_field(num *r, const num *a)
{
    static const num one = { { 1 } };
    fe_multiply(r, a, &one);
}
