/* SPDX-License-Identifier: MIT
 * suite.h - the cipher suites of this engine: TLS 1.3's (RFC 8446 appendix B.4), and of TLS 1.2
 * those with ECDHE and an AEAD (RFC 5289, RFC 7905). */
#ifndef LT_TLS_SUITE_H
#define LT_TLS_SUITE_H

#include "crypto/aead.h"

typedef struct {
    uint16_t id;
    uint16_t version; /* LT_TLS_1_3 or LT_TLS_1_2: a suite belongs to one of them */
    lt_aead_algorithm aead;
    const br_hash_class *hash; /* of HKDF, or of the PRF */
    bool ecdsa;                /* TLS 1.2: the certificate's key is EC or Ed25519, not RSA */
} lt_suite;

const lt_suite *lt_suite_by_id(uint32_t id); /* NULL: not one of these */

#endif
