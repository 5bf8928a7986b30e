/* SPDX-License-Identifier: MIT
 * ec.c - see ec.h. */
#include "crypto/ec.h"

#include <string.h>

#include "base/secret.h"
#include "crypto/accel/x25519.h"

#if LT_HAS_INT128
/* BearSSL's scalars for this curve are little-endian, and may be shorter. */
static void scalar_of(uint8_t scalar[32], const unsigned char *x, size_t size)
{
    memset(scalar, 0, 32);
    memcpy(scalar, x, size < 32 ? size : 32);
}

static uint32_t fast_mul(unsigned char *point, size_t n, const unsigned char *x, size_t x_size)
{
    uint8_t scalar[32];
    if (n != 32)
        return 0;
    scalar_of(scalar, x, x_size);
    lt_x25519(point, scalar, point);
    lt_wipe(scalar, sizeof scalar);
    return 1;
}

static size_t fast_mulgen(unsigned char *point, const unsigned char *x, size_t x_size)
{
    uint8_t scalar[32];
    scalar_of(scalar, x, x_size);
    lt_x25519_base(point, scalar);
    lt_wipe(scalar, sizeof scalar);
    return 32;
}

static bool is_fast(int curve)
{
    return curve == BR_EC_curve25519 && lt_accel_has(LT_ACCEL_int128);
}
#else
static uint32_t fast_mul(unsigned char *point, size_t n, const unsigned char *x, size_t x_size)
{
    return br_ec_get_default()->mul(point, n, x, x_size, BR_EC_curve25519);
}

static size_t fast_mulgen(unsigned char *point, const unsigned char *x, size_t x_size)
{
    return br_ec_get_default()->mulgen(point, x, x_size, BR_EC_curve25519);
}

static bool is_fast(int curve)
{
    (void)curve;
    return false;
}
#endif

/* BearSSL 0.6 returns 1 for the points of low order of Curve25519, with a result of zeros. */
static uint32_t mul(unsigned char *point, size_t n, const unsigned char *x, size_t x_size,
                    int curve)
{
    uint32_t ok = is_fast(curve) ? fast_mul(point, n, x, x_size)
                                 : br_ec_get_default()->mul(point, n, x, x_size, curve);
    if (curve != BR_EC_curve25519)
        return ok;
    uint32_t any = 0; /* no branch on the shared secret's bytes */
    for (size_t i = 0; i < n; i++)
        any |= point[i];
    return ok & ((any + 0xff) >> 8);
}

static size_t mulgen(unsigned char *point, const unsigned char *x, size_t x_size, int curve)
{
    return is_fast(curve) ? fast_mulgen(point, x, x_size)
                          : br_ec_get_default()->mulgen(point, x, x_size, curve);
}

br_ec_impl lt_ec(uint32_t curves)
{
    br_ec_impl impl = *br_ec_get_default();
    impl.supported_curves &= curves;
    impl.mul = mul;
    impl.mulgen = mulgen;
    return impl;
}

uint32_t lt_ecdsa_verify(const br_ec_impl *unused, const void *hash, size_t hash_size,
                         const br_ec_public_key *pk, const void *signature, size_t size)
{
    (void)unused;
    return br_ecdsa_vrfy_asn1_get_default()(br_ec_get_default(), hash, hash_size, pk, signature,
                                            size);
}
