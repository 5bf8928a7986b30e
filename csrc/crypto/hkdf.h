/* SPDX-License-Identifier: MIT
 * hkdf.h - HMAC and HKDF (RFC 2104, RFC 5869). */
#ifndef LT_CRYPTO_HKDF_H
#define LT_CRYPTO_HKDF_H

#include "crypto/hash.h"

/* `out` takes lt_hash_size(hash) bytes. */
void lt_hmac(const br_hash_class *hash, lt_bytes key, lt_bytes data, uint8_t *out);
void lt_hkdf_extract(const br_hash_class *hash, lt_bytes salt, lt_bytes ikm, uint8_t *prk);
/* n is 255 times the hash's size at the most. */
void lt_hkdf_expand(const br_hash_class *hash, lt_bytes prk, lt_bytes info, uint8_t *out,
                    size_t n);

/* A key made ready for several expansions. It is a secret: whoever has it wipes it. */
typedef br_hmac_key_context lt_hkdf_key;
void lt_hkdf_key_init(lt_hkdf_key *k, const br_hash_class *hash, lt_bytes prk);
void lt_hkdf_expand_by(const lt_hkdf_key *k, lt_bytes info, uint8_t *out, size_t n);

/* P_hash of TLS 1.2's PRF (RFC 5246 section 5), of a label and two seeds. */
void lt_p_hash(const br_hash_class *hash, lt_bytes secret, const lt_bytes seeds[3],
               uint8_t *out, size_t n);

#endif
