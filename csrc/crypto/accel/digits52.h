/* SPDX-License-Identifier: MIT
 * digits52.h - multiplication modulo COUNT numbers at once in digits of 52 bits, for one size:
 * included by rsa_ifma.c, which defines NAME, COUNT, LANES, VECTORS and DIGITS, all undefined at the
 * end. R = 2^(52 DIGITS). Number i has its digits, the lowest first, from WIDTH i on, and zeros above.
 *
 * A product is "almost" reduced (S. Gueron, "Efficient software implementations of modular
 * exponentiation", 2012): of factors below 2m it is below 2m, where R > 4m, and so no comparison
 * comes between. In each step the lowest digit is made zero and dropped; beside the vectors it is kept
 * exactly, in `first`, and their first lane counts for nothing. */
#include "crypto/accel/ifma_lanes.h"

#define WIDTH (LANES * VECTORS)
#define EACH_VECTOR(j) UNROLL for (int j = 0; j < VECTORS; j++)

/* t = (t + a b + y m) / 2^52, with the y that makes it whole; gives what is `first` of it */
TARGET INLINE uint64_t NAME(step)(VECTOR t[VECTORS], uint64_t first, const uint64_t *a,
                                  uint64_t b, const uint64_t *m, uint64_t inverse)
{
    lt_u128 sum = (lt_u128)a[0] * b + first;
    uint64_t y = (uint64_t)sum * inverse & MASK_52;
    sum += (lt_u128)m[0] * y;
    VECTOR of_b = EVERYWHERE(b), of_y = EVERYWHERE(y);
    EACH_VECTOR(j)
    t[j] = ADD_LOW(t[j], LOAD(a + LANES * j), of_b);
    EACH_VECTOR(j)
    t[j] = ADD_LOW(t[j], LOAD(m + LANES * j), of_y);
    EACH_VECTOR(j)
    t[j] = DOWN(t[j], j + 1 < VECTORS ? t[j + 1] : EVERYWHERE(0));
    first = (uint64_t)(sum >> 52) + FIRST(t[0]);
    EACH_VECTOR(j)
    t[j] = ADD_HIGH(t[j], LOAD(a + LANES * j), of_b);
    EACH_VECTOR(j)
    t[j] = ADD_HIGH(t[j], LOAD(m + LANES * j), of_y);
    return first;
}

/* Sums of some 2^60 to digits below 2^52. After one step of carries, those that are left are of one:
 * where a lane is above, and over the full ones that follow; all at once by an addition. */
TARGET INLINE void NAME(put)(uint64_t *r, VECTOR t[VECTORS])
{
    VECTOR below = EVERYWHERE(0), mask = EVERYWHERE(MASK_52);
    lane_bits above = 0, full = 0;
    EACH_VECTOR(j)
    {
        VECTOR carries = CARRIES(t[j]);
        t[j] = ADD(AND(t[j], mask), UP(below, carries));
        below = carries;
        above |= (lane_bits)ABOVE(t[j]) << (LANES * j);
        full |= (lane_bits)FULL(t[j]) << (LANES * j);
    }
    above = (above + above + full) ^ full;
    EACH_VECTOR(j)
    STORE(r + LANES * j, AND(ADD_WHERE(t[j], (uint32_t)(above >> (LANES * j))), mask));
}

/* r = a b / R mod m, of each; r may be one of them */
TARGET static void NAME(multiply)(uint64_t *r, const uint64_t *a, const uint64_t *b,
                                  const struct modulus *k)
{
    VECTOR t[COUNT][VECTORS];
    uint64_t first[COUNT] = { 0 };
    UNROLL for (int h = 0; h < COUNT; h++) EACH_VECTOR(j) t[h][j] = EVERYWHERE(0);
    for (int i = 0; i < DIGITS; i++)
        UNROLL for (int h = 0; h < COUNT; h++) first[h] =
            NAME(step)(t[h], first[h], a + WIDTH * h, b[WIDTH * h + i], k->m + WIDTH * h,
                       k->minus_inverse[h]);
    UNROLL for (int h = 0; h < COUNT; h++)
    {
        t[h][0] = SET_FIRST(t[h][0], first[h]);
        NAME(put)(r + WIDTH * h, t[h]);
    }
}

#if COUNT == 2
/* Of each number its entry table[index]; every one is looked at */
TARGET static void NAME(pick)(uint64_t *r, const uint64_t table[][TABLE_WIDTH],
                              const uint64_t index[2])
{
    VECTOR chosen[2][VECTORS];
    UNROLL for (int h = 0; h < 2; h++) EACH_VECTOR(j) chosen[h][j] = EVERYWHERE(0);
    for (uint64_t i = 0; i < 1 << WINDOW; i++) {
        UNROLL for (int h = 0; h < 2; h++)
        {
            VECTOR mask = EQUAL(EVERYWHERE(index[h]), EVERYWHERE(i));
            EACH_VECTOR(j)
            chosen[h][j] = OR(chosen[h][j], AND(LOAD(table[i] + WIDTH * h + LANES * j), mask));
        }
    }
    UNROLL for (int h = 0; h < 2; h++) EACH_VECTOR(j)
        STORE(r + WIDTH * h + LANES * j, chosen[h][j]);
}

/* r = table[1]^exponent, out of Montgomery's form; table[0] is one in it, and the rest is made here */
static void NAME(power)(struct work *w, const uint64_t *const exponent[2], size_t bits)
{
    for (size_t i = 2; i < 1 << WINDOW; i++)
        NAME(multiply)(w->table[i], w->table[i - 1], w->table[1], &w->k);
    memcpy(w->r, w->table[0], sizeof w->r);
    for (size_t bit = (bits + WINDOW - 1) / WINDOW * WINDOW; bit > 0;) {
        bit -= WINDOW;
        for (int i = 0; i < WINDOW; i++)
            NAME(multiply)(w->r, w->r, w->r, &w->k);
        uint64_t index[2] = { window(exponent[0], bit), window(exponent[1], bit) };
        NAME(pick)(w->chosen, (const uint64_t(*)[TABLE_WIDTH])w->table, index);
        NAME(multiply)(w->r, w->r, w->chosen, &w->k);
        lt_wipe(index, sizeof index);
    }
    memset(w->chosen, 0, sizeof w->chosen);
    w->chosen[0] = w->chosen[WIDTH] = 1;
    NAME(multiply)(w->r, w->r, w->chosen, &w->k);
}
#endif

#undef NAME
#undef COUNT
#undef LANES
#undef VECTORS
#undef DIGITS
#undef WIDTH
#undef EACH_VECTOR
#undef TARGET
#undef VECTOR
#undef OF
#undef LOAD
#undef STORE
#undef FIRST
#undef SET_FIRST
#undef EVERYWHERE
#undef ADD_LOW
#undef ADD_HIGH
#undef DOWN
#undef UP
#undef ADD
#undef AND
#undef OR
#undef CARRIES
#undef ADD_WHERE
#undef EQUAL
#undef ABOVE
#undef FULL
