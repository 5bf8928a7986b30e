/* SPDX-License-Identifier: MIT
 * aead.c - see aead.h. */
#include "crypto/aead.h"

#include "base/secret.h"
#include "crypto/cipher.h"

enum { STACK = 3584 }; /* that the deepest takes of it, Poly1305 on AVX2, with room to spare */

size_t lt_aead_key_size(lt_aead_algorithm algorithm)
{
    switch (algorithm) {
    case LT_AEAD_aes_128_gcm:
    case LT_AEAD_aes_128_ccm:
        return 16;
    case LT_AEAD_aes_256_gcm:
    case LT_AEAD_chacha20_poly1305:
        break;
    }
    return 32;
}

static void set_gcm(lt_aead *a, const uint8_t *key, size_t n)
{
    a->aes_gcm = lt_accel_aes_gcm();
    if (a->aes_gcm) {
        a->aes_gcm->set(&a->u.key, key, n);
        return;
    }
    lt_aes_ctr()->init(&a->u.gcm.key.vtable, key, n);
    br_gcm_init(&a->u.gcm.context, &a->u.gcm.key.vtable, lt_ghash());
}

void lt_aead_set(lt_aead *a, lt_aead_algorithm algorithm, const uint8_t *key)
{
    size_t n = lt_aead_key_size(algorithm);
    a->algorithm = algorithm;
    switch (algorithm) {
    case LT_AEAD_aes_128_gcm:
    case LT_AEAD_aes_256_gcm:
        set_gcm(a, key, n);
        break;
    case LT_AEAD_chacha20_poly1305:
        memcpy(a->u.chacha20_poly1305.key, key, n);
        a->u.chacha20_poly1305.chacha20 = lt_chacha20();
        a->u.chacha20_poly1305.poly1305 = lt_poly1305();
        break;
    case LT_AEAD_aes_128_ccm:
        lt_aes_ctrcbc()->init(&a->u.ccm.key.vtable, key, n);
        br_ccm_init(&a->u.ccm.context, &a->u.ccm.key.vtable);
        break;
    }
    lt_wipe_stack(STACK);
}

static void run_gcm(lt_aead *a, const uint8_t *nonce, lt_bytes aad, uint8_t *data, size_t n,
                    uint8_t *tag, bool encrypt)
{
    br_gcm_context *c = &a->u.gcm.context;
    if (a->aes_gcm) {
        a->aes_gcm->run(&a->u.key, nonce, aad, data, n, tag, encrypt);
        return;
    }
    br_gcm_reset(c, nonce, LT_AEAD_NONCE);
    br_gcm_aad_inject(c, aad.p, aad.n);
    br_gcm_flip(c);
    br_gcm_run(c, encrypt, data, n);
    br_gcm_get_tag(c, tag);
}

static void run(lt_aead *a, const uint8_t *nonce, lt_bytes aad, uint8_t *data, size_t n,
                uint8_t *tag, bool encrypt)
{
    switch (a->algorithm) {
    case LT_AEAD_aes_128_gcm:
    case LT_AEAD_aes_256_gcm:
        run_gcm(a, nonce, aad, data, n, tag, encrypt);
        break;
    case LT_AEAD_chacha20_poly1305:
        a->u.chacha20_poly1305.poly1305(a->u.chacha20_poly1305.key, nonce, data, n, aad.p,
                                        aad.n, tag, a->u.chacha20_poly1305.chacha20, encrypt);
        break;
    case LT_AEAD_aes_128_ccm: {
        br_ccm_context *c = &a->u.ccm.context;
        br_ccm_reset(c, nonce, LT_AEAD_NONCE, aad.n, n, LT_AEAD_TAG);
        br_ccm_aad_inject(c, aad.p, aad.n);
        br_ccm_flip(c);
        br_ccm_run(c, encrypt, data, n);
        br_ccm_get_tag(c, tag);
        break;
    }
    }
    lt_wipe_stack(STACK);
}

void lt_aead_seal(lt_aead *a, const uint8_t nonce[LT_AEAD_NONCE], lt_bytes aad, uint8_t *data,
                  size_t n, uint8_t tag[LT_AEAD_TAG])
{
    run(a, nonce, aad, data, n, tag, true);
}

bool lt_aead_open(lt_aead *a, const uint8_t nonce[LT_AEAD_NONCE], lt_bytes aad, uint8_t *data,
                  size_t n, const uint8_t tag[LT_AEAD_TAG])
{
    uint8_t computed[LT_AEAD_TAG];
    run(a, nonce, aad, data, n, computed, false);
    bool ok = lt_ct_eq(computed, tag, sizeof computed);
    lt_wipe(computed, sizeof computed);
    return ok;
}
