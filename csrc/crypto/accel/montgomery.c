/* SPDX-License-Identifier: MIT
 * montgomery.c - see montgomery.h. Products are summed up row by row (Koç, Acar, Kaliski: Analyzing
 * and comparing Montgomery multiplication algorithms), where the machine has MULX, ADCX and ADOX
 * with two chains of carries (Ozturk, Guilford, Gopal, Feghali: New instructions supporting large
 * integer arithmetic on Intel architecture processors). */
#include "crypto/accel/montgomery.h"

#if LT_HAS_INT128

#include <string.h>

#include "base/secret.h"

static uint64_t row_portable(uint64_t *t, const uint64_t *a, uint64_t b, size_t n)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < n; i++) {
        lt_u128 sum = (lt_u128)a[i] * b + t[i] + carry;
        t[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    return carry;
}

#if LT_HAS_X86
/* Of limb i: its product's low half goes into t by both chains, the high half into the next */
#define LIMB(i, high, next)                                                      \
    "mulxq " #i "*8(%[a]), %[x], %[" #next "]\n\tadcxq " #i "*8(%[t]), %[x]\n\t" \
    "adoxq %[" #high "], %[x]\n\tmovq %[x], " #i "*8(%[t])\n\t"

static uint64_t row_adx(uint64_t *t, const uint64_t *a, uint64_t b, size_t n)
{
    uint64_t carry = 0, x, y; /* volatile: what is written to t is no operand */
    for (; n > 0; n -= 8, t += 8, a += 8)
        __asm__ volatile(
            "xorl %k[x], %k[x]\n\t" /* no carries */
            LIMB(0, c, y) LIMB(1, y, c) LIMB(2, c, y) LIMB(3, y, c) LIMB(4, c, y) LIMB(5, y, c)
                LIMB(6, c, y)
                    LIMB(7, y, c) "movl $0, %k[x]\n\tadcxq %[x], %[c]\n\tadoxq %[x], %[c]"
            : [c] "+&r"(carry), [x] "=&r"(x), [y] "=&r"(y)
            : [a] "r"(a), [t] "r"(t), "d"(b)
            : "cc", "memory");
    return carry;
}
#endif

lt_multiply_row lt_multiply_row_choose(void)
{
#if LT_HAS_X86
    if (lt_accel_has(LT_ACCEL_adx))
        return row_adx;
#endif
    return row_portable;
}

void lt_limbs_decode(uint64_t *limbs, size_t n, const uint8_t *in, size_t size)
{
    memset(limbs, 0, n * sizeof *limbs);
    for (size_t i = 0; i < size; i++)
        limbs[(size - 1 - i) / 8] |= (uint64_t)in[i] << (8 * ((size - 1 - i) % 8));
}

void lt_limbs_encode(uint8_t *out, size_t size, const uint64_t *limbs)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(limbs[(size - 1 - i) / 8] >> (8 * ((size - 1 - i) % 8)));
}

uint64_t lt_limbs_below(const uint64_t *a, const uint64_t *b, size_t n)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < n; i++)
        borrow = (uint64_t)(((lt_u128)a[i] - b[i] - borrow) >> 64) & 1;
    return borrow;
}

size_t lt_highest_bit(lt_bytes e)
{
    size_t bit = 8 * e.n - 1;
    while (!(e.p[0] >> (bit % 8)))
        bit--;
    return bit;
}

