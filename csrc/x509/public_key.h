/* SPDX-License-Identifier: MIT
 * public_key.h - SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 3279, 4055, 5480, 8410) as
 * views into its DER. */
#ifndef LT_X509_PUBLIC_KEY_H
#define LT_X509_PUBLIC_KEY_H

#include <bearssl.h>

#include "base/bytes.h"
#include "base/error.h"

typedef enum {
    LT_KEY_unknown,
    LT_KEY_rsa,
    LT_KEY_rsa_pss,
    LT_KEY_ec,
    LT_KEY_ed25519
} lt_key_type;

typedef struct {
    lt_key_type type;
    lt_bytes algorithm;         /* AlgorithmIdentifier, with its header */
    lt_bytes bits;              /* subjectPublicKey, without the unused-bits octet */
    size_t size;                /* bits of the modulus or of the curve's field; 0: unknown */
    lt_bytes modulus, exponent; /* RSA: unsigned big-endian, no leading zero */
    int curve;                  /* EC: BR_EC_secp256r1 …; 0: a curve we have no code for */
    lt_bytes curve_oid;     /* EC: content octets; n = 0: parameters that are no namedCurve */
    lt_bytes point;         /* EC: as encoded */
    lt_bytes algorithm_oid; /* content octets */
    const char *curve_name; /* EC: IANA's name of the group; NULL: not known */
} lt_public_key;

/* A named curve (RFC 5480 section 2.1.1.1); NULL: one that has no row here. */
typedef struct {
    lt_bytes oid;     /* content octets */
    const char *name; /* IANA's */
    uint16_t bits;    /* of the field */
    uint8_t id;       /* BR_EC_secp256r1 …; 0: BearSSL has no code for it */
} lt_curve;
const lt_curve *lt_curve_by_oid(lt_bytes oid);
const lt_curve *lt_curve_by_id(int id);

/* An algorithm we do not know is no failure: type is LT_KEY_unknown. */
lt_code lt_public_key_parse(lt_public_key *k, lt_bytes spki, lt_error *e);

/* DSA (RFC 3279 section 2.3.2), to be looked at: nothing here verifies with it, its type is
 * LT_KEY_unknown. Unsigned big-endian numbers; the parameters may be left to the issuer's key, and
 * have n = 0 then. */
typedef struct {
    lt_bytes p, q, g, y;
    size_t size; /* bits of p; 0: not known */
} lt_dsa_key;
bool lt_dsa_key_parse(const lt_public_key *k, lt_dsa_key *dsa); /* false: none, or malformed */
/* Dss-Sig-Value (section 2.2.2). */
bool lt_dsa_signature_parse(lt_bytes signature, lt_bytes *r, lt_bytes *s);

#endif
