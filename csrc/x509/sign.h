/* SPDX-License-Identifier: MIT
 * sign.h - what an engine asks of an identity: its certificates, which signature schemes its key
 * has, and a signature. The other half of verify.h: an engine sees neither certificate nor key. */
#ifndef LT_X509_SIGN_H
#define LT_X509_SIGN_H

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/random.h"

struct lt_identity;   /* x509/identity.h */
struct lt_known_keys; /* x509/known_keys.h */

enum { LT_SIGNATURE_MAX = 512 }; /* bytes: RSA-4096 */

/* The i-th of an array of them. */
const struct lt_identity *lt_identity_at(const struct lt_identity *identities, size_t i);

/* DER, the leaf first. */
const lt_bytes *lt_identity_certificates(const struct lt_identity *id, size_t *count);

/* Can its key make this SignatureScheme? With `curve_bound` (TLS 1.3) ECDSA's hash and curve go
 * together, and RSA signs by PSS alone; without it (TLS 1.2) any curve goes with any hash. */
bool lt_identity_signs(const struct lt_identity *id, uint32_t scheme, bool tls_1_3);

/* Is every certificate of its chain signed by one of these SignatureSchemes (two bytes each)? One that
 * signed itself need not be: nobody verifies that (RFC 8446 section 4.4.2.2). */
bool lt_identity_chain_fits(const struct lt_identity *id, lt_bytes schemes);

/* The OCSPResponse to staple to the i-th certificate, and the SCT list; n = 0: none. */
lt_bytes lt_identity_staple(const struct lt_identity *id, size_t i);
lt_bytes lt_identity_scts(const struct lt_identity *id);

/* Does its chain lead to one of these (opaque DistinguishedName<1..2^16-1> after another)? n = 0: any. */
bool lt_identity_issued_by(const struct lt_identity *id, lt_bytes authorities);

bool lt_identity_is_external(const struct lt_identity *id); /* its key is asked, not used */
bool lt_identity_is_rsa(const struct lt_identity *id);
/* The names of a CertificateRequest as text, as many as there is room for; its length. */
size_t lt_authorities_text(lt_bytes authorities, char *out, size_t room);
/* The NamedGroup of an EC key; 0: another kind of key. */
uint32_t lt_identity_group(const struct lt_identity *id);

/* Signs `message` (not its hash). `out` has LT_SIGNATURE_MAX bytes. */
lt_code lt_identity_sign(const struct lt_identity *id, uint32_t scheme, lt_bytes message,
                         lt_random *random, uint8_t *out, size_t *n, lt_error *e);

/* Does the key of this certificate verify the peer's handshake signature? Codes: bad_signature,
 * illegal_parameter (a scheme that the key has not), key_usage, weak_key, bad_certificate. `keys` may be
 * NULL. */
lt_code lt_certificate_check_signature(lt_bytes certificate, struct lt_known_keys *keys,
                                       uint32_t scheme, bool tls_1_3, lt_bytes message,
                                       lt_bytes signature, lt_error *e);

#endif
