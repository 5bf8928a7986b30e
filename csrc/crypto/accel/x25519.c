/* SPDX-License-Identifier: MIT
 * x25519.c - see x25519.h. The Montgomery ladder of RFC 7748 section 5: the same steps and the same
 * addresses for every scalar. */
#include "crypto/accel/x25519.h"

#include "base/secret.h"
#include "crypto/accel/curve25519_ifma.h"
#include "crypto/ed25519_point.h"
#include "crypto/field25519.h"

#if LT_HAS_INT128

/* All that depends on the scalar */
struct ladder {
    lt_fe x2, z2, x3, z3;
    lt_fe a, b, aa, bb, e, da, cb;
};

static void clamp(uint8_t out[32], const uint8_t scalar[32])
{
    memcpy(out, scalar, 32);
    out[0] &= 248;
    out[31] = (uint8_t)((out[31] & 127) | 64);
}

static void swap(lt_fe *a, lt_fe *b, uint32_t yes)
{
    uint64_t mask = lt_ct_mask(0 - (uint64_t)yes);
    LT_FE_UNROLL
    for (int i = 0; i < 5; i++) {
        uint64_t differ = (a->limb[i] ^ b->limb[i]) & mask;
        a->limb[i] ^= differ;
        b->limb[i] ^= differ;
    }
}

static void step(struct ladder *l, const lt_fe *x1)
{
    lt_fe_add(&l->a, &l->x2, &l->z2);
    lt_fe_subtract(&l->b, &l->x2, &l->z2);
    lt_fe_add(&l->cb, &l->x3, &l->z3);
    lt_fe_subtract(&l->da, &l->x3, &l->z3);
    lt_fe_multiply(&l->da, &l->da, &l->a);
    lt_fe_multiply(&l->cb, &l->cb, &l->b);
    lt_fe_square(&l->aa, &l->a);
    lt_fe_square(&l->bb, &l->b);
    lt_fe_add(&l->x3, &l->da, &l->cb);
    lt_fe_subtract(&l->z3, &l->da, &l->cb);
    lt_fe_square(&l->x3, &l->x3);
    lt_fe_square(&l->z3, &l->z3);
    lt_fe_multiply(&l->z3, &l->z3, x1);
    lt_fe_multiply(&l->x2, &l->aa, &l->bb);
    lt_fe_subtract(&l->e, &l->aa, &l->bb);
    lt_fe_multiply_small(&l->z2, &l->e, 121665);
    lt_fe_add(&l->z2, &l->z2, &l->aa);
    lt_fe_multiply(&l->z2, &l->z2, &l->e);
}

static void ladder(lt_fe *x, lt_fe *z, const uint8_t scalar[32], const lt_fe *u)
{
    struct ladder l = { .x2 = lt_fe_small(1), .x3 = *u, .z3 = lt_fe_small(1) };
    uint32_t swapped = 0;
    for (int i = 254; i >= 0; i--) {
        uint32_t bit = scalar[i / 8] >> (i % 8) & 1U;
        swap(&l.x2, &l.x3, swapped ^ bit);
        swap(&l.z2, &l.z3, swapped ^ bit);
        swapped = bit;
        step(&l, u);
    }
    /* the lowest three bits of a clamped scalar are zero: nothing is swapped at the end */
    *x = l.x2;
    *z = l.z2;
    lt_wipe(&l, sizeof l);
}

static void multiply(lt_fe *x, lt_fe *z, const uint8_t scalar[32], const lt_fe *u)
{
#if LT_HAS_CURVE25519_IFMA
    if (lt_curve25519_ifma_here()) {
        lt_x25519_ifma(x, z, scalar, u);
        return;
    }
#endif
    ladder(x, z, scalar, u);
}

void lt_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t u[32])
{
    lt_fe x1 = lt_fe_decode(u), x, z;
    uint8_t clamped[32];
    clamp(clamped, scalar);
    multiply(&x, &z, clamped, &x1);
    lt_fe_invert(&z, &z);
    lt_fe_multiply(&x, &x, &z);
    lt_fe_encode(out, &x);
    lt_wipe(clamped, sizeof clamped);
    lt_wipe(&x, sizeof x);
    lt_wipe(&z, sizeof z);
}

void lt_x25519_base(uint8_t out[32], const uint8_t scalar[32])
{
    uint8_t clamped[32];
    lt_ed25519_point p;
    lt_fe above, below;
    clamp(clamped, scalar);
    lt_ed25519_multiply_base(&p, clamped);
    lt_fe_add(&above, &p.z, &p.y); /* u = (1 + y) / (1 - y) */
    lt_fe_subtract(&below, &p.z, &p.y);
    lt_fe_invert(&below, &below);
    lt_fe_multiply(&above, &above, &below);
    lt_fe_encode(out, &above);
    lt_wipe(clamped, sizeof clamped);
    lt_wipe(&p, sizeof p);
    lt_wipe(&above, sizeof above);
    lt_wipe(&below, sizeof below);
}

#endif
