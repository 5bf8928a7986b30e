/* SPDX-License-Identifier: MIT
 * prime_multiply.h - multiples of any point, on prime_base.h: of a secret scalar with the same steps
 * and addresses for each, of public ones as fast as it goes. */
#include "crypto/sparse_digits.h"

/* 1 to ENTRIES times p */
static void jacobian_multiples(jacobian multiples[ENTRIES], const point *p, struct work *w)
{
    multiples[0] = (jacobian){ p->x, p->y, p->z };
    jacobian_twice(&multiples[1], &multiples[0], w);
    for (size_t i = 2; i < ENTRIES; i++)
        jacobian_add(&multiples[i], &multiples[i - 1], &multiples[0], w);
}

/* r += digit p, where r is not the same multiple of p: a smaller number of digits than all of a
 * scalar's is 2^WINDOW times something below n / 2^WINDOW, so that it equals no digit modulo n but zero. */
static void add_digit(jacobian *r, const jacobian multiples[ENTRIES], int digit, struct work *w)
{
    uint64_t negative, first = 0 - is_zero(&r->z);
    uint32_t size = size_of_digit(digit, &negative);
    pick(w->chosen.x.limb, multiples[0].x.limb, 3 * LIMBS, size);
    negate_where(&w->chosen.y, negative, &w->h);
    jacobian_add(&w->sum, r, &w->chosen, w);
    select_jacobian(&w->sum, &w->chosen, first);
    select_jacobian(r, &w->sum, ~equal_mask(size, 0));
}

/* The last digit may meet its equal: by the complete formula */
static void add_last_digit(point *r, const jacobian *p, const jacobian multiples[ENTRIES],
                           int digit, struct work *w)
{
    uint64_t negative;
    uint32_t size = size_of_digit(digit, &negative);
    struct scratch s;
    point q;
    pick(w->chosen.x.limb, multiples[0].x.limb, 3 * LIMBS, size);
    negate_where(&w->chosen.y, negative, &w->h);
    to_projective(&q, &w->chosen);
    to_projective(r, p);
    add(r, r, &q, &s);
    lt_wipe(&s, sizeof s);
    lt_wipe(&q, sizeof q);
}

/* [scalar]p, of a scalar below n */
static void multiply_point(point *r, const point *p, const num *scalar)
{
    struct work w;
    jacobian multiples[ENTRIES], sum;
    int8_t digits[ROWS * COLUMNS];
    digits_of(digits, scalar);
    jacobian_multiples(multiples, p, &w);
    memset(&sum, 0, sizeof sum);
    for (size_t i = DIGITS; i-- > 0;) {
        for (int k = 0; i < DIGITS - 1 && k < WINDOW; k++)
            jacobian_twice(&sum, &sum, &w);
        if (i > 0)
            add_digit(&sum, multiples, digits[i], &w);
    }
    add_last_digit(r, &sum, multiples, digits[0], &w);
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

/* Of H and R in a and b, where r is p: true where p + q, of whatever points, is made already */
static bool public_ends(jacobian *r, const jacobian *q, struct work *w)
{
    if (!is_zero(&w->a) || !is_zero(&w->b))
        return false; /* Z becomes zero of opposite points */
    jacobian_twice(r, q, w);
    return true;
}

static size_t size_of(int digit)
{
    return (size_t)(digit < 0 ? -digit : digit);
}

/* r += digit times what `odd` has the odd multiples of */
static void add_sparse(jacobian *r, const jacobian *odd, int digit, struct work *w)
{
    jacobian q = odd[size_of(digit) / 2];
    negate_where(&q.y, digit < 0 ? ~0ULL : 0, &w->h);
    if (is_zero(&r->z)) {
        *r = q;
        return;
    }
    jacobian_differences(w, r, &q);
    if (public_ends(r, &q, w))
        return;
    fe_multiply(&w->h, &r->z, &q.z);
    fe_multiply(&r->z, &w->h, &w->a);
    add_end(r, w);
}

/* r += q, or r -= q */
static void add_public(jacobian *r, const affine *multiple, bool negative, struct work *w)
{
    affine q = *multiple;
    negate_where(&q.y, negative ? ~0ULL : 0, &w->h);
    jacobian same = { q.x, q.y, P_ONE };
    if (is_zero(&r->z)) {
        *r = same;
        return;
    }
    affine_differences(w, r, &q);
    if (public_ends(r, &same, w))
        return;
    fe_multiply(&r->z, &r->z, &w->a);
    add_end(r, w);
}

/* [a]p + [b]G of public numbers */
static void multiply_two(jacobian *sum, const point *p, const num *a, const num *b)
{
    struct work w;
    jacobian odd[8], two;
    int8_t digits[BITS + LT_SPARSE_DIGITS_MORE], base_digits[BITS + LT_SPARSE_DIGITS_MORE];
    sparse_digits(digits, a, 5);
    sparse_digits(base_digits, b, WINDOW);
    odd[0] = (jacobian){ p->x, p->y, p->z };
    jacobian_twice(&two, &odd[0], &w);
    for (size_t i = 1; i < 8; i++)
        jacobian_add(&odd[i], &odd[i - 1], &two, &w);
    memset(sum, 0, sizeof *sum);
    size_t top = BITS + LT_SPARSE_DIGITS_MORE;
    while (top > 0 && !digits[top - 1] && !base_digits[top - 1])
        top--;
    for (size_t i = top; i-- > 0;) {
        jacobian_twice(sum, sum, &w);
        if (digits[i])
            add_sparse(sum, odd, digits[i], &w);
        if (base_digits[i])
            add_public(sum, &TABLE[0][size_of(base_digits[i]) - 1], base_digits[i] < 0, &w);
    }
}
