/* SPDX-License-Identifier: MIT
 * prime_curves.c - see prime_curves.h. */
#include "crypto/accel/prime_curves.h"

#include "crypto/accel/accel.h"

const lt_prime_curve *lt_prime_curve_find(int curve)
{
#if LT_HAS_INT128
    if (!lt_accel_has(LT_ACCEL_int128))
        return NULL;
    switch (curve) {
    case BR_EC_secp256r1:
#if LT_HAS_X86
        if (lt_accel_has(LT_ACCEL_adx))
            return &lt_secp256r1_adx;
#endif
        return &lt_secp256r1;
    case BR_EC_secp384r1:
        return &lt_secp384r1;
    case BR_EC_secp521r1:
        return &lt_secp521r1;
    default:
        return NULL;
    }
#else
    (void)curve;
    return NULL;
#endif
}
