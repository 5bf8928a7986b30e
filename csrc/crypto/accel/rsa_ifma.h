/* SPDX-License-Identifier: MIT
 * rsa_ifma.h - powers modulo the numbers of RSA keys of 2048, 3072 and 4096 bits by AVX-512 IFMA; the
 * twin is montgomery.h's multiplication. */
#ifndef LT_CRYPTO_ACCEL_RSA_IFMA_H
#define LT_CRYPTO_ACCEL_RSA_IFMA_H

#include "crypto/accel/montgomery.h"

#if LT_HAS_INT128

enum { LT_RSA_PRIME_LIMBS = 32 }; /* of a key of 4096 bits */

/* Whether this machine has it, and it is allowed */
bool lt_rsa_ifma_here(void);

/* For both i: r[i] = r[i]^exponent[i] modulo k[i], whose sizes are the same, in constant time; r in
 * Montgomery's form, its power out of it. An exponent has a limb of zero above k's. False, and nothing
 * is done: not for this size, or not here. */
bool lt_rsa_ifma_private(lt_montgomery *const k[2], uint64_t *const r[2],
                         const uint64_t *const exponent[2]);

/* x = x^e modulo k, all of it public, for an odd e above 1; false as above */
bool lt_rsa_ifma_public(const lt_montgomery *k, uint64_t *x, lt_bytes e);

#endif

#endif
