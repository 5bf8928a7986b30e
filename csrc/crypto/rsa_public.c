/* SPDX-License-Identifier: MIT
 * rsa_public.c - see rsa_public.h. */
#include "crypto/rsa_public.h"

#include "crypto/accel/rsa.h"
#include "crypto/bignum.h"
#include "crypto/hash.h"
#include "crypto/rsa_pkcs1.h"

enum {
    BEARSSL_MAX_BITS = 4096,
    LIMBS = LT_RSA_PUBLIC_MAX_BITS / 32,
};

static lt_bytes number(const uint8_t *p, size_t n)
{
    while (n > 0 && *p == 0)
        p++, n--;
    return (lt_bytes){ p, n };
}

static size_t bit_size(lt_bytes magnitude)
{
    size_t n = magnitude.n * 8;
    for (uint32_t top = magnitude.n ? magnitude.p[0] : 0; n > 0 && !(top & 0x80); top <<= 1)
        n--;
    return n;
}

size_t lt_rsa_public_bits(const br_rsa_public_key *pk)
{
    return bit_size(number(pk->n, pk->nlen));
}

struct montgomery {
    uint32_t m[LIMBS]; /* odd; its top limb is not zero */
    size_t n;
    uint32_t minus_inverse; /* -1/m modulo 2^32 */
};

/* r = a b / 2^(32 n) mod m; r may be an operand */
static void multiply(const struct montgomery *k, uint32_t *r, const uint32_t *a,
                     const uint32_t *b)
{
    uint32_t t[LIMBS + 1] = { 0 };
    size_t n = k->n;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = (uint64_t)a[i] * b[0] + t[0];
        uint32_t q = (uint32_t)x * k->minus_inverse;
        uint64_t y = (uint64_t)q * k->m[0] + (uint32_t)x;
        for (size_t j = 1; j < n; j++) {
            x = (uint64_t)a[i] * b[j] + t[j] + (x >> 32);
            y = (uint64_t)q * k->m[j] + (uint32_t)x + (y >> 32);
            t[j - 1] = (uint32_t)y;
        }
        x = (uint64_t)t[n] + (x >> 32) + (y >> 32);
        t[n - 1] = (uint32_t)x;
        t[n] = (uint32_t)(x >> 32);
    }
    memcpy(r, t, n * sizeof *r);
    lt_bn_reduce_once(r, t[n], k->m, n);
}

static void twice(const struct montgomery *k, uint32_t *r)
{
    uint32_t carry = 0;
    for (size_t i = 0; i < k->n; i++) {
        uint32_t out = r[i] >> 31;
        r[i] = r[i] << 1 | carry;
        carry = out;
    }
    lt_bn_reduce_once(r, carry, k->m, k->n);
}

/* R = 2^(32 n): R^2 mod m, as 2 to the power 32 n among numbers times R */
static void r_squared(const struct montgomery *k, uint32_t *r)
{
    uint32_t big[LIMBS + 1] = { 0 };
    big[k->n] = 1;
    lt_bn_mod(r, big, k->n + 1, k->m, k->n);
    for (int bit = 15; bit >= 0; bit--) {
        multiply(k, r, r, r);
        if ((32 * k->n) >> bit & 1)
            twice(k, r);
    }
}

static void set_modulus(struct montgomery *k, lt_bytes modulus)
{
    k->n = (modulus.n + 3) / 4;
    lt_bn_decode(k->m, k->n, modulus);
    uint32_t inverse = k->m[0]; /* right to 3 bits; each step doubles them */
    for (int i = 0; i < 4; i++)
        inverse *= 2 - k->m[0] * inverse;
    k->minus_inverse = 0 - inverse;
}

/* x^e for e >= 1; the first bit of e is x itself */
static void power(const struct montgomery *k, uint32_t *x, lt_bytes e)
{
    uint32_t base[LIMBS], one[LIMBS] = { 1 }, scale[LIMBS];
    r_squared(k, scale);
    multiply(k, base, x, scale);
    memcpy(x, base, k->n * sizeof *x);
    for (size_t bit = bit_size(e) - 1; bit-- > 0;) {
        multiply(k, x, x, x);
        if (e.p[e.n - 1 - bit / 8] >> bit % 8 & 1)
            multiply(k, x, x, base);
    }
    multiply(k, x, x, one);
}

