/* SPDX-License-Identifier: MIT
 * trimmed.c - see trimmed.h. As lt_ct_trimmed does it, on vectors of AVX2: for each place in a group of
 * bytes, the number of the last group that has something there; the highest number, at its highest
 * place, is the end. Beside that one's, the end of the computation is by vectors too. */
#include "crypto/accel/trimmed.h"

#include "base/secret.h"

#if LT_HAS_X86
#include <immintrin.h>

#define UNROLL _Pragma("GCC unroll 4")
#define TARGET __attribute__((target("avx2")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum { WIDE = 32, VECTORS = 4, GROUP = WIDE * VECTORS, GROUPS_MAX = 255 };

/* Groups are counted from 1 on. */
INLINE void keep_number(__m256i last[VECTORS], const uint8_t *p, __m256i *number)
{
    *number = _mm256_add_epi8(*number, _mm256_set1_epi8(1));
    UNROLL
    for (size_t i = 0; i < VECTORS; i++) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + WIDE * i));
        x = _mm256_cmpeq_epi8(x, _mm256_setzero_si256());
        last[i] = _mm256_blendv_epi8(*number, last[i], x);
    }
}

/* The highest of all bytes */
INLINE uint8_t highest(const __m256i last[VECTORS])
{
    __m256i all =
        _mm256_max_epu8(_mm256_max_epu8(last[0], last[1]), _mm256_max_epu8(last[2], last[3]));
    __m128i x = _mm_max_epu8(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    x = _mm_max_epu8(x, _mm_srli_si128(x, 8));
    x = _mm_max_epu8(x, _mm_srli_si128(x, 4));
    x = _mm_max_epu8(x, _mm_srli_si128(x, 2));
    x = _mm_max_epu8(x, _mm_srli_si128(x, 1));
    return (uint8_t)_mm_cvtsi128_si32(x);
}

/* Places with this number, as bits */
INLINE uint64_t places(__m256i low, __m256i high, uint8_t number)
{
    __m256i wanted = _mm256_set1_epi8((char)number);
    low = _mm256_cmpeq_epi8(low, wanted), high = _mm256_cmpeq_epi8(high, wanted);
    return (uint32_t)_mm256_movemask_epi8(low)
           | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

INLINE uint64_t all_if(uint64_t x) /* all bits, if any is there */
{
    return lt_ct_mask(0 - ((x | (0 - x)) >> 63));
}

INLINE size_t end_of(const __m256i last[VECTORS])
{
    uint8_t number = highest(last);
    uint64_t low = places(last[0], last[1], number), high = places(last[2], last[3], number);
    uint64_t in_high = all_if(high), bits = low ^ ((low ^ high) & in_high);
    uint64_t place = 64 - (uint64_t)__builtin_clzll(bits) + (in_high & 64);
    return (size_t)(((number - 1U) * (uint64_t)GROUP + place) & all_if(number));
}

TARGET static size_t trimmed(const uint8_t *p, size_t n)
{
    __m256i last[VECTORS], number = _mm256_setzero_si256();
    uint8_t rest[GROUP] = { 0 };
    for (size_t i = 0; i < VECTORS; i++)
        last[i] = number;
    for (; n >= GROUP; p += GROUP, n -= GROUP)
        keep_number(last, p, &number);
    if (n > 0)
        memcpy(rest, p, n);
    keep_number(last, rest, &number);
    lt_wipe(rest, sizeof rest);
    return end_of(last);
}
#endif

size_t lt_trimmed(const void *p, size_t n)
{
#if LT_HAS_X86
    if (n < (size_t)GROUP * GROUPS_MAX && lt_accel_has(LT_ACCEL_avx2))
        return trimmed(p, n);
#endif
    return lt_ct_trimmed(p, n);
}
