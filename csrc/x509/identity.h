/* SPDX-License-Identifier: MIT
 * identity.h - what one side proves itself with: a certificate chain and its private key. */
#ifndef LT_X509_IDENTITY_H
#define LT_X509_IDENTITY_H

#include "base/secret.h"
#include "x509/chain.h"
#include "x509/private_key.h"

typedef struct lt_identity {
    lt_chain chain;
    lt_private_key key;
    uint32_t key_usage;            /* LT_KU_ bits of the leaf; all of them where it has none */
    lt_key_type issuer_key_type;   /* of the signature on the leaf */
    br_x509_certificate *br_chain; /* the same certificates in BearSSL's shape */
    int external;       /* the key lives elsewhere: the caller's number for it; 0: it is here */
    lt_buffer *staples; /* OCSPResponse for each certificate, as far as there are */
    size_t staple_count;
    lt_buffer scts; /* SignedCertificateTimestampList for the leaf (RFC 6962 section 3.3) */
} lt_identity;

/* Both texts are PEM or DER; the key must belong to the leaf (LT_key_mismatch). */
lt_code lt_identity_parse(lt_identity *id, lt_bytes certificate, lt_bytes key,
                          lt_bytes password, lt_error *e);
/* With a copy of a key that was read before. */
lt_code lt_identity_parse_with(lt_identity *id, lt_bytes certificate, const lt_private_key *key,
                               lt_error *e);
/* The key lives elsewhere and is asked by the caller's number `external`, which is not 0; `key` has
 * what the leaf says of it: type, and curve or public numbers. */
lt_code lt_identity_parse_external(lt_identity *id, lt_bytes certificate, int external,
                                   lt_error *e);
/* Copies; what was there before is gone. A connection that has begun keeps no pointer to it. */
lt_code lt_identity_set_staples(lt_identity *id, const lt_bytes *responses, size_t count,
                                lt_error *e);
lt_code lt_identity_set_scts(lt_identity *id, lt_bytes scts, lt_error *e);
void lt_identity_free(lt_identity *id); /* wipes; twice is fine */

#endif
