/* SPDX-License-Identifier: MIT
 * sha512.c - see sha512.h. The rounds are on whole registers, with the rotations and ANDN of BMI; the
 * message schedule is on vectors of four words beside them, 16 rounds ahead (S. Gueron, V. Krasnov,
 * "Parallelizing message schedules to accelerate the computations of hash functions", 2012). */
#include "crypto/accel/sha512.h"

#include "base/secret.h"

enum { SHA384_SIZE = 48, SHA512_SIZE = 64, BLOCK = 128 };

#if LT_HAS_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2")))
#define INLINE TARGET static inline __attribute__((always_inline))

static const uint64_t constants[80] __attribute__((aligned(32))) = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

INLINE uint64_t rotated(uint64_t x, int n)
{
    return x >> n | x << (64 - n);
}

/* The words t to t + 3 in place of the oldest, a: t - 16 to t - 13; b, c, d follow it. Each word needs the
 * one two before it: the upper half waits for the lower. */
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, x) _mm256_storeu_si256((__m256i *)(void *)(p), x)
#define ADD _mm256_add_epi64
#define XOR _mm256_xor_si256
#define RIGHT _mm256_srli_epi64
#define ROTATED(x, n) XOR(RIGHT(x, n), _mm256_slli_epi64(x, 64 - (n)))
#define NEXT_BY_ONE(a, b) _mm256_alignr_epi8(_mm256_permute2x128_si256(a, b, 0x21), a, 8)

INLINE __m256i sigma0(__m256i x)
{
    return XOR(XOR(ROTATED(x, 1), ROTATED(x, 8)), RIGHT(x, 7));
}

INLINE __m256i sigma1(__m256i x)
{
    return XOR(XOR(ROTATED(x, 19), ROTATED(x, 61)), RIGHT(x, 6));
}

INLINE __m256i extended(__m256i a, __m256i b, __m256i c, __m256i d)
{
    __m256i sum = ADD(ADD(a, sigma0(NEXT_BY_ONE(a, b))), NEXT_BY_ONE(c, d));
    sum = ADD(sum, sigma1(_mm256_permute2x128_si256(d, d, 0x81)));
    return ADD(sum, sigma1(_mm256_permute2x128_si256(sum, sum, 0x08)));
}

/* Compilers add in an order of their own. What is known early is to be added before the sum that the next
 * round waits for: they are not to move it. */
#define STAYS(x) __asm__("" : "+r"(x))

/* `both` is b ^ c of this round and gives b ^ c of the next: majority is ((a ^ b) & (b ^ c)) ^ b. What a
 * rotated gives to the next a, of which nothing waits for long, is added one round later. */
#define ROUND(a, b, c, d, e, f, g, h, sum)                   \
    h += (sum);                                              \
    STAYS(h);                                                \
    a += late;                                               \
    STAYS(a);                                                \
    h += (e & f) | (~e & g);                                 \
    h += rotated(e, 14) ^ rotated(e, 18) ^ rotated(e, 41);   \
    d += h;                                                  \
    next = a ^ b;                                            \
    late = rotated(a, 28) ^ rotated(a, 34) ^ rotated(a, 39); \
    h += (next & both) ^ b;                                  \
    both = next

#define FOUR_ROUNDS(a, b, c, d, e, f, g, h, sums) \
    ROUND(a, b, c, d, e, f, g, h, (sums)[0]);     \
    ROUND(h, a, b, c, d, e, f, g, (sums)[1]);     \
    ROUND(g, h, a, b, c, d, e, f, (sums)[2]);     \
    ROUND(f, g, h, a, b, c, d, e, (sums)[3])

/* One of four vectors of words becomes that of 16 rounds later, beside the four rounds of what it was. */
#define STEP(i, w0, w1, w2, w3, ...)          \
    w0 = extended(w0, w1, w2, w3);            \
    FOUR_ROUNDS(__VA_ARGS__, sums + 4 * (i)); \
    STORE(sums + 4 * (i), ADD(w0, LOAD(k + 4 * (i))))

TARGET static void block(uint64_t v[8], const uint8_t *data)
{
    const __m256i order = _mm256_set_epi64x(0x08090a0b0c0d0e0f, 0x0001020304050607,
                                            0x08090a0b0c0d0e0f, 0x0001020304050607);
    uint64_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
    uint64_t sums[16], both = b ^ c, next, late = 0;
    __m256i w[4];
    for (size_t i = 0; i < 4; i++) {
        w[i] = _mm256_shuffle_epi8(LOAD(data + 32 * i), order);
        STORE(sums + 4 * i, ADD(w[i], LOAD(constants + 4 * i)));
    }
    for (const uint64_t *k = constants + 16; k < constants + 80; k += 16) {
        STEP(0, w[0], w[1], w[2], w[3], a, b, c, d, e, f, g, h);
        STEP(1, w[1], w[2], w[3], w[0], e, f, g, h, a, b, c, d);
        STEP(2, w[2], w[3], w[0], w[1], a, b, c, d, e, f, g, h);
        STEP(3, w[3], w[0], w[1], w[2], e, f, g, h, a, b, c, d);
    }
    FOUR_ROUNDS(a, b, c, d, e, f, g, h, sums);
    FOUR_ROUNDS(e, f, g, h, a, b, c, d, sums + 4);
    FOUR_ROUNDS(a, b, c, d, e, f, g, h, sums + 8);
    FOUR_ROUNDS(e, f, g, h, a, b, c, d, sums + 12);
    a += late;
    v[0] += a, v[1] += b, v[2] += c, v[3] += d, v[4] += e, v[5] += f, v[6] += g, v[7] += h;
}

