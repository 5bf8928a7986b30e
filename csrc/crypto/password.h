/* SPDX-License-Identifier: MIT
 * password.h - keys from passwords: PBKDF2 (RFC 8018 section 5.2), scrypt (RFC 7914), and the
 * derivation of old PEM files. */
#ifndef LT_CRYPTO_PASSWORD_H
#define LT_CRYPTO_PASSWORD_H

#include <bearssl.h>

#include "base/bytes.h"

/* HMAC with `hash` as the PRF; iterations >= 1. */
void lt_pbkdf2(const br_hash_class *hash, lt_bytes password, lt_bytes salt, uint32_t iterations,
               uint8_t *key, size_t size);

/* RFC 7914 section 2: N is cost, r block_size, p parallelism. */
typedef struct {
    uint32_t cost, block_size, parallelism;
} lt_scrypt_parameters;

enum {
    LT_SCRYPT_MAX_MEMORY = 64 << 20, /* bytes */
    LT_SCRYPT_MAX_WORK = 1 << 30     /* bytes that are mixed, once */
};

bool lt_scrypt_allowed(const lt_scrypt_parameters *s); /* within both limits, N a power of 2 */

/* Of parameters that are allowed. False: out of memory. */
bool lt_scrypt(const lt_scrypt_parameters *s, lt_bytes password, lt_bytes salt, uint8_t *key,
               size_t size);

/* OpenSSL's EVP_BytesToKey with MD5 and one round: what Proc-Type: 4,ENCRYPTED means today. */
void lt_md5_bytes_to_key(lt_bytes password, const uint8_t salt[8], uint8_t *key, size_t size);

#endif
