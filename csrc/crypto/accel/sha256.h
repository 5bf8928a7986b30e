/* SPDX-License-Identifier: MIT
 * sha256.h - SHA-256 (FIPS 180-4) by the SHA extensions where they are, else BearSSL's: one class for
 * both, so that it can stand in tables. Its context is BearSSL's. */
#ifndef LT_CRYPTO_ACCEL_SHA256_H
#define LT_CRYPTO_ACCEL_SHA256_H

#include <bearssl.h>

#include "crypto/accel/accel.h"

extern const br_hash_class lt_sha256_vtable;

void lt_sha256_init(br_sha256_context *c);
void lt_sha256_update(br_sha256_context *c, const void *data, size_t n);
void lt_sha256_out(const br_sha256_context *c, void *out);

#endif
