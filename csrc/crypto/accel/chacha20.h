/* SPDX-License-Identifier: MIT
 * chacha20.h - ChaCha20 (RFC 8439 section 2.4) on vectors, for BearSSL's br_chacha20_run. */
#ifndef LT_CRYPTO_ACCEL_CHACHA20_H
#define LT_CRYPTO_ACCEL_CHACHA20_H

#include <bearssl.h>

#include "crypto/accel/accel.h"

/* The fastest that this machine has; NULL: none but BearSSL's. */
br_chacha20_run lt_accel_chacha20(void);

#if LT_HAS_X86
/* AVX2: 8 blocks at a time. AVX-512: 16. */
uint32_t lt_chacha20_avx2(const void *key, const void *iv, uint32_t counter, void *data,
                          size_t n);
uint32_t lt_chacha20_avx512(const void *key, const void *iv, uint32_t counter, void *data,
                            size_t n);
#endif

#endif
