/* SPDX-License-Identifier: MIT
 * secp256r1.c - secp256r1 on any machine with products of 128 bits. */
#include "crypto/accel/accel.h"

#if LT_HAS_INT128
#include "crypto/accel/secp256r1.h"

const lt_prime_curve lt_secp256r1 = { curve_multiply, curve_multiply_base, curve_sign,
                                      curve_verify,   curve_know,          curve_verify_known };

#endif
