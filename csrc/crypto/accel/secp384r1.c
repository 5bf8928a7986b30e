/* SPDX-License-Identifier: MIT
 * secp384r1.c - secp384r1 (SEC 2 section 2.5.1): its numbers, and what is made of them. */
#include "crypto/accel/accel.h"

#if LT_HAS_INT128

#include <bearssl.h>
#include <stddef.h>
#include <stdint.h>

#define LIMBS 6
#define BITS 384
#define BYTES 48
#define WINDOW 4
#define ROWS 9
#define COLUMNS 12

typedef struct {
    uint64_t limb[LIMBS];
} num;

/* p and n; R and R^2 modulo each, R = 2^(64 LIMBS); b R */
static const num P = { { 0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe,
                         0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff } };
static const num P_ONE = { { 0xffffffff00000001, 0x00000000ffffffff, 0x0000000000000001,
                             0x0000000000000000, 0x0000000000000000, 0x0000000000000000 } };
static const num P_RR = { { 0xfffffffe00000001, 0x0000000200000000, 0xfffffffe00000000,
                            0x0000000200000000, 0x0000000000000001, 0x0000000000000000 } };
static const num N = { { 0xecec196accc52973, 0x581a0db248b0a77a, 0xc7634d81f4372ddf,
                         0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff } };
static const num N_ONE = { { 0x1313e695333ad68d, 0xa7e5f24db74f5885, 0x389cb27e0bc8d220,
                             0x0000000000000000, 0x0000000000000000, 0x0000000000000000 } };
static const num N_RR = { { 0x2d319b2419b409a9, 0xff3d81e5df1aa419, 0xbc3e483afcb82947,
                            0xd40d49174aab1cc5, 0x3fb05b7a28266895, 0x0c84ee012b39bf21 } };
static const num CURVE_B = { { 0x081188719d412dcc, 0xf729add87a4c32ec, 0x77f2209b1920022e,
                               0xe3374bee94938ae2, 0xb62b21f41f022094, 0xcd08114b604fbff9 } };
#define N_INVERSE 0x6ed46089e88fdc45ULL

#include "crypto/accel/prime_field.h"

INLINE void fe_reduce(uint64_t t[LIMBS + 2])
{
    reduce_limb(t, &P, 0x100000001);
}

#include "crypto/accel/prime_point.h"
#include "crypto/accel/prime_jacobian.h"
#include "crypto/accel/secp384r1_table.h"
#include "crypto/accel/prime_base.h"
#include "crypto/accel/prime_multiply.h"
#include "crypto/accel/prime_ecdsa.h"

const lt_prime_curve lt_secp384r1 = { curve_multiply, curve_multiply_base,
                                      curve_sign,     curve_verify,
                                      NULL,           NULL };

#endif
