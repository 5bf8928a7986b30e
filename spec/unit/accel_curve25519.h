/* SPDX-License-Identifier: MIT
 * accel_curve25519.h - crypto/accel/x25519.c and crypto/ed25519_point.c once more under other names,
 * without AVX-512 IFMA, or with its vectors emulated. */
#ifndef LT_UNIT_ACCEL_CURVE25519_H
#define LT_UNIT_ACCEL_CURVE25519_H

#include "crypto/ed25519_point.h"

#if LT_HAS_INT128
void unit_curve25519_emulate(bool yes); /* which of the two it is from here on */

void unit_x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t u[32]);
void unit_x25519_base(uint8_t out[32], const uint8_t scalar[32]);
void unit_ed25519_multiply_base(lt_ed25519_point *r, const uint8_t scalar[32]);
void unit_ed25519_multiply_two(lt_ed25519_point *r, const uint8_t s[32], const uint8_t k[32],
                               const lt_ed25519_point *p);

/* a b + c, of field25519_lanes.h with its vectors emulated */
void unit_lanes25519(lt_fe r[4], const lt_fe a[4], const lt_fe b[4], const lt_fe c[4]);
#endif

#endif
