/* SPDX-License-Identifier: MIT
 * prime_multiply.h - multiples of any point, on prime_base.h: of a secret scalar with the same steps
 * and addresses for each, of public ones as fast as it goes. In Jacobian coordinates, whose
 * formulas (Bernstein, Lange: Explicit-formulas database, dbl-2001-b and add-2007-bl) are shorter
 * than the complete ones, but wrong for the sum of equal points and of the neutral one. */
#include "crypto/sparse_digits.h"

typedef struct {
    num x, y, z; /* X/Z^2, Y/Z^3; the neutral element has Z = 0 */
} jacobian;

struct work {
    num a, b, c, d, e, f, g, h;
};

static void select_jacobian(jacobian *r, const jacobian *p, uint64_t mask)
{
    select_num(&r->x, &p->x, mask);
    select_num(&r->y, &p->y, mask);
    select_num(&r->z, &p->z, mask);
}

/* Right for every point: none has an order of two. */
static void jacobian_twice(jacobian *r, const jacobian *p, struct work *w)
{
    fe_multiply(&w->a, &p->z, &p->z); /* delta */
    fe_multiply(&w->b, &p->y, &p->y); /* gamma */
    fe_multiply(&w->c, &p->x, &w->b); /* beta */
    fe_subtract(&w->d, &p->x, &w->a);
    fe_add(&w->e, &p->x, &w->a);
    fe_multiply(&w->d, &w->d, &w->e);
    fe_add(&w->e, &w->d, &w->d);
    fe_add(&w->d, &w->d, &w->e); /* alpha */
    fe_add(&w->e, &p->y, &p->z);
    fe_multiply(&w->e, &w->e, &w->e);
    fe_subtract(&w->e, &w->e, &w->b);
    fe_subtract(&r->z, &w->e, &w->a);
    fe_add(&w->c, &w->c, &w->c);
    fe_add(&w->c, &w->c, &w->c); /* 4 beta */
    fe_multiply(&w->e, &w->d, &w->d);
    fe_subtract(&w->e, &w->e, &w->c);
    fe_subtract(&r->x, &w->e, &w->c);
    fe_subtract(&w->c, &w->c, &r->x);
    fe_multiply(&w->c, &w->c, &w->d);
    fe_add(&w->b, &w->b, &w->b);
    fe_multiply(&w->b, &w->b, &w->b);
    fe_add(&w->b, &w->b, &w->b); /* 8 gamma^2 */
    fe_subtract(&r->y, &w->c, &w->b);
}

/* Of U1, S1 in c, d and H, R in a, b: the sum but for Z */
static void add_end(jacobian *r, struct work *w)
{
    fe_multiply(&w->e, &w->a, &w->a); /* H^2 */
    fe_multiply(&w->f, &w->e, &w->a); /* H^3 */
    fe_multiply(&w->c, &w->c, &w->e); /* V */
    fe_multiply(&w->g, &w->b, &w->b);
    fe_subtract(&w->g, &w->g, &w->f);
    fe_subtract(&w->g, &w->g, &w->c);
    fe_subtract(&r->x, &w->g, &w->c);
    fe_subtract(&w->c, &w->c, &r->x);
    fe_multiply(&w->c, &w->c, &w->b);
    fe_multiply(&w->d, &w->d, &w->f);
    fe_subtract(&r->y, &w->c, &w->d);
}

/* H = U2 - U1 and R = S2 - S1 in a and b: both zero of equal points, H of opposite ones */
static void jacobian_differences(struct work *w, const jacobian *p, const jacobian *q)
{
    fe_multiply(&w->e, &p->z, &p->z);
    fe_multiply(&w->f, &q->z, &q->z);
    fe_multiply(&w->c, &p->x, &w->f); /* U1 */
    fe_multiply(&w->a, &q->x, &w->e);
    fe_subtract(&w->a, &w->a, &w->c);
    fe_multiply(&w->f, &w->f, &q->z);
    fe_multiply(&w->d, &p->y, &w->f); /* S1 */
    fe_multiply(&w->e, &w->e, &p->z);
    fe_multiply(&w->b, &q->y, &w->e);
    fe_subtract(&w->b, &w->b, &w->d);
}

/* r = p + q of different points that are not neutral; r is not q */
static void jacobian_add(jacobian *r, const jacobian *p, const jacobian *q, struct work *w)
{
    jacobian_differences(w, p, q);
    fe_multiply(&w->h, &p->z, &q->z);
    fe_multiply(&r->z, &w->h, &w->a);
    add_end(r, w);
}

static void to_projective(point *r, const jacobian *p)
{
    num square;
    fe_multiply(&square, &p->z, &p->z);
    fe_multiply(&r->x, &p->x, &p->z);
    r->y = p->y;
    fe_multiply(&r->z, &square, &p->z);
    select_num(&r->y, &P_ONE, 0 - is_zero(&p->z)); /* 0:1:0 */
    lt_wipe(&square, sizeof square);
}

/* 1 to 8 times p */
static void jacobian_multiples(jacobian multiples[8], const point *p, struct work *w)
{
    multiples[0] = (jacobian){ p->x, p->y, p->z };
    jacobian_twice(&multiples[1], &multiples[0], w);
    for (size_t i = 2; i < 8; i++)
        jacobian_add(&multiples[i], &multiples[i - 1], &multiples[0], w);
}

