/* SPDX-License-Identifier: MIT
 * rsa_private.c - see rsa_private.h. Sections are RFC 8017's. */
#include "crypto/rsa_private.h"

#include "base/secret.h"
#include "crypto/accel/rsa.h"
#include "crypto/rsa_pkcs1.h"

enum { STACK = 49152 }; /* that either takes of it, with room to spare */

uint32_t lt_rsa_private(unsigned char *x, const br_rsa_private_key *sk)
{
    lt_rsa_result result = lt_accel_rsa_private(x, sk);
    uint32_t ok = result == LT_RSA_done;
    if (result == LT_RSA_not_here)
        ok = br_rsa_private_get_default()(x, sk);
    lt_wipe_stack(STACK);
    return ok;
}

uint32_t lt_rsa_pkcs1_sign(const unsigned char *hash_oid, const unsigned char *hash,
                           size_t hash_size, const br_rsa_private_key *sk, unsigned char *x)
{
    return lt_rsa_pkcs1_encode(x, (sk->n_bitlen + 7) / 8, hash_oid,
                               (lt_bytes){ hash, hash_size })
           && lt_rsa_private(x, sk);
}
