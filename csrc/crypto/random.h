/* SPDX-License-Identifier: MIT
 * random.h - the random bytes of one connection: HMAC_DRBG (SP 800-90A) seeded by the operating
 * system, or by a test. */
#ifndef LT_CRYPTO_RANDOM_H
#define LT_CRYPTO_RANDOM_H

#include <bearssl.h>

#include "base/entropy.h"

typedef br_hmac_drbg_context lt_random;

/* `seed`: LT_SEED_SIZE bytes that a test fixed, or NULL: getrandom(2), which has what the
 * processor's own generator gives in it already. */
lt_code lt_random_init(lt_random *r, const uint8_t *seed, lt_error *e);
void lt_random_bytes(lt_random *r, uint8_t *out, size_t n);

#endif
