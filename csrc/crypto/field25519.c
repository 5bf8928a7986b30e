/* SPDX-License-Identifier: MIT
 * field25519.c - what is the same for both forms of field25519.h: powers and comparisons. */
#include "crypto/field25519.h"

#include "base/secret.h"

static void square_times(lt_fe *r, const lt_fe *a, int times)
{
    lt_fe_square(r, a);
    while (--times > 0)
        lt_fe_square(r, r);
}

/* a^(2^(m+n) - 1) of a^(2^m - 1) and a^(2^n - 1) */
static void join(lt_fe *r, const lt_fe *ones_m, const lt_fe *ones_n, int n)
{
    lt_fe shifted;
    square_times(&shifted, ones_m, n);
    lt_fe_multiply(r, &shifted, ones_n);
    lt_wipe(&shifted, sizeof shifted);
}

/* a^(2^250 - 1): the front of the exponents below */
static void power_250_ones(lt_fe *r, const lt_fe *a)
{
    lt_fe x, five, twenty_five;
    join(&x, a, a, 1);
    join(&x, &x, &x, 2);
    join(&five, &x, a, 1);
    join(&x, &five, &five, 5);
    join(&x, &x, &x, 10);
    join(&twenty_five, &x, &five, 5);
    join(&x, &twenty_five, &twenty_five, 25);
    join(&x, &x, &x, 50);
    join(&x, &x, &twenty_five, 25);
    join(r, &x, &x, 125);
    lt_wipe(&x, sizeof x);
    lt_wipe(&five, sizeof five);
    lt_wipe(&twenty_five, sizeof twenty_five);
}

#if !LT_HAS_INT128 /* else accel/field25519_51.c has a quicker one */
void lt_fe_invert(lt_fe *r, const lt_fe *a)
{
    lt_fe x, eleven;
    square_times(&x, a, 2);
    lt_fe_multiply(&x, &x, a);
    lt_fe_square(&x, &x);
    lt_fe_multiply(&eleven, &x, a); /* (4 + 1) 2 + 1 */
    power_250_ones(&x, a);
    square_times(&x, &x, 5);
    lt_fe_multiply(r, &x, &eleven); /* 2^255 - 32 + 11 = p - 2 */
    lt_wipe(&x, sizeof x);
    lt_wipe(&eleven, sizeof eleven);
}
#endif

void lt_fe_power_p58(lt_fe *r, const lt_fe *a)
{
    lt_fe x;
    power_250_ones(&x, a);
    square_times(&x, &x, 2);
    lt_fe_multiply(r, &x, a); /* 2^252 - 4 + 1 = (p - 5) / 8 */
    lt_wipe(&x, sizeof x);
}

bool lt_fe_equal(const lt_fe *a, const lt_fe *b)
{
    uint8_t x[32], y[32];
    lt_fe_encode(x, a);
    lt_fe_encode(y, b);
    bool equal = lt_ct_eq(x, y, 32);
    lt_wipe(x, sizeof x);
    lt_wipe(y, sizeof y);
    return equal;
}

bool lt_fe_is_odd(const lt_fe *a)
{
    uint8_t x[32];
    lt_fe_encode(x, a);
    bool odd = x[0] & 1;
    lt_wipe(x, sizeof x);
    return odd;
}
