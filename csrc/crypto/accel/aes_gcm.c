/* SPDX-License-Identifier: MIT
 * aes_gcm.c - see aes_gcm.h. GHASH is computed as POLYVAL is, on blocks with their bytes in reverse and
 * a key times x (RFC 8452 appendix A): its product divided by x^128 is reduced by two multiplications
 * (S. Gueron, M. Kounavis, "Intel Carry-Less Multiplication Instruction and its Usage for Computing
 * the GCM Mode", 2010). Several blocks take the powers of the key before one reduction (the same,
 * section 2.4). Encryption stands beside GHASH, round by round, as both wait for their own results (S. Gueron,
 * V. Krasnov, "The fragility of AES-GCM authentication algorithm", 2014); N. Drucker, S. Gueron, V. Krasnov,
 * "Making AES great again: the forthcoming vectorized AES instruction" (2018), has vectors of several
 * blocks. With one block in a vector, where additions cost little, three multiplications make a product, not
 * four (A. Karatsuba, Y. Ofman, 1962).
 *
 * aes_gcm_lanes.h is the way through both, once for each size of vector. */
#include "crypto/accel/aes_gcm.h"

#include "base/secret.h"

#if LT_HAS_X86
#include <immintrin.h>

#define UNROLL _Pragma("GCC unroll 8")
#define TARGET __attribute__((target("aes,pclmul,ssse3,sse4.1")))
#define INLINE TARGET static inline __attribute__((always_inline))

/* x^127 + x^126 + x^121: with x^128 and 1, the polynomial of POLYVAL (RFC 8452 section 3) */
#define POLYNOMIAL_BITS ((long long)0xc200000000000000)
#define REVERSED_128(x) \
    _mm_shuffle_epi8(x, _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f))

INLINE __m128i load128(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/* --- one block --- */

/* a b / x^128; see NAME(reduce) */
INLINE __m128i multiplied(__m128i a, __m128i b)
{
    const __m128i polynomial = _mm_set1_epi64x(POLYNOMIAL_BITS);
    __m128i low = _mm_clmulepi64_si128(a, b, 0x00), high = _mm_clmulepi64_si128(a, b, 0x11);
    __m128i m =
        _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10));
    m = _mm_xor_si128(m, _mm_shuffle_epi32(low, 0x4e));
    m = _mm_xor_si128(m, _mm_clmulepi64_si128(low, polynomial, 0x00));
    high = _mm_xor_si128(high, _mm_shuffle_epi32(m, 0x4e));
    return _mm_xor_si128(high, _mm_clmulepi64_si128(m, polynomial, 0x00));
}

/* x times the variable: in halves, as there is no shift of 128 bits */
INLINE __m128i doubled(__m128i x)
{
    __m128i over = _mm_shuffle_epi32(_mm_srai_epi32(x, 31), 0xff); /* the highest bit */
    __m128i carry = _mm_slli_si128(_mm_srli_epi64(x, 63), 8);
    x = _mm_or_si128(_mm_slli_epi64(x, 1), carry);
    return _mm_xor_si128(x, _mm_and_si128(over, _mm_set_epi64x(POLYNOMIAL_BITS, 1)));
}

/* The first `n` powers of GHASH's key `h`, to the end of the table */
TARGET static void set_powers(uint8_t powers[16 * LT_GHASH_POWERS], const uint8_t h[16],
                              size_t n)
{
    __m128i *power = (__m128i *)(void *)(powers + 16 * LT_GHASH_POWERS);
    _mm_storeu_si128(power - 1, doubled(REVERSED_128(load128(h))));
    for (size_t i = 2; i <= n; i++) /* of halves, so that several go on at a time */
        _mm_storeu_si128(power - i,
                         multiplied(load128(power - i / 2), load128(power - (i + 1) / 2)));
}

INLINE __m128i encrypted(__m128i reversed, const uint8_t *round_keys, unsigned rounds)
{
    __m128i s = _mm_xor_si128(REVERSED_128(reversed), load128(round_keys));
    for (unsigned r = 1; r < rounds; r++)
        s = _mm_aesenc_si128(s, load128(round_keys + 16 * r));
    return _mm_aesenclast_si128(s, load128(round_keys + 16 * rounds));
}

