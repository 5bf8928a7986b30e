/* SPDX-License-Identifier: MIT
 * sha256.c - see sha256.h. The instructions are those of S. Gulley, V. Gopal et al., "Intel SHA
 * Extensions" (2013): sha256rnds2 does two rounds on the state in the halves ABEF and CDGH,
 * sha256msg1 and sha256msg2 most of the message schedule. */
#include "crypto/accel/sha256.h"

#include "base/secret.h"

#if LT_HAS_X86
#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
};

static const __m128i *vector(const void *p)
{
    return p;
}

/* Four rounds from round i on, with the words w */
#define ROUNDS(i, w)                                                  \
    sum = _mm_add_epi32(w, _mm_loadu_si128(vector(constants + (i)))); \
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);                    \
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e))

/* The next four words in place of the oldest, a; b, c, d follow it. */
#define EXTEND(a, b, c, d)                                                   \
    a = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4)); \
    a = _mm_sha256msg2_epu32(a, d)

TARGET static void blocks(uint32_t value[8], const uint8_t *data, size_t n)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abcd = _mm_loadu_si128(vector(value)), efgh = _mm_loadu_si128(vector(value + 4));
    __m128i low = _mm_unpacklo_epi64(abcd, efgh), high = _mm_unpackhi_epi64(abcd, efgh);
    __m128i abef = _mm_shuffle_epi32(low, 0x1b); /* A in the highest lane */
    __m128i cdgh = _mm_shuffle_epi32(high, 0x1b);
    for (; n >= 64; data += 64, n -= 64) {
        const __m128i abef0 = abef, cdgh0 = cdgh;
        __m128i w[4], sum;
        for (size_t i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128(vector(data + 16 * i)), order);
        for (int i = 0; i < 48; i += 16) {
            ROUNDS(i, w[0]);
            EXTEND(w[0], w[1], w[2], w[3]);
            ROUNDS(i + 4, w[1]);
            EXTEND(w[1], w[2], w[3], w[0]);
            ROUNDS(i + 8, w[2]);
            EXTEND(w[2], w[3], w[0], w[1]);
            ROUNDS(i + 12, w[3]);
            EXTEND(w[3], w[0], w[1], w[2]);
        }
        ROUNDS(48, w[0]);
        ROUNDS(52, w[1]);
        ROUNDS(56, w[2]);
        ROUNDS(60, w[3]);
        abef = _mm_add_epi32(abef, abef0), cdgh = _mm_add_epi32(cdgh, cdgh0);
    }
    abef = _mm_shuffle_epi32(abef, 0x1b), cdgh = _mm_shuffle_epi32(cdgh, 0x1b);
    _mm_storeu_si128((__m128i *)(void *)value, _mm_unpacklo_epi64(abef, cdgh));
    _mm_storeu_si128((__m128i *)(void *)(value + 4), _mm_unpackhi_epi64(abef, cdgh));
}

static void update(br_sha256_context *c, const uint8_t *data, size_t n)
{
    size_t used = (size_t)c->count & 63, first = 64 - used;
    if (n == 0) /* `data` may be NULL */
        return;
    c->count += n;
    if (used > 0 && n >= first) {
        memcpy(c->buf + used, data, first);
        blocks(c->val, c->buf, 64);
        data += first, n -= first, used = 0;
    }
    if (n >= 64)
        blocks(c->val, data, n);
    if (used == 0)
        data += n & ~(size_t)63, n &= 63;
    if (n > 0)
        memcpy(c->buf + used, data, n);
}

static void out(const br_sha256_context *c, uint8_t digest[32])
{
    br_sha256_context last = *c;
    uint64_t bits = c->count << 3;
    size_t used = (size_t)c->count & 63, room = used < 56 ? 64 : 128;
    uint8_t end[128] = { 0 };
    memcpy(end, c->buf, used);
    end[used] = 0x80;
    for (size_t i = 1; i <= 8; i++, bits >>= 8)
        end[room - i] = (uint8_t)bits;
    blocks(last.val, end, room);
    for (size_t i = 0; i < 32; i++)
        digest[i] = (uint8_t)(last.val[i / 4] >> (24 - 8 * (i % 4)));
    lt_wipe(&last, sizeof last);
    lt_wipe(end, sizeof end);
}
#endif

void lt_sha256_init(br_sha256_context *c)
{
    br_sha256_init(c);
    c->vtable = &lt_sha256_vtable;
}

void lt_sha256_update(br_sha256_context *c, const void *data, size_t n)
{
#if LT_HAS_X86
    if (lt_accel_has(LT_ACCEL_sha)) {
        update(c, data, n);
        return;
    }
#endif
    br_sha256_update(c, data, n);
}

void lt_sha256_out(const br_sha256_context *c, void *digest)
{
#if LT_HAS_X86
    if (lt_accel_has(LT_ACCEL_sha)) {
        out(c, digest);
        return;
    }
#endif
    br_sha256_out(c, digest);
}

/* --- as a class --- */

static void class_init(const br_hash_class **c)
{
    lt_sha256_init((br_sha256_context *)(void *)c);
}

static void class_update(const br_hash_class **c, const void *data, size_t n)
{
    lt_sha256_update((br_sha256_context *)(void *)c, data, n);
}

static void class_out(const br_hash_class *const *c, void *digest)
{
    lt_sha256_out((const br_sha256_context *)(const void *)c, digest);
}

static uint64_t class_state(const br_hash_class *const *c, void *state)
{
    return br_sha256_state((const br_sha256_context *)(const void *)c, state);
}

static void class_set_state(const br_hash_class **c, const void *state, uint64_t count)
{
    br_sha256_set_state((br_sha256_context *)(void *)c, state, count);
}

const br_hash_class lt_sha256_vtable = {
    .context_size = sizeof(br_sha256_context),
    .desc = BR_HASHDESC_ID(br_sha256_ID) | BR_HASHDESC_OUT(32) | BR_HASHDESC_STATE(32)
            | BR_HASHDESC_LBLEN(6) | BR_HASHDESC_MD_PADDING | BR_HASHDESC_MD_PADDING_BE,
    .init = class_init,
    .update = class_update,
    .out = class_out,
    .state = class_state,
    .set_state = class_set_state,
};
