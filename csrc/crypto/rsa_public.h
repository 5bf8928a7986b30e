/* SPDX-License-Identifier: MIT
 * rsa_public.h - RSA with a public key: the verification primitive RSAVP1 (RFC 8017 section
 * 5.2.2) beyond BearSSL's 4096 bits, and RSASSA-PKCS1-v1_5 on it. All that is here is public, so
 * time depends on it. */
#ifndef LT_CRYPTO_RSA_PUBLIC_H
#define LT_CRYPTO_RSA_PUBLIC_H

#include <bearssl.h>

#include "base/bytes.h"

enum {
    LT_RSA_PUBLIC_MAX_BITS = 8192,
    LT_RSA_PUBLIC_MAX_BYTES = LT_RSA_PUBLIC_MAX_BITS / 8,
    LT_RSA_PUBLIC_MAX_EXPONENT_BITS = 256,      /* SP 800-56B section 6.2; bounds the work */
    LT_RSA_PUBLIC_MAX_LARGE_EXPONENT_BITS = 64, /* above 4096 bits */
};

/* Bits of the modulus. */
size_t lt_rsa_public_bits(const br_rsa_public_key *pk);

/* x^e mod n in place. False: x has not the size of n or is not below it, n is even or too large, e
 * is even, below 3 or too large. */
bool lt_rsa_public(uint8_t *x, size_t size, const br_rsa_public_key *pk);

/* Section 8.2.2, by comparing with the one encoding of EMSA-PKCS1-v1_5: DER, with the NULL. */
bool lt_rsa_pkcs1_verify(const br_rsa_public_key *pk, const br_hash_class *hash,
                         lt_bytes digest, lt_bytes signature);

/* Section 8.2.2 for BearSSL's engine, as its br_rsa_pkcs1_vrfy: the digest that was signed. `oid` may
 * be NULL: there is no DigestInfo (TLS 1.0 and 1.1). */
uint32_t lt_rsa_pkcs1_recover(const uint8_t *x, size_t n, const uint8_t *oid,
                              size_t digest_size, const br_rsa_public_key *pk, uint8_t *digest);

#endif
