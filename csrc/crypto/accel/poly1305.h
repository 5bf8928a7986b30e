/* SPDX-License-Identifier: MIT
 * poly1305.h - Poly1305 (RFC 8439 section 2.5) and the AEAD with ChaCha20 around it (section 2.8),
 * for BearSSL's br_poly1305_run. */
#ifndef LT_CRYPTO_ACCEL_POLY1305_H
#define LT_CRYPTO_ACCEL_POLY1305_H

#include <bearssl.h>

#include "crypto/accel/accel.h"

/* The fastest that this machine has; NULL: none but BearSSL's. */
br_poly1305_run lt_accel_poly1305(void);

#if LT_HAS_INT128
/* One block at a time */
void lt_poly1305_64(const void *key, const void *iv, void *data, size_t n, const void *aad,
                    size_t aad_n, void *tag, br_chacha20_run chacha20, int encrypt);
#endif

#if LT_HAS_X86
/* Four and eight blocks at a time, where data is long */
void lt_poly1305_avx2(const void *key, const void *iv, void *data, size_t n, const void *aad,
                      size_t aad_n, void *tag, br_chacha20_run chacha20, int encrypt);
void lt_poly1305_ifma(const void *key, const void *iv, void *data, size_t n, const void *aad,
                      size_t aad_n, void *tag, br_chacha20_run chacha20, int encrypt);
#endif

#endif
