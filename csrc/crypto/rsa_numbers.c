/* SPDX-License-Identifier: MIT
 * rsa_numbers.c - see rsa_numbers.h. */
#include "crypto/rsa_numbers.h"

#include "base/secret.h"
#include "crypto/bignum.h"

enum {
    FACTOR = LT_RSA_MAX_FACTOR_BITS / 32,
    MODULUS = LT_RSA_MAX_BITS / 32,
    EXPONENT = LT_RSA_MAX_EXPONENT_BITS / 32,
};

struct scratch { /* secret: wiped at the end */
    uint32_t p[FACTOR], q[FACTOR], p_1[FACTOR], a[FACTOR], rest[FACTOR];
    uint32_t long_a[MODULUS], product[2 * FACTOR];
};

static size_t limbs(lt_bytes number)
{
    return (number.n + 3) / 4;
}

static bool fits(lt_bytes number, size_t max_bits)
{
    return number.n > 0 && number.n <= max_bits / 8;
}

static bool odd(lt_bytes number)
{
    return number.p[number.n - 1] & 1;
}

static const char *size_fault(const lt_rsa_numbers *k)
{
    if (!fits(k->modulus, LT_RSA_MAX_BITS))
        return "modulus";
    if (!fits(k->public_exponent, LT_RSA_MAX_EXPONENT_BITS) || !odd(k->public_exponent)
        || (k->public_exponent.n == 1 && k->public_exponent.p[0] < 3))
        return "publicExponent";
    if (!fits(k->private_exponent, LT_RSA_MAX_BITS))
        return "privateExponent";
    if (!fits(k->prime1, LT_RSA_MAX_FACTOR_BITS) || !odd(k->prime1) || k->prime1.n < 8)
        return "prime1";
    if (!fits(k->prime2, LT_RSA_MAX_FACTOR_BITS) || !odd(k->prime2) || k->prime2.n < 8)
        return "prime2";
    if (!fits(k->exponent1, LT_RSA_MAX_FACTOR_BITS) || k->exponent1.n > k->prime1.n)
        return "exponent1";
    if (!fits(k->exponent2, LT_RSA_MAX_FACTOR_BITS) || k->exponent2.n > k->prime2.n)
        return "exponent2";
    if (!fits(k->coefficient, LT_RSA_MAX_FACTOR_BITS) || k->coefficient.n > k->prime1.n)
        return "coefficient";
    return NULL;
}

static bool modulus_fits(const lt_rsa_numbers *k, struct scratch *s)
{
    size_t n = limbs(k->modulus), p_n = limbs(k->prime1), q_n = limbs(k->prime2);
    uint32_t above = 0;
    lt_bn_mul(s->product, s->p, p_n, s->q, q_n);
    for (size_t i = n; i < p_n + q_n; i++)
        above |= s->product[i];
    lt_bn_decode(s->long_a, n, k->modulus);
    return p_n + q_n >= n && above == 0 && lt_bn_equal(s->product, s->long_a, n);
}

/* e * exponent = 1 modulo p - 1 */
static bool exponent_fits(const lt_rsa_numbers *k, lt_bytes prime, lt_bytes exponent,
                          struct scratch *s)
{
    uint32_t e[EXPONENT];
    size_t n = limbs(prime), e_n = limbs(k->public_exponent);
    lt_bn_decode(e, e_n, k->public_exponent);
    lt_bn_decode(s->p_1, n, prime);
    s->p_1[0] &= ~1U;
    lt_bn_decode(s->a, n, exponent);
    lt_bn_mul(s->product, s->a, n, e, e_n);
    lt_bn_mod(s->rest, s->product, n + e_n, s->p_1, n);
    bool ok = lt_bn_is_one(s->rest, n);
    lt_bn_mod(s->rest, s->a, n, s->p_1, n); /* and exponent < p - 1 */
    return ok & lt_bn_equal(s->rest, s->a, n);
}

/* After exponent_fits: d = exponent modulo p - 1 */
static bool private_exponent_fits(const lt_rsa_numbers *k, lt_bytes prime, struct scratch *s)
{
    size_t d_n = limbs(k->private_exponent), n = limbs(prime);
    lt_bn_decode(s->long_a, d_n, k->private_exponent);
    lt_bn_mod(s->rest, s->long_a, d_n, s->p_1, n);
    return lt_bn_equal(s->rest, s->a, n);
}

static bool coefficient_fits(const lt_rsa_numbers *k, struct scratch *s)
{
    size_t n = limbs(k->prime1), q_n = limbs(k->prime2);
    lt_bn_decode(s->a, n, k->coefficient);
    lt_bn_mul(s->product, s->a, n, s->q, q_n);
    lt_bn_mod(s->rest, s->product, n + q_n, s->p, n);
    bool ok = lt_bn_is_one(s->rest, n);
    lt_bn_mod(s->rest, s->a, n, s->p, n); /* and coefficient < p */
    return ok & lt_bn_equal(s->rest, s->a, n);
}

static const char *value_fault(const lt_rsa_numbers *k, struct scratch *s)
{
    lt_bn_decode(s->p, limbs(k->prime1), k->prime1);
    lt_bn_decode(s->q, limbs(k->prime2), k->prime2);
    if (!modulus_fits(k, s))
        return "modulus";
    if (!exponent_fits(k, k->prime1, k->exponent1, s))
        return "exponent1";
    if (!private_exponent_fits(k, k->prime1, s))
        return "privateExponent";
    if (!exponent_fits(k, k->prime2, k->exponent2, s))
        return "exponent2";
    if (!private_exponent_fits(k, k->prime2, s))
        return "privateExponent";
    return coefficient_fits(k, s) ? NULL : "coefficient";
}

const char *lt_rsa_numbers_fault(const lt_rsa_numbers *k)
{
    struct scratch s;
    const char *fault = size_fault(k);
    if (fault)
        return fault;
    fault = value_fault(k, &s);
    lt_wipe(&s, sizeof s);
    return fault;
}
