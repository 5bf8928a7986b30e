/* SPDX-License-Identifier: MIT
 * accel.h - which of our faster primitives this machine can run. BearSSL's portable code is the
 * twin of each: it is used where a bit is missing, and everywhere in a build with LT_ACCEL=0.
 *
 * The environment variable BEARSSL_ACCEL restricts them, for tests: "none", or a list of names
 * ("int128,avx2") that are used where they are there. */
#ifndef LT_CRYPTO_ACCEL_ACCEL_H
#define LT_CRYPTO_ACCEL_ACCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef LT_ACCEL
#define LT_ACCEL 1
#endif

/* 64-bit limbs in C: what every other one builds on */
#if LT_ACCEL && defined __SIZEOF_INT128__
#define LT_HAS_INT128 1
typedef unsigned __int128 lt_u128;
#else
#define LT_HAS_INT128 0
#endif

/* Code for instructions that the compiler's target does not promise, behind lt_accel */
#if LT_HAS_INT128 && defined __x86_64__ && defined __GNUC__
#define LT_HAS_X86 1
#else
#define LT_HAS_X86 0
#endif

enum {
    LT_ACCEL_int128 = 1U << 0,
    LT_ACCEL_adx = 1U << 1,    /* MULX, ADCX, ADOX */
    LT_ACCEL_aes = 1U << 2,    /* AES-NI, PCLMULQDQ, SSSE3 */
    LT_ACCEL_avx2 = 1U << 3,   /* AVX2, BMI1, BMI2 */
    LT_ACCEL_vaes = 1U << 4,   /* VAES, VPCLMULQDQ; both on AVX2 at least */
    LT_ACCEL_avx512 = 1U << 5, /* AVX-512 F, BW, VL, DQ */
    LT_ACCEL_ifma = 1U << 6,   /* AVX-512 IFMA */
    LT_ACCEL_sha = 1U << 7,    /* SHA-NI */
};

/* LT_ACCEL_ bits of what is there and allowed; found once in a process. */
uint32_t lt_accel(void);

/* The name of the bit in this place, from 0 on; NULL behind the last. */
const char *lt_accel_name(size_t i, uint32_t *bit);

static inline bool lt_accel_has(uint32_t bits)
{
    return (lt_accel() & bits) == bits;
}

#endif
