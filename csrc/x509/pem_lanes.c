/* SPDX-License-Identifier: MIT
 * pem_lanes.c - see pem_lanes.h. The ways of W. Muła and D. Lemire, "Faster Base64 Encoding and
 * Decoding Using AVX2 Instructions" (ACM Transactions on the Web 12, 2018), sections 3.1 to 3.3: what a
 * byte is is looked up by its two halves, and the digits are put together by multiplications. */
#include "x509/pem_lanes.h"

#include "crypto/accel/accel.h"

#if LT_HAS_X86
#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

/* The same 16 bytes in both halves, the first one first */
#define TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

/* The digits' values; false where a byte is none. Bytes that share their upper half x are digits where
 * the lower one has the bit `kinds` gives x: 1 for + and /, 2 for 0 to 9, 4 for letters from A and a on, 8
 * for those from P and p on. From a digit to its value it is as far for all of an upper half, / excepted. */
TARGET static bool values(__m256i *v)
{
    const __m256i kinds = TABLE(0, 0, 1, 2, 4, 8, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i members = TABLE(10, 14, 14, 14, 14, 14, 14, 14, 14, 14, 12, 5, 4, 4, 4, 5);
    const __m256i distances = TABLE(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i half = _mm256_set1_epi8(0x0f);
    __m256i lower = _mm256_and_si256(*v, half);
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(*v, 4), half);
    __m256i found = _mm256_and_si256(_mm256_shuffle_epi8(kinds, upper),
                                     _mm256_shuffle_epi8(members, lower));
    if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, _mm256_setzero_si256())) != 0)
        return false;
    __m256i is_slash = _mm256_cmpeq_epi8(*v, _mm256_set1_epi8('/')); /* all ones: -1 */
    *v = _mm256_add_epi8(*v, _mm256_shuffle_epi8(distances, _mm256_add_epi8(upper, is_slash)));
    return true;
}

/* Four values of 6 bits to three bytes, eight times; 24 bytes */
TARGET static void pack(__m256i v, uint8_t *to)
{
    const __m256i order = TABLE(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    __m256i pairs = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));   /* 12 bits */
    __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000)); /* 24 bits */
    v = _mm256_shuffle_epi8(groups, order);
    v = _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(v));
    _mm_storel_epi64((__m128i *)(void *)(to + 16), _mm256_extracti128_si256(v, 1));
}

TARGET static const uint8_t *lanes(const uint8_t *p, const uint8_t *end, uint8_t **to)
{
    uint8_t *out = *to;
    while (end - p >= 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
        if (*p == '\n' || *p == '\r') {
            p++;
            continue;
        }
        if (!values(&v))
            break;
        pack(v, out);
        p += 32, out += 24;
    }
    *to = out;
    return p;
}

const uint8_t *lt_pem_lanes(const uint8_t *p, const uint8_t *end, uint8_t **to)
{
    return lt_accel_has(LT_ACCEL_avx2) ? lanes(p, end, to) : p;
}

#else

const uint8_t *lt_pem_lanes(const uint8_t *p, const uint8_t *end, uint8_t **to)
{
    (void)end;
    (void)to;
    return p;
}
#endif
