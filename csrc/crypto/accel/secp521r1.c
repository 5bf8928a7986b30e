/* SPDX-License-Identifier: MIT
 * secp521r1.c - secp521r1 (SEC 2 section 2.6.1): its numbers, and what is made of them. */
#include "crypto/accel/accel.h"

#if LT_HAS_INT128

#include <bearssl.h>
#include <stddef.h>
#include <stdint.h>

#define LIMBS 9
#define BITS 521
#define BYTES 66
#define WINDOW 4
#define ROWS 11
#define COLUMNS 13

typedef struct {
    uint64_t limb[LIMBS];
} num;

/* p and n; R and R^2 modulo each, R = 2^(64 LIMBS); b R */
static const num P = { { 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
                         0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
                         0xffffffffffffffff, 0xffffffffffffffff, 0x00000000000001ff } };
static const num P_ONE = { { 0x0080000000000000, 0x0000000000000000, 0x0000000000000000,
                             0x0000000000000000, 0x0000000000000000, 0x0000000000000000,
                             0x0000000000000000, 0x0000000000000000, 0x0000000000000000 } };
static const num P_RR = { { 0x0000000000000000, 0x0000400000000000, 0x0000000000000000,
                            0x0000000000000000, 0x0000000000000000, 0x0000000000000000,
                            0x0000000000000000, 0x0000000000000000, 0x0000000000000000 } };
static const num N = { { 0xbb6fb71e91386409, 0x3bb5c9b8899c47ae, 0x7fcc0148f709a5d0,
                         0x51868783bf2f966b, 0xfffffffffffffffa, 0xffffffffffffffff,
                         0xffffffffffffffff, 0xffffffffffffffff, 0x00000000000001ff } };
static const num N_ONE = { { 0xfb80000000000000, 0x28a2482470b763cd, 0x17e2251b23bb31dc,
                             0xca4019ff5b847b2d, 0x02d73cbc3e206834, 0x0000000000000000,
                             0x0000000000000000, 0x0000000000000000, 0x0000000000000000 } };
static const num N_RR = { { 0x137cd04dcf15dd04, 0xf707badce5547ea3, 0x12a78d38794573ff,
                            0xd3721ef557f75e06, 0xdd6e23d82e49c7db, 0xcff3d142b7756e3e,
                            0x5bcc6d61a8e567bc, 0x2d8e03d1492d0d45, 0x000000000000003d } };
static const num CURVE_B = { { 0x8014654fae586387, 0x78f7a28fea35a81f, 0x839ab9efc41e961a,
                               0xbd8b29605e9dd8df, 0xf0ab0c9ca8f63f49, 0xf9dc5a44c8c77884,
                               0x77516d392dccd98a, 0x0fc94d10d05b42a0, 0x000000000000004d } };
#define N_INVERSE 0x1d2f5ccd79a995c7ULL

#include "crypto/accel/prime_field.h"

/* p = 2^521 - 1: -1/p is 1 modulo 2^64, and k p + k is a shift of k. */
INLINE void fe_reduce(uint64_t t[LIMBS + 2])
{
    uint64_t k = t[0];
    UNROLL
    for (int i = 0; i < LIMBS - 2; i++)
        t[i] = t[i + 1];
    lt_u128 sum = (lt_u128)t[LIMBS - 1] + (k << 9);
    t[LIMBS - 2] = (uint64_t)sum;
    sum = (sum >> 64) + t[LIMBS] + (k >> 55);
    t[LIMBS - 1] = (uint64_t)sum;
    t[LIMBS] = t[LIMBS + 1] + (uint64_t)(sum >> 64);
}

#include "crypto/accel/prime_point.h"
#include "crypto/accel/prime_jacobian.h"
#include "crypto/accel/secp521r1_table.h"
#include "crypto/accel/prime_base.h"
#include "crypto/accel/prime_multiply.h"
#include "crypto/accel/prime_ecdsa.h"

const lt_prime_curve lt_secp521r1 = { curve_multiply, curve_multiply_base,
                                      curve_sign,     curve_verify,
                                      NULL,           NULL };

#endif