/* The block with its bytes in reverse: the counter is the lowest word. */
INLINE __m128i counter_block(const void *nonce, uint32_t counter)
{
    uint64_t low;
    uint32_t high;
    memcpy(&low, nonce, sizeof low);
    memcpy(&high, (const uint8_t *)nonce + 8, sizeof high);
    __m128i block = REVERSED_128(_mm_set_epi64x((long long)high, (long long)low));
    return _mm_insert_epi32(block, (int)counter, 0);
}

INLINE __m128i lengths_block(size_t aad, size_t text) /* in bits, in reverse */
{
    return _mm_set_epi64x((long long)aad * 8, (long long)text * 8);
}

/* --- keys --- */

TARGET static uint32_t substituted(uint32_t word) /* SubWord */
{
    __m128i four = _mm_set1_epi32((int)word);
    return (uint32_t)_mm_cvtsi128_si32(_mm_aeskeygenassist_si128(four, 0));
}

/* FIPS 197 section 5.2; gives the number of rounds */
static unsigned expand(uint8_t round_keys[16 * 15], const uint8_t *key, size_t n)
{
    uint32_t w[4 * 15], constant = 1;
    size_t words = n / 4, rounds = words + 6;
    memcpy(w, key, n);
    for (size_t i = words; i < 4 * (rounds + 1); i++) {
        uint32_t t = w[i - 1];
        if (i % words == 0) {
            t = substituted(t >> 8 | t << 24) ^ constant;
            constant = constant << 1 ^ (constant >> 7) * 0x11b;
        } else if (words > 6 && i % words == 4) {
            t = substituted(t);
        }
        w[i] = w[i - words] ^ t;
    }
    memcpy(round_keys, w, 16 * (rounds + 1));
    lt_wipe(w, sizeof w);
    return (unsigned)rounds;
}

TARGET static void set(lt_aes_gcm *k, const uint8_t *key, size_t n)
{
    uint8_t h[16];
    k->rounds = expand(k->round_keys, key, n);
    _mm_storeu_si128((__m128i *)(void *)h,
                     encrypted(_mm_setzero_si128(), k->round_keys, k->rounds));
    set_powers(k->powers, h, LT_GHASH_POWERS);
    lt_wipe(h, sizeof h);
}

/* --- AES-NI and PCLMULQDQ --- */

#define VECTOR __m128i
#define LANES 1
#define KARATSUBA 1
#define AT_ONCE 8
#define NAME(x) x##_128
#define ZERO _mm_setzero_si128()
#define XOR _mm_xor_si128
#define XOR3(a, b, c) _mm_xor_si128(_mm_xor_si128(a, b), c)
#define ADD _mm_add_epi32
#define STEP _mm_set_epi32(0, 0, 0, 1)
#define NUMBERS ZERO
#define COPIES(x) (x)
#define FIRST(x) (x)
#define SUM(x) (x)
#define TURNED(x) _mm_shuffle_epi32(x, 0x4e)
#define REVERSED REVERSED_128
#define EVERYWHERE load128
#define POLYNOMIAL _mm_set1_epi64x(POLYNOMIAL_BITS)
#define MULTIPLY _mm_clmulepi64_si128
#define ROUND _mm_aesenc_si128
#define LAST_ROUND _mm_aesenclast_si128
#define LOAD load128
#define STORE(p, x) _mm_storeu_si128((__m128i *)(void *)(p), x)

TARGET static __m128i load_part_128(const uint8_t *p, size_t n)
{
    uint8_t whole[16] = { 0 };
    memcpy(whole, p, n);
    __m128i x = LOAD(whole);
    lt_wipe(whole, sizeof whole);
    return x;
}

TARGET static __m128i store_part_128(uint8_t *p, __m128i x, size_t n)
{
    uint8_t whole[16];
    STORE(whole, x);
    memcpy(p, whole, n);
    lt_wipe(whole, sizeof whole);
    return load_part_128(p, n);
}

#include "crypto/accel/aes_gcm_lanes.h"

/* --- VAES and VPCLMULQDQ on AVX2 --- */

