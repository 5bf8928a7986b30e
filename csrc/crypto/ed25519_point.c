/* SPDX-License-Identifier: MIT
 * ed25519_point.c - see ed25519_point.h. The formulas are section 5.1.4's of RFC 8032: complete, so
 * that they are right for every pair of points. */
#include "crypto/ed25519_point.h"

#include <stdlib.h>

#include "base/secret.h"
#include "crypto/accel/curve25519_ifma.h"

static const lt_fe d =
    LT_FE(0x52036cee2b6ffe73, 0x8cc740797779e898, 0x00700a4d4141d8ab, 0x75eb4dca135978a3);
static const lt_fe twice_d =
    LT_FE(0x2406d9dc56dffce7, 0x198e80f2eef3d130, 0x00e0149a8283b156, 0xebd69b9426b2f159);
static const lt_fe root_of_minus_1 =
    LT_FE(0x2b8324804fc1df0b, 0x2b4d00993dfbd7a7, 0x2f431806ad2fe478, 0xc4ee1b274a0ea0b0);
static const lt_ed25519_point neutral = { .y = { { 1 } }, .z = { { 1 } } };

/* What additions and doublings leave behind may be secret: whoever holds this wipes it. */
struct scratch {
    lt_fe a, b, c, e, f, g, h;
};

/* The end that addition and doubling share. T is wanted before an addition alone. */
static void join(lt_ed25519_point *r, const struct scratch *s, bool with_t)
{
    lt_fe_multiply(&r->x, &s->e, &s->f);
    lt_fe_multiply(&r->y, &s->g, &s->h);
    lt_fe_multiply(&r->z, &s->f, &s->g);
    if (with_t)
        lt_fe_multiply(&r->t, &s->e, &s->h);
}

/* Of A, B, C in the scratch and D: E = B - A, F = D - C, G = D + C, H = B + A */
static void join_sums(lt_ed25519_point *r, struct scratch *s, const lt_fe *twice_z, bool with_t)
{
    lt_fe_add(&s->g, twice_z, &s->c);
    lt_fe_subtract(&s->f, twice_z, &s->c);
    lt_fe_subtract(&s->e, &s->b, &s->a);
    lt_fe_add(&s->h, &s->b, &s->a);
    join(r, s, with_t);
}

static void add_multiple(lt_ed25519_point *r, const lt_ed25519_point *p,
                         const lt_ed25519_multiple *q, struct scratch *s, bool with_t)
{
    lt_fe_subtract(&s->a, &p->y, &p->x);
    lt_fe_multiply(&s->a, &s->a, &q->difference);
    lt_fe_add(&s->b, &p->y, &p->x);
    lt_fe_multiply(&s->b, &s->b, &q->sum);
    lt_fe_multiply(&s->c, &p->t, &q->product);
    lt_fe_add(&s->h, &p->z, &p->z);
    join_sums(r, s, &s->h, with_t); /* which takes H last */
}

static void twice(lt_ed25519_point *r, const lt_ed25519_point *p, struct scratch *s,
                  bool with_t)
{
    lt_fe_square(&s->a, &p->x);
    lt_fe_square(&s->b, &p->y);
    lt_fe_square(&s->c, &p->z);
    lt_fe_add(&s->c, &s->c, &s->c);
    lt_fe_add(&s->h, &s->a, &s->b);
    lt_fe_add(&s->e, &p->x, &p->y);
    lt_fe_square(&s->e, &s->e);
    lt_fe_subtract(&s->e, &s->h, &s->e);
    lt_fe_subtract(&s->g, &s->a, &s->b);
    lt_fe_add(&s->f, &s->c, &s->g);
    join(r, s, with_t);
}

/* Sixteen times p */
static void shift(lt_ed25519_point *p, struct scratch *s)
{
    for (int i = 0; i < 4; i++)
        twice(p, p, s, i == 3);
}

static void negate_where(lt_ed25519_multiple *m, uint32_t mask)
{
    lt_fe sum = m->sum, minus, zero = lt_fe_small(0);
    lt_fe_select(&m->sum, &m->difference, mask);
    lt_fe_select(&m->difference, &sum, mask);
    lt_fe_subtract(&minus, &zero, &m->product);
    lt_fe_select(&m->product, &minus, mask);
    lt_wipe(&sum, sizeof sum);
    lt_wipe(&minus, sizeof minus);
}

