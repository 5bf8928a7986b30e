/* SPDX-License-Identifier: MIT
 * invert256.c - see invert256.h. The method: D. Bernstein, B.-Y. Yang, "Fast constant-time gcd computation
 * and modular inversion" (2019), with delta from 1/2 on and many steps at once on the lowest words,
 * as P. Wuille describes it for libsecp256k1 ("The safegcd implementation in libsecp256k1 explained"):
 * 590 steps are enough for 256 bits. */
#include "crypto/accel/invert256.h"

#include "base/secret.h"

#if LT_HAS_INT128

#define MASK_62 ((1ULL << 62) - 1)

enum { BATCHES = 10, STEPS = 59 }; /* 590 */

typedef __int128 wide;

/* Five limbs of 62 bits, the lowest first; the last one has the sign. */
typedef struct {
    int64_t limb[5];
} number;

/* What a batch of steps makes of f and g, times 2^62: u f + v g, q f + r g */
struct transition {
    int64_t u, v, q, r;
};

/* All of it is secret. m divides f d' - a d and g d' - a e for some d'. */
struct work {
    number f, g, d, e;
    struct transition t;
};

static number from_words(const uint64_t a[4])
{
    return (number){ { (int64_t)(a[0] & MASK_62), (int64_t)((a[0] >> 62 | a[1] << 2) & MASK_62),
                       (int64_t)((a[1] >> 60 | a[2] << 4) & MASK_62),
                       (int64_t)((a[2] >> 58 | a[3] << 6) & MASK_62), (int64_t)(a[3] >> 56) } };
}

static void to_words(uint64_t r[4], const number *a)
{
    uint64_t l[5];
    for (int i = 0; i < 5; i++)
        l[i] = (uint64_t)a->limb[i];
    r[0] = l[0] | l[1] << 62;
    r[1] = l[1] >> 2 | l[2] << 60;
    r[2] = l[2] >> 4 | l[3] << 58;
    r[3] = l[3] >> 6 | l[4] << 56;
    lt_wipe(l, sizeof l);
}

/* STEPS of them on the lowest bits of f and g, with zeta = -(delta + 1/2); u and v double instead of
 * g being halved, from 2^(62 - STEPS) on. */
static int64_t make_transition(struct transition *t, int64_t zeta, uint64_t f, uint64_t g)
{
    uint64_t u = 1ULL << (62 - STEPS), v = 0, q = 0, r = u;
    for (int i = 0; i < STEPS; i++) {
        uint64_t swap = lt_ct_mask((uint64_t)(zeta >> 63)), odd = lt_ct_mask(0 - (g & 1));
        g += ((f ^ swap) - swap) & odd;
        q += ((u ^ swap) - swap) & odd;
        r += ((v ^ swap) - swap) & odd;
        swap &= odd;
        zeta = (int64_t)((uint64_t)zeta ^ swap) - 1;
        f += g & swap;
        u += q & swap;
        v += r & swap;
        g >>= 1;
        u <<= 1;
        v <<= 1;
    }
    *t = (struct transition){ (int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r };
    return zeta;
}

/* f and g after a batch; the lowest 62 bits of the sums are zero. */
static void step_f_g(number *f, number *g, const struct transition *t)
{
    wide of_f = 0, of_g = 0;
    for (int i = 0; i < 5; i++) {
        int64_t a = f->limb[i], b = g->limb[i];
        of_f += (wide)t->u * a + (wide)t->v * b;
        of_g += (wide)t->q * a + (wide)t->r * b;
        if (i > 0) {
            f->limb[i - 1] = (int64_t)((uint64_t)of_f & MASK_62);
            g->limb[i - 1] = (int64_t)((uint64_t)of_g & MASK_62);
        }
        of_f >>= 62;
        of_g >>= 62;
    }
    f->limb[4] = (int64_t)of_f;
    g->limb[4] = (int64_t)of_g;
}

/* How often m is added, so that `low` is whole when divided by 2^62 and the sum stays from -2m to m:
 * `more` once for each negative one of what was multiplied */
static int64_t multiple(int64_t more, wide low, uint64_t m_inverse)
{
    return more - (int64_t)((m_inverse * (uint64_t)low + (uint64_t)more) & MASK_62);
}

/* d and e after a batch, modulo m */
static void step_d_e(number *d, number *e, const struct transition *t, const number *m,
                     uint64_t m_inverse)
{
    int64_t d_sign = d->limb[4] >> 63, e_sign = e->limb[4] >> 63, of_m_d = 0, of_m_e = 0;
    wide of_d = 0, of_e = 0;
    for (int i = 0; i < 5; i++) {
        int64_t a = d->limb[i], b = e->limb[i];
        of_d += (wide)t->u * a + (wide)t->v * b;
        of_e += (wide)t->q * a + (wide)t->r * b;
        if (i == 0) {
            of_m_d = multiple((t->u & d_sign) + (t->v & e_sign), of_d, m_inverse);
            of_m_e = multiple((t->q & d_sign) + (t->r & e_sign), of_e, m_inverse);
        }
        of_d += (wide)of_m_d * m->limb[i];
        of_e += (wide)of_m_e * m->limb[i];
        if (i > 0) {
            d->limb[i - 1] = (int64_t)((uint64_t)of_d & MASK_62);
            e->limb[i - 1] = (int64_t)((uint64_t)of_e & MASK_62);
        }
        of_d >>= 62;
        of_e >>= 62;
    }
    d->limb[4] = (int64_t)of_d;
    e->limb[4] = (int64_t)of_e;
}

/* d plus m where it is negative, then minus it where `sign` is all ones */
static void settle(number *d, const number *m, int64_t sign)
{
    int64_t add = (int64_t)lt_ct_mask((uint64_t)(d->limb[4] >> 63)), carry = 0;
    sign = (int64_t)lt_ct_mask((uint64_t)sign);
    for (int i = 0; i < 5; i++) {
        carry += ((d->limb[i] + (m->limb[i] & add)) ^ sign) - sign;
        d->limb[i] = i < 4 ? (int64_t)((uint64_t)carry & MASK_62) : carry;
        carry >>= 62;
    }
}

/* 1/m mod 2^62: each round doubles the bits that are right, of which m has three */
static uint64_t inverse_of_low(uint64_t m)
{
    uint64_t x = m;
    for (int i = 0; i < 5; i++)
        x *= 2 - m * x;
    return x & MASK_62;
}

void lt_invert_256(uint64_t r[4], const uint64_t a[4], const uint64_t m[4])
{
    const number modulus = from_words(m);
    const uint64_t m_inverse = inverse_of_low(m[0]);
    struct work w = { .f = modulus, .g = from_words(a), .e = { { 1 } } };
    int64_t zeta = -1;
    for (int i = 0; i < BATCHES; i++) {
        zeta = make_transition(&w.t, zeta, (uint64_t)w.f.limb[0], (uint64_t)w.g.limb[0]);
        step_d_e(&w.d, &w.e, &w.t, &modulus, m_inverse);
        step_f_g(&w.f, &w.g, &w.t);
    }
    settle(&w.d, &modulus, w.f.limb[4] >> 63); /* f is 1 or -1 */
    settle(&w.d, &modulus, 0);
    to_words(r, &w.d);
    lt_wipe(&w, sizeof w);
}

#endif
