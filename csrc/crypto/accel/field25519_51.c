/* SPDX-License-Identifier: MIT
 * field25519_51.c - bytes to limbs of 51 bits and back; see field25519_51.h. */
#include "crypto/field25519.h"

#include "base/secret.h"

#if LT_HAS_INT128

static uint64_t word(const uint8_t *in)
{
    uint64_t w = 0;
    for (int i = 7; i >= 0; i--)
        w = w << 8 | in[i];
    return w;
}

lt_fe lt_fe_decode(const uint8_t in[32])
{
    uint64_t w0 = word(in), w1 = word(in + 8), w2 = word(in + 16), w3 = word(in + 24);
    return (lt_fe){ { w0 & LT_FE_MASK, (w0 >> 51 | w1 << 13) & LT_FE_MASK,
                      (w1 >> 38 | w2 << 26) & LT_FE_MASK, (w2 >> 25 | w3 << 39) & LT_FE_MASK,
                      w3 >> 12 & LT_FE_MASK } };
}

static void put(uint8_t *out, uint64_t w)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(w >> 8 * i);
}

void lt_fe_encode(uint8_t out[32], const lt_fe *a)
{
    lt_fe r;
    lt_fe_multiply_small(&r, a, 1); /* below 2p */
    uint64_t carry = 19;
    for (int i = 0; i < 5; i++)
        carry = (r.limb[i] + carry) >> 51;
    carry *= 19; /* 19 where r + 19 >= 2^255, that is r >= p; else 0 */
    for (int i = 0; i < 5; i++) {
        carry += r.limb[i];
        r.limb[i] = carry & LT_FE_MASK;
        carry >>= 51;
    }
    put(out, r.limb[0] | r.limb[1] << 51);
    put(out + 8, r.limb[1] >> 13 | r.limb[2] << 38);
    put(out + 16, r.limb[2] >> 26 | r.limb[3] << 25);
    put(out + 24, r.limb[3] >> 39 | r.limb[4] << 12);
    lt_wipe(&r, sizeof r);
}

#endif
