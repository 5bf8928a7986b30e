/* SPDX-License-Identifier: MIT
 * extensions.h - what stands in the extensions that validation does not ask for every time, as
 * views: RFC 5280 section 4.2 (distribution points: crl_point.h), RFC 6962 (SCTs), RFC 7633 (TLS
 * features). Judges nothing.
 *
 * A reader of a list takes one element from the front and moves on; false at the end, and where
 * what follows is malformed (then r->n is not 0). Values are contents of extnValue. */
#ifndef LT_X509_EXTENSIONS_H
#define LT_X509_EXTENSIONS_H

#include "x509/certificate.h"
#include "x509/general_name.h"

/* SEQUENCE SIZE (1..MAX) OF: opens any of the lists below. */
bool lt_sequence_of(lt_bytes value, lt_reader *list);

/* AuthorityInfoAccessSyntax, SubjectInfoAccessSyntax (4.2.2) */
typedef struct {
    lt_bytes method; /* OID content octets */
    lt_general_name location;
} lt_access_description;
bool lt_access_description_next(lt_reader *r, lt_access_description *a);

/* CertificatePolicies (4.2.1.4) */
typedef struct {
    lt_bytes policy;     /* OID content octets */
    lt_bytes qualifiers; /* list of PolicyQualifierInfo; n = 0: none */
} lt_policy_information;
bool lt_policy_information_next(lt_reader *r, lt_policy_information *p);
typedef struct {
    lt_bytes id;        /* OID content octets */
    lt_bytes qualifier; /* with its header */
} lt_policy_qualifier;
bool lt_policy_qualifier_next(lt_reader *r, lt_policy_qualifier *q);

typedef struct {
    uint32_t tag; /* a string type; 0: absent */
    lt_bytes value;
} lt_display_text;
typedef struct {
    lt_display_text organization, explicit_text;
    lt_bytes numbers; /* content of the SEQUENCE OF INTEGER; n = 0: none */
} lt_user_notice;
bool lt_user_notice_read(lt_bytes qualifier, lt_user_notice *n);

/* PolicyMappings (4.2.1.5), PolicyConstraints (4.2.1.11; -1: absent), InhibitAnyPolicy (4.2.1.14) */
typedef struct {
    lt_bytes issuer_domain_policy, subject_domain_policy;
} lt_policy_mapping;
bool lt_policy_mapping_next(lt_reader *r, lt_policy_mapping *m);
bool lt_policy_constraints_read(lt_bytes value, int32_t *require_explicit_policy,
                                int32_t *inhibit_policy_mapping);
bool lt_inhibit_any_policy_read(lt_bytes value, int32_t *skip_certs);

/* NameConstraints (4.2.1.10): lists of GeneralSubtree; n = 0: absent */
typedef struct {
    lt_general_name base;     /* an iPAddress has its mask behind it: 8 or 32 octets */
    int32_t minimum, maximum; /* 0; -1: absent */
} lt_general_subtree;
bool lt_name_constraints_read(lt_bytes value, lt_bytes *permitted, lt_bytes *excluded);
bool lt_general_subtree_next(lt_reader *r, lt_general_subtree *s);

/* AuthorityKeyIdentifier (4.2.1.1) */
typedef struct {
    lt_bytes key_identifier; /* p = NULL: absent */
    lt_bytes cert_issuer;    /* content of GeneralNames; n = 0: absent */
    lt_bytes cert_serial;    /* content octets; n = 0: absent */
} lt_authority_key_identifier;
bool lt_authority_key_identifier_read(lt_bytes value, lt_authority_key_identifier *a);

/* PrivateKeyUsagePeriod (RFC 3280 section 4.2.1.4) */
typedef struct {
    bool has_not_before, has_not_after;
    int64_t not_before, not_after; /* seconds since the epoch, UTC */
} lt_private_key_usage_period;
bool lt_private_key_usage_period_read(lt_bytes value, lt_private_key_usage_period *p);

/* TLSFeatures (RFC 7633 section 3): a list of TLS extension numbers */
bool lt_tls_feature_next(lt_reader *r, int32_t *feature);

/* SignedCertificateTimestampList (RFC 6962 section 3.3) */
typedef struct {
    uint32_t version;   /* 0: v1; of another version only `bytes` is known */
    lt_bytes bytes;     /* the whole SerializedSCT */
    lt_bytes log_id;    /* 32 octets */
    uint64_t timestamp; /* milliseconds since the epoch */
    lt_bytes extensions;
    uint32_t hash, signature_algorithm; /* RFC 5246 section 7.4.1.4.1 */
    lt_bytes signature;
} lt_sct;
bool lt_sct_list_open(lt_bytes value, lt_reader *list);
bool lt_sct_next(lt_reader *list, lt_sct *s);

#endif
