/* SPDX-License-Identifier: MIT
 * prime_point.h - points of one curve y^2 = x^3 - 3x + b of prime order, on prime_field.h: the
 * complete formulas of Renes, Costello, Batina (Complete addition formulas for prime order elliptic
 * curves, algorithm 4), right for every pair of points, so that nothing depends on which.
 *
 * Besides, a curve's file defines CURVE_B, in Montgomery's form. */

typedef struct {
    num x, y, z; /* X/Z, Y/Z; the neutral element is 0:1:0 */
} point;

typedef struct {
    num x, y;
} affine;

struct scratch {
    num t0, t1, t2, t3, t4, x, y, z;
};

/* The first half of algorithm 4: the products */
static inline void add_products(const point *p, const point *q, struct scratch *s)
{
    fe_multiply(&s->t0, &p->x, &q->x);
    fe_multiply(&s->t1, &p->y, &q->y);
    fe_multiply(&s->t2, &p->z, &q->z);
    fe_add(&s->t3, &p->x, &p->y);
    fe_add(&s->t4, &q->x, &q->y);
    fe_multiply(&s->t3, &s->t3, &s->t4);
    fe_add(&s->t4, &s->t0, &s->t1);
    fe_subtract(&s->t3, &s->t3, &s->t4); /* X1 Y2 + X2 Y1 */
    fe_add(&s->t4, &p->y, &p->z);
    fe_add(&s->x, &q->y, &q->z);
    fe_multiply(&s->t4, &s->t4, &s->x);
    fe_add(&s->x, &s->t1, &s->t2);
    fe_subtract(&s->t4, &s->t4, &s->x); /* Y1 Z2 + Y2 Z1 */
    fe_add(&s->x, &p->x, &p->z);
    fe_add(&s->y, &q->x, &q->z);
    fe_multiply(&s->x, &s->x, &s->y);
    fe_add(&s->y, &s->t0, &s->t2);
    fe_subtract(&s->y, &s->x, &s->y); /* X1 Z2 + X2 Z1 */
}

/* The second half, of t0 to t4 and y as above */
static inline void add_rest(point *r, struct scratch *s)
{
    fe_multiply(&s->z, &CURVE_B, &s->t2);
    fe_subtract(&s->x, &s->y, &s->z);
    fe_add(&s->z, &s->x, &s->x);
    fe_add(&s->x, &s->x, &s->z);
    fe_subtract(&s->z, &s->t1, &s->x);
    fe_add(&s->x, &s->t1, &s->x);
    fe_multiply(&s->y, &CURVE_B, &s->y);
    fe_add(&s->t1, &s->t2, &s->t2);
    fe_add(&s->t2, &s->t1, &s->t2);
    fe_subtract(&s->y, &s->y, &s->t2);
    fe_subtract(&s->y, &s->y, &s->t0);
    fe_add(&s->t1, &s->y, &s->y);
    fe_add(&s->y, &s->t1, &s->y);
    fe_add(&s->t1, &s->t0, &s->t0);
    fe_add(&s->t0, &s->t1, &s->t0);
    fe_subtract(&s->t0, &s->t0, &s->t2);
    fe_multiply(&s->t1, &s->t4, &s->y);
    fe_multiply(&s->t2, &s->t0, &s->y);
    fe_multiply(&s->y, &s->x, &s->z);
    fe_add(&r->y, &s->y, &s->t2);
    fe_multiply(&s->x, &s->t3, &s->x);
    fe_subtract(&r->x, &s->x, &s->t1);
    fe_multiply(&s->z, &s->t4, &s->z);
    fe_multiply(&s->t1, &s->t3, &s->t0);
    fe_add(&r->z, &s->z, &s->t1);
}

static void add(point *r, const point *p, const point *q, struct scratch *s)
{
    add_products(p, q, s);
    add_rest(r, s);
}

/* Uncompressed (SEC 1 section 2.3.4) and on the curve, as far as it goes: true or false is all
 * that a branch may tell of it, and the point came from the peer. */
static bool decode_point(point *p, const uint8_t *in, size_t size)
{
    num x, y, left, right, three_x;
    if (size != 1 + 2 * BYTES || in[0] != 4)
        return false;
    decode(&x, in + 1, BYTES);
    decode(&y, in + 1 + BYTES, BYTES);
    if (!is_below(&x, &P) || !is_below(&y, &P))
        return false;
    to_field(&p->x, &x);
    to_field(&p->y, &y);
    p->z = P_ONE;
    fe_square(&left, &p->y);
    fe_square(&right, &p->x);
    fe_multiply(&right, &right, &p->x);
    fe_add(&three_x, &p->x, &p->x);
    fe_add(&three_x, &three_x, &p->x);
    fe_subtract(&right, &right, &three_x);
    fe_add(&right, &right, &CURVE_B);
    fe_subtract(&left, &left, &right);
    return is_zero(&left);
}

/* 1; 0: the neutral element, which has no encoding (zeros are given). No branch. */
static uint64_t encode_point(uint8_t out[1 + 2 * BYTES], const point *p)
{
    num inverse, x, y;
    fe_invert(&inverse, &p->z);
    fe_multiply(&x, &p->x, &inverse);
    fe_multiply(&y, &p->y, &inverse);
    from_field(&x, &x);
    from_field(&y, &y);
    out[0] = 4;
    encode(out + 1, &x);
    encode(out + 1 + BYTES, &y);
    lt_wipe(&inverse, sizeof inverse);
    lt_wipe(&x, sizeof x);
    lt_wipe(&y, sizeof y);
    return 1 ^ is_zero(&p->z);
}
