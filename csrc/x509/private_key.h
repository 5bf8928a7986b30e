/* SPDX-License-Identifier: MIT
 * private_key.h - a private key in BearSSL's shape, read by our own bounded reader from PKCS#1
 * (RFC 8017 A.1.2), SEC1 (RFC 5915) or PKCS#8 (RFC 5958, for Ed25519 RFC 8410), in PEM or DER.
 * RSA from 2048 to 4096 bits, P-256, P-384, P-521, Ed25519. */
#ifndef LT_X509_PRIVATE_KEY_H
#define LT_X509_PRIVATE_KEY_H

#include "x509/public_key.h"

typedef struct lt_private_key {
    lt_key_type type; /* LT_KEY_rsa, LT_KEY_rsa_pss (for PSS only), LT_KEY_ec, LT_KEY_ed25519 */
    br_rsa_private_key rsa;
    br_ec_private_key ec;
    br_rsa_public_key rsa_public; /* n and e, taken from the file and checked against p and q */
    uint8_t ec_point[BR_EC_KBUF_PUB_MAX_SIZE]; /* computed from the private key */
    size_t ec_point_size;
    const uint8_t *ed25519_seed; /* 32 bytes: the privateKey of RFC 8032 section 5.1.5 */
    uint8_t ed25519_public[32];  /* computed from it */
    lt_bytes pkcs8; /* of a key that was made here: what a file takes; n = 0: read */
    uint8_t *data;  /* owned; every pointer above is into it; wiped when freed */
    size_t size;
} lt_private_key;

/* PEM or DER; of several blocks the first private key; `password` for an encrypted one (n = 0 and p = NULL: none at hand). LT_no_key,
 * LT_bad_key, LT_unsupported_key, LT_encrypted_key, LT_bad_password, LT_pem, LT_memory. */
lt_code lt_private_key_parse(lt_private_key *k, lt_bytes text, lt_bytes password, lt_error *e);
lt_code lt_private_key_copy(lt_private_key *k, const lt_private_key *from, lt_error *e);
/* A copy that has its PKCS#8 too. */
lt_code lt_private_key_with_pkcs8(lt_private_key *k, const lt_private_key *from, lt_bytes pkcs8,
                                  lt_error *e);
void lt_private_key_free(lt_private_key *k); /* wipes; twice is fine */

/* Is this the private half of the certificate's key? LT_OK or LT_key_mismatch, which says how. */
lt_code lt_private_key_matches(const lt_private_key *k, lt_bytes certificate_der, lt_error *e);

/* The public half as SubjectPublicKeyInfo; gives its size. RSA's is the longest: 513 bytes of n,
 * 33 of e, 40 of all else. */
enum { LT_PRIVATE_KEY_SPKI_MAX = 640 };
size_t lt_private_key_spki(const lt_private_key *k, uint8_t out[LT_PRIVATE_KEY_SPKI_MAX]);

/* Its AlgorithmIdentifier, of which the type and EC's curve are all that is asked. */
struct der_writer;
void lt_private_key_put_algorithm(struct der_writer *w, const lt_private_key *k);

#endif
