/* SPDX-License-Identifier: MIT
 * prime_base.h - multiples of the base point, on prime_jacobian.h, with the same steps and addresses for
 * every scalar: a comb (C. H. Lim, P. J. Lee: More flexible exponentiation with precomputation) of ROWS rows
 * of COLUMNS signed digits.
 *
 * A curve's file defines WINDOW, the bits of a digit; ROWS and COLUMNS, so that the last digit begins a row;
 * and TABLE, of its base point: row r, entry j is (j + 1) 2^(WINDOW COLUMNS r) G. */

/* r += digit times the row's point, where r is not the same point.
 *
 * It never is, for any scalar S below 2^BITS. Both are numbers times G: r is the sum of the digits so far, by
 * weight. As numbers they differ, since signed digits, none of which is a multiple of 2^WINDOW but zero, add
 * up to zero only where all are. Modulo n, whose highest bits are ones, they would have to be n apart.
 * Before the last column that is far away. In it, up to the last row, what is there has all digits of S but
 * the highest, and so is below 0.6 * 2^BITS. In the last row the difference is S - 2 d w, for S of a highest
 * digit d of the weight w, which is n or -n for none of d = 1 and d = 2. */
static void add_from_row(jacobian *r, const affine row[ENTRIES], int digit, struct work *w)
{
    uint64_t negative, first = 0 - is_zero(&r->z);
    uint32_t size = size_of_digit(digit, &negative);
    pick(w->of_base.x.limb, row[0].x.limb, 2 * LIMBS, size);
    negate_where(&w->of_base.y, negative, &w->h);
    jacobian_add_affine(&w->sum, r, &w->of_base, w);
    select_num(&w->sum.x, &w->of_base.x, first);
    select_num(&w->sum.y, &w->of_base.y, first);
    select_num(&w->sum.z, &P_ONE, first);
    select_jacobian(r, &w->sum, ~equal_mask(size, 0));
}

/* [scalar]G: the digits COLUMNS r + k of all rows have the same weight beside their row's */
static void multiply_base(point *r, const num *scalar)
{
    struct work w;
    int8_t digits[ROWS * COLUMNS];
    jacobian sum;
    digits_of(digits, scalar);
    memset(&sum, 0, sizeof sum);
    for (size_t k = COLUMNS; k-- > 0;) {
        for (int i = 0; k < COLUMNS - 1 && i < WINDOW; i++)
            jacobian_twice(&sum, &sum, &w);
        for (size_t row = 0; row < ROWS; row++)
            if (COLUMNS * row + k < DIGITS)
                add_from_row(&sum, TABLE[row], digits[COLUMNS * row + k], &w);
    }
    to_projective(r, &sum);
    lt_wipe(digits, sizeof digits);
    lt_wipe(&sum, sizeof sum);
    lt_wipe(&w, sizeof w);
}
