/* SPDX-License-Identifier: MIT
 * random.c - see random.h. */
#include "crypto/random.h"

#include "base/secret.h"
#include "crypto/accel/sha256.h"

enum { STACK = 2048 }; /* that BearSSL's HMAC_DRBG takes of it, with room to spare */

lt_code lt_random_init(lt_random *r, const uint8_t *seed, lt_error *e)
{
    uint8_t fresh[LT_SEED_SIZE];
    lt_code rc = seed ? LT_OK : lt_entropy(fresh, sizeof fresh, e);
    br_hmac_drbg_init(r, &lt_sha256_vtable, seed ? seed : fresh, LT_SEED_SIZE);
    lt_wipe(fresh, sizeof fresh);
    lt_wipe_stack(STACK);
    return rc;
}

void lt_random_bytes(lt_random *r, uint8_t *out, size_t n)
{
    br_hmac_drbg_generate(r, out, n);
    lt_wipe_stack(STACK);
}
