/* SPDX-License-Identifier: MIT
 * ed25519.c - see ed25519.h. Sections are RFC 8032's. */
#include "crypto/ed25519.h"

#include <bearssl.h>

#include "base/secret.h"
#include "crypto/bignum.h"
#include "crypto/field25519.h"

/* x = X/Z, y = Y/Z, x y = T/Z (section 5.1.4) */
struct point {
    lt_fe x, y, z, t;
};

static const lt_fe d = { { 0x35978a3, 0x0d37284, 0x3156ebd, 0x06a0a0e, 0x001c029, 0x179e898,
                           0x3a03cbb, 0x1ce7198, 0x2e2b6ff, 0x1480db3 } };
static const lt_fe twice_d = { { 0x2b2f159, 0x1a6e509, 0x22add7a, 0x0d4141d, 0x0038052,
                                 0x0f3d130, 0x3407977, 0x19ce331, 0x1c56dff, 0x0901b67 } };
static const lt_fe root_of_minus_1 = { { 0x20ea0b0, 0x186c9d2, 0x08f189d, 0x035697f, 0x0bd0c60,
                                         0x1fbd7a7, 0x2804c9e, 0x1e16569, 0x004fc1d,
                                         0x0ae0c92 } };
static const struct point base = {
    .x = { { 0x325d51a, 0x18b5823, 0x0f6592a, 0x104a92d, 0x1a4b31d, 0x1d6dc5c, 0x27118fe,
             0x07fd814, 0x13cd6e5, 0x085a4db } },
    .y = { { 0x2666658, 0x1999999, 0x0cccccc, 0x1333333, 0x1999999, 0x0666666, 0x3333333,
             0x0cccccc, 0x2666666, 0x1999999 } },
    .z = { { 1 } },
    .t = { { 0x1b7dda3, 0x1a2ace9, 0x25eadbb, 0x003ba8a, 0x083c27e, 0x0abe37d, 0x1274732,
             0x0ccacdd, 0x0fd78b7, 0x19e1d7c } },
};
static const struct point neutral = { .y = { { 1 } }, .z = { { 1 } } };

/* L, the order of B (section 5.1) */
static const uint32_t order[8] = { 0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de,
                                   0,          0,          0,          0x10000000 };

/* The end that addition and doubling share: E, F, G, H of section 5.1.4 */
static void join(struct point *r, const lt_fe *e, const lt_fe *f, const lt_fe *g,
                 const lt_fe *h)
{
    lt_fe_multiply(&r->x, e, f);
    lt_fe_multiply(&r->y, g, h);
    lt_fe_multiply(&r->t, e, h);
    lt_fe_multiply(&r->z, f, g);
}

/* What additions and doublings leave behind may be secret: whoever holds this wipes it. */
struct scratch {
    lt_fe a, b, c, e, f, g, h;
};

/* Complete: right for every pair of points, equal ones and the neutral one too. */
static void add(struct point *r, const struct point *p, const struct point *q,
                struct scratch *s)
{
    lt_fe_subtract(&s->a, &p->y, &p->x);
    lt_fe_subtract(&s->e, &q->y, &q->x);
    lt_fe_multiply(&s->a, &s->a, &s->e);
    lt_fe_add(&s->b, &p->y, &p->x);
    lt_fe_add(&s->e, &q->y, &q->x);
    lt_fe_multiply(&s->b, &s->b, &s->e);
    lt_fe_multiply(&s->c, &p->t, &q->t);
    lt_fe_multiply(&s->c, &s->c, &twice_d);
    lt_fe_multiply(&s->g, &p->z, &q->z);
    lt_fe_add(&s->g, &s->g, &s->g); /* D */
    lt_fe_subtract(&s->e, &s->b, &s->a);
    lt_fe_subtract(&s->f, &s->g, &s->c);
    lt_fe_add(&s->g, &s->g, &s->c);
    lt_fe_add(&s->h, &s->b, &s->a);
    join(r, &s->e, &s->f, &s->g, &s->h);
}

static void twice(struct point *r, const struct point *p, struct scratch *s)
{
    lt_fe_multiply(&s->a, &p->x, &p->x);
    lt_fe_multiply(&s->b, &p->y, &p->y);
    lt_fe_multiply(&s->c, &p->z, &p->z);
    lt_fe_add(&s->c, &s->c, &s->c);
    lt_fe_add(&s->h, &s->a, &s->b);
    lt_fe_add(&s->e, &p->x, &p->y);
    lt_fe_multiply(&s->e, &s->e, &s->e);
    lt_fe_subtract(&s->e, &s->h, &s->e);
    lt_fe_subtract(&s->g, &s->a, &s->b);
    lt_fe_add(&s->f, &s->c, &s->g);
    join(r, &s->e, &s->f, &s->g, &s->h);
}

