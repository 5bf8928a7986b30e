/* SPDX-License-Identifier: MIT
 * cbc.c - see cbc.h. */
#include "crypto/cbc.h"

#include <bearssl.h>

#include "base/secret.h"

enum { STACK = 3072 }; /* that BearSSL's ciphers take of it, with room to spare */

static void aes(const uint8_t *key, size_t key_size, const uint8_t *iv, uint8_t *data,
                size_t size)
{
    br_aes_ct64_cbcdec_keys keys;
    uint8_t chain[16];
    memcpy(chain, iv, sizeof chain);
    br_aes_ct64_cbcdec_init(&keys, key, key_size);
    br_aes_ct64_cbcdec_run(&keys, chain, data, size);
    lt_wipe(&keys, sizeof keys);
}

static void des(const uint8_t *key, size_t key_size, const uint8_t *iv, uint8_t *data,
                size_t size)
{
    br_des_ct_cbcdec_keys keys;
    uint8_t chain[8];
    memcpy(chain, iv, sizeof chain);
    br_des_ct_cbcdec_init(&keys, key, key_size);
    br_des_ct_cbcdec_run(&keys, chain, data, size);
    lt_wipe(&keys, sizeof keys);
}

const lt_cbc lt_aes_128_cbc = { "AES-128-CBC", 16, 16, aes };
const lt_cbc lt_aes_192_cbc = { "AES-192-CBC", 24, 16, aes };
const lt_cbc lt_aes_256_cbc = { "AES-256-CBC", 32, 16, aes };
const lt_cbc lt_des_ede3_cbc = { "DES-EDE3-CBC", 24, 8, des };

bool lt_cbc_decrypt(const lt_cbc *cipher, const uint8_t *key, const uint8_t *iv, uint8_t *data,
                    size_t *size)
{
    size_t n = *size, block = cipher->block_size;
    if (n == 0 || n % block != 0)
        return false;
    cipher->decrypt(key, cipher->key_size, iv, data, n);
    lt_wipe_stack(STACK);
    uint8_t pad = data[n - 1], wrong = 0;
    if (pad == 0 || pad > block)
        return false;
    for (size_t i = n - pad; i < n; i++)
        wrong |= data[i] ^ pad;
    *size = n - pad;
    return wrong == 0;
}
