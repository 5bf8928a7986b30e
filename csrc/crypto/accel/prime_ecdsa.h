/* SPDX-License-Identifier: MIT
 * prime_ecdsa.h - what one curve offers on prime_multiply.h: ECDH (SEC 1 section 3.3.1) and ECDSA
 * (FIPS 186-4 section 6.4, deterministic by RFC 6979), with BearSSL's conventions: big-endian
 * scalars, uncompressed points, signatures r || s. */
#include "crypto/accel/prime_curves.h"

/* A scalar below n and not zero: 1; else 0, and k is zero where it is too long to be one. It may be
 * shorter than n. */
static uint64_t decode_scalar(num *k, const uint8_t *x, size_t size)
{
    memset(k, 0, sizeof *k);
    if (size > 8 * LIMBS)
        return 0;
    decode(k, x, size);
    return is_below(k, &N) & (1 ^ is_zero(k));
}

static uint32_t curve_multiply(uint8_t *p, size_t size, const uint8_t *x, size_t x_size)
{
    point q;
    num k;
    if (!decode_point(&q, p, size))
        return 0;
    uint64_t ok = decode_scalar(&k, x, x_size);
    multiply_point(&q, &q, &k);
    ok &= encode_point(p, &q);
    lt_wipe(&q, sizeof q);
    lt_wipe(&k, sizeof k);
    return (uint32_t)ok;
}

static size_t curve_multiply_base(uint8_t *out, const uint8_t *x, size_t x_size)
{
    point q;
    num k;
    if (x_size > 8 * LIMBS)
        return 0;
    decode(&k, x, x_size);
    multiply_base(&q, &k);
    encode_point(out, &q);
    lt_wipe(&q, sizeof q);
    lt_wipe(&k, sizeof k);
    return 1 + 2 * BYTES;
}

/* The leftmost bits, as many as n has (FIPS 186-4 section 6.4; RFC 6979 section 2.3.2) */
static void decode_bits(num *r, const uint8_t *in, size_t size)
{
    uint32_t over = 8 * size > BITS ? (uint32_t)(8 * size - BITS) : 0;
    decode(r, in, size);
    for (int i = 0; over && i < LIMBS; i++) {
        uint64_t above = i + 1 < LIMBS ? r->limb[i + 1] : 0;
        r->limb[i] = r->limb[i] >> over | above << (64 - over);
    }
}

static void number_of_hash(num *e, const uint8_t *hash, size_t size)
{
    decode_bits(e, hash, size < BYTES ? size : BYTES);
    reduce_once(e, 0, &N);
}

/* x modulo n of a point that is not the neutral one */
static void x_of_point(num *r, const point *p)
{
    fe_invert(r, &p->z);
    fe_multiply(r, r, &p->x);
    from_field(r, r);
    reduce_once(r, 0, &N);
}

/* s = (e + r d) / k */
static void sign_number(num *s, const num *e, const num *r, const num *d, const num *k)
{
    num inverse, product;
    scalar_multiply(&inverse, k, &N_RR);
    scalar_invert(&inverse, &inverse);
    scalar_multiply(&product, d, &N_RR);
    scalar_multiply(&product, &product, r);
    add_mod(&product, &product, e, &N);
    scalar_multiply(s, &product, &inverse);
    lt_wipe(&inverse, sizeof inverse);
    lt_wipe(&product, sizeof product);
}

/* RFC 6979 section 3.2: the next k of the generator that is below n and not zero */
static void next_nonce(num *k, br_hmac_drbg_context *drbg)
{
    uint8_t bytes[BYTES];
    uint64_t good;
    do {
        br_hmac_drbg_generate(drbg, bytes, sizeof bytes);
        decode_bits(k, bytes, sizeof bytes);
        good = is_below(k, &N) & (1 ^ is_zero(k));
    } while (!lt_ct_public(good)); /* what is thrown away is not used */
    lt_wipe(bytes, sizeof bytes);
}

static size_t curve_sign(const br_hash_class *hash, const uint8_t *digest, const uint8_t *x,
                         size_t x_size, uint8_t signature[2 * BYTES])
{
    br_hmac_drbg_context drbg;
    uint8_t seed[2 * BYTES];
    num d, e, k, r, s;
    point p;
    uint64_t good = decode_scalar(&d, x, x_size);
    number_of_hash(&e, digest, hash->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK);
    encode(seed, &d);
    encode(seed + BYTES, &e);
    br_hmac_drbg_init(&drbg, hash, seed, sizeof seed);
    next_nonce(&k, &drbg);
    multiply_base(&p, &k);
    x_of_point(&r, &p);
    sign_number(&s, &e, &r, &d, &k);
    encode(signature, &r);
    encode(signature + BYTES, &s);
    good &= (1 ^ is_zero(&r)) & (1 ^ is_zero(&s));
    lt_wipe(&drbg, sizeof drbg);
    lt_wipe(seed, sizeof seed);
    lt_wipe(&d, sizeof d);
    lt_wipe(&k, sizeof k);
    lt_wipe(&p, sizeof p);
    return lt_ct_public(good) ? 2 * BYTES : 0;
}

/* Whether x modulo n is r, of a point that is not neutral: x is r or r + n, if that is below p */
static bool x_is(const jacobian *q, const num *r)
{
    num rest, square, x;
    fe_square(&square, &q->z);
    to_field(&x, r);
    fe_multiply(&x, &x, &square);
    fe_subtract(&x, &x, &q->x);
    if (is_zero(&x))
        return true;
    subtract_mod(&rest, &P, &N, &N); /* n is below p */
    if (!is_below(r, &rest))
        return false;
    add_mod(&x, r, &N, &P);
    to_field(&x, &x);
    fe_multiply(&x, &x, &square);
    fe_subtract(&x, &x, &q->x);
    return is_zero(&x);
}

/* u1 and u2 of a signature (FIPS 186-4 section 6.4.2), which is all public; and its r */
static bool decode_signature(num *r, num *u1, num *u2, const uint8_t *hash, size_t hash_size,
                             const uint8_t *signature, size_t size)
{
    num s, e;
    if (size % 2 || size / 2 > 8 * LIMBS || !decode_scalar(r, signature, size / 2)
        || !decode_scalar(&s, signature + size / 2, size / 2))
        return false;
    number_of_hash(&e, hash, hash_size);
    scalar_multiply(&s, &s, &N_RR);
    scalar_invert(&s, &s);
    scalar_multiply(u1, &e, &s);
    scalar_multiply(u2, r, &s);
    return true;
}

static uint32_t curve_verify(const uint8_t *hash, size_t hash_size, const uint8_t *q,
                             size_t q_size, const uint8_t *signature, size_t size)
{
    num r, u1, u2;
    jacobian sum;
    point p;
    if (!decode_point(&p, q, q_size)
        || !decode_signature(&r, &u1, &u2, hash, hash_size, signature, size))
        return 0;
    multiply_two(&sum, &p, &u2, &u1);
    return !is_zero(&sum.z) && x_is(&sum, &r);
}
