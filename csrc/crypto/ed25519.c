/* SPDX-License-Identifier: MIT
 * ed25519.c - see ed25519.h. Sections are RFC 8032's. */
#include "crypto/ed25519.h"

#include <bearssl.h>

#include "base/secret.h"
#include "crypto/accel/sha512.h"
#include "crypto/bignum.h"
#include "crypto/ed25519_point.h"
#include "crypto/ed25519_scalar.h"

enum { STACK = 8192 }; /* what signing takes of it, with room to spare */

static void scalar_decode(uint32_t *out, size_t n, const uint8_t *in) /* little-endian */
{
    for (size_t i = 0; i < n; i++, in += 4)
        out[i] = (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16
                 | (uint32_t)in[3] << 24;
}

static void scalar_encode(uint8_t out[32], const uint32_t in[8])
{
    for (size_t i = 0; i < 32; i++)
        out[i] = (uint8_t)(in[i / 4] >> 8 * (i % 4));
}

/* A digest as a number modulo L */
static void digest_scalar(br_sha512_context *hash, uint32_t out[8])
{
    uint8_t digest[64];
    uint32_t number[16];
    lt_sha512_out(hash, digest);
    scalar_decode(number, 16, digest);
    lt_ed25519_reduce(out, number);
    lt_wipe(digest, sizeof digest);
    lt_wipe(number, sizeof number);
}

/* k = SHA-512(R || A || M), sections 5.1.6 and 5.1.7 */
static void challenge(uint32_t k[8], const uint8_t r[32], const uint8_t public_key[32],
                      lt_bytes message)
{
    br_sha512_context hash;
    lt_sha512_init(&hash);
    lt_sha512_update(&hash, r, 32);
    lt_sha512_update(&hash, public_key, 32);
    lt_sha512_update(&hash, message.p, message.n);
    digest_scalar(&hash, k);
}

/* S of the signature, below L */
static bool decode_s(uint32_t s[8], const uint8_t in[32])
{
    scalar_decode(s, 8, in);
    return lt_ed25519_is_reduced(s);
}

bool lt_ed25519_verify(const uint8_t public_key[32], lt_bytes message,
                       const uint8_t signature[64])
{
    lt_ed25519_point a, r;
    uint32_t s[8], k[8];
    uint8_t encoded[32], factor[32];
    if (!decode_s(s, signature + 32) || !lt_ed25519_decode(&a, public_key))
        return false;
    challenge(k, signature, public_key, message);
    scalar_encode(factor, k);
    lt_ed25519_multiply_two(&r, signature + 32, factor, &a);
    lt_ed25519_encode(encoded, &r); /* canonical, so an R that is not differs from it */
    return lt_ct_eq(encoded, signature, 32);
}

/* Section 5.1.5: the secret scalar, and the prefix that goes before a message */
static void expand(uint32_t scalar[8], uint8_t prefix[32], const uint8_t seed[32])
{
    br_sha512_context hash;
    uint8_t digest[64];
    lt_sha512_init(&hash);
    lt_sha512_update(&hash, seed, 32);
    lt_sha512_out(&hash, digest);
    scalar_decode(scalar, 8, digest);
    scalar[0] &= ~7U;
    scalar[7] = (scalar[7] & 0x7fffffff) | 0x40000000;
    memcpy(prefix, digest + 32, 32);
    lt_wipe(&hash, sizeof hash);
    lt_wipe(digest, sizeof digest);
}

static void multiply_base(lt_ed25519_point *r, const uint32_t scalar[8])
{
    uint8_t bytes[32];
    scalar_encode(bytes, scalar);
    lt_ed25519_multiply_base(r, bytes);
    lt_wipe(bytes, sizeof bytes);
}

void lt_ed25519_public_key(uint8_t public_key[32], const uint8_t seed[32])
{
    uint32_t scalar[8];
    uint8_t prefix[32];
    lt_ed25519_point a;
    expand(scalar, prefix, seed);
    multiply_base(&a, scalar);
    lt_ed25519_encode(public_key, &a);
    lt_wipe(scalar, sizeof scalar);
    lt_wipe(prefix, sizeof prefix);
    lt_wipe(&a, sizeof a);
    lt_wipe_stack(STACK);
}

/* r = SHA-512(prefix || M), of which R = [r]B */
static void commit(uint32_t r[8], uint8_t encoded[32], const uint8_t prefix[32],
                   lt_bytes message)
{
    br_sha512_context hash;
    lt_ed25519_point p;
    lt_sha512_init(&hash);
    lt_sha512_update(&hash, prefix, 32);
    lt_sha512_update(&hash, message.p, message.n);
    digest_scalar(&hash, r);
    multiply_base(&p, r);
    lt_ed25519_encode(encoded, &p);
    lt_wipe(&hash, sizeof hash);
    lt_wipe(&p, sizeof p);
}

/* S = (r + k a) mod L, section 5.1.6 */
static void respond(uint8_t out[32], const uint32_t r[8], const uint32_t k[8],
                    const uint32_t a[8])
{
    uint32_t sum[16], s[8];
    uint64_t carry = 0;
    lt_bn_mul(sum, k, 8, a, 8);
    for (size_t i = 0; i < 16; i++) {
        carry += (uint64_t)sum[i] + (i < 8 ? r[i] : 0);
        sum[i] = (uint32_t)carry;
        carry >>= 32;
    }
    lt_ed25519_reduce(s, sum);
    scalar_encode(out, s);
    lt_wipe(sum, sizeof sum);
}

void lt_ed25519_sign(uint8_t signature[64], const uint8_t seed[32],
                     const uint8_t public_key[32], lt_bytes message)
{
    uint32_t a[8], r[8], k[8];
    uint8_t prefix[32];
    expand(a, prefix, seed);
    commit(r, signature, prefix, message);
    challenge(k, signature, public_key, message);
    respond(signature + 32, r, k, a);
    lt_wipe(a, sizeof a);
    lt_wipe(r, sizeof r);
    lt_wipe(prefix, sizeof prefix);
    lt_wipe_stack(STACK);
}