/* 0, 1, ... 15 times p */
static void multiples(struct point table[16], const struct point *p, struct scratch *s)
{
    table[0] = neutral;
    for (size_t i = 1; i < 16; i++)
        add(&table[i], &table[i - 1], p, s);
}

static void pick(struct point *r, const struct point table[16], uint32_t index)
{
    *r = table[0];
    for (uint32_t i = 1; i < 16; i++) {
        uint32_t differs = i ^ index, take = (differs - 1) >> 31;
        lt_fe_select(&r->x, &table[i].x, 0 - take);
        lt_fe_select(&r->y, &table[i].y, 0 - take);
        lt_fe_select(&r->z, &table[i].z, 0 - take);
        lt_fe_select(&r->t, &table[i].t, 0 - take);
    }
}

static uint32_t window(const uint32_t scalar[8], size_t i) /* its i-th group of four bits */
{
    return scalar[i / 8] >> (4 * (i % 8)) & 15;
}

/* [scalar]B; the same steps and addresses for every scalar */
static void multiply_base(struct point *r, const uint32_t scalar[8])
{
    struct point table[16], chosen;
    struct scratch s;
    multiples(table, &base, &s);
    *r = neutral;
    for (size_t i = 64; i-- > 0;) {
        for (int k = 0; k < 4; k++)
            twice(r, r, &s);
        pick(&chosen, table, window(scalar, i));
        add(r, r, &chosen, &s);
    }
    lt_wipe(&chosen, sizeof chosen);
    lt_wipe(&s, sizeof s);
}

/* [s]B + [k]p of public numbers */
static void multiply_two(struct point *r, const uint32_t s[8], const uint32_t k[8],
                         const struct point *p)
{
    struct point of_base[16], of_p[16];
    struct scratch scratch;
    multiples(of_base, &base, &scratch);
    multiples(of_p, p, &scratch);
    *r = neutral;
    for (size_t i = 64; i-- > 0;) {
        for (int j = 0; j < 4; j++)
            twice(r, r, &scratch);
        add(r, r, &of_base[window(s, i)], &scratch);
        add(r, r, &of_p[window(k, i)], &scratch);
    }
}

static void encode(uint8_t out[32], const struct point *p) /* section 5.1.2 */
{
    lt_fe inverse, x, y;
    lt_fe_invert(&inverse, &p->z);
    lt_fe_multiply(&x, &p->x, &inverse);
    lt_fe_multiply(&y, &p->y, &inverse);
    lt_fe_encode(out, &y);
    out[31] |= (uint8_t)(lt_fe_is_odd(&x) << 7);
    lt_wipe(&inverse, sizeof inverse);
}

/* A root of u/v, if there is one: u v^3 (u v^7)^((p-5)/8), or that times the root of -1 */
static bool root_of_ratio(lt_fe *x, const lt_fe *u, const lt_fe *v)
{
    lt_fe v3, v7, check, minus_u, zero = lt_fe_small(0);
    lt_fe_multiply(&v3, v, v);
    lt_fe_multiply(&v3, &v3, v);
    lt_fe_multiply(&v7, &v3, &v3);
    lt_fe_multiply(&v7, &v7, v);
    lt_fe_multiply(&v7, &v7, u);
    lt_fe_power_p58(x, &v7);
    lt_fe_multiply(x, x, &v3);
    lt_fe_multiply(x, x, u);
    lt_fe_multiply(&check, x, x);
    lt_fe_multiply(&check, &check, v);
    if (lt_fe_equal(&check, u))
        return true;
    lt_fe_subtract(&minus_u, &zero, u);
    lt_fe_multiply(x, x, &root_of_minus_1);
    return lt_fe_equal(&check, &minus_u);
}

/* Section 5.1.3, of public points; y from p on and a negative zero are refused. */
static bool decode(struct point *p, const uint8_t in[32])
{
    lt_fe u, v, one = lt_fe_small(1), zero = lt_fe_small(0);
    uint8_t canonical[32];
    bool sign = in[31] >> 7;
    p->y = lt_fe_decode(in);
    p->z = one;
    lt_fe_encode(canonical, &p->y);
    canonical[31] |= (uint8_t)(sign << 7);
    lt_fe_multiply(&u, &p->y, &p->y);
    lt_fe_multiply(&v, &u, &d);
    lt_fe_subtract(&u, &u, &one);
    lt_fe_add(&v, &v, &one);
    if (!lt_ct_eq(canonical, in, 32) || !root_of_ratio(&p->x, &u, &v)
        || (lt_fe_equal(&p->x, &zero) && sign))
        return false;
    if (lt_fe_is_odd(&p->x) != sign)
        lt_fe_subtract(&p->x, &zero, &p->x);
    lt_fe_multiply(&p->t, &p->x, &p->y);
    return true;
}

