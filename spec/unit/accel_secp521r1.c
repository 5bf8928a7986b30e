/* SPDX-License-Identifier: MIT
 * accel_secp521r1.c - see accel_field.h. */
#define lt_secp521r1 unit_secp521r1
#include "crypto/accel/secp521r1.c"

#if LT_HAS_INT128
#define FIELD unit_field_secp521r1
#include "accel_field.h"
#endif
