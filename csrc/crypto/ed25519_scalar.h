/* SPDX-License-Identifier: MIT
 * ed25519_scalar.h - numbers modulo L, the order of Ed25519's base point (RFC 8032 section 5.1), in
 * constant time. Limbs of 32 bits, the lowest first. */
#ifndef LT_CRYPTO_ED25519_SCALAR_H
#define LT_CRYPTO_ED25519_SCALAR_H

#include "base/bytes.h"

/* r = x mod L */
void lt_ed25519_reduce(uint32_t r[8], const uint32_t x[16]);

/* x < L */
bool lt_ed25519_is_reduced(const uint32_t x[8]);

#endif
