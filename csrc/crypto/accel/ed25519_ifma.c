/* SPDX-License-Identifier: MIT
 * ed25519_ifma.c - see curve25519_ifma.h. A point's X, Y, Z, T are the lanes of a number of four; an
 * addition and a doubling are two products each: H. Hisil, K. Wong, G. Carter, E. Dawson, "Twisted
 * Edwards curves revisited" (2008), section 4, in the shape of RFC 8032 section 5.1.4's formulas.
 * What is added comes as y - x, y + x, 2 z, 2 d t. */
#include "crypto/accel/curve25519_ifma.h"

#include <stdlib.h>

#include "base/secret.h"

#if LT_HAS_CURVE25519_IFMA
#include "crypto/accel/field25519_lanes.h"

static const lt_fe twice_d =
    LT_FE(0x2406d9dc56dffce7, 0x198e80f2eef3d130, 0x00e0149a8283b156, 0xebd69b9426b2f159);

LANES_INLINE fe4 neutral(void)
{
    lt_fe one = lt_fe_small(1), zero = lt_fe_small(0);
    return lanes_of(&zero, &one, &one, &zero);
}

/* The end that addition and doubling share, of E, G, F, H: E F, G H, F G, E H */
LANES_INLINE fe4 join(fe4 u)
{
    fe4 v;
    u = lanes_carry(u);
    EACH_LIMB(i, v.limb[i] = lanes_order(u.limb[i], 2, 3, 1, 3);
              u.limb[i] = lanes_order(u.limb[i], 0, 1, 2, 0));
    return lanes_multiply(u, v);
}

/* With E, F, G, H of the other sign: E = 2 X Y, as (X + Y)^2 is not needed where X Y is a product
 * like the squares */
LANES_INLINE fe4 twice(fe4 point)
{
    fe4 p = lanes_p(2), other, u; /* 4p: A + B is taken from it */
    lanes zero = lanes_everywhere(0);
    EACH_LIMB(i, other.limb[i] = lanes_order(point.limb[i], 0, 1, 2, 1);
              point.limb[i] = lanes_order(point.limb[i], 0, 1, 2, 0));
    point = lanes_multiply(point, other); /* A, B, Z^2, X Y */
    EACH_LIMB(i, lanes b = lanes_order(point.limb[i], 3, 1, 1, 1);
              lanes a = lanes_order(point.limb[i], 3, 0, 0, 0);
              lanes c = lanes_add(point.limb[i], point.limb[i]);
              a = lanes_blend(a, lanes_subtract(p.limb[i], a), 14);
              c = lanes_blend(b, lanes_subtract(b, c), 4);
              c = lanes_blend(c, lanes_subtract(zero, b), 8); u.limb[i] = lanes_add(a, c));
    return join(u);
}

/* Y - X, Y + X, Z, T */
LANES_INLINE fe4 prepared(fe4 point)
{
    fe4 p = lanes_p(1);
    lanes zero = lanes_everywhere(0);
    EACH_LIMB(i, lanes x = lanes_order(point.limb[i], 0, 0, 0, 0);
              lanes y = lanes_order(point.limb[i], 1, 1, 2, 3);
              x = lanes_blend(x, lanes_subtract(p.limb[i], x), 1);
              point.limb[i] = lanes_add(y, lanes_blend(x, zero, 12)));
    return lanes_carry(point);
}

LANES_INLINE fe4 add(fe4 point, fe4 q)
{
    fe4 p = lanes_p(1);
    point = lanes_multiply(prepared(point), q); /* A, B, D, C */
    EACH_LIMB(i, lanes u = lanes_order(point.limb[i], 1, 2, 2, 1);
              lanes v = lanes_order(point.limb[i], 0, 3, 3, 0);
              v = lanes_blend(v, lanes_subtract(p.limb[i], v), 5);
              point.limb[i] = lanes_add(u, v));
    return join(point);
}

/* What is added, of the point that is minus it where mask is all ones */
LANES_INLINE fe4 negate_where(fe4 q, uint64_t mask)
{
    static const uint64_t order[4] = { 0, 1, 2, 3 }, swapped[4] = { 1, 1, 0, 0 },
                          last[4] = { 0, 0, 0, ~0ULL };
    fe4 p = lanes_p(1);
    lanes where = lanes_everywhere(mask);
    lanes which = lanes_xor(lanes_load(order), lanes_and(where, lanes_load(swapped)));
    where = lanes_and(where, lanes_load(last));
    EACH_LIMB(i, lanes minus = lanes_subtract(p.limb[i], q.limb[i]);
              minus = lanes_and(lanes_xor(minus, q.limb[i]), where);
              q.limb[i] = lanes_xor(lanes_permute(q.limb[i], which), minus));
    return q;
}

