/* SPDX-License-Identifier: MIT
 * secp256r1.h - secp256r1 (SEC 2 section 2.4.2): its numbers, and what is made of them. Included by a file
 * that may define FE_ADX, for products by MULX, ADCX and ADOX. */
#include <bearssl.h>
#include <stddef.h>
#include <stdint.h>

#define LIMBS 4
#define BITS 256
#define BYTES 32
#define WINDOW 5
#define ROWS 18
#define COLUMNS 3

typedef struct {
    uint64_t limb[LIMBS];
} num;

/* p and n; R and R^2 modulo each, R = 2^(64 LIMBS); b R */
static const num P = { { 0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000,
                         0xffffffff00000001 } };
static const num P_ONE = { { 0x0000000000000001, 0xffffffff00000000, 0xffffffffffffffff,
                             0x00000000fffffffe } };
static const num P_RR = { { 0x0000000000000003, 0xfffffffbffffffff, 0xfffffffffffffffe,
                            0x00000004fffffffd } };
static const num N = { { 0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff,
                         0xffffffff00000000 } };
static const num N_ONE = { { 0x0c46353d039cdaaf, 0x4319055258e8617b, 0x0000000000000000,
                             0x00000000ffffffff } };
static const num N_RR = { { 0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59,
                            0x66e12d94f3d95620 } };
static const num CURVE_B = { { 0xd89cdf6229c4bddf, 0xacf005cd78843090, 0xe5a220abf7212ed6,
                               0xdc30061d04874834 } };
#define N_INVERSE 0xccd1c8aaee00bc4fULL

#ifdef __x86_64__
#define FE_MULTIPLY
#endif
#ifdef FE_ADX
#define FE_SQUARE
#define SCALAR_MULTIPLY
#endif
#include "crypto/accel/prime_field.h"

/* p = 2^256 - 2^224 + 2^192 + 2^96 - 1: -1/p is 1 modulo 2^64, and k p + k has three limbs that
 * are shifts of k, so that a step of the reduction takes one product. */
#ifdef FE_ADX
#include "crypto/accel/secp256r1_adx.h"
#elif defined __x86_64__
/* t += a b[i] */
#define ROW(i, t0, t1, t2, t3, t4, t5)                                             \
    "movq " #i "*8(%[b]), %[y]\n\tmovq (%[a]), %%rax\n\tmulq %[y]\n\t"             \
    "addq %%rax, %[" #t0 "]\n\tadcq $0, %%rdx\n\tmovq %%rdx, %[c]\n\t" STEP(8, t1) \
        STEP(16, t2) STEP(24, t3) "addq %[c], %[" #t4 "]\n\tadcq $0, %[" #t5 "]\n\t"
#define STEP(offset, t)                                                                        \
    "movq " #offset "(%[a]), %%rax\n\tmulq %[y]\n\taddq %[c], %[" #t "]\n\tadcq $0, %%rdx\n\t" \
    "addq %%rax, %[" #t "]\n\tadcq $0, %%rdx\n\tmovq %%rdx, %[c]\n\t"
/* t = t / 2^64 of t made whole; t0 is the limb above t5 then, and zero */
#define REDUCE(t0, t1, t2, t3, t4, t5)                                                    \
    "movq %[" #t0 "], %%rax\n\tmulq %[p3]\n\tmovq %[" #t0 "], %[c]\n\tshlq $32, %[c]\n\t" \
    "shrq $32, %[" #t0 "]\n\taddq %[c], %[" #t1 "]\n\tadcq %[" #t0 "], %[" #t2 "]\n\t"    \
    "adcq %%rax, %[" #t3 "]\n\tadcq %%rdx, %[" #t4 "]\n\tadcq $0, %[" #t5 "]\n\t"         \
    "xorl %k[" #t0 "], %k[" #t0 "]\n\t"

static void fe_multiply(num *r, const num *a, const num *b)
{
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, t5 = 0, y, c, low, next;
    __asm__(ROW(0, t0, t1, t2, t3, t4, t5) REDUCE(t0, t1, t2, t3, t4, t5)
                ROW(1, t1, t2, t3, t4, t5, t0) REDUCE(t1, t2, t3, t4, t5, t0)
                    ROW(2, t2, t3, t4, t5, t0, t1) REDUCE(t2, t3, t4, t5, t0, t1)
                        ROW(3, t3, t4, t5, t0, t1, t2) REDUCE(t3, t4, t5, t0, t1, t2)
            /* less p, if that is not below zero; t3 is free */
            "movl $0xffffffff, %k[t3]\n\t"
            "movq %[t4], %%rax\n\tsubq $-1, %%rax\n\tmovq %[t5], %%rdx\n\tsbbq %[t3], %%rdx\n\t"
            "movq %[t0], %[c]\n\tsbbq $0, %[c]\n\tmovq %[t1], %[y]\n\tsbbq %[p3], %[y]\n\t"
            "sbbq $0, %[t2]\n\tcmovcq %[t4], %%rax\n\tcmovcq %[t5], %%rdx\n\t"
            "cmovcq %[t0], %[c]\n\tcmovcq %[t1], %[y]"
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4),
              [t5] "+&r"(t5), [y] "=&r"(y), [c] "=&r"(c), "=&a"(low), "=&d"(next)
            : [a] "r"(a->limb), [b] "r"(b->limb), [p3] "m"(P.limb[3])
            : "cc", "memory");
    r->limb[0] = low;
    r->limb[1] = next;
    r->limb[2] = c;
    r->limb[3] = y;
}
#endif

