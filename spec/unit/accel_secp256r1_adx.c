/* SPDX-License-Identifier: MIT
 * accel_secp256r1_adx.c - see accel_field.h. */
#define lt_secp256r1_adx unit_secp256r1_adx
#include "crypto/accel/secp256r1_adx.c"

#if LT_HAS_X86
#define FIELD unit_field_secp256r1_adx
#include "accel_field.h"
#endif
