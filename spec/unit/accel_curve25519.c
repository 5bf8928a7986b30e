/* SPDX-License-Identifier: MIT
 * accel_curve25519.c - see accel_curve25519.h. */
#define LT_IFMA_EMULATED
#include "accel_curve25519.h"

#if LT_HAS_INT128
#define lt_curve25519_ifma_here unit_curve25519_emulated
#define lt_x25519_ifma unit_x25519_ifma
#define lt_ed25519_ifma_multiply_base unit_ed25519_ifma_multiply_base
#define lt_ed25519_ifma_multiply_two unit_ed25519_ifma_multiply_two
#define lt_x25519 unit_x25519
#define lt_x25519_base unit_x25519_base
#define lt_ed25519_multiply_base unit_ed25519_multiply_base
#define lt_ed25519_multiply_two unit_ed25519_multiply_two
#define lt_ed25519_encode unit_ed25519_encode
#define lt_ed25519_decode unit_ed25519_decode
#include "crypto/ed25519_point.c"
#include "crypto/accel/x25519.c"

static bool emulated;

bool unit_curve25519_emulated(void)
{
    return emulated;
}

void unit_curve25519_emulate(bool yes)
{
    emulated = yes;
}
#endif
