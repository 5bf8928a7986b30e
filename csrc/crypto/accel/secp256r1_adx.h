/* SPDX-License-Identifier: MIT
 * secp256r1_adx.h - products modulo p and n of secp256r1 by MULX, ADCX and ADOX, whose two chains of
 * carries take a row of four products without a wait (Ozturk, Guilford, Gopal, Feghali: New instructions
 * supporting large integer arithmetic on Intel architecture processors; for this curve S. Gueron, V. Krasnov:
 * Fast prime field elliptic-curve cryptography with 256-bit primes). Steps of the reduction as in
 * secp256r1.h. */

/* t += x y of the four limbs at x, and y in rdx */
#define ADX_ROW(x, t0, t1, t2, t3, t4, t5)                                          \
    "xorl %k[low], %k[low]\n\tmulxq (%[" #x "]), %[low], %[high]\n\t"               \
    "adcxq %[low], %[" #t0 "]\n\tadoxq %[high], %[" #t1 "]\n\t"                     \
    "mulxq 8(%[" #x "]), %[low], %[high]\n\tadcxq %[low], %[" #t1 "]\n\t"           \
    "adoxq %[high], %[" #t2 "]\n\tmulxq 16(%[" #x "]), %[low], %[high]\n\t"         \
    "adcxq %[low], %[" #t2 "]\n\tadoxq %[high], %[" #t3 "]\n\t"                     \
    "mulxq 24(%[" #x "]), %[low], %[high]\n\tadcxq %[low], %[" #t3 "]\n\t"          \
    "adoxq %[high], %[" #t4 "]\n\tmovl $0, %k[low]\n\tadcxq %[low], %[" #t4 "]\n\t" \
    "adoxq %[low], %[" #t5 "]\n\tadcxq %[low], %[" #t5 "]\n\t"
#define ADX_ROW_B(i, ...) "movq " #i "*8(%[b]), %%rdx\n\t" ADX_ROW(a, __VA_ARGS__)
/* The first one, of a t that has nothing yet */
#define ADX_FIRST_ROW                                                                      \
    "movq (%[b]), %%rdx\n\tmulxq (%[a]), %[t0], %[t1]\n\tmulxq 8(%[a]), %[low], %[t2]\n\t" \
    "addq %[low], %[t1]\n\tmulxq 16(%[a]), %[low], %[t3]\n\tadcq %[low], %[t2]\n\t"        \
    "mulxq 24(%[a]), %[low], %[t4]\n\tadcq %[low], %[t3]\n\tadcq $0, %[t4]\n\t"            \
    "xorl %k[t5], %k[t5]\n\t"
/* t0 times p added, which makes it zero: t1, t2, t3 and the carry out of them in `high` */
#define ADX_REDUCE_LIMB(t0, t1, t2, t3)                                                 \
    "movq %[" #t0 "], %%rdx\n\tmulxq %[p3], %[low], %[high]\n\tshlq $32, %%rdx\n\t"     \
    "shrq $32, %[" #t0 "]\n\taddq %%rdx, %[" #t1 "]\n\tadcq %[" #t0 "], %[" #t2 "]\n\t" \
    "adcq %[low], %[" #t3 "]\n\t"
#define ADX_REDUCE(t0, t1, t2, t3, t4, t5) \
    ADX_REDUCE_LIMB(t0, t1, t2, t3)        \
    "adcq %[high], %[" #t4 "]\n\tadcq $0, %[" #t5 "]\n\txorl %k[" #t0 "], %k[" #t0 "]\n\t"
/* The same where nothing is above t3 */
#define ADX_REDUCE_LOW(t0, t1, t2, t3) \
    ADX_REDUCE_LIMB(t0, t1, t2, t3) "adcq $0, %[high]\n\tmovq %[high], %[" #t0 "]\n\t"
/* low, high, rdx, t3 = t4, t5, t0, t1, less m if that, with t2 above it, is not below zero */
#define ADX_END(m0, m1, m2, m3)                                                             \
    "movq %[t4], %[low]\n\tsubq " m0 ", %[low]\n\tmovq %[t5], %[high]\n\tsbbq " m1          \
    ", %[high]\n\tmovq %[t0], %%rdx\n\tsbbq " m2 ", %%rdx\n\tmovq %[t1], %[t3]\n\tsbbq " m3 \
    ", %[t3]\n\tsbbq $0, %[t2]\n\tcmovcq %[t4], %[low]\n\tcmovcq %[t5], %[high]\n\t"        \
    "cmovcq %[t0], %%rdx\n\tcmovcq %[t1], %[t3]"

static void fe_multiply(num *r, const num *a, const num *b)
{
    uint64_t t0, t1, t2, t3, t4, t5, low, high, d;
    __asm__(ADX_FIRST_ROW ADX_REDUCE(t0, t1, t2, t3, t4, t5)
                ADX_ROW_B(1, t1, t2, t3, t4, t5, t0) ADX_REDUCE(t1, t2, t3, t4, t5, t0)
                    ADX_ROW_B(2, t2, t3, t4, t5, t0, t1) ADX_REDUCE(t2, t3, t4, t5, t0, t1)
                        ADX_ROW_B(3, t3, t4, t5, t0, t1, t2) ADX_REDUCE(t3, t4, t5, t0, t1, t2)
                            ADX_END("$-1", "%[p1]", "$0", "%[p3]")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4),
              [t5] "=&r"(t5), [low] "=&r"(low), [high] "=&r"(high), "=&d"(d)
            : [a] "r"(a->limb), [b] "r"(b->limb), [p1] "m"(P.limb[1]), [p3] "m"(P.limb[3])
            : "cc", "memory");
    *r = (num){ { low, high, d, t3 } };
}