#ifdef __x86_64__
INLINE void fe_add(num *r, const num *a, const num *b)
{
    uint64_t t0 = a->limb[0], t1 = a->limb[1], t2 = a->limb[2], t3 = a->limb[3];
    uint64_t l0, l1, l2, l3, above = 0, p1 = P.limb[1];
    __asm__("addq %[b0], %[t0]\n\tadcq %[b1], %[t1]\n\tadcq %[b2], %[t2]\n\t"
            "adcq %[b3], %[t3]\n\tadcq $0, %[above]\n\tmovq %[t0], %[l0]\n\t"
            "movq %[t1], %[l1]\n\tmovq %[t2], %[l2]\n\tmovq %[t3], %[l3]\n\t"
            "subq $-1, %[l0]\n\tsbbq %[p1], %[l1]\n\tsbbq $0, %[l2]\n\tsbbq %[p3], %[l3]\n\t"
            "sbbq $0, %[above]\n\tcmovcq %[t0], %[l0]\n\tcmovcq %[t1], %[l1]\n\t"
            "cmovcq %[t2], %[l2]\n\tcmovcq %[t3], %[l3]"
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [l0] "=&r"(l0),
              [l1] "=&r"(l1), [l2] "=&r"(l2), [l3] "=&r"(l3), [above] "+&r"(above)
            : [b0] "m"(b->limb[0]), [b1] "m"(b->limb[1]), [b2] "m"(b->limb[2]),
              [b3] "m"(b->limb[3]), [p1] "rm"(p1), [p3] "m"(P.limb[3])
            : "cc");
    *r = (num){ { l0, l1, l2, l3 } };
}

INLINE void fe_subtract(num *r, const num *a, const num *b)
{
    uint64_t t0 = a->limb[0], t1 = a->limb[1], t2 = a->limb[2], t3 = a->limb[3];
    uint64_t mask, low;
    __asm__("subq %[b0], %[t0]\n\tsbbq %[b1], %[t1]\n\tsbbq %[b2], %[t2]\n\t"
            "sbbq %[b3], %[t3]\n\tsbbq %[mask], %[mask]\n\tmovl %k[mask], %k[low]\n\t"
            "addq %[mask], %[t0]\n\tadcq %[low], %[t1]\n\tadcq $0, %[t2]\n\t"
            "movq %[mask], %[low]\n\t" /* flags stay */
            "adcq $0, %[t3]\n\tandq %[p3], %[low]\n\taddq %[low], %[t3]"
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3),
              [mask] "=&r"(mask), [low] "=&r"(low)
            : [b0] "m"(b->limb[0]), [b1] "m"(b->limb[1]), [b2] "m"(b->limb[2]),
              [b3] "m"(b->limb[3]), [p3] "m"(P.limb[3])
            : "cc");
    *r = (num){ { t0, t1, t2, t3 } };
}
#else
INLINE void fe_reduce(uint64_t t[LIMBS + 2])
{
    uint64_t k = t[0];
    lt_u128 sum = (lt_u128)t[1] + (k << 32);
    t[0] = (uint64_t)sum;
    sum = (sum >> 64) + t[2] + (k >> 32);
    t[1] = (uint64_t)sum;
    sum = (sum >> 64) + t[3] + (lt_u128)k * P.limb[3];
    t[2] = (uint64_t)sum;
    sum = (sum >> 64) + t[4];
    t[3] = (uint64_t)sum;
    t[4] = t[5] + (uint64_t)(sum >> 64);
}
#endif

#include "crypto/accel/prime_point.h"
#include "crypto/accel/prime_jacobian.h"
#include "crypto/accel/secp256r1_table.h"
#define TABLE ((const affine(*)[ENTRIES])lt_secp256r1_table)
#include "crypto/accel/prime_base.h"
#include "crypto/accel/prime_multiply.h"
#include "crypto/accel/prime_ecdsa.h"
#include "crypto/accel/prime_known.h"
