/* SPDX-License-Identifier: MIT
 * field25519_51.c - bytes to limbs of 51 bits and back, and inverses; see field25519_51.h. */
#include "crypto/field25519.h"

#include "base/secret.h"
#include "crypto/accel/invert256.h"

#if LT_HAS_INT128

static uint64_t word(const uint8_t *in)
{
    uint64_t w = 0;
    for (int i = 7; i >= 0; i--)
        w = w << 8 | in[i];
    return w;
}

static lt_fe from_words(const uint64_t w[4])
{
    return (lt_fe){ { w[0] & LT_FE_MASK, (w[0] >> 51 | w[1] << 13) & LT_FE_MASK,
                      (w[1] >> 38 | w[2] << 26) & LT_FE_MASK,
                      (w[2] >> 25 | w[3] << 39) & LT_FE_MASK, w[3] >> 12 & LT_FE_MASK } };
}

lt_fe lt_fe_decode(const uint8_t in[32])
{
    return from_words((uint64_t[4]){ word(in), word(in + 8), word(in + 16), word(in + 24) });
}

/* The value below p */
static void to_words(uint64_t w[4], const lt_fe *a)
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
    w[0] = r.limb[0] | r.limb[1] << 51;
    w[1] = r.limb[1] >> 13 | r.limb[2] << 38;
    w[2] = r.limb[2] >> 26 | r.limb[3] << 25;
    w[3] = r.limb[3] >> 39 | r.limb[4] << 12;
    lt_wipe(&r, sizeof r);
}

void lt_fe_encode(uint8_t out[32], const lt_fe *a)
{
    uint64_t w[4];
    to_words(w, a);
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(w[i / 8] >> 8 * (i % 8));
    lt_wipe(w, sizeof w);
}

void lt_fe_invert(lt_fe *r, const lt_fe *a)
{
    static const uint64_t p[4] = { 0ULL - 19, ~0ULL, ~0ULL, ~0ULL >> 1 };
    uint64_t w[4];
    to_words(w, a);
    lt_invert_256(w, w, p);
    *r = from_words(w);
    lt_wipe(w, sizeof w);
}

#endif