LANES_INLINE fe4 of_multiple(const lt_ed25519_multiple *m)
{
    const lt_fe two = lt_fe_small(2);
    return lanes_of(&m->difference, &m->sum, &two, &m->product);
}

/* size times the point whose multiples a row has, 0 to 8; every entry is looked at */
LANES_INLINE void look_up(lt_ed25519_multiple *m, const lt_ed25519_multiple row[8],
                          uint64_t size)
{
    enum { WORDS = sizeof *row / sizeof(uint64_t), LAST = WORDS - 4 };
    const uint64_t *in = (const uint64_t *)row;
    uint64_t *out = (uint64_t *)m, zero = (size - 1) >> 63;
    lanes a, b, c, d;
    a = b = c = d = lanes_everywhere(0);
    for (uint64_t i = 1; i <= 8; i++, in += WORDS) {
        lanes where = lanes_everywhere(lt_ct_mask(0 - (((size ^ i) - 1) >> 63)));
        a = lanes_xor(a, lanes_and(where, lanes_load(in)));
        b = lanes_xor(b, lanes_and(where, lanes_load(in + 4)));
        c = lanes_xor(c, lanes_and(where, lanes_load(in + 8)));
        d = lanes_xor(d, lanes_and(where, lanes_load(in + LAST)));
    }
    lanes_store(out, a);
    lanes_store(out + 4, b);
    lanes_store(out + 8, c);
    lanes_store(out + LAST, d);
    m->sum.limb[0] |= zero;
    m->difference.limb[0] |= zero;
}

LANES_TARGET static void put(lt_ed25519_point *r, fe4 point)
{
    lanes_get(&r->x, &r->y, &r->z, &r->t, point);
}

LANES_TARGET void lt_ed25519_ifma_multiply_base(lt_ed25519_point *r, const int8_t digits[64])
{
    fe4 point = neutral();
    lt_ed25519_multiple m;
    for (size_t k = 8; k-- > 0;) {
        for (int i = 0; i < 4 && k < 7; i++)
            point = twice(point);
        for (size_t row = 0; row < 8; row++) {
            uint64_t digit = (uint64_t)(int64_t)digits[8 * row + k];
            uint64_t negative = 0 - (digit >> 63);
            look_up(&m, lt_ed25519_table[row], (digit ^ negative) - negative);
            point = add(point, negate_where(of_multiple(&m), lt_ct_mask(negative)));
        }
    }
    put(r, point);
    lt_wipe(&m, sizeof m);
}

LANES_INLINE fe4 addend_of(fe4 point)
{
    const lt_fe one = lt_fe_small(1), two = lt_fe_small(2);
    return lanes_multiply(prepared(point), lanes_of(&one, &one, &two, &twice_d));
}

/* 1, 3, ... 15 times p */
LANES_TARGET static void odd_multiples(fe4 odd[8], const lt_ed25519_point *p)
{
    fe4 sum = lanes_of(&p->x, &p->y, &p->z, &p->t);
    fe4 of_two = addend_of(twice(sum));
    for (size_t i = 0; i < 8; i++) {
        odd[i] = addend_of(sum);
        sum = add(sum, of_two);
    }
}

LANES_TARGET void lt_ed25519_ifma_multiply_two(lt_ed25519_point *r,
                                               const int8_t of_base[LT_ED25519_SPARSE],
                                               const int8_t of_p[LT_ED25519_SPARSE],
                                               const lt_ed25519_point *p)
{
    fe4 odd[8], point = neutral();
    size_t top = LT_ED25519_SPARSE;
    odd_multiples(odd, p);
    while (top > 0 && !of_base[top - 1] && !of_p[top - 1])
        top--;
    for (size_t i = top; i-- > 0;) {
        point = twice(point);
        if (of_p[i])
            point = add(point, negate_where(odd[abs(of_p[i]) / 2], of_p[i] > 0 ? ~0ULL : 0));
        if (of_base[i])
            point =
                add(point, negate_where(of_multiple(&lt_ed25519_table[0][abs(of_base[i]) - 1]),
                                        of_base[i] < 0 ? ~0ULL : 0));
    }
    put(r, point);
}

#endif
