/* SPDX-License-Identifier: MIT
 * cipher.c - see cipher.h. */
#include "crypto/cipher.h"

#include <stdatomic.h>
#include <stddef.h>

#include "crypto/accel/aes_gcm.h"
#include "crypto/accel/chacha20.h"
#include "crypto/accel/poly1305.h"

/* A function that keeps what the first of the `finders` has that is there. The last always has. */
#define KEPT(type, name, ...)                                           \
    type name(void)                                                     \
    {                                                                   \
        static type (*const finders[])(void) = { __VA_ARGS__ };         \
        static _Atomic(type) kept;                                      \
        type found = atomic_load_explicit(&kept, memory_order_relaxed); \
        for (size_t i = 0; !found; i++)                                 \
            found = finders[i]();                                       \
        atomic_store_explicit(&kept, found, memory_order_relaxed);      \
        return found;                                                   \
    }

/* The library's constant-time code, by the size of a word */
#define SOFTWARE(type, name, wide, narrow)              \
    static type name(void)                              \
    {                                                   \
        return sizeof(size_t) >= 8 ? (wide) : (narrow); \
    }

typedef const br_block_ctr_class *ctr;
typedef const br_block_ctrcbc_class *ctrcbc;
typedef const br_block_cbcenc_class *cbcenc;
typedef const br_block_cbcdec_class *cbcdec;

SOFTWARE(ctr, software_ctr, &br_aes_ct64_ctr_vtable, &br_aes_ct_ctr_vtable)
SOFTWARE(ctrcbc, software_ctrcbc, &br_aes_ct64_ctrcbc_vtable, &br_aes_ct_ctrcbc_vtable)
SOFTWARE(cbcenc, software_cbcenc, &br_aes_ct64_cbcenc_vtable, &br_aes_ct_cbcenc_vtable)
SOFTWARE(cbcdec, software_cbcdec, &br_aes_ct64_cbcdec_vtable, &br_aes_ct_cbcdec_vtable)
SOFTWARE(br_ghash, software_ghash, br_ghash_ctmul64, br_ghash_ctmul)

static br_chacha20_run software_chacha20(void)
{
    return br_chacha20_ct_run;
}

static br_poly1305_run software_poly1305(void)
{
    return br_poly1305_ctmul_run;
}

KEPT(ctr, lt_aes_ctr, lt_accel_aes_ctr, br_aes_x86ni_ctr_get_vtable, br_aes_pwr8_ctr_get_vtable,
     software_ctr)
KEPT(ctrcbc, lt_aes_ctrcbc, br_aes_x86ni_ctrcbc_get_vtable, br_aes_pwr8_ctrcbc_get_vtable,
     software_ctrcbc)
KEPT(cbcenc, lt_aes_cbcenc, br_aes_x86ni_cbcenc_get_vtable, br_aes_pwr8_cbcenc_get_vtable,
     software_cbcenc)
KEPT(cbcdec, lt_aes_cbcdec, br_aes_x86ni_cbcdec_get_vtable, br_aes_pwr8_cbcdec_get_vtable,
     software_cbcdec)
KEPT(br_ghash, lt_ghash, lt_accel_ghash, br_ghash_pclmul_get, br_ghash_pwr8_get, software_ghash)
KEPT(br_chacha20_run, lt_chacha20, lt_accel_chacha20, br_chacha20_sse2_get, software_chacha20)
KEPT(br_poly1305_run, lt_poly1305, lt_accel_poly1305, br_poly1305_ctmulq_get, software_poly1305)

bool lt_aes_in_hardware(void)
{
    return lt_aes_ctr() != software_ctr();
}
