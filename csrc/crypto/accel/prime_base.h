/* SPDX-License-Identifier: MIT
 * prime_base.h - multiples of the base point, on prime_point.h, with the same steps and addresses
 * for every scalar. */

#define DIGITS ((BITS + 3) / 4 + 1)

/* A scalar as digits from -8 to 8, of the weights 16^i; without a branch */
static void digits_of(int8_t digits[8 * COLUMNS], const num *scalar)
{
    int carry = 0;
    memset(digits, 0, 8 * COLUMNS);
    for (size_t i = 0; i < DIGITS; i++) {
        uint64_t limb = i / 16 < LIMBS ? scalar->limb[i / 16] : 0;
        int digit = (int)(limb >> (4 * (i % 16)) & 15) + carry;
        carry = (digit + 7) >> 4; /* from 9 on */
        digits[i] = (int8_t)(digit - 16 * carry);
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

static void negate_where(num *y, uint64_t mask)
{
    static const num zero;
    num minus;
    fe_subtract(&minus, &zero, y);
    select_num(y, &minus, mask);
    lt_wipe(&minus, sizeof minus);
}

/* r += digit times the row's point; every entry is looked at. A digit of zero adds the first one,
 * and what comes of it is not taken. */
static void add_from_row(point *r, const affine row[8], int digit, struct scratch *s)
{
    uint64_t negative;
    uint32_t size = size_of_digit(digit, &negative);
    affine chosen = row[0];
    point sum;
    for (uint32_t i = 1; i < 8; i++) {
        select_num(&chosen.x, &row[i].x, equal_mask(size, i + 1));
        select_num(&chosen.y, &row[i].y, equal_mask(size, i + 1));
    }
    negate_where(&chosen.y, negative);
    add_affine(&sum, r, &chosen, s);
    uint64_t take = ~equal_mask(size, 0);
    select_num(&r->x, &sum.x, take);
    select_num(&r->y, &sum.y, take);
    select_num(&r->z, &sum.z, take);
    lt_wipe(&chosen, sizeof chosen);
    lt_wipe(&sum, sizeof sum);
}

/* [scalar]G: the digits COLUMNS r + k of all rows have the same weight beside their row's */
static void multiply_base(point *r, const num *scalar)
{
    struct scratch s;
    int8_t digits[8 * COLUMNS];
    digits_of(digits, scalar);
    *r = (point){ .y = P_ONE };
    for (size_t k = COLUMNS; k-- > 0;) {
        for (int i = 0; k < COLUMNS - 1 && i < 4; i++)
            twice(r, r, &s);
        for (size_t row = 0; row < 8; row++)
            if (COLUMNS * row + k < DIGITS)
                add_from_row(r, TABLE[row], digits[COLUMNS * row + k], &s);
    }
    lt_wipe(digits, sizeof digits);
    lt_wipe(&s, sizeof s);
}
