/* SPDX-License-Identifier: MIT
 * private_key_sign.h - signatures by a private key: of handshakes, and of what an authority issues. */
#ifndef LT_X509_PRIVATE_KEY_SIGN_H
#define LT_X509_PRIVATE_KEY_SIGN_H

#include "base/secret.h"
#include "crypto/random.h"
#include "crypto/signature_scheme.h"
#include "x509/der_build.h"
#include "x509/private_key.h"

/* Signs `message` (not its hash), by a kind that the key has. `out` has LT_SIGNATURE_MAX bytes.
 * PSS's salt is as long as the hash (RFC 8446 section 4.2.3). A signature of RSA that the public key does
 * not verify is LT_internal, and nothing of it is in `out`. */
lt_code lt_private_key_sign(const lt_private_key *k, lt_signature_kind kind,
                            const br_hash_class *hash, lt_bytes message, lt_random *random,
                            uint8_t *out, size_t *n, lt_error *e);

/* PKCS#1 v1.5 for BearSSL's engine, as its br_rsa_pkcs1_sign; verified likewise, 0 then. `sk` is the `rsa` of a
 * lt_private_key: the engine hands on what it was given. */
uint32_t lt_private_key_sign_pkcs1(const unsigned char *hash_oid, const unsigned char *hash,
                                   size_t hash_size, const br_rsa_private_key *sk,
                                   unsigned char *x);

/* The hash that goes with the key (its curve's, RFC 5480 section 4; of RSA SHA-256); NULL: Ed25519, which
 * hashes by itself. */
const br_hash_class *lt_private_key_hash(const lt_private_key *k);

/* Appends SEQUENCE { what `write` writes, AlgorithmIdentifier, BIT STRING }: the shape of certificates,
 * requests and CRLs (RFC 5280 section 4.1, 5.1, RFC 2986 section 4.2). `hash`: NULL is the key's own.
 * What stands between may want the AlgorithmIdentifier too: lt_signature_put_algorithm. */
typedef struct {
    const lt_private_key *key;
    const br_hash_class *hash;
    lt_random *random;
} lt_signer;
lt_code lt_signed_build(lt_buffer *out, lt_der_write *write, const void *content,
                        const lt_signer *signer, const char *where, lt_error *e);
void lt_signature_put_algorithm(der_writer *w, const lt_signer *signer);

/* The key's signature over bytes that are written already, as X.509 has it. */
lt_code lt_signer_sign(const lt_signer *signer, lt_bytes message, uint8_t *out, size_t *n,
                       lt_error *e);

#endif
