/* SPDX-License-Identifier: MIT
 * accel_curve25519_ifma.c - crypto/accel/curve25519_ifma.h's functions with their vectors emulated. */
#define LT_IFMA_EMULATED
#define lt_curve25519_ifma_here unit_curve25519_ifma_here
#define lt_x25519_ifma unit_x25519_ifma
#define lt_ed25519_ifma_multiply_base unit_ed25519_ifma_multiply_base
#define lt_ed25519_ifma_multiply_two unit_ed25519_ifma_multiply_two
#include "accel_curve25519.h"
#include "crypto/accel/ed25519_ifma.c"
#include "crypto/accel/x25519_ifma.c"

#if LT_HAS_INT128
static fe4 four(const lt_fe a[4])
{
    return lanes_of(&a[0], &a[1], &a[2], &a[3]);
}

void unit_lanes25519(lt_fe r[4], const lt_fe a[4], const lt_fe b[4], const lt_fe c[4])
{
    lanes_get(&r[0], &r[1], &r[2], &r[3], lanes_multiply_add(four(a), four(b), four(c)));
}
#endif
