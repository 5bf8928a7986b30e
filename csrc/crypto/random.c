/* SPDX-License-Identifier: MIT
 * random.c - see random.h. */
#include "crypto/random.h"

#include <string.h>

#include "base/secret.h"
#include "crypto/accel/sha256.h"

enum { STACK = 2048 }; /* that BearSSL's HMAC_DRBG takes of it, with room to spare */

static void start_generator(lt_random *r, const uint8_t *seed)
{
    br_hmac_drbg_init(&r->generator, &lt_sha256_vtable, seed, LT_SEED_SIZE);
    r->used = LT_RANDOM_FRESH;
    r->exhausted = true;
}

static void generate(lt_random *r, uint8_t *out, size_t n)
{
    if (!r->exhausted)
        start_generator(r, r->seed);
    lt_wipe(r->seed, sizeof r->seed);
    br_hmac_drbg_generate(&r->generator, out, n);
    lt_wipe_stack(STACK);
}

void lt_random_bytes(lt_random *r, uint8_t *out, size_t n)
{
    size_t left = LT_RANDOM_FRESH - r->used, ready = n < left ? n : left;
    memcpy(out, r->fresh + r->used, ready);
    lt_wipe(r->fresh + r->used, ready);
    r->used += ready;
    if (n > ready)
        generate(r, out + ready, n - ready);
}

/* --- as BearSSL sees it ---------------------------------------------------------------------- */

static void class_init(const br_prng_class **r, const void *params, const void *seed, size_t n)
{
    (void)r, (void)params, (void)seed, (void)n; /* lt_random_init did it */
}

static void class_generate(const br_prng_class **r, void *out, size_t n)
{
    lt_random_bytes((lt_random *)(void *)r, out, n);
}

static void class_update(const br_prng_class **r, const void *seed, size_t n)
{
    (void)r, (void)seed, (void)n;
}

static const br_prng_class random_class = {
    .context_size = sizeof(lt_random),
    .init = class_init,
    .generate = class_generate,
    .update = class_update,
};

lt_code lt_random_init(lt_random *r, const uint8_t *seed, lt_error *e)
{
    uint8_t all[LT_RANDOM_FRESH + LT_SEED_SIZE];
    *r = (lt_random){ .vtable = &random_class };
    if (seed) {
        start_generator(r, seed);
        lt_wipe_stack(STACK);
        return LT_OK;
    }
    lt_code rc = lt_entropy(all, sizeof all, e);
    memcpy(r->fresh, all, sizeof r->fresh);
    memcpy(r->seed, all + sizeof r->fresh, sizeof r->seed);
    lt_wipe(all, sizeof all);
    return rc;
}
