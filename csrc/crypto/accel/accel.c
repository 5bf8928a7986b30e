/* SPDX-License-Identifier: MIT
 * accel.c - see accel.h. CPUID costs tens of microseconds in a virtual machine, where it traps:
 * so the answer, which never changes, is kept. */
#include "crypto/accel/accel.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if LT_HAS_X86
#include <cpuid.h>
#endif

static const struct {
    const char *name;
    uint32_t bit;
} names[] = {
    { "int128", LT_ACCEL_int128 }, { "adx", LT_ACCEL_adx },   { "aes", LT_ACCEL_aes },
    { "avx2", LT_ACCEL_avx2 },     { "vaes", LT_ACCEL_vaes }, { "avx512", LT_ACCEL_avx512 },
    { "ifma", LT_ACCEL_ifma },     { "sha", LT_ACCEL_sha },
};

#if LT_HAS_X86
static uint32_t all_of(uint32_t value, uint32_t bits, uint32_t gives)
{
    return (value & bits) == bits ? gives : 0;
}

/* What the operating system keeps of the vector registers when it switches (XGETBV) */
static uint32_t saved_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static uint32_t of_cpu(void)
{
    uint32_t a, b, c, d, features, wide = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 0;
    features = all_of(c, bit_AES | bit_PCLMUL | bit_SSSE3 | bit_SSE4_1, LT_ACCEL_aes);
    if (c & bit_OSXSAVE)
        wide = saved_state();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return features;
    features |= all_of(b, bit_BMI2 | bit_ADX, LT_ACCEL_adx);
    if (features & LT_ACCEL_aes) /* SSSE3 and SSE4.1 are there */
        features |= all_of(b, bit_SHA, LT_ACCEL_sha);
    if ((wide & 0x06) == 0x06) /* XMM, YMM */
        features |= all_of(b, bit_AVX2 | bit_BMI | bit_BMI2, LT_ACCEL_avx2);
    if ((features & (LT_ACCEL_avx2 | LT_ACCEL_aes)) == (LT_ACCEL_avx2 | LT_ACCEL_aes))
        features |= all_of(c, bit_VAES | bit_VPCLMULQDQ, LT_ACCEL_vaes);
    if ((wide & 0xe6) != 0xe6) /* opmask, ZMM too */
        return features;
    features |=
        all_of(b, bit_AVX512F | bit_AVX512BW | bit_AVX512VL | bit_AVX512DQ, LT_ACCEL_avx512);
    if (features & LT_ACCEL_avx512)
        features |= all_of(b, bit_AVX512IFMA, LT_ACCEL_ifma);
    return features;
}
#else
static uint32_t of_cpu(void)
{
    return 0;
}
#endif

const char *lt_accel_name(size_t i, uint32_t *bit)
{
    if (i >= sizeof names / sizeof *names)
        return NULL;
    *bit = names[i].bit;
    return names[i].name;
}

/* The bits of a list of names; what is no name counts for nothing. */
static uint32_t named(const char *list)
{
    uint32_t bits = 0;
    while (*list) {
        size_t n = strcspn(list, ",");
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strlen(names[i].name) == n && strncmp(names[i].name, list, n) == 0)
                bits |= names[i].bit;
        list += n + (list[n] == ',');
    }
    return bits;
}

static uint32_t found(void)
{
    uint32_t bits = LT_HAS_INT128 ? LT_ACCEL_int128 | of_cpu() : 0;
    const char *wanted = getenv("BEARSSL_ACCEL");
    return wanted ? bits & named(wanted) : bits;
}

uint32_t lt_accel(void)
{
    static const uint32_t known = 1U << 31;
    static _Atomic uint32_t answer;
    uint32_t bits = atomic_load_explicit(&answer, memory_order_relaxed);
    if (!bits) {
        bits = known | found();
        atomic_store_explicit(&answer, bits, memory_order_relaxed);
    }
    return bits & ~known;
}
