/* SPDX-License-Identifier: MIT
 * accel_ifma.c - crypto/accel/rsa_ifma.c with its vectors emulated. */
#define LT_IFMA_EMULATED
#define lt_rsa_ifma_here unit_rsa_ifma_here
#define lt_rsa_ifma_private unit_rsa_ifma_private
#define lt_rsa_ifma_public unit_rsa_ifma_public
#include "crypto/accel/rsa_ifma.c"
