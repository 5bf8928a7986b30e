/* SPDX-License-Identifier: MIT
 * prime_jacobian.h - points of one curve in Jacobian coordinates, beside prime_point.h: formulas (Bernstein,
 * Lange: Explicit-formulas database, dbl-2001-b, add-2007-bl and its like for Z2 = 1) that are shorter than
 * the complete ones, but wrong for the sum of equal points and of the neutral one. And what chooses from
 * tables without telling what. */

typedef struct {
    num x, y, z; /* X/Z^2, Y/Z^3; the neutral element has Z = 0 */
} jacobian;

struct work {
    num a, b, c, d, e, f, g, h;
    jacobian chosen, sum;
    affine of_base;
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
    fe_square(&w->a, &p->z);          /* delta */
    fe_square(&w->b, &p->y);          /* gamma */
    fe_multiply(&w->c, &p->x, &w->b); /* beta */
    fe_subtract(&w->d, &p->x, &w->a);
    fe_add(&w->e, &p->x, &w->a);
    fe_multiply(&w->d, &w->d, &w->e);
    fe_add(&w->e, &w->d, &w->d);
    fe_add(&w->d, &w->d, &w->e); /* alpha */
    fe_add(&w->e, &p->y, &p->z);
    fe_square(&w->e, &w->e);
    fe_subtract(&w->e, &w->e, &w->b);
    fe_subtract(&r->z, &w->e, &w->a);
    fe_add(&w->c, &w->c, &w->c);
    fe_add(&w->c, &w->c, &w->c); /* 4 beta */
    fe_square(&w->e, &w->d);
    fe_subtract(&w->e, &w->e, &w->c);
    fe_subtract(&r->x, &w->e, &w->c);
    fe_subtract(&w->c, &w->c, &r->x);
    fe_multiply(&w->c, &w->c, &w->d);
    fe_add(&w->b, &w->b, &w->b);
    fe_square(&w->b, &w->b);
    fe_add(&w->b, &w->b, &w->b); /* 8 gamma^2 */
    fe_subtract(&r->y, &w->c, &w->b);
}

/* Of U1, S1 in c, d and H, R in a, b: the sum but for Z */
static void add_end(jacobian *r, struct work *w)
{
    fe_square(&w->e, &w->a);          /* H^2 */
    fe_multiply(&w->f, &w->e, &w->a); /* H^3 */
    fe_multiply(&w->c, &w->c, &w->e); /* V */
    fe_square(&w->g, &w->b);
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
    fe_square(&w->e, &p->z);
    fe_square(&w->f, &q->z);
    fe_multiply(&w->c, &p->x, &w->f); /* U1 */
    fe_multiply(&w->a, &q->x, &w->e);
    fe_subtract(&w->a, &w->a, &w->c);
    fe_multiply(&w->f, &w->f, &q->z);
    fe_multiply(&w->d, &p->y, &w->f); /* S1 */
    fe_multiply(&w->e, &w->e, &p->z);
    fe_multiply(&w->b, &q->y, &w->e);
    fe_subtract(&w->b, &w->b, &w->d);
}

/* The same for Z2 = 1 */
static void affine_differences(struct work *w, const jacobian *p, const affine *q)
{
    fe_square(&w->e, &p->z);
    fe_multiply(&w->a, &q->x, &w->e);
    fe_multiply(&w->e, &w->e, &p->z);
    fe_multiply(&w->b, &q->y, &w->e);
    w->c = p->x;
    w->d = p->y;
    fe_subtract(&w->a, &w->a, &w->c);
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

/* r = p + q of different points, of which p is not neutral */
static void jacobian_add_affine(jacobian *r, const jacobian *p, const affine *q, struct work *w)
{
    affine_differences(w, p, q);
    fe_multiply(&r->z, &p->z, &w->a);
    add_end(r, w);
}

static void to_projective(point *r, const jacobian *p)
{
    num square;
    fe_square(&square, &p->z);
    fe_multiply(&r->x, &p->x, &p->z);
    r->y = p->y;
    fe_multiply(&r->z, &square, &p->z);
    select_num(&r->y, &P_ONE, 0 - is_zero(&p->z)); /* 0:1:0 */
    lt_wipe(&square, sizeof square);
}

/* A digit of a scalar is from -ENTRIES to ENTRIES, of the weight 2^(WINDOW i) */
#define ENTRIES (1 << (WINDOW - 1))
#define DIGITS ((BITS + WINDOW) / WINDOW)

/* Without a branch */
static void digits_of(int8_t digits[ROWS * COLUMNS], const num *scalar)
{
    int carry = 0;
    memset(digits, 0, ROWS * COLUMNS);
    for (size_t i = 0; i < DIGITS; i++) {
        size_t at = WINDOW * i / 64, shift = WINDOW * i % 64;
        uint64_t limb = at < LIMBS ? scalar->limb[at] >> shift : 0;
        if (shift > 64 - WINDOW && at + 1 < LIMBS)
            limb |= scalar->limb[at + 1] << (64 - shift);
        int digit = (int)(limb & (2 * ENTRIES - 1)) + carry;
        carry = (digit + ENTRIES - 1) >> WINDOW; /* from ENTRIES + 1 on */
        digits[i] = (int8_t)(digit - 2 * ENTRIES * carry);
    }
}

static uint64_t equal_mask(uint32_t a, uint32_t b)
{
    return lt_ct_mask(0 - (uint64_t)(((a ^ b) - 1) >> 31));
}

/* |digit|, and whether it is below zero */
static uint32_t size_of_digit(int digit, uint64_t *negative)
{
    uint32_t sign = (uint32_t)digit >> 31;
    *negative = lt_ct_mask(0 - (uint64_t)sign);
    return ((uint32_t)digit ^ (0 - sign)) + sign;
}

static void negate_where(num *y, uint64_t mask, num *minus)
{
    static const num zero;
    fe_subtract(minus, &zero, y);
    select_num(y, minus, mask);
}

/* chosen = entry `size` of a table of ENTRIES, counted from 1, each of so many limbs; zeros where size is
 * zero. Every one is looked at, two limbs at a time. */
INLINE void pick(uint64_t *chosen, const uint64_t *table, size_t limbs, uint32_t size)
{
    typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));
    pair pairs[3 * LIMBS / 2] = { 0 };
    uint64_t last = 0;
    for (uint32_t i = 0; i < ENTRIES; i++, table += limbs) {
        uint64_t mask = equal_mask(size, i + 1);
        _Pragma("GCC unroll 16") for (size_t j = 0; j < limbs / 2; j++) pairs[j] |=
            ((const pair *)table)[j] & mask;
        if (limbs % 2)
            last |= table[limbs - 1] & mask;
    }
    _Pragma("GCC unroll 16") for (size_t j = 0; j < limbs / 2; j++)((pair *)chosen)[j] =
        pairs[j];
    if (limbs % 2)
        chosen[limbs - 1] = last;
}
