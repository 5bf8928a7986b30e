/* SPDX-License-Identifier: MIT
 * x25519.h - X25519 (RFC 7748 section 5) in constant time, where LT_HAS_INT128. */
#ifndef LT_CRYPTO_ACCEL_X25519_H
#define LT_CRYPTO_ACCEL_X25519_H

#include "base/bytes.h"
#include "crypto/accel/accel.h"

#if LT_HAS_INT128
/* The scalar is clamped here (decodeScalar25519). out may be u. A point of low order gives zeros:
 * the caller refuses them (section 6.1). */
void lt_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t u[32]);

/* u = 9, by the multiples of the base point of Ed25519 (RFC 7748 section 4.1's map) */
void lt_x25519_base(uint8_t out[32], const uint8_t scalar[32]);
#endif

#endif
