/* SPDX-License-Identifier: MIT
 * rsa_private.h - RSA with a private key, in BearSSL's conventions (br_rsa_private,
 * br_rsa_pkcs1_sign): by accel/rsa.h where that has the key and the machine, else BearSSL's. */
#ifndef LT_CRYPTO_RSA_PRIVATE_H
#define LT_CRYPTO_RSA_PRIVATE_H

#include <bearssl.h>

/* x^d mod n in place; 0: x is not below n, or the key is none */
uint32_t lt_rsa_private(unsigned char *x, const br_rsa_private_key *sk);

/* RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.1) of a hash, whose OID is one of BR_HASH_OID_; NULL: of
 * the hash without DigestInfo, as TLS 1.1 has it (RFC 4346 section 7.4.3). */
uint32_t lt_rsa_pkcs1_sign(const unsigned char *hash_oid, const unsigned char *hash,
                           size_t hash_size, const br_rsa_private_key *sk, unsigned char *x);

#endif