/* digit times the point whose multiples a row has, -8 to 8; every entry is looked at */
static void pick(lt_ed25519_multiple *m, const lt_ed25519_multiple row[8], int digit)
{
    uint32_t negative = (uint32_t)digit >> 31;
    uint32_t size = ((uint32_t)digit ^ (0 - negative)) + negative;
    *m = (lt_ed25519_multiple){ lt_fe_small(1), lt_fe_small(1), lt_fe_small(0) };
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t take = 0 - (((size ^ (i + 1)) - 1) >> 31);
        lt_fe_select(&m->sum, &row[i].sum, take);
        lt_fe_select(&m->difference, &row[i].difference, take);
        lt_fe_select(&m->product, &row[i].product, take);
    }
    negate_where(m, 0 - negative);
}

/* A scalar below 2^255 as 64 digits from -8 to 8, of the weights 16^i */
static void digits_of(int8_t digits[64], const uint8_t scalar[32])
{
    int carry = 0;
    for (size_t i = 0; i < 64; i++) {
        int digit = (scalar[i / 2] >> (i % 2 * 4) & 15) + carry;
        carry = i < 63 ? (digit + 8) >> 4 : 0;
        digits[i] = (int8_t)(digit - 16 * carry);
    }
}

static void multiply_base(lt_ed25519_point *r, const int8_t digits[64])
{
    struct scratch s;
    lt_ed25519_multiple m;
    *r = neutral;
    for (size_t k = 8; k-- > 0;) {
        if (k < 7)
            shift(r, &s);
        for (size_t row = 0; row < 8; row++) {
            pick(&m, lt_ed25519_table[row], digits[8 * row + k]);
            add_multiple(r, r, &m, &s, true);
        }
    }
    lt_wipe(&m, sizeof m);
    lt_wipe(&s, sizeof s);
}

/* Hamburg, Fast and compact elliptic-curve cryptography, section 3.3: the digits 8 r + k of all
 * rows have the same weight beside their row's. */
void lt_ed25519_multiply_base(lt_ed25519_point *r, const uint8_t scalar[32])
{
    int8_t digits[64];
    digits_of(digits, scalar);
#if LT_HAS_CURVE25519_IFMA
    if (lt_curve25519_ifma_here())
        lt_ed25519_ifma_multiply_base(r, digits);
    else
#endif
        multiply_base(r, digits);
    lt_wipe(digits, sizeof digits);
}

static void sparse_digits(int8_t digits[LT_ED25519_SPARSE], const uint8_t scalar[32], int width)
{
    uint8_t bits[LT_ED25519_SPARSE] = { 0 };
    for (size_t i = 0; i < 256; i++)
        bits[i] = scalar[i / 8] >> (i % 8) & 1;
    lt_sparse_digits(digits, bits, 256, width);
}

/* A point as what is added of it */
struct addend {
    lt_ed25519_multiple m;
    lt_fe twice_z;
};

static void addend_of(struct addend *a, const lt_ed25519_point *p)
{
    lt_fe one = lt_fe_small(1);
    lt_fe_add(&a->m.sum, &p->y, &p->x);
    lt_fe_subtract(&a->m.difference, &p->y, &p->x);
    lt_fe_multiply(&a->m.sum, &a->m.sum, &one);
    lt_fe_multiply(&a->m.difference, &a->m.difference, &one);
    lt_fe_multiply(&a->m.product, &p->t, &twice_d);
    lt_fe_add(&a->twice_z, &p->z, &p->z);
}

static void add_addend(lt_ed25519_point *r, const struct addend *q, bool minus,
                       struct scratch *s)
{
    lt_ed25519_multiple m = q->m;
    lt_fe twice_z;
    if (minus)
        negate_where(&m, ~0U);
    lt_fe_subtract(&s->a, &r->y, &r->x);
    lt_fe_multiply(&s->a, &s->a, &m.difference);
    lt_fe_add(&s->b, &r->y, &r->x);
    lt_fe_multiply(&s->b, &s->b, &m.sum);
    lt_fe_multiply(&s->c, &r->t, &m.product);
    lt_fe_multiply(&twice_z, &r->z, &q->twice_z);
    join_sums(r, s, &twice_z, true);
}

/* 1, 3, ... 15 times p */
static void odd_multiples(struct addend odd[8], const lt_ed25519_point *p, struct scratch *s)
{
    lt_ed25519_point sum = *p, two;
    struct addend of_two;
    twice(&two, p, s, true);
    addend_of(&of_two, &two);
    for (size_t i = 0; i < 8; i++) {
        addend_of(&odd[i], &sum);
        add_addend(&sum, &of_two, false, s);
    }
}

