/* SPDX-License-Identifier: MIT
 * ed25519.h - the signature scheme Ed25519 (RFC 8032 section 5.1), without context and prehash.
 * Signing takes constant time and draws no randomness. */
#ifndef LT_CRYPTO_ED25519_H
#define LT_CRYPTO_ED25519_H

#include "base/bytes.h"

/* Without the cofactor: [S]B = R + [k]A itself. Only the canonical encodings of A, R and S. */
bool lt_ed25519_verify(const uint8_t public_key[32], lt_bytes message,
                       const uint8_t signature[64]);

/* `seed`: the private key of RFC 8032 */
void lt_ed25519_public_key(uint8_t public_key[32], const uint8_t seed[32]);

/* `public_key` must be lt_ed25519_public_key's: with another one the signature gives the seed's
 * secret away. */
void lt_ed25519_sign(uint8_t signature[64], const uint8_t seed[32],
                     const uint8_t public_key[32], lt_bytes message);

#endif
