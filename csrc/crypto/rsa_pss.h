/* SPDX-License-Identifier: MIT
 * rsa_pss.h - RSASSA-PSS (RFC 8017 section 8.1) with MGF1, which BearSSL 0.6 lacks. */
#ifndef LT_CRYPTO_RSA_PSS_H
#define LT_CRYPTO_RSA_PSS_H

#include <bearssl.h>

#include "base/bytes.h"

/* `digest` is the message's, under `hash`; `salt_size` is exact. Moduli up to 8192 bits. */
bool lt_rsa_pss_verify(const br_rsa_public_key *pk, const br_hash_class *hash,
                       const br_hash_class *mgf1_hash, size_t salt_size, lt_bytes digest,
                       lt_bytes signature);

/* `out` takes (n_bitlen + 7) / 8 bytes. False: the modulus is too short for hash and salt, or the
 * key's numbers do not fit. */
bool lt_rsa_pss_sign(const br_rsa_private_key *sk, const br_hash_class *hash,
                     const br_hash_class *mgf1_hash, lt_bytes salt, lt_bytes digest,
                     uint8_t *out);

#endif
