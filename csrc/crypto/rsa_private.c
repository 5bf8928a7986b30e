/* SPDX-License-Identifier: MIT
 * rsa_private.c - see rsa_private.h. Sections are RFC 8017's. */
#include "crypto/rsa_private.h"

#include <string.h>

#include "crypto/accel/rsa.h"

uint32_t lt_rsa_private(unsigned char *x, const br_rsa_private_key *sk)
{
    lt_rsa_result result = lt_accel_rsa_private(x, sk);
    if (result == LT_RSA_not_here)
        return br_rsa_private_get_default()(x, sk);
    return result == LT_RSA_done;
}

/* EM = 0x00 || 0x01 || PS || 0x00 || T (section 9.2); the OID begins with its length. */
static bool encode(uint8_t *em, size_t n, const unsigned char *oid, const unsigned char *hash,
                   size_t hash_size)
{
    size_t oid_size = oid ? oid[0] : 0, prefix = oid ? oid_size + 10 : 0;
    size_t t_size = prefix + hash_size;
    if (n < t_size + 11 || t_size > 127 + 2)
        return false;
    memset(em, 0xff, n);
    em[0] = 0, em[1] = 1, em[n - t_size - 1] = 0;
    uint8_t *t = em + n - t_size;
    if (oid) { /* DigestInfo: an AlgorithmIdentifier with the NULL, an OCTET STRING */
        const uint8_t start[] = { 0x30, (uint8_t)(t_size - 2), 0x30, (uint8_t)(oid_size + 4),
                                  0x06 };
        const uint8_t end[] = { 0x05, 0x00, 0x04, (uint8_t)hash_size };
        memcpy(t, start, sizeof start);
        memcpy(t + sizeof start, oid, oid_size + 1);
        memcpy(t + prefix - sizeof end, end, sizeof end);
    }
    memcpy(t + prefix, hash, hash_size);
    return true;
}

uint32_t lt_rsa_pkcs1_sign(const unsigned char *hash_oid, const unsigned char *hash,
                           size_t hash_size, const br_rsa_private_key *sk, unsigned char *x)
{
    return encode(x, (sk->n_bitlen + 7) / 8, hash_oid, hash, hash_size)
           && lt_rsa_private(x, sk);
}
