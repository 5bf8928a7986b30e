/* SPDX-License-Identifier: MIT
 * aes_gcm.h - AES-GCM (NIST SP 800-38D) with what it needs of a key set once, in one pass over the
 * data; and its two parts for BearSSL's br_block_ctr_class and br_ghash. */
#ifndef LT_CRYPTO_ACCEL_AES_GCM_H
#define LT_CRYPTO_ACCEL_AES_GCM_H

#include <bearssl.h>

#include "base/bytes.h"
#include "crypto/accel/accel.h"

enum { LT_GHASH_POWERS = 17 }; /* 16 blocks at a time, and that of the lengths */

/* A key, expanded. What reads several powers at once may read beyond the last, in this struct. */
typedef struct {
    uint8_t powers[16 * LT_GHASH_POWERS]; /* of GHASH's key, the highest first */
    uint8_t round_keys[16 * 15];
    unsigned rounds;
} lt_aes_gcm;

typedef struct {
    void (*set)(lt_aes_gcm *k, const uint8_t *key, size_t n); /* 16, 24 or 32 bytes */
    /* Encrypts or decrypts `data` in its place; its tag */
    void (*run)(const lt_aes_gcm *k, const uint8_t nonce[12], lt_bytes aad, uint8_t *data,
                size_t n, uint8_t tag[16], bool encrypt);
} lt_aes_gcm_class;

/* The fastest that this machine has; NULL: none but BearSSL's. */
const lt_aes_gcm_class *lt_accel_aes_gcm(void);
const br_block_ctr_class *lt_accel_aes_ctr(void);
br_ghash lt_accel_ghash(void);

#if LT_HAS_X86
/* 1, 2 or 4 blocks in a vector: AES-NI and PCLMULQDQ; VAES and VPCLMULQDQ on AVX2, on AVX-512 */
extern const lt_aes_gcm_class lt_aes_gcm_128, lt_aes_gcm_256, lt_aes_gcm_512;
extern const br_block_ctr_class lt_aes_ctr_128, lt_aes_ctr_256, lt_aes_ctr_512;
void lt_ghash_128(void *y, const void *h, const void *data, size_t n);
void lt_ghash_256(void *y, const void *h, const void *data, size_t n);
void lt_ghash_512(void *y, const void *h, const void *data, size_t n);
#endif

#endif