/* size times p, of 1 to 8; anything of 0. Every one is looked at. */
static void pick(jacobian *chosen, const jacobian multiples[8], uint32_t size,
                 uint64_t negative)
{
    *chosen = multiples[0];
    for (uint32_t i = 1; i < 8; i++)
        select_jacobian(chosen, &multiples[i], equal_mask(size, i + 1));
    negate_where(&chosen->y, negative);
}

/* r += digit p, where r is not the same multiple of p: a smaller number of digits than all of a
 * scalar's is 16 times something below n/16, so that it equals no digit modulo n but zero. */
static void add_digit(jacobian *r, const jacobian multiples[8], int digit, struct work *w)
{
    uint64_t negative, first = 0 - is_zero(&r->z);
    uint32_t size = size_of_digit(digit, &negative);
    jacobian chosen, sum;
    pick(&chosen, multiples, size, negative);
    jacobian_add(&sum, r, &chosen, w);
    select_jacobian(&sum, &chosen, first);
    select_jacobian(r, &sum, ~equal_mask(size, 0));
    lt_wipe(&chosen, sizeof chosen);
    lt_wipe(&sum, sizeof sum);
}

/* The last digit may meet its equal: by the complete formula */
static void add_last_digit(point *r, const jacobian *p, const jacobian multiples[8], int digit)
{
    uint64_t negative;
    uint32_t size = size_of_digit(digit, &negative);
    struct scratch s;
    jacobian chosen;
    point q;
    pick(&chosen, multiples, size, negative);
    memset(&q, 0, sizeof q);
    select_num(&chosen.z, &q.z, equal_mask(size, 0));
    to_projective(&q, &chosen);
    select_num(&q.x, &q.z, equal_mask(size, 0));
    to_projective(r, p);
    add(r, r, &q, &s);
    lt_wipe(&s, sizeof s);
    lt_wipe(&chosen, sizeof chosen);
    lt_wipe(&q, sizeof q);
}

/* [scalar]p, of a scalar below n */
static void multiply_point(point *r, const point *p, const num *scalar)
{
    struct work w;
    jacobian multiples[8], sum;
    int8_t digits[8 * COLUMNS];
    digits_of(digits, scalar);
    jacobian_multiples(multiples, p, &w);
    memset(&sum, 0, sizeof sum);
    for (size_t i = DIGITS; i-- > 0;) {
        for (int k = 0; i < DIGITS - 1 && k < 4; k++)
            jacobian_twice(&sum, &sum, &w);
        if (i > 0)
            add_digit(&sum, multiples, digits[i], &w);
    }
    add_last_digit(r, &sum, multiples, digits[0]);
    lt_wipe(digits, sizeof digits);
    lt_wipe(&sum, sizeof sum);
    lt_wipe(&w, sizeof w);
}

static void sparse_digits(int8_t digits[BITS + LT_SPARSE_DIGITS_MORE], const num *scalar,
                          int width)
{
    uint8_t bits[BITS + LT_SPARSE_DIGITS_MORE] = { 0 };
    for (size_t i = 0; i < BITS; i++)
        bits[i] = scalar->limb[i / 64] >> (i % 64) & 1;
    lt_sparse_digits(digits, bits, BITS, width);
}

/* r += q, whatever they are: of public points */
static void add_public(jacobian *r, const jacobian *q, struct work *w)
{
    jacobian p = *r;
    if (is_zero(&p.z)) {
        *r = *q;
        return;
    }
    jacobian_differences(w, &p, q);
    if (is_zero(&w->a) && is_zero(&w->b)) {
        jacobian_twice(r, q, w);
        return;
    }
    fe_multiply(&w->h, &p.z, &q->z);
    fe_multiply(&r->z, &w->h, &w->a); /* zero of opposite points */
    add_end(r, w);
}

static void add_sparse(jacobian *r, const jacobian odd[8], int digit, struct work *w)
{
    jacobian q = odd[(digit < 0 ? -digit : digit) / 2];
    negate_where(&q.y, digit < 0 ? ~0ULL : 0);
    add_public(r, &q, w);
}

/* [a]p + [b]G of public numbers */
static void multiply_two(point *r, const point *p, const num *a, const num *b)
{
    struct work w;
    jacobian odd[8], of_base[8], two, sum;
    int8_t digits[BITS + LT_SPARSE_DIGITS_MORE], base_digits[BITS + LT_SPARSE_DIGITS_MORE];
    sparse_digits(digits, a, 5);
    sparse_digits(base_digits, b, 4);
    odd[0] = (jacobian){ p->x, p->y, p->z };
    jacobian_twice(&two, &odd[0], &w);
    for (size_t i = 1; i < 8; i++)
        jacobian_add(&odd[i], &odd[i - 1], &two, &w);
    for (size_t i = 0; i < 4; i++)
        of_base[i] = (jacobian){ TABLE[0][2 * i].x, TABLE[0][2 * i].y, P_ONE };
    memset(&sum, 0, sizeof sum);
    size_t top = BITS + LT_SPARSE_DIGITS_MORE;
    while (top > 0 && !digits[top - 1] && !base_digits[top - 1])
        top--;
    for (size_t i = top; i-- > 0;) {
        jacobian_twice(&sum, &sum, &w);
        if (digits[i])
            add_sparse(&sum, odd, digits[i], &w);
        if (base_digits[i])
            add_sparse(&sum, of_base, base_digits[i], &w);
    }
    to_projective(r, &sum);
}
