/* SPDX-License-Identifier: MIT
 * field25519_26.c - field25519.h in ten limbs of 26 and 25 bits in turn, the lowest first: limb i
 * has the weight 2^ceil(25.5 i). For machines without products of 128 bits, and for builds with
 * LT_ACCEL=0. Every function gives limbs below 2^26 + 2^17 and 2^25 + 2^17, and takes such. */
#include "crypto/field25519.h"

#include "base/secret.h"

#if !LT_HAS_INT128

static uint32_t width(size_t limb)
{
    return 26 - (limb & 1);
}

static uint32_t mask(size_t limb)
{
    return (1U << width(limb)) - 1;
}

/* Carries from limb to limb, and from the last to the first, as 2^255 = 19; limbs of any size
 * below 2^63 come out as field25519.h says. */
static void settle(lt_fe *r, uint64_t h[10])
{
    for (size_t i = 0; i < 9; i++) {
        h[i + 1] += h[i] >> width(i);
        h[i] &= mask(i);
    }
    h[0] += 19 * (h[9] >> 25);
    h[9] &= mask(9);
    h[1] += h[0] >> 26;
    h[0] &= mask(0);
    for (size_t i = 0; i < 10; i++)
        r->limb[i] = (uint32_t)h[i];
}

lt_fe lt_fe_decode(const uint8_t in[32])
{
    lt_fe r;
    uint64_t bits = 0;
    uint32_t have = 0;
    for (size_t i = 0, next = 0; i < 10; i++) {
        for (; have < width(i); have += 8)
            bits |= (uint64_t)in[next++] << have;
        r.limb[i] = (uint32_t)bits & mask(i);
        bits >>= width(i);
        have -= width(i);
    }
    return r;
}

void lt_fe_encode(uint8_t out[32], const lt_fe *a)
{
    uint64_t h[10], carry = 19;
    lt_fe r;
    for (size_t i = 0; i < 10; i++)
        h[i] = a->limb[i];
    settle(&r, h); /* below 2p */
    for (size_t i = 0; i < 10; i++)
        carry = (r.limb[i] + carry) >> width(i);
    carry *= 19; /* 19 where r + 19 >= 2^255, that is r >= p; else 0 */
    for (size_t i = 0; i < 10; i++) {
        carry += r.limb[i];
        r.limb[i] = (uint32_t)carry & mask(i);
        carry >>= width(i);
    }
    uint64_t bits = 0;
    uint32_t have = 0;
    for (size_t i = 0, limb = 0; i < 32; i++) {
        if (have < 8 && limb < 10) {
            bits |= (uint64_t)r.limb[limb] << have;
            have += width(limb++);
        }
        out[i] = (uint8_t)bits;
        bits >>= 8;
        have -= 8;
    }
    lt_wipe(&r, sizeof r);
    lt_wipe(h, sizeof h);
}

void lt_fe_add(lt_fe *r, const lt_fe *a, const lt_fe *b)
{
    uint64_t h[10];
    for (size_t i = 0; i < 10; i++)
        h[i] = (uint64_t)a->limb[i] + b->limb[i];
    settle(r, h);
}

void lt_fe_subtract(lt_fe *r, const lt_fe *a, const lt_fe *b)
{
    uint64_t h[10];
    for (size_t i = 0; i < 10; i++) { /* a + 2p - b: no limb goes below zero */
        uint64_t p_limb = mask(i) - (i == 0 ? 18U : 0U);
        h[i] = a->limb[i] + 2 * p_limb - b->limb[i];
    }
    settle(r, h);
}

void lt_fe_multiply(lt_fe *r, const lt_fe *a, const lt_fe *b)
{
    /* Two odd limbs meet half a bit above the weight of their place: twice the product. Each sum
     * is below 2^58.2, so 19 of them fit. */
    uint64_t h[20] = { 0 };
    for (size_t i = 0; i < 10; i++) {
        uint32_t even = a->limb[i], odd = a->limb[i] << (i & 1);
        for (size_t j = 0; j < 10; j += 2) {
            h[i + j] += (uint64_t)even * b->limb[j];
            h[i + j + 1] += (uint64_t)odd * b->limb[j + 1];
        }
    }
    for (size_t i = 0; i < 10; i++)
        h[i] += 19 * h[i + 10];
    settle(r, h);
}

void lt_fe_square(lt_fe *r, const lt_fe *a)
{
    lt_fe_multiply(r, a, a);
}

void lt_fe_select(lt_fe *r, const lt_fe *a, uint32_t take)
{
    for (size_t i = 0; i < 10; i++)
        r->limb[i] = (r->limb[i] & ~take) | (a->limb[i] & take);
}

#endif
