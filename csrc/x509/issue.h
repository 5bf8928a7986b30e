/* SPDX-License-Identifier: MIT
 * issue.h - what an authority writes and signs: certificates (RFC 5280 section 4.1), CRLs (section 5.1), OCSP
 * responses (RFC 6960 section 4.2); and the certification request that an applicant signs (RFC 2986). Writes
 * what it is told: whether that makes sense is the caller's affair. */
#ifndef LT_X509_ISSUE_H
#define LT_X509_ISSUE_H

#include "x509/certificate.h"
#include "x509/ocsp.h"
#include "x509/private_key_sign.h"

/* All views; Names, SubjectPublicKeyInfo and the values of extensions in DER. */
typedef struct {
    const lt_extension *p;
    size_t n;
} lt_extension_list;

typedef struct {
    lt_bytes serial_number; /* unsigned, big-endian; at most 20 octets (section 4.1.2.2) */
    lt_bytes issuer, subject;
    int64_t not_before, not_after; /* seconds since the epoch, UTC; years 1950 to 9999 */
    lt_bytes spki;
    lt_extension_list extensions; /* n = 0: a certificate of version 1 */
} lt_certificate_content;
lt_code lt_certificate_issue(lt_buffer *out, const lt_certificate_content *c,
                             const lt_signer *signer, lt_error *e);

typedef struct {
    lt_bytes subject, spki;
    lt_extension_list extensions; /* the extensionRequest attribute (RFC 2985 section 5.4.2) */
} lt_request_content;
lt_code lt_request_make(lt_buffer *out, const lt_request_content *c, const lt_signer *signer,
                        lt_error *e);

/* The whole of `der` is a request that is signed by the key in it. Views into `der`; `extensions` is
 * the content of Extensions (n = 0: none asked for). LT_der, LT_bad_signature, and those of
 * lt_signature_verify. */
typedef struct {
    lt_bytes subject, spki, extensions;
} lt_request;
lt_code lt_request_parse(lt_request *r, lt_bytes der, lt_error *e);

typedef struct {
    lt_bytes serial_number; /* unsigned, big-endian */
    int64_t revocation_date;
    int32_t reason; /* LT_REASON_; -1: none is told */
} lt_crl_content_entry;
typedef struct {
    lt_bytes issuer;
    int64_t this_update, next_update;
    const lt_crl_content_entry *entries;
    size_t entry_count;
    lt_extension_list extensions;
} lt_crl_content;
lt_code lt_crl_issue(lt_buffer *out, const lt_crl_content *c, const lt_signer *signer,
                     lt_error *e);

typedef struct {
    lt_bytes serial_number;           /* content octets */
    lt_bytes issuer_name, issuer_key; /* Name; bits of subjectPublicKey */
    const br_hash_class *hash;        /* of the CertID */
    lt_ocsp_status status;
    int64_t revocation_date;
    int32_t reason;                   /* -1: none is told */
    int64_t this_update, next_update; /* next_update 0: newer status is always to be had */
} lt_ocsp_content_single;
typedef struct {
    lt_bytes responder_key; /* bits of the subjectPublicKey that it is known by */
    int64_t produced_at;
    const lt_ocsp_content_single *singles;
    size_t single_count;
    lt_bytes nonce;               /* n = 0: none */
    const lt_bytes *certificates; /* DER, that go along */
    size_t certificate_count;
} lt_ocsp_content;
lt_code lt_ocsp_issue(lt_buffer *out, const lt_ocsp_content *c, const lt_signer *signer,
                      lt_error *e);
/* OCSPResponse of an error (section 4.2.2.3): its status alone. */
lt_code lt_ocsp_refuse(lt_buffer *out, uint32_t status, lt_error *e);

/* What the files behind this share: Time (section 4.1.2.5: UTCTime through 2049), and Extensions. */
void lt_put_time(der_writer *w, int64_t t);
void lt_put_generalized_time(der_writer *w, int64_t t);
void lt_put_extensions(der_writer *w, const lt_extension_list *list);
void lt_put_extension(der_writer *w, const lt_extension *x);

#endif