void lt_montgomery_reduce_once(const lt_montgomery *k, uint64_t *r, uint64_t carry)
{
    uint64_t take = lt_ct_mask(0 - (carry | (1 ^ lt_limbs_below(r, k->m, k->n)))), borrow = 0;
    for (size_t i = 0; i < k->n; i++) {
        lt_u128 difference = (lt_u128)r[i] - (k->m[i] & take) - borrow;
        r[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
}

void lt_montgomery_multiply(lt_montgomery *k, uint64_t *r, const uint64_t *a, const uint64_t *b)
{
    uint64_t *t = k->t, top = 0;
    size_t n = k->n;
    memset(t, 0, 2 * n * sizeof *t);
    for (size_t i = 0; i < n; i++, t++) {
        lt_u128 sum = (lt_u128)k->row(t, a, b[i], n) + top;
        sum += k->row(t, k->m, *t * k->minus_inverse, n);
        t[n] = (uint64_t)sum;
        top = (uint64_t)(sum >> 64);
    }
    memcpy(r, t, n * sizeof *r);
    lt_montgomery_reduce_once(k, r, top);
}

/* R - m, as m is above R/2 */
void lt_montgomery_one(const lt_montgomery *k, uint64_t *r)
{
    memset(r, 0, k->n * sizeof *r);
    lt_montgomery_reduce_once(k, r, 1);
}

/* r = r 2^bits - q m, of a q that is the quotient or one less: from the highest limbs alone, for up
 * to 60 bits, what is cut off amounts to less than 2^(bits - 61) of it */
static void shift_some(const lt_montgomery *k, uint64_t *r, unsigned bits)
{
    uint64_t q = (uint64_t)((lt_u128)r[k->n - 1] * k->reciprocal >> (127 - bits));
    uint64_t below = 0, borrow = 0;
    for (size_t i = 0; i < k->n; i++) {
        lt_u128 product = (lt_u128)k->m[i] * q + borrow;
        uint64_t shifted = r[i] << bits | below;
        below = r[i] >> (64 - bits);
        r[i] = shifted - (uint64_t)product;
        borrow = (uint64_t)(product >> 64) + (shifted < (uint64_t)product);
    }
    lt_montgomery_reduce_once(k, r, below - borrow);
}

void lt_montgomery_shift(const lt_montgomery *k, uint64_t *r, size_t bits)
{
    enum { AT_ONCE = 60 };
    for (; bits > AT_ONCE; bits -= AT_ONCE)
        shift_some(k, r, AT_ONCE);
    if (bits > 0)
        shift_some(k, r, (unsigned)bits);
}

/* 2^127 / (top + 1), bit by bit: what divides in hardware may take as long as it likes */
static uint64_t reciprocal(uint64_t top)
{
    uint64_t quotient = 0, rest = (uint64_t)1 << 63; /* below top + 1 */
    for (int i = 0; i < 64; i++) {
        uint64_t out = rest >> 63;
        rest <<= 1;
        uint64_t take = lt_ct_mask(0 - (out | (uint64_t)(((lt_u128)top - rest) >> 127)));
        rest -= (top & take) + (take & 1); /* modulo 2^64 */
        quotient = quotient << 1 | (take & 1);
    }
    return quotient;
}

/* 2^(16 n) R, and each squaring doubles the power of two: 2^(64 n) R */
void lt_montgomery_square_r(lt_montgomery *k)
{
    uint64_t *r = k->r_squared;
    lt_montgomery_one(k, r);
    lt_montgomery_shift(k, r, 16 * k->n);
    for (int i = 0; i < 2; i++)
        lt_montgomery_multiply(k, r, r, r);
}

bool lt_montgomery_start(lt_montgomery *k, const uint8_t *modulus, size_t size)
{
    if (size == 0 || size % 64 || size > 8 * LT_MONTGOMERY_LIMBS)
        return false;
    k->n = size / 8;
    k->row = lt_multiply_row_choose();
    lt_limbs_decode(k->m, k->n, modulus, size);
    uint64_t fits = k->m[0] & 1 & k->m[k->n - 1] >> 63, inverse = k->m[0]; /* right to 3 bits */
    for (int i = 0; i < 5; i++) /* each doubles them */
        inverse *= 2 - k->m[0] * inverse;
    k->minus_inverse = 0 - inverse;
    k->reciprocal = reciprocal(k->m[k->n - 1]);
    return fits;
}

bool lt_montgomery_set(lt_montgomery *k, const uint8_t *modulus, size_t size)
{
    bool fits = lt_ct_public(lt_montgomery_start(k, modulus, size));
    if (fits)
        lt_montgomery_square_r(k);
    return fits;
}

#endif
