/* SPDX-License-Identifier: MIT
 * chacha20.c - see chacha20.h. The two ways of M. Goll and S. Gueron, "Vectorization of ChaCha stream
 * cipher" (ITNG 2014): for long data, a vector holds one word of the state for each of 8 or 16
 * blocks, and what comes out is transposed; for the rest, it holds one row of 2 or 4 blocks, and
 * rows are rotated so that diagonals stand as columns.
 *
 * chacha20_lanes.h is the way through both, once for each size of vector. */
#include "crypto/accel/chacha20.h"

#include "base/secret.h"

#if LT_HAS_X86
#include <immintrin.h>

#define UNROLL _Pragma("GCC unroll 16") /* so that the state stays in registers */

static const uint32_t constants[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

/* The 16 words that block `counter` starts from: words and bytes are in one order here. */
static void first_state(uint32_t state[16], const void *key, const void *iv, uint32_t counter)
{
    memcpy(state, constants, 16);
    memcpy(state + 4, key, 32);
    state[12] = counter;
    memcpy(state + 13, iv, 12);
}

/* A step of four quarter rounds, side by side: four chains that do not wait for each other */
#define STEP(n, a0, b0, d0, a1, b1, d1, a2, b2, d2, a3, b3, d3)                   \
    v[a0] = ADD(v[a0], v[b0]), v[a1] = ADD(v[a1], v[b1]);                         \
    v[a2] = ADD(v[a2], v[b2]), v[a3] = ADD(v[a3], v[b3]);                         \
    v[d0] = ROTATE_##n(XOR(v[d0], v[a0])), v[d1] = ROTATE_##n(XOR(v[d1], v[a1])); \
    v[d2] = ROTATE_##n(XOR(v[d2], v[a2])), v[d3] = ROTATE_##n(XOR(v[d3], v[a3]))
#define ROUND(b0, c0, d0, b1, c1, d1, b2, c2, d2, b3, c3, d3) \
    STEP(16, 0, b0, d0, 1, b1, d1, 2, b2, d2, 3, b3, d3);     \
    STEP(12, c0, d0, b0, c1, d1, b1, c2, d2, b2, c3, d3, b3); \
    STEP(8, 0, b0, d0, 1, b1, d1, 2, b2, d2, 3, b3, d3);      \
    STEP(7, c0, d0, b0, c1, d1, b1, c2, d2, b2, c3, d3, b3)

/* The same for rows, where a vector has the columns of a, b, c or d */
#define ROW_ROUND                                              \
    v[0] = ADD(v[0], v[1]), v[3] = ROTATE_16(XOR(v[3], v[0])); \
    v[2] = ADD(v[2], v[3]), v[1] = ROTATE_12(XOR(v[1], v[2])); \
    v[0] = ADD(v[0], v[1]), v[3] = ROTATE_8(XOR(v[3], v[0]));  \
    v[2] = ADD(v[2], v[3]), v[1] = ROTATE_7(XOR(v[1], v[2]))

/* --- AVX2 --- */

#define TARGET __attribute__((target("avx2")))
#define VECTOR __m256i
#define LANES 8
#define NAME(x) x##_avx2
#define ADD _mm256_add_epi32
#define XOR _mm256_xor_si256
#define EVERYWHERE(x) _mm256_set1_epi32((int)(x))
#define ROW(p) _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define SHIFTS(x, n) _mm256_or_si256(_mm256_slli_epi32(x, n), _mm256_srli_epi32(x, 32 - (n)))
#define BYTES(high, low) _mm256_set_epi64x(high, low, high, low)
#define ROTATE_16(x) _mm256_shuffle_epi8(x, BYTES(0x0d0c0f0e09080b0a, 0x0504070601000302))
#define ROTATE_12(x) SHIFTS(x, 12)
#define ROTATE_8(x) _mm256_shuffle_epi8(x, BYTES(0x0e0d0c0f0a09080b, 0x0605040702010003))
#define ROTATE_7(x) SHIFTS(x, 7)
#define LANE_NUMBERS _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0)
#define ROW_NUMBERS _mm256_set_epi32(0, 0, 0, 1, 0, 0, 0, 0)
#define TURN _mm256_shuffle_epi32
#define LOW_32 _mm256_unpacklo_epi32
#define HIGH_32 _mm256_unpackhi_epi32
#define LOW_64 _mm256_unpacklo_epi64
#define HIGH_64 _mm256_unpackhi_epi64

TARGET static inline void put_avx2(uint8_t *out, __m256i x)
{
    __m256i *p = (__m256i *)(void *)out;
    _mm256_storeu_si256(p, _mm256_xor_si256(_mm256_loadu_si256(p), x));
}

/* Quarters a to d of a block, one block in each 128 bits: into blocks that are `apart` bytes apart */
TARGET static inline void put_blocks_avx2(uint8_t *out, size_t apart, __m256i a, __m256i b,
                                          __m256i c, __m256i d)
{
    put_avx2(out, _mm256_permute2x128_si256(a, b, 0x20));
    put_avx2(out + 32, _mm256_permute2x128_si256(c, d, 0x20));
    put_avx2(out + apart, _mm256_permute2x128_si256(a, b, 0x31));
    put_avx2(out + apart + 32, _mm256_permute2x128_si256(c, d, 0x31));
}

#include "crypto/accel/chacha20_lanes.h"

/* --- AVX-512 --- */

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define VECTOR __m512i
#define LANES 16
#define NAME(x) x##_avx512
#define ADD _mm512_add_epi32
#define XOR _mm512_xor_si512
#define EVERYWHERE(x) _mm512_set1_epi32((int)(x))
#define ROW(p) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)(p)))
#define ROTATE_16(x) _mm512_rol_epi32(x, 16)
#define ROTATE_12(x) _mm512_rol_epi32(x, 12)
#define ROTATE_8(x) _mm512_rol_epi32(x, 8)
#define ROTATE_7(x) _mm512_rol_epi32(x, 7)
#define LANE_NUMBERS _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define ROW_NUMBERS _mm512_set_epi32(0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0)
#define TURN(x, n) _mm512_shuffle_epi32(x, (_MM_PERM_ENUM)(n))
#define LOW_32 _mm512_unpacklo_epi32
#define HIGH_32 _mm512_unpackhi_epi32
#define LOW_64 _mm512_unpacklo_epi64
#define HIGH_64 _mm512_unpackhi_epi64

TARGET static inline void put_avx512(uint8_t *out, __m512i x)
{
    _mm512_storeu_si512(out, _mm512_xor_si512(_mm512_loadu_si512(out), x));
}

TARGET static inline void put_blocks_avx512(uint8_t *out, size_t apart, __m512i a, __m512i b,
                                            __m512i c, __m512i d)
{
    __m512i ab = _mm512_shuffle_i32x4(a, b, 0x44), cd = _mm512_shuffle_i32x4(c, d, 0x44);
    put_avx512(out, _mm512_shuffle_i32x4(ab, cd, 0x88));
    put_avx512(out + apart, _mm512_shuffle_i32x4(ab, cd, 0xdd));
    ab = _mm512_shuffle_i32x4(a, b, 0xee), cd = _mm512_shuffle_i32x4(c, d, 0xee);
    put_avx512(out + 2 * apart, _mm512_shuffle_i32x4(ab, cd, 0x88));
    put_avx512(out + 3 * apart, _mm512_shuffle_i32x4(ab, cd, 0xdd));
}

#include "crypto/accel/chacha20_lanes.h"

br_chacha20_run lt_accel_chacha20(void)
{
    if (lt_accel_has(LT_ACCEL_avx512))
        return lt_chacha20_avx512;
    return lt_accel_has(LT_ACCEL_avx2) ? lt_chacha20_avx2 : NULL;
}

#else

br_chacha20_run lt_accel_chacha20(void)
{
    return NULL;
}

#endif
