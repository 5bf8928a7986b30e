/* SPDX-License-Identifier: MIT
 * aead.c - see aead.h. */
#include "crypto/aead.h"

#include <stdatomic.h>

#include "base/secret.h"
#include "crypto/accel/chacha20.h"
#include "crypto/accel/poly1305.h"

enum {
    STACK = 3072
}; /* that the deepest takes of it, ChaCha20 on AVX-512, with room to spare */

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

/* BearSSL asks CPUID each time, which traps in a virtual machine: what it found is kept. */

static const br_block_ctr_class *software_ctr(void)
{
    return sizeof(size_t) >= 8 ? &br_aes_ct64_ctr_vtable : &br_aes_ct_ctr_vtable;
}

static const br_block_ctr_class *best_ctr(void)
{
    static const br_block_ctr_class *_Atomic kept;
    const br_block_ctr_class *c = atomic_load_explicit(&kept, memory_order_relaxed);
    if (c)
        return c;
    c = br_aes_x86ni_ctr_get_vtable();
    if (!c)
        c = br_aes_pwr8_ctr_get_vtable();
    if (!c)
        c = software_ctr();
    atomic_store_explicit(&kept, c, memory_order_relaxed);
    return c;
}

bool lt_aead_hardware_aes(void)
{
    return best_ctr() != software_ctr();
}

static const br_block_ctrcbc_class *best_ctrcbc(void)
{
    static const br_block_ctrcbc_class *_Atomic kept;
    const br_block_ctrcbc_class *c = atomic_load_explicit(&kept, memory_order_relaxed);
    if (c)
        return c;
    c = br_aes_x86ni_ctrcbc_get_vtable();
    if (!c)
        c = br_aes_pwr8_ctrcbc_get_vtable();
    if (!c)
        c = sizeof(size_t) >= 8 ? &br_aes_ct64_ctrcbc_vtable : &br_aes_ct_ctrcbc_vtable;
    atomic_store_explicit(&kept, c, memory_order_relaxed);
    return c;
}

static br_ghash best_ghash(void)
{
    static _Atomic(br_ghash) kept;
    br_ghash g = atomic_load_explicit(&kept, memory_order_relaxed);
    if (g)
        return g;
    g = br_ghash_pclmul_get();
    if (!g)
        g = br_ghash_pwr8_get();
    if (!g)
        g = sizeof(size_t) >= 8 ? &br_ghash_ctmul64 : &br_ghash_ctmul;
    atomic_store_explicit(&kept, g, memory_order_relaxed);
    return g;
}

br_chacha20_run lt_aead_chacha20(void)
{
    br_chacha20_run c = lt_accel_chacha20();
    if (!c)
        c = br_chacha20_sse2_get();
    return c ? c : &br_chacha20_ct_run;
}

br_poly1305_run lt_aead_poly1305(void)
{
    br_poly1305_run p = lt_accel_poly1305();
    if (!p)
        p = br_poly1305_ctmulq_get();
    return p ? p : &br_poly1305_ctmul_run;
}

static void set_gcm(lt_aead *a, const uint8_t *key, size_t n)
{
    a->aes_gcm = lt_accel_aes_gcm();
    if (a->aes_gcm) {
        a->aes_gcm->set(&a->u.key, key, n);
        return;
    }
    best_ctr()->init(&a->u.gcm.key.vtable, key, n);
    br_gcm_init(&a->u.gcm.context, &a->u.gcm.key.vtable, best_ghash());
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
        a->u.chacha20_poly1305.chacha20 = lt_aead_chacha20();
        a->u.chacha20_poly1305.poly1305 = lt_aead_poly1305();
        break;
    case LT_AEAD_aes_128_ccm:
        best_ctrcbc()->init(&a->u.ccm.key.vtable, key, n);
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
