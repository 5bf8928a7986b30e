/* SPDX-License-Identifier: MIT
 * ec.c - see ec.h. */
#include "crypto/ec.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/accel/prime_curves.h"
#include "crypto/accel/x25519.h"

/* A signature in DER that is not well formed can grow to twice its size when it is taken apart. */
#define ECDSA_DER_MAX (2 * 66 + 12)

/* The deepest of these, P-521's, with room to spare */
enum { STACK = 8192 };

/* X25519 by accel's functions, else BearSSL's, whose scalars for this curve are little-endian and may
 * be shorter. */
static uint32_t x25519(unsigned char *point, size_t n, const unsigned char *x, size_t x_size)
{
#if LT_HAS_INT128
    if (lt_accel_has(LT_ACCEL_int128)) {
        uint8_t scalar[32] = { 0 };
        if (n != 32 || x_size > 32)
            return 0;
        memcpy(scalar, x, x_size);
        lt_x25519(point, scalar, point);
        lt_wipe(scalar, sizeof scalar);
        return 1;
    }
#endif
    return br_ec_get_default()->mul(point, n, x, x_size, BR_EC_curve25519);
}

static size_t x25519_base(unsigned char *point, const unsigned char *x, size_t x_size)
{
#if LT_HAS_INT128
    if (lt_accel_has(LT_ACCEL_int128)) {
        uint8_t scalar[32] = { 0 };
        memcpy(scalar, x, x_size < 32 ? x_size : 32);
        lt_x25519_base(point, scalar);
        lt_wipe(scalar, sizeof scalar);
        return 32;
    }
#endif
    return br_ec_get_default()->mulgen(point, x, x_size, BR_EC_curve25519);
}

/* BearSSL 0.6 returns 1 for the points of low order of Curve25519, with a result of zeros. */
static uint32_t mul_25519(unsigned char *point, size_t n, const unsigned char *x, size_t x_size)
{
    uint32_t ok = x25519(point, n, x, x_size);
    uint32_t any = 0; /* no branch on the shared secret's bytes */
    for (size_t i = 0; i < n; i++)
        any |= point[i];
    return ok & ((any + 0xff) >> 8);
}

static uint32_t multiply(unsigned char *point, size_t n, const unsigned char *x, size_t x_size,
                         int curve)
{
    const lt_prime_curve *fast = lt_prime_curve_find(curve);
    if (curve == BR_EC_curve25519)
        return mul_25519(point, n, x, x_size);
    return fast ? fast->multiply(point, n, x, x_size)
                : br_ec_get_default()->mul(point, n, x, x_size, curve);
}

static uint32_t mul(unsigned char *point, size_t n, const unsigned char *x, size_t x_size,
                    int curve)
{
    uint32_t ok = multiply(point, n, x, x_size, curve);
    lt_wipe_stack(STACK);
    return ok;
}

static size_t multiply_base(unsigned char *point, const unsigned char *x, size_t x_size,
                            int curve)
{
    const lt_prime_curve *fast = lt_prime_curve_find(curve);
    if (curve == BR_EC_curve25519)
        return x25519_base(point, x, x_size);
    return fast ? fast->multiply_base(point, x, x_size)
                : br_ec_get_default()->mulgen(point, x, x_size, curve);
}

static size_t mulgen(unsigned char *point, const unsigned char *x, size_t x_size, int curve)
{
    size_t n = multiply_base(point, x, x_size, curve);
    lt_wipe_stack(STACK);
    return n;
}

br_ec_impl lt_ec(uint32_t curves)
{
    br_ec_impl impl = *br_ec_get_default();
    impl.supported_curves &= curves;
    impl.mul = mul;
    impl.mulgen = mulgen;
    return impl;
}

static size_t sign(const br_hash_class *hash, const void *digest, const br_ec_private_key *sk,
                   void *signature)
{
    const lt_prime_curve *fast = lt_prime_curve_find(sk->curve);
    if (!fast)
        return br_ecdsa_sign_asn1_get_default()(br_ec_get_default(), hash, digest, sk,
                                                signature);
    size_t n = fast->sign(hash, digest, sk->x, sk->xlen, signature);
    return n ? br_ecdsa_raw_to_asn1(signature, n) : 0;
}

size_t lt_ecdsa_sign(const br_ec_impl *unused, const br_hash_class *hash, const void *digest,
                     const br_ec_private_key *sk, void *signature)
{
    (void)unused;
    size_t n = sign(hash, digest, sk, signature);
    lt_wipe_stack(STACK);
    return n;
}

/* r || s of a signature in DER; its size, 0: it is none */
static size_t take_apart(uint8_t raw[2 * ECDSA_DER_MAX], const void *signature, size_t size)
{
    if (size > ECDSA_DER_MAX)
        return 0;
    memcpy(raw, signature, size);
    return br_ecdsa_asn1_to_raw(raw, size);
}

uint32_t lt_ecdsa_verify(const br_ec_impl *unused, const void *hash, size_t hash_size,
                         const br_ec_public_key *pk, const void *signature, size_t size)
{
    const lt_prime_curve *fast = lt_prime_curve_find(pk->curve);
    uint8_t raw[2 * ECDSA_DER_MAX];
    (void)unused;
    if (!fast)
        return br_ecdsa_vrfy_asn1_get_default()(br_ec_get_default(), hash, hash_size, pk,
                                                signature, size);
    size = take_apart(raw, signature, size);
    return size ? fast->verify(hash, hash_size, pk->q, pk->qlen, raw, size) : 0;
}

lt_ecdsa_known *lt_ecdsa_know(const br_ec_public_key *pk)
{
    const lt_prime_curve *fast = lt_prime_curve_find(pk->curve);
    lt_ecdsa_known *known = fast && fast->know ? malloc(sizeof *known) : NULL;
    if (known && !fast->know(known, pk->q, pk->qlen)) {
        free(known);
        return NULL;
    }
    return known;
}

uint32_t lt_ecdsa_verify_known(const lt_ecdsa_known *known, const br_ec_public_key *pk,
                               const void *hash, size_t hash_size, const void *signature,
                               size_t size)
{
    uint8_t raw[2 * ECDSA_DER_MAX];
    size = take_apart(raw, signature, size);
    return size
               ? lt_prime_curve_find(pk->curve)->verify_known(known, hash, hash_size, raw, size)
               : 0;
}
