/* SPDX-License-Identifier: MIT
 * aead.h - the AEAD algorithms of TLS over BearSSL's constant-time code, the fastest that the
 * processor has. Encrypts and decrypts in place. Knows no record. */
#ifndef LT_CRYPTO_AEAD_H
#define LT_CRYPTO_AEAD_H

#include <bearssl.h>

#include "base/bytes.h"
#include "crypto/accel/aes_gcm.h"

typedef enum {
    LT_AEAD_aes_128_gcm,
    LT_AEAD_aes_256_gcm,
    LT_AEAD_chacha20_poly1305,
    LT_AEAD_aes_128_ccm,
} lt_aead_algorithm;

enum { LT_AEAD_KEY_MAX = 32, LT_AEAD_NONCE = 12, LT_AEAD_TAG = 16 };

/* A key, expanded. Holds pointers into itself: it stays where it was set. */
typedef struct {
    lt_aead_algorithm algorithm;
    const lt_aes_gcm_class *aes_gcm; /* of the key below; NULL: it is BearSSL's `gcm` */
    union {
        lt_aes_gcm key;
        struct {
            br_aes_gen_ctr_keys key;
            br_gcm_context context;
        } gcm;
        struct {
            uint8_t key[32];
            br_chacha20_run chacha20;
            br_poly1305_run poly1305;
        } chacha20_poly1305;
        struct {
            br_aes_gen_ctrcbc_keys key;
            br_ccm_context context;
        } ccm;
    } u;
} lt_aead;

size_t lt_aead_key_size(lt_aead_algorithm algorithm); /* bytes */
void lt_aead_set(lt_aead *a, lt_aead_algorithm algorithm, const uint8_t *key);

void lt_aead_seal(lt_aead *a, const uint8_t nonce[LT_AEAD_NONCE], lt_bytes aad, uint8_t *data,
                  size_t n, uint8_t tag[LT_AEAD_TAG]);
/* false: the tag is wrong, and `data` is not to be looked at. */
bool lt_aead_open(lt_aead *a, const uint8_t nonce[LT_AEAD_NONCE], lt_bytes aad, uint8_t *data,
                  size_t n, const uint8_t tag[LT_AEAD_TAG]);

#endif