static void multiply_two(lt_ed25519_point *r, const int8_t of_base[LT_ED25519_SPARSE],
                         const int8_t of_p[LT_ED25519_SPARSE], const lt_ed25519_point *p)
{
    struct scratch scratch;
    struct addend odd[8];
    odd_multiples(odd, p, &scratch);
    *r = neutral;
    size_t top = LT_ED25519_SPARSE;
    while (top > 0 && !of_base[top - 1] && !of_p[top - 1])
        top--;
    for (size_t i = top; i-- > 0;) {
        twice(r, r, &scratch, of_base[i] || of_p[i]);
        if (of_p[i])
            add_addend(r, &odd[abs(of_p[i]) / 2], of_p[i] > 0, &scratch);
        if (of_base[i]) {
            lt_ed25519_multiple m = lt_ed25519_table[0][abs(of_base[i]) - 1];
            negate_where(&m, of_base[i] < 0 ? ~0U : 0);
            add_multiple(r, r, &m, &scratch, true);
        }
    }
}

void lt_ed25519_multiply_two(lt_ed25519_point *r, const uint8_t s[32], const uint8_t k[32],
                             const lt_ed25519_point *p)
{
    int8_t of_base[LT_ED25519_SPARSE], of_p[LT_ED25519_SPARSE];
    sparse_digits(of_base, s, 4);
    sparse_digits(of_p, k, 5);
#if LT_HAS_CURVE25519_IFMA
    if (lt_curve25519_ifma_here())
        lt_ed25519_ifma_multiply_two(r, of_base, of_p, p);
    else
#endif
        multiply_two(r, of_base, of_p, p);
}

void lt_ed25519_encode(uint8_t out[32], const lt_ed25519_point *p)
{
    lt_fe inverse, x, y;
    lt_fe_invert(&inverse, &p->z);
    lt_fe_multiply(&x, &p->x, &inverse);
    lt_fe_multiply(&y, &p->y, &inverse);
    lt_fe_encode(out, &y);
    out[31] |= (uint8_t)(lt_fe_is_odd(&x) << 7);
    lt_wipe(&inverse, sizeof inverse);
}

/* A root of u/v, if there is one: u v^3 (u v^7)^((p-5)/8), or that times the root of -1 */
static bool root_of_ratio(lt_fe *x, const lt_fe *u, const lt_fe *v)
{
    lt_fe v3, v7, check, minus_u, zero = lt_fe_small(0);
    lt_fe_square(&v3, v);
    lt_fe_multiply(&v3, &v3, v);
    lt_fe_square(&v7, &v3);
    lt_fe_multiply(&v7, &v7, v);
    lt_fe_multiply(&v7, &v7, u);
    lt_fe_power_p58(x, &v7);
    lt_fe_multiply(x, x, &v3);
    lt_fe_multiply(x, x, u);
    lt_fe_square(&check, x);
    lt_fe_multiply(&check, &check, v);
    if (lt_fe_equal(&check, u))
        return true;
    lt_fe_add(&minus_u, &check, u);
    lt_fe_multiply(x, x, &root_of_minus_1);
    return lt_fe_equal(&minus_u, &zero);
}

bool lt_ed25519_decode(lt_ed25519_point *p, const uint8_t in[32])
{
    lt_fe u, v, one = lt_fe_small(1), zero = lt_fe_small(0);
    uint8_t canonical[32];
    bool sign = in[31] >> 7;
    p->y = lt_fe_decode(in);
    p->z = one;
    lt_fe_encode(canonical, &p->y);
    canonical[31] |= (uint8_t)(sign << 7);
    lt_fe_square(&u, &p->y);
    lt_fe_multiply(&v, &u, &d);
    lt_fe_subtract(&u, &u, &one);
    lt_fe_add(&v, &v, &one);
    if (!lt_ct_eq(canonical, in, 32) || !root_of_ratio(&p->x, &u, &v)
        || (lt_fe_equal(&p->x, &zero) && sign))
        return false;
    if (lt_fe_is_odd(&p->x) != sign) {
        lt_fe_subtract(&p->x, &zero, &p->x);
        lt_fe_multiply(&p->x, &p->x, &one);
    }
    lt_fe_multiply(&p->t, &p->x, &p->y);
    return true;
}
