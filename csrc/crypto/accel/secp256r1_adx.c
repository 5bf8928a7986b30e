/* SPDX-License-Identifier: MIT
 * secp256r1_adx.c - secp256r1 by MULX, ADCX and ADOX. */
#include "crypto/accel/accel.h"

#if LT_HAS_X86
#define FE_ADX
#include "crypto/accel/secp256r1.h"

const lt_prime_curve lt_secp256r1_adx = { curve_multiply, curve_multiply_base,
                                          curve_sign,     curve_verify,
                                          curve_know,     curve_verify_known };

#endif
