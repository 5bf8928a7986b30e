/* SPDX-License-Identifier: MIT
 * signature_scheme.h - SignatureScheme (RFC 8446 section 4.2.3) taken apart. Before TLS 1.3 the
 * same numbers were a hash and a signature algorithm, and ECDSA's named no curve. */
#ifndef LT_CRYPTO_SIGNATURE_SCHEME_H
#define LT_CRYPTO_SIGNATURE_SCHEME_H

#include <bearssl.h>

#include "base/bytes.h"

typedef enum {
    LT_SIGN_rsa_pkcs1,
    LT_SIGN_rsa_pss_rsae,
    LT_SIGN_rsa_pss_pss,
    LT_SIGN_ecdsa,
    LT_SIGN_ed25519
} lt_signature_kind;

typedef struct {
    uint16_t id;
    lt_signature_kind kind;
    const br_hash_class *hash; /* NULL: the message itself is signed */
    int curve;                 /* ECDSA in TLS 1.3: BR_EC_ number */
} lt_signature_scheme;

const lt_signature_scheme *lt_signature_scheme_by_id(uint32_t id); /* NULL: not supported */

#endif
