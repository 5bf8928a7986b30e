/* SPDX-License-Identifier: MIT
 * ec.c - see ec.h. */
#include "crypto/ec.h"

/* BearSSL 0.6 returns 1 for the points of low order of Curve25519, with a result of zeros. */
static uint32_t mul(unsigned char *point, size_t n, const unsigned char *x, size_t x_size,
                    int curve)
{
    uint32_t ok = br_ec_get_default()->mul(point, n, x, x_size, curve);
    if (curve != BR_EC_curve25519)
        return ok;
    uint32_t any = 0; /* no branch on the shared secret's bytes */
    for (size_t i = 0; i < n; i++)
        any |= point[i];
    return ok & ((any + 0xff) >> 8);
}

br_ec_impl lt_ec(uint32_t curves)
{
    br_ec_impl impl = *br_ec_get_default();
    impl.supported_curves &= curves;
    impl.mul = mul;
    return impl;
}

uint32_t lt_ecdsa_verify(const br_ec_impl *unused, const void *hash, size_t hash_size,
                         const br_ec_public_key *pk, const void *signature, size_t size)
{
    (void)unused;
    return br_ecdsa_vrfy_asn1_get_default()(br_ec_get_default(), hash, hash_size, pk, signature,
                                            size);
}