#define TARGET __attribute__((target("avx2,vaes,vpclmulqdq,aes,pclmul")))
#define VECTOR __m256i
#define LANES 2
#define KARATSUBA 0
#define AT_ONCE 4
#define NAME(x) x##_256
#define ZERO _mm256_setzero_si256()
#define XOR _mm256_xor_si256
#define XOR3(a, b, c) _mm256_xor_si256(_mm256_xor_si256(a, b), c)
#define ADD _mm256_add_epi32
#define STEP _mm256_set_epi32(0, 0, 0, 2, 0, 0, 0, 2)
#define NUMBERS _mm256_set_epi32(0, 0, 0, 1, 0, 0, 0, 0)
#define COPIES _mm256_broadcastsi128_si256
#define FIRST _mm256_zextsi128_si256
#define SUM(x) sum_256(x)
#define TURNED(x) _mm256_shuffle_epi32(x, 0x4e)
#define REVERSED(x) \
    _mm256_shuffle_epi8(x, COPIES(_mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f)))
#define EVERYWHERE(p) COPIES(load128(p))
#define POLYNOMIAL _mm256_set1_epi64x(POLYNOMIAL_BITS)
#define MULTIPLY _mm256_clmulepi64_epi128
#define ROUND _mm256_aesenc_epi128
#define LAST_ROUND _mm256_aesenclast_epi128
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define STORE(p, x) _mm256_storeu_si256((__m256i *)(void *)(p), x)

TARGET static inline __m128i sum_256(__m256i x)
{
    return _mm_xor_si128(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
}

TARGET static __m256i load_part_256(const uint8_t *p, size_t n)
{
    uint8_t whole[32] = { 0 };
    memcpy(whole, p, n);
    __m256i x = LOAD(whole);
    lt_wipe(whole, sizeof whole);
    return x;
}

TARGET static __m256i store_part_256(uint8_t *p, __m256i x, size_t n)
{
    uint8_t whole[32];
    STORE(whole, x);
    memcpy(p, whole, n);
    lt_wipe(whole, sizeof whole);
    return load_part_256(p, n);
}

#include "crypto/accel/aes_gcm_lanes.h"

/* --- VAES and VPCLMULQDQ on AVX-512 --- */

#define TARGET \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,vaes,vpclmulqdq,aes,pclmul")))
#define VECTOR __m512i
#define LANES 4
#define KARATSUBA 0
#define AT_ONCE 4
#define NAME(x) x##_512
#define ZERO _mm512_setzero_si512()
#define XOR _mm512_xor_si512
#define XOR3(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0x96)
#define ADD _mm512_add_epi32
#define STEP _mm512_set_epi32(0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4)
#define NUMBERS _mm512_set_epi32(0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0)
#define COPIES _mm512_broadcast_i32x4
#define FIRST _mm512_zextsi128_si512
#define SUM(x) sum_512(x)
#define TURNED(x) _mm512_shuffle_epi32(x, (_MM_PERM_ENUM)0x4e)
#define REVERSED(x) \
    _mm512_shuffle_epi8(x, COPIES(_mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f)))
#define EVERYWHERE(p) COPIES(load128(p))
#define POLYNOMIAL _mm512_set1_epi64(POLYNOMIAL_BITS)
#define MULTIPLY _mm512_clmulepi64_epi128
#define ROUND _mm512_aesenc_epi128
#define LAST_ROUND _mm512_aesenclast_epi128
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, x) _mm512_storeu_si512(p, x)

TARGET static inline __m128i sum_512(__m512i x)
{
    __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
    return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

TARGET static inline __m512i load_part_512(const uint8_t *p, size_t n)
{
    return _mm512_maskz_loadu_epi8(((uint64_t)1 << n) - 1, p);
}

TARGET static inline __m512i store_part_512(uint8_t *p, __m512i x, size_t n)
{
    const __mmask64 first = ((uint64_t)1 << n) - 1;
    _mm512_mask_storeu_epi8(p, first, x);
    return _mm512_maskz_mov_epi8(first, x);
}

#include "crypto/accel/aes_gcm_lanes.h"

#define CHOOSE(what)                                            \
    (lt_accel_has(LT_ACCEL_vaes | LT_ACCEL_avx512) ? what##_512 \
     : lt_accel_has(LT_ACCEL_vaes)                 ? what##_256 \
     : lt_accel_has(LT_ACCEL_aes)                  ? what##_128 \
                                                   : NULL)
#else
#define CHOOSE(what) NULL
#endif

const lt_aes_gcm_class *lt_accel_aes_gcm(void)
{
    return CHOOSE(&lt_aes_gcm);
}

const br_block_ctr_class *lt_accel_aes_ctr(void)
{
    return CHOOSE(&lt_aes_ctr);
}

br_ghash lt_accel_ghash(void)
{
    return CHOOSE(lt_ghash);
}
