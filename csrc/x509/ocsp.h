/* SPDX-License-Identifier: MIT
 * ocsp.h - the Online Certificate Status Protocol (RFC 6960, with the profile of RFC 5019): a
 * request made, a response read and verified. Fetches nothing. */
#ifndef LT_X509_OCSP_H
#define LT_X509_OCSP_H

#include <bearssl.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "x509/certificate.h"
#include "x509/crl.h" /* LT_REASON_ */
#include "x509/freshness.h"

enum { LT_OCSP_NONCE_MAX = 128 }; /* octets; RFC 9654 has 1 to 128 */

/* CertID (section 4.1.1) */
typedef struct {
    const br_hash_class *hash; /* NULL: one that we do not have */
    lt_bytes issuer_name_hash, issuer_key_hash;
    lt_bytes serial_number; /* content octets */
} lt_ocsp_id;

typedef enum { LT_OCSP_good, LT_OCSP_revoked, LT_OCSP_unknown } lt_ocsp_status;

/* SingleResponse (section 4.2.1) */
typedef struct {
    lt_ocsp_id id;
    lt_ocsp_status status;
    int64_t revocation_date; /* of a revoked one */
    bool has_reason;
    uint32_t reason; /* LT_REASON_ */
    lt_update_times updates;
    lt_bytes extensions;   /* content; n = 0: none */
    bool unknown_critical; /* one of them is critical and not understood */
} lt_ocsp_single;

/* OCSPResponse with a BasicOCSPResponse, as views into its DER. */
typedef struct {
    lt_bytes der;
    uint32_t
        response_status; /* OCSPResponseStatus; what is below is there with 0, successful */
    lt_bytes tbs_response_data;   /* with its header: what the signature covers */
    lt_bytes signature_algorithm; /* with its header */
    lt_bytes signature;
    lt_bytes certificates;       /* content of the SEQUENCE OF Certificate; n = 0: none */
    lt_bytes responder_name;     /* Name, with its header; n = 0: by key */
    lt_bytes responder_key_hash; /* SHA-1 of the responder's subjectPublicKey; n = 0: by name */
    int64_t produced_at;
    lt_bytes responses; /* content of the SEQUENCE OF SingleResponse */
    size_t response_count;
    lt_bytes extensions;
    bool unknown_critical; /* an extension is critical and not understood */
    bool has_nonce;
    lt_bytes nonce;
} lt_ocsp_response;

/* "successful", "malformedRequest", "internalError", "tryLater", "sigRequired", "unauthorized";
 * NULL: another. */
const char *lt_ocsp_response_status_name(uint32_t status);

/* The whole of `der` is one OCSPResponse. A response of another status than successful is one
 * too. LT_bad_ocsp, `where` names the field. */
lt_code lt_ocsp_parse(lt_ocsp_response *r, lt_bytes der, lt_error *e);

/* One SingleResponse after another of responses; false at the end. */
bool lt_ocsp_single_next(lt_reader *responses, lt_ocsp_single *single);

bool lt_ocsp_id_parse(lt_ocsp_id *id, lt_bytes der); /* a CertID, with its header */

/* Is `hash` the SHA-1 of the subjectPublicKey, as in ResponderID? */
bool lt_ocsp_key_hash_is(lt_bytes hash, const lt_certificate *c);

/* Is the CertID that of `certificate`, issued by `issuer`? */
bool lt_ocsp_id_is(const lt_ocsp_id *id, const lt_certificate *certificate,
                   const lt_certificate *issuer);

/* Appends an OCSPRequest, DER, that asks for one certificate: CertID by `hash` (NULL: SHA-1, the
 * one that every responder knows: RFC 5019 section 2.1.1), a nonce where it has octets. */
lt_code lt_ocsp_request(lt_buffer *out, const lt_certificate *certificate,
                        const lt_certificate *issuer, const br_hash_class *hash, lt_bytes nonce,
                        lt_error *e);

/* CertID, by one of the hashes that a request takes; and [tag] EXPLICIT Extensions with the nonce alone. */
struct der_writer;
void lt_ocsp_put_id(struct der_writer *w, lt_bytes serial_number, lt_bytes issuer_name,
                    lt_bytes issuer_key, const br_hash_class *hash);
void lt_ocsp_put_nonce(struct der_writer *w, uint32_t tag, lt_bytes nonce);

typedef struct {
    int64_t time;    /* seconds since the epoch, UTC */
    int64_t max_age; /* seconds since thisUpdate; 0: until nextUpdate, or seven days where there
                        * is none */
    lt_bytes nonce;  /* the one of the request; n = 0: none is looked for */
    bool nonce_optional;      /* a response without one is taken; another one never is */
    uint32_t signature_flags; /* of lt_signature_verify */
    uint32_t min_rsa_bits;    /* of a delegated responder's key; 0: 2048 */
    uint32_t *signatures; /* signature checks left, counted down; NULL: as many as it takes */

    /* Is the certificate of a delegated responder revoked? Asked where it lacks
     * id-pkix-ocsp-nocheck (section 4.2.2.2.1); NULL: not asked. */
    bool (*responder_revoked)(void *context, const lt_certificate *responder);
    void *context;
} lt_ocsp_policy;

/* What a response says of `certificate`, issued by `issuer`, once its signature by the issuer or
 * by a responder whom the issuer authorised, its dates and its nonce are verified. The worst of
 * the answers for the certificate counts. LT_OK: `single` is the answer, also of revoked and
 * unknown. LT_bad_ocsp; LT_revocation_unknown where nothing is said of the certificate. */
lt_code lt_ocsp_verify(const lt_ocsp_response *r, const lt_certificate *certificate,
                       const lt_certificate *issuer, const lt_ocsp_policy *policy,
                       lt_ocsp_single *single, lt_error *e);

#endif
