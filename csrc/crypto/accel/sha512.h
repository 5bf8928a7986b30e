/* SPDX-License-Identifier: MIT
 * sha512.h - SHA-384 and SHA-512 (FIPS 180-4) by AVX2 where it is, else BearSSL's: one class for both ways,
 * so that it can stand in tables. Their context is BearSSL's. */
#ifndef LT_CRYPTO_ACCEL_SHA512_H
#define LT_CRYPTO_ACCEL_SHA512_H

#include <bearssl.h>

#include "crypto/accel/accel.h"

extern const br_hash_class lt_sha384_vtable, lt_sha512_vtable;

void lt_sha512_init(br_sha512_context *c);
void lt_sha512_update(br_sha512_context *c, const void *data, size_t n);
void lt_sha512_out(const br_sha512_context *c, void *out);

#endif
