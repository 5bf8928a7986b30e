/* SPDX-License-Identifier: MIT
 * signature.h - a signature over bytes, by an AlgorithmIdentifier and a public key: RSA PKCS#1
 * v1.5 and PSS (RFC 4055), ECDSA (RFC 5758), Ed25519 (RFC 8410). For certificates, CRLs and OCSP
 * responses alike. Knows none of them. */
#ifndef LT_X509_SIGNATURE_H
#define LT_X509_SIGNATURE_H

#include "x509/public_key.h"

/* Bit n: BearSSL's hash n. */
enum {
    LT_HASH_sha1 = 1 << br_sha1_ID,
    LT_HASH_sha224 = 1 << br_sha224_ID,
    LT_HASH_sha256 = 1 << br_sha256_ID,
    LT_HASH_sha384 = 1 << br_sha384_ID,
    LT_HASH_sha512 = 1 << br_sha512_ID,
    LT_HASH_sha2 = LT_HASH_sha224 | LT_HASH_sha256 | LT_HASH_sha384 | LT_HASH_sha512,
};

/* RSASSA-PSS-params (RFC 4055 section 3.1) */
typedef struct {
    const br_hash_class *hash, *mgf1_hash;
    uint32_t salt_size;
} lt_pss_parameters;

typedef struct {
    const char *name;          /* "sha256WithRSAEncryption", as its RFC writes it */
    lt_key_type type;          /* of the key that made the signature */
    const br_hash_class *hash; /* NULL: Ed25519 */
    lt_pss_parameters pss;     /* with LT_KEY_rsa_pss */
} lt_signature_algorithm;

/* LT_weak_signature for MD2 and MD5, LT_unsupported_certificate for what else we do not know. */
lt_code lt_signature_algorithm_parse(lt_signature_algorithm *a, lt_bytes algorithm,
                                     lt_error *e);

enum { LT_SIGNATURE_sha1 = 1 }; /* flag: SHA-1 is good enough, said aloud */

/* LT_OK, LT_bad_certificate_signature, LT_weak_signature, LT_weak_key (RSA under 1024 bits, or an
 * exponent that is none), LT_unsupported_certificate. `algorithm`: with its header. */
lt_code lt_signature_verify(lt_bytes algorithm, const lt_public_key *key, lt_bytes message,
                            lt_bytes signature, uint32_t flags, lt_error *e);

#endif
