/* SPDX-License-Identifier: MIT
 * iana.h - the TLS registries, number to name and back: versions, cipher suites, groups,
 * signature schemes, client certificate types. Names are IANA's. */
#ifndef LT_BASE_IANA_H
#define LT_BASE_IANA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LT_TLS_1_0 = 0x0301, LT_TLS_1_1 = 0x0302, LT_TLS_1_2 = 0x0303, LT_TLS_1_3 = 0x0304 };

/* What a TLS 1.2 suite asks of the two sides (RFC 5246, 5288, 5289, 6655, 7251, 7905). */
enum {
    LT_SUITE_ephemeral = 1,    /* ECDHE: forward secrecy */
    LT_SUITE_aead = 2,         /* needs TLS 1.2 */
    LT_SUITE_tls_1_2 = 4,      /* no AEAD, but SHA-256 or SHA-384: needs TLS 1.2 */
    LT_SUITE_auth_rsa = 8,     /* an RSA key signs, or decrypts where it is not ephemeral */
    LT_SUITE_auth_ecdsa = 16,  /* an EC key signs */
    LT_SUITE_static_ecdh = 32, /* the EC key of the certificate is the key exchange */
    LT_SUITE_sha1 = 64,        /* HMAC-SHA-1 protects the records */
    LT_SUITE_tls_1_3 = 128,    /* names no key exchange and no signature; TLS 1.3 only */
};

typedef struct {
    uint16_t id;
    uint16_t traits; /* LT_SUITE_ bits */
    const char *name;
} lt_cipher_suite;

extern const lt_cipher_suite
    lt_cipher_suites[]; /* all that either engine has; name NULL ends it */

const lt_cipher_suite *lt_cipher_suite_by_id(uint16_t id); /* NULL: unknown */
const lt_cipher_suite *lt_cipher_suite_by_name(const char *name);

/* Has a key of this suite protected as many records as it may (RFC 8446 section 5.5)? Never where the
 * sequence number is the bound. */
bool lt_key_is_worn(uint16_t cipher_suite, uint64_t records);

typedef struct {
    uint16_t id;
    const char *name;
} lt_named_value;

extern const lt_named_value lt_groups[], lt_signature_schemes[], lt_client_certificate_types[];

const char *lt_name_of(const lt_named_value *list, uint32_t id); /* NULL: unknown */
const lt_named_value *lt_value_of(const lt_named_value *list, const char *name);

const char *lt_version_name(uint32_t version); /* "TLSv1.2"; NULL: unknown */

#endif