static bool large_public(uint8_t *x, lt_bytes modulus, lt_bytes e)
{
    struct montgomery k;
    uint32_t value[LIMBS], rest[LIMBS];
    if (modulus.n > LT_RSA_PUBLIC_MAX_BYTES
        || bit_size(e) > LT_RSA_PUBLIC_MAX_LARGE_EXPONENT_BITS
        || !(modulus.p[modulus.n - 1] & 1))
        return false;
    set_modulus(&k, modulus);
    lt_bn_decode(value, k.n, (lt_bytes){ x, modulus.n });
    lt_bn_mod(rest, value, k.n, k.m, k.n);
    if (!lt_bn_equal(rest, value,
                     k.n)) /* not below n: "signature representative out of range" */
        return false;
    power(&k, value, e);
    for (size_t i = 0; i < modulus.n; i++)
        x[modulus.n - 1 - i] = (uint8_t)(value[i / 4] >> 8 * (i % 4));
    return true;
}

static bool is_exponent(lt_bytes e)
{
    return bit_size(e) >= 2 && (e.p[e.n - 1] & 1)
           && bit_size(e) <= LT_RSA_PUBLIC_MAX_EXPONENT_BITS;
}

bool lt_rsa_public(uint8_t *x, size_t size, const br_rsa_public_key *pk)
{
    lt_bytes modulus = number(pk->n, pk->nlen), e = number(pk->e, pk->elen);
    if (modulus.n == 0 || size != modulus.n || !is_exponent(e))
        return false;
    if (modulus.n <= LT_RSA_PUBLIC_MAX_BYTES
        && (modulus.n <= BEARSSL_MAX_BITS / 8
            || bit_size(e) <= LT_RSA_PUBLIC_MAX_LARGE_EXPONENT_BITS)) {
        lt_rsa_result result = lt_accel_rsa_public(x, modulus, e);
        if (result != LT_RSA_not_here)
            return result == LT_RSA_done;
    }
    if (bit_size(modulus) > BEARSSL_MAX_BITS)
        return large_public(x, modulus, e);
    return br_rsa_public_get_default()(x, size, pk) == 1;
}

bool lt_rsa_pkcs1_verify(const br_rsa_public_key *pk, const br_hash_class *hash,
                         lt_bytes digest, lt_bytes signature)
{
    uint8_t em[LT_RSA_PUBLIC_MAX_BYTES], expected[LT_RSA_PUBLIC_MAX_BYTES];
    const uint8_t *oid = lt_hash_oid(hash);
    size_t n = signature.n;
    if (n == 0 || n > sizeof em || !oid || digest.n != lt_hash_size(hash)
        || !lt_rsa_pkcs1_encode(expected, n, oid, digest))
        return false;
    memcpy(em, signature.p, n);
    return lt_rsa_public(em, n, pk)
           && lt_bytes_equal((lt_bytes){ em, n }, (lt_bytes){ expected, n });
}

static bool recover(const uint8_t *x, size_t n, const uint8_t *oid, size_t digest_size,
                    const br_rsa_public_key *pk, uint8_t *digest)
{
    uint8_t em[LT_RSA_PUBLIC_MAX_BYTES], expected[LT_RSA_PUBLIC_MAX_BYTES];
    if (n > sizeof em || n < digest_size)
        return false;
    memcpy(em, x, n);
    lt_bytes end = { em + n - digest_size, digest_size };
    if (!lt_rsa_public(em, n, pk) || !lt_rsa_pkcs1_encode(expected, n, oid, end)
        || !lt_bytes_equal((lt_bytes){ em, n }, (lt_bytes){ expected, n }))
        return false;
    memcpy(digest, end.p, digest_size);
    return true;
}

uint32_t lt_rsa_pkcs1_recover(const uint8_t *x, size_t n, const uint8_t *oid,
                              size_t digest_size, const br_rsa_public_key *pk, uint8_t *digest)
{
    if (recover(x, n, oid, digest_size, pk, digest))
        return 1; /* else a DigestInfo without NULL, which TLS 1.2 has accepted (RFC 5246 section 4.7) */
    if (!is_exponent(number(pk->e, pk->elen))) /* of one, a signature is its own encoding */
        return 0;
    return br_rsa_pkcs1_vrfy_get_default()(x, n, oid, digest_size, pk, digest);
}
