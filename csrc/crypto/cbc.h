/* SPDX-License-Identifier: MIT
 * cbc.h - the block ciphers that encrypt private keys, to decrypt in CBC mode with the padding of
 * RFC 8018 section 6.1.1. Constant-time implementations. */
#ifndef LT_CRYPTO_CBC_H
#define LT_CRYPTO_CBC_H

#include "base/bytes.h"

typedef struct {
    const char *name; /* as DEK-Info writes it */
    size_t key_size, block_size;
    void (*decrypt)(const uint8_t *key, size_t key_size, const uint8_t *iv, uint8_t *data,
                    size_t size);
} lt_cbc;

enum { LT_CBC_MAX_KEY = 32, LT_CBC_MAX_BLOCK = 16 };

extern const lt_cbc lt_aes_128_cbc, lt_aes_192_cbc, lt_aes_256_cbc, lt_des_ede3_cbc;

/* In place; `size` becomes the plaintext's. False: no whole blocks, or the padding is wrong, which
 * a wrong key makes likely. */
bool lt_cbc_decrypt(const lt_cbc *cipher, const uint8_t *key, const uint8_t *iv, uint8_t *data,
                    size_t *size);

#endif
