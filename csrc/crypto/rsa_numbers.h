/* SPDX-License-Identifier: MIT
 * rsa_numbers.h - do the numbers of an RSAPrivateKey (RFC 8017 A.1.2) belong together? */
#ifndef LT_CRYPTO_RSA_NUMBERS_H
#define LT_CRYPTO_RSA_NUMBERS_H

#include "base/bytes.h"

enum {
    LT_RSA_MAX_BITS = 4096,        /* BearSSL's limit */
    LT_RSA_MAX_FACTOR_BITS = 2080, /* the same, for p and q */
    LT_RSA_MAX_EXPONENT_BITS = 256 /* of e: SP 800-56B section 6.2 */
};

/* Unsigned, big-endian, without leading zeros. */
typedef struct {
    lt_bytes modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2,
        coefficient;
} lt_rsa_numbers;

/* NULL: n = p q, e d = 1 modulo p - 1 and q - 1 (with d in full and as CRT exponents), and
 * q coefficient = 1 modulo p. Else the name of the number that is wrong, or too large. In
 * constant time for numbers of the same sizes. Whether p and q are prime is not asked. */
const char *lt_rsa_numbers_fault(const lt_rsa_numbers *k);

#endif
