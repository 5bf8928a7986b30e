/* SPDX-License-Identifier: MIT
 * rsa.h - RSA's primitives (RFC 8017 sections 5.1.2 and 5.2.2) on montgomery.h. */
#ifndef LT_CRYPTO_ACCEL_RSA_H
#define LT_CRYPTO_ACCEL_RSA_H

#include <bearssl.h>

#include "base/bytes.h"

typedef enum {
    LT_RSA_done,
    LT_RSA_out_of_range, /* x is not below n */
    LT_RSA_not_here,     /* a key that montgomery.h has nothing for, or a machine */
} lt_rsa_result;

/* x^e mod n in place, of as many octets as n; all of it public. n begins with no zero; e
 * is odd, above 1, and begins with none either. */
lt_rsa_result lt_accel_rsa_public(uint8_t *x, lt_bytes n, lt_bytes e);

/* x^d mod n in place by the Chinese remainder theorem, in constant time */
lt_rsa_result lt_accel_rsa_private(uint8_t *x, const br_rsa_private_key *sk);

#endif
