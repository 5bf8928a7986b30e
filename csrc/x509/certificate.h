/* SPDX-License-Identifier: MIT
 * certificate.h - one certificate (RFC 5280 section 4.1) as views into its DER. Nothing is
 * copied: the DER outlives the struct. Judges nothing; see verify.h for that. */
#ifndef LT_X509_CERTIFICATE_H
#define LT_X509_CERTIFICATE_H

#include "base/bytes.h"
#include "base/error.h"

/* KeyUsage bits (section 4.2.1.3): bit 0 of the BIT STRING is the lowest here. */
enum {
    LT_KU_digital_signature = 1 << 0,
    LT_KU_non_repudiation = 1 << 1,
    LT_KU_key_encipherment = 1 << 2,
    LT_KU_data_encipherment = 1 << 3,
    LT_KU_key_agreement = 1 << 4,
    LT_KU_key_cert_sign = 1 << 5,
    LT_KU_crl_sign = 1 << 6,
    LT_KU_encipher_only = 1 << 7,
    LT_KU_decipher_only = 1 << 8,
};

typedef struct lt_certificate {
    lt_bytes der;                  /* Certificate, with its header */
    lt_bytes tbs_certificate;      /* with its header: what the signature covers */
    uint32_t version;              /* 1 to 3 */
    lt_bytes serial_number;        /* content octets */
    lt_bytes signature_algorithm;  /* outer AlgorithmIdentifier, with its header */
    lt_bytes tbs_signature;        /* inner AlgorithmIdentifier, with its header */
    lt_bytes issuer, subject;      /* Name, with its header */
    int64_t not_before, not_after; /* seconds since the epoch, UTC */
    lt_bytes spki;                 /* SubjectPublicKeyInfo, with its header */
    lt_bytes issuer_unique_id, subject_unique_id; /* BIT STRING content; n = 0: absent */
    lt_bytes extensions; /* content of the Extensions SEQUENCE; n = 0: none */
    lt_bytes signature;  /* signatureValue, without the unused-bits octet */

    /* What path building and validation ask all the time, decoded once. */
    bool has_basic_constraints, is_ca;
    int32_t path_len_constraint; /* -1: absent */
    bool has_key_usage;
    uint32_t key_usage; /* LT_KU_ bits */
    bool has_extended_key_usage;
    lt_bytes extended_key_usage; /* content of the SEQUENCE OF KeyPurposeId */
    bool has_subject_alt_name, subject_alt_name_critical;
    lt_bytes subject_alt_name; /* content of GeneralNames */
    bool has_name_constraints, name_constraints_critical;
    lt_bytes subject_key_identifier;   /* KeyIdentifier octets; n = 0: absent */
    lt_bytes authority_key_identifier; /* its keyIdentifier octets; n = 0: absent */
} lt_certificate;

/* The whole of `der` must be one certificate; unknown extensions are kept, duplicates and
 * malformed known ones refused (LT_bad_certificate, `where` names the field). */
lt_code lt_certificate_parse(lt_certificate *c, lt_bytes der, lt_error *e);

/* One Extension after another; false at the end of `extensions`. */
typedef struct {
    lt_bytes oid; /* content octets */
    bool critical;
    lt_bytes value; /* content of extnValue */
} lt_extension;
bool lt_extension_next(lt_reader *extensions, lt_extension *x);
bool lt_certificate_extension(const lt_certificate *c, lt_bytes oid, lt_extension *x);

/* Does a KeyPurposeId stand in the extended key usage (anyExtendedKeyUsage counts)?
 * True where the extension is absent. */
bool lt_certificate_allows_purpose(const lt_certificate *c, lt_bytes key_purpose_oid);

#endif
