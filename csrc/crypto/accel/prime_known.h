/* SPDX-License-Identifier: MIT
 * prime_known.h - ECDSA's [a]Q + [b]G for a public Q that comes again, on prime_multiply.h: Q's scalar in
 * parts of a limb, G's in parts of four rows of its table, each with a table of its own multiples, so that
 * all of them share the doublings of one (B. Möller: Algorithms for multi-exponentiation). Variable time. */

enum {
    PARTS = LIMBS,                            /* of Q's scalar, of 64 bits */
    ODD = LT_KNOWN_POINT_ODD,                 /* multiples of each part: 1, 3, … 15 */
    BASE_ROWS = 4,                            /* of TABLE, to a part of G's scalar */
    BASE_PART = BASE_ROWS * WINDOW * COLUMNS, /* bits of it */
    BASE_PARTS = (BITS + BASE_PART - 1) / BASE_PART,
    PART_DIGITS = 64 + LT_SPARSE_DIGITS_MORE,
};

/* All of them to Z = 1, by one inversion (P. L. Montgomery's) */
static void to_affine(affine *out, const jacobian *in, size_t count)
{
    num before[PARTS * ODD], all = P_ONE, inverse, square;
    for (size_t i = 0; i < count; i++) {
        before[i] = all;
        fe_multiply(&all, &all, &in[i].z);
    }
    fe_invert(&all, &all);
    for (size_t i = count; i-- > 0;) {
        fe_multiply(&inverse, &all, &before[i]);
        fe_multiply(&all, &all, &in[i].z);
        fe_square(&square, &inverse);
        fe_multiply(&out[i].x, &in[i].x, &square);
        fe_multiply(&square, &square, &inverse);
        fe_multiply(&out[i].y, &in[i].y, &square);
    }
}

static bool curve_know(lt_known_point *known, const uint8_t *q, size_t q_size)
{
    jacobian multiples[PARTS * ODD], part, two;
    affine ends[PARTS * ODD];
    struct work w;
    point p;
    if (!decode_point(&p, q, q_size))
        return false;
    part = (jacobian){ p.x, p.y, p.z };
    for (size_t i = 0; i < PARTS; i++) {
        jacobian *odd = multiples + ODD * i;
        jacobian_twice(&two, &part, &w);
        odd[0] = part;
        for (size_t j = 1; j < ODD; j++)
            jacobian_add(&odd[j], &odd[j - 1], &two, &w);
        for (int k = 0; k < 64; k++)
            jacobian_twice(&part, &part, &w);
    }
    to_affine(ends, multiples, PARTS * ODD);
    memcpy(known->numbers, ends, sizeof ends);
    return true;
}

static void part_digits(int8_t digits[PART_DIGITS], const num *scalar, size_t from,
                        size_t count)
{
    uint8_t bits[PART_DIGITS] = { 0 };
    memset(digits, 0, PART_DIGITS);
    for (size_t i = from; i < from + count && i < BITS; i++)
        bits[i - from] = scalar->limb[i / 64] >> (i % 64) & 1;
    lt_sparse_digits(digits, bits, count, WINDOW);
}

/* [a]Q + [b]G */
static void multiply_known(jacobian *sum, const affine *odd, const num *a, const num *b)
{
    struct work w;
    int8_t digits[PARTS][PART_DIGITS], base_digits[BASE_PARTS][PART_DIGITS];
    for (size_t i = 0; i < PARTS; i++)
        part_digits(digits[i], a, 64 * i, 64);
    for (size_t i = 0; i < BASE_PARTS; i++)
        part_digits(base_digits[i], b, BASE_PART * i, BASE_PART);
    memset(sum, 0, sizeof *sum);
    for (size_t at = PART_DIGITS; at-- > 0;) {
        jacobian_twice(sum, sum, &w);
        for (size_t i = 0; i < PARTS; i++)
            if (digits[i][at])
                add_public(sum, &odd[ODD * i + size_of(digits[i][at]) / 2], digits[i][at] < 0,
                           &w);
        for (size_t i = 0; i < BASE_PARTS; i++)
            if (base_digits[i][at])
                add_public(sum, &TABLE[BASE_ROWS * i][size_of(base_digits[i][at]) - 1],
                           base_digits[i][at] < 0, &w);
    }
}

static uint32_t curve_verify_known(const lt_known_point *known, const uint8_t *hash,
                                   size_t hash_size, const uint8_t *signature, size_t size)
{
    affine odd[PARTS * ODD];
    num r, u1, u2;
    jacobian sum;
    memcpy(odd, known->numbers, sizeof odd);
    if (!decode_signature(&r, &u1, &u2, hash, hash_size, signature, size))
        return 0;
    multiply_known(&sum, odd, &u2, &u1);
    return !is_zero(&sum.z) && x_is(&sum, &r);
}
