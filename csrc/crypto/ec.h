/* SPDX-License-Identifier: MIT
 * ec.h - BearSSL's elliptic curves with what its TLS engine leaves out: a key agreement whose
 * result is all zero fails (RFC 7748 section 6.1, RFC 8422 section 5.11). */
#ifndef LT_CRYPTO_EC_H
#define LT_CRYPTO_EC_H

#include <bearssl.h>

/* The library's fastest implementation for these curves (bit n: BR_EC_ curve n). */
br_ec_impl lt_ec(uint32_t curves);

/* ECDSA over every curve of the library, whatever implementation is handed in. */
size_t lt_ecdsa_sign(const br_ec_impl *unused, const br_hash_class *hash, const void *digest,
                     const br_ec_private_key *sk, void *signature);

/* ECDSA verification over every curve of the library, whatever implementation is handed in: the
 * groups of a config are about key exchange only. */
uint32_t lt_ecdsa_verify(const br_ec_impl *unused, const void *hash, size_t hash_size,
                         const br_ec_public_key *pk, const void *signature, size_t size);

/* Multiples of the point of a public key that is seen again and again, with which a verification takes
 * little more than half the time. */
typedef struct lt_known_point lt_ecdsa_known;

/* To be freed with free; NULL: none for this curve or this machine, it is no point, or out of memory. */
lt_ecdsa_known *lt_ecdsa_know(const br_ec_public_key *pk);
uint32_t lt_ecdsa_verify_known(const lt_ecdsa_known *known, const br_ec_public_key *pk,
                               const void *hash, size_t hash_size, const void *signature,
                               size_t size);

#endif