/* The products of different limbs once, doubled, and the squares between them */
#define ADX_CROSS                                                                             \
    "movq (%[a]), %%rdx\n\tmulxq 8(%[a]), %[t1], %[t2]\n\tmulxq 16(%[a]), %[low], %[t3]\n\t"  \
    "addq %[low], %[t2]\n\tmulxq 24(%[a]), %[low], %[t4]\n\tadcq %[low], %[t3]\n\t"           \
    "adcq $0, %[t4]\n\tmovq 8(%[a]), %%rdx\n\tmulxq 24(%[a]), %[low], %[t5]\n\t"              \
    "addq %[low], %[t4]\n\tadcq $0, %[t5]\n\tmulxq 16(%[a]), %[low], %[high]\n\t"             \
    "addq %[low], %[t3]\n\tadcq %[high], %[t4]\n\tadcq $0, %[t5]\n\tmovq 16(%[a]), %%rdx\n\t" \
    "mulxq 24(%[a]), %[low], %[t6]\n\taddq %[low], %[t5]\n\tadcq $0, %[t6]\n\t"
#define ADX_DOUBLE                                                                           \
    "xorl %k[t7], %k[t7]\n\taddq %[t1], %[t1]\n\tadcq %[t2], %[t2]\n\tadcq %[t3], %[t3]\n\t" \
    "adcq %[t4], %[t4]\n\tadcq %[t5], %[t5]\n\tadcq %[t6], %[t6]\n\tadcq %[t7], %[t7]\n\t"
#define ADX_SQUARES                                                                   \
    "movq (%[a]), %%rdx\n\tmulxq %%rdx, %[t0], %[high]\n\taddq %[high], %[t1]\n\t"    \
    "movq 8(%[a]), %%rdx\n\tmulxq %%rdx, %[low], %[high]\n\tadcq %[low], %[t2]\n\t"   \
    "adcq %[high], %[t3]\n\tmovq 16(%[a]), %%rdx\n\tmulxq %%rdx, %[low], %[high]\n\t" \
    "adcq %[low], %[t4]\n\tadcq %[high], %[t5]\n\tmovq 24(%[a]), %%rdx\n\t"           \
    "mulxq %%rdx, %[low], %[high]\n\tadcq %[low], %[t6]\n\tadcq %[high], %[t7]\n\t"
/* t0 to t3 plus t4 to t7, and less p as in ADX_END: in t4 to t7 */
#define ADX_END_SQUARE                                                                         \
    "xorl %k[low], %k[low]\n\taddq %[t4], %[t0]\n\tadcq %[t5], %[t1]\n\tadcq %[t6], %[t2]\n\t" \
    "adcq %[t7], %[t3]\n\tadcq $0, %[low]\n\tmovq %[t0], %[t4]\n\tsubq $-1, %[t4]\n\t"         \
    "movq %[t1], %[t5]\n\tsbbq %[p1], %[t5]\n\tmovq %[t2], %[t6]\n\tsbbq $0, %[t6]\n\t"        \
    "movq %[t3], %[t7]\n\tsbbq %[p3], %[t7]\n\tsbbq $0, %[low]\n\tcmovcq %[t0], %[t4]\n\t"     \
    "cmovcq %[t1], %[t5]\n\tcmovcq %[t2], %[t6]\n\tcmovcq %[t3], %[t7]"

static void fe_square(num *r, const num *a)
{
    uint64_t t0, t1, t2, t3, t4, t5, t6, t7, low, high;
    __asm__(
        ADX_CROSS ADX_DOUBLE ADX_SQUARES ADX_REDUCE_LOW(t0, t1, t2, t3)
            ADX_REDUCE_LOW(t1, t2, t3, t0) ADX_REDUCE_LOW(t2, t3, t0, t1)
                ADX_REDUCE_LOW(t3, t0, t1, t2) ADX_END_SQUARE
        : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4),
          [t5] "=&r"(t5), [t6] "=&r"(t6), [t7] "=&r"(t7), [low] "=&r"(low), [high] "=&r"(high)
        : [a] "r"(a->limb), [p1] "m"(P.limb[1]), [p3] "m"(P.limb[3])
        : "rdx", "cc", "memory");
    *r = (num){ { t4, t5, t6, t7 } };
}

/* t0 times -1/n times n added */
#define ADX_REDUCE_N(t0, ...) \
    "movq %[inverse], %%rdx\n\timulq %[" #t0 "], %%rdx\n\t" ADX_ROW(n, t0, __VA_ARGS__)

static void scalar_multiply(num *r, const num *a, const num *b)
{
    static const uint64_t inverse = N_INVERSE;
    uint64_t t0, t1, t2, t3, t4, t5, low, high, d;
    __asm__(ADX_FIRST_ROW ADX_REDUCE_N(t0, t1, t2, t3, t4, t5)
                ADX_ROW_B(1, t1, t2, t3, t4, t5, t0) ADX_REDUCE_N(t1, t2, t3, t4, t5, t0)
                    ADX_ROW_B(2, t2, t3, t4, t5, t0, t1) ADX_REDUCE_N(t2, t3, t4, t5, t0, t1)
                        ADX_ROW_B(3, t3, t4, t5, t0, t1, t2)
                            ADX_REDUCE_N(t3, t4, t5, t0, t1, t2)
                                ADX_END("(%[n])", "8(%[n])", "16(%[n])", "24(%[n])")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4),
              [t5] "=&r"(t5), [low] "=&r"(low), [high] "=&r"(high), "=&d"(d)
            : [a] "r"(a->limb), [b] "r"(b->limb), [n] "r"(N.limb), [inverse] "m"(inverse)
            : "cc", "memory");
    *r = (num){ { low, high, d, t3 } };
}
