/* SPDX-License-Identifier: MIT
 * accel_curve25519_ifma.c - crypto/accel/curve25519_ifma.h's functions with their vectors emulated. */
#define LT_IFMA_EMULATED
#define lt_curve25519_ifma_here unit_curve25519_ifma_here
#define lt_x25519_ifma unit_x25519_ifma
#define lt_ed25519_ifma_multiply_base unit_ed25519_ifma_multiply_base
#define lt_ed25519_ifma_multiply_two unit_ed25519_ifma_multiply_two
#include "crypto/accel/ed25519_ifma.c"
#include "crypto/accel/x25519_ifma.c"