static void scalar_decode(uint32_t *out, size_t n, const uint8_t *in) /* little-endian */
{
    for (size_t i = 0; i < n; i++, in += 4)
        out[i] = (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16
                 | (uint32_t)in[3] << 24;
}

/* A digest as a number modulo L */
static void digest_scalar(br_sha512_context *hash, uint32_t out[8])
{
    uint8_t digest[64];
    uint32_t number[16];
    br_sha512_out(hash, digest);
    scalar_decode(number, 16, digest);
    lt_bn_mod(out, number, 16, order, 8);
    lt_wipe(digest, sizeof digest);
    lt_wipe(number, sizeof number);
}

/* k = SHA-512(R || A || M), sections 5.1.6 and 5.1.7 */
static void challenge(uint32_t k[8], const uint8_t r[32], const uint8_t public_key[32],
                      lt_bytes message)
{
    br_sha512_context hash;
    br_sha512_init(&hash);
    br_sha512_update(&hash, r, 32);
    br_sha512_update(&hash, public_key, 32);
    br_sha512_update(&hash, message.p, message.n);
    digest_scalar(&hash, k);
}

/* S of the signature, below L */
static bool decode_s(uint32_t s[8], const uint8_t in[32])
{
    uint32_t rest[8];
    scalar_decode(s, 8, in);
    lt_bn_mod(rest, s, 8, order, 8);
    return lt_bn_equal(rest, s, 8);
}

bool lt_ed25519_verify(const uint8_t public_key[32], lt_bytes message,
                       const uint8_t signature[64])
{
    struct point a, r;
    uint32_t s[8], k[8];
    uint8_t encoded[32];
    lt_fe zero = lt_fe_small(0);
    if (!decode_s(s, signature + 32) || !decode(&a, public_key))
        return false;
    lt_fe_subtract(&a.x, &zero, &a.x);
    lt_fe_subtract(&a.t, &zero, &a.t);
    challenge(k, signature, public_key, message);
    multiply_two(&r, s, k, &a);
    encode(encoded, &r); /* canonical, so an R that is not differs from it */
    return lt_ct_eq(encoded, signature, 32);
}

/* Section 5.1.5: the secret scalar, and the prefix that goes before a message */
static void expand(uint32_t scalar[8], uint8_t prefix[32], const uint8_t seed[32])
{
    br_sha512_context hash;
    uint8_t digest[64];
    br_sha512_init(&hash);
    br_sha512_update(&hash, seed, 32);
    br_sha512_out(&hash, digest);
    scalar_decode(scalar, 8, digest);
    scalar[0] &= ~7U;
    scalar[7] = (scalar[7] & 0x7fffffff) | 0x40000000;
    memcpy(prefix, digest + 32, 32);
    lt_wipe(&hash, sizeof hash);
    lt_wipe(digest, sizeof digest);
}

void lt_ed25519_public_key(uint8_t public_key[32], const uint8_t seed[32])
{
    uint32_t scalar[8];
    uint8_t prefix[32];
    struct point a;
    expand(scalar, prefix, seed);
    multiply_base(&a, scalar);
    encode(public_key, &a);
    lt_wipe(scalar, sizeof scalar);
    lt_wipe(prefix, sizeof prefix);
    lt_wipe(&a, sizeof a);
}

/* r = SHA-512(prefix || M), of which R = [r]B */
static void commit(uint32_t r[8], uint8_t encoded[32], const uint8_t prefix[32],
                   lt_bytes message)
{
    br_sha512_context hash;
    struct point p;
    br_sha512_init(&hash);
    br_sha512_update(&hash, prefix, 32);
    br_sha512_update(&hash, message.p, message.n);
    digest_scalar(&hash, r);
    multiply_base(&p, r);
    encode(encoded, &p);
    lt_wipe(&hash, sizeof hash);
    lt_wipe(&p, sizeof p);
}

/* S = (r + k a) mod L, section 5.1.6 */
static void respond(uint8_t out[32], const uint32_t r[8], const uint32_t k[8],
                    const uint32_t a[8])
{
    uint32_t sum[16], s[8];
    uint64_t carry = 0;
    lt_bn_mul(sum, k, 8, a, 8);
    for (size_t i = 0; i < 16; i++) {
        carry += (uint64_t)sum[i] + (i < 8 ? r[i] : 0);
        sum[i] = (uint32_t)carry;
        carry >>= 32;
    }
    lt_bn_mod(s, sum, 16, order, 8);
    for (size_t i = 0; i < 32; i++)
        out[i] = (uint8_t)(s[i / 4] >> 8 * (i % 4));
    lt_wipe(sum, sizeof sum);
}

void lt_ed25519_sign(uint8_t signature[64], const uint8_t seed[32],
                     const uint8_t public_key[32], lt_bytes message)
{
    uint32_t a[8], r[8], k[8];
    uint8_t prefix[32];
    expand(a, prefix, seed);
    commit(r, signature, prefix, message);
    challenge(k, signature, public_key, message);
    respond(signature + 32, r, k, a);
    lt_wipe(a, sizeof a);
    lt_wipe(r, sizeof r);
    lt_wipe(prefix, sizeof prefix);
}