static void update(br_sha512_context *c, const uint8_t *data, size_t n)
{
    size_t used = (size_t)c->count & (BLOCK - 1), first = BLOCK - used;
    if (n == 0) /* `data` may be NULL */
        return;
    c->count += n;
    if (used > 0 && n >= first) {
        memcpy(c->buf + used, data, first);
        block(c->val, c->buf);
        data += first, n -= first, used = 0;
    }
    if (used == 0)
        for (; n >= BLOCK; data += BLOCK, n -= BLOCK)
            block(c->val, data);
    if (n > 0)
        memcpy(c->buf + used, data, n);
}

/* The length is one of 128 bits, of which `count` bounds the upper ones to three. */
static void out(const br_sha512_context *c, uint8_t *digest, size_t size)
{
    br_sha512_context last = *c;
    uint64_t bits = c->count << 3;
    size_t used = (size_t)c->count & (BLOCK - 1), room = used < BLOCK - 16 ? BLOCK : 2 * BLOCK;
    uint8_t end[2 * BLOCK] = { 0 };
    memcpy(end, c->buf, used);
    end[used] = 0x80;
    end[room - 9] = (uint8_t)(c->count >> 61);
    for (size_t i = 1; i <= 8; i++, bits >>= 8)
        end[room - i] = (uint8_t)bits;
    for (size_t at = 0; at < room; at += BLOCK)
        block(last.val, end + at);
    for (size_t i = 0; i < size; i++)
        digest[i] = (uint8_t)(last.val[i / 8] >> (56 - 8 * (i % 8)));
    lt_wipe(&last, sizeof last);
    lt_wipe(end, sizeof end);
}
#endif

void lt_sha512_init(br_sha512_context *c)
{
    br_sha512_init(c);
    c->vtable = &lt_sha512_vtable;
}

void lt_sha512_update(br_sha512_context *c, const void *data, size_t n)
{
#if LT_HAS_X86
    if (lt_accel_has(LT_ACCEL_avx2)) {
        update(c, data, n);
        return;
    }
#endif
    br_sha512_update(c, data, n);
}

static void digest_of(const br_sha512_context *c, void *digest, size_t size)
{
#if LT_HAS_X86
    if (lt_accel_has(LT_ACCEL_avx2)) {
        out(c, digest, size);
        return;
    }
#endif
    if (size == SHA512_SIZE)
        br_sha512_out(c, digest);
    else
        br_sha384_out(c, digest);
}

void lt_sha512_out(const br_sha512_context *c, void *digest)
{
    digest_of(c, digest, SHA512_SIZE);
}

/* --- as classes --- */

static void class_init_384(const br_hash_class **c)
{
    br_sha384_init((br_sha384_context *)(void *)c);
    *c = &lt_sha384_vtable;
}

static void class_init_512(const br_hash_class **c)
{
    lt_sha512_init((br_sha512_context *)(void *)c);
}

static void class_update(const br_hash_class **c, const void *data, size_t n)
{
    lt_sha512_update((br_sha512_context *)(void *)c, data, n);
}

static void class_out_384(const br_hash_class *const *c, void *digest)
{
    digest_of((const br_sha512_context *)(const void *)c, digest, SHA384_SIZE);
}

static void class_out_512(const br_hash_class *const *c, void *digest)
{
    digest_of((const br_sha512_context *)(const void *)c, digest, SHA512_SIZE);
}

static uint64_t class_state(const br_hash_class *const *c, void *state)
{
    return br_sha512_state((const br_sha512_context *)(const void *)c, state);
}

static void class_set_state(const br_hash_class **c, const void *state, uint64_t count)
{
    br_sha512_set_state((br_sha512_context *)(void *)c, state, count);
}

#define CLASS(bits, size)                                                               \
    {                                                                                   \
        .context_size = sizeof(br_sha512_context),                                      \
        .desc = BR_HASHDESC_ID(br_sha##bits##_ID) | BR_HASHDESC_OUT(size)               \
                | BR_HASHDESC_STATE(64) | BR_HASHDESC_LBLEN(7) | BR_HASHDESC_MD_PADDING \
                | BR_HASHDESC_MD_PADDING_BE | BR_HASHDESC_MD_PADDING_128,               \
        .init = class_init_##bits, .update = class_update, .out = class_out_##bits,     \
        .state = class_state, .set_state = class_set_state,                             \
    }

const br_hash_class lt_sha384_vtable = CLASS(384, SHA384_SIZE);
const br_hash_class lt_sha512_vtable = CLASS(512, SHA512_SIZE);
