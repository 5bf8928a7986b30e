/* SPDX-License-Identifier: MIT
 * random.h - the random bytes of one connection: the operating system's, taken at once for all of a
 * handshake; after them, and from a test's seed, HMAC_DRBG (SP 800-90A). */
#ifndef LT_CRYPTO_RANDOM_H
#define LT_CRYPTO_RANDOM_H

#include <bearssl.h>

#include "base/entropy.h"

enum { LT_RANDOM_FRESH = 128 }; /* a server's Random, key, salt of a signature and tickets */

typedef struct {
    const br_prng_class *vtable;    /* BearSSL draws by it */
    uint8_t fresh[LT_RANDOM_FRESH]; /* each byte is given once, and wiped then */
    uint8_t seed[LT_SEED_SIZE];     /* of what comes after them */
    size_t used;                    /* of `fresh` */
    bool exhausted;                 /* the generator has begun */
    br_hmac_drbg_context generator;
} lt_random;

/* `seed`: LT_SEED_SIZE bytes that a test fixed, or NULL: getrandom(2), which has what the
 * processor's own generator gives in it already. */
lt_code lt_random_init(lt_random *r, const uint8_t *seed, lt_error *e);
void lt_random_bytes(lt_random *r, uint8_t *out, size_t n);

#endif
