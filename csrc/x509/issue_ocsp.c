/* SPDX-License-Identifier: MIT
 * issue_ocsp.c - OCSPResponse with a BasicOCSPResponse (RFC 6960 section 4.2.1). See issue.h. */
#include "crypto/hash.h"
#include "x509/der.h"
#include "x509/issue.h"
#include "x509/oid.h"
#include "x509/sign.h"

/* CertStatus: good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL, all IMPLICIT */
static void put_status(der_writer *w, const lt_ocsp_content_single *s)
{
    const uint8_t *end = w->p;
    if (s->status != LT_OCSP_revoked) {
        der_put_header(w, DER_PRIMITIVE(s->status == LT_OCSP_good ? 0u : 2u), end);
        return;
    }
    if (s->reason >= 0) {
        der_put_small(w, DER_ENUMERATED, (uint32_t)s->reason);
        der_put_header(w, DER_CONSTRUCTED(0), end);
    }
    lt_put_generalized_time(w, s->revocation_date);
    der_put_header(w, DER_CONSTRUCTED(1), end);
}

static void put_single(der_writer *w, const lt_ocsp_content_single *s)
{
    const uint8_t *end = w->p;
    if (s->next_update != 0) {
        lt_put_generalized_time(w, s->next_update);
        der_put_header(w, DER_CONSTRUCTED(0), end);
    }
    lt_put_generalized_time(w, s->this_update);
    put_status(w, s);
    lt_ocsp_put_id(w, s->serial_number, s->issuer_name, s->issuer_key, s->hash);
    der_put_header(w, DER_SEQUENCE, end);
}

/* ResponderID, byKey [2] KeyHash: SHA-1 of the responder's public key */
static void put_responder(der_writer *w, lt_bytes key)
{
    const uint8_t *end = w->p;
    uint8_t hash[LT_HASH_MAX];
    lt_hash(&br_sha1_vtable, key, hash);
    der_put_element(w, DER_OCTET_STRING, (lt_bytes){ hash, lt_hash_size(&br_sha1_vtable) });
    der_put_header(w, DER_CONSTRUCTED(2), end);
}

/* ResponseData */
static void put_response_data(der_writer *w, const void *content)
{
    const lt_ocsp_content *c = content;
    if (c->nonce.n > 0)
        lt_ocsp_put_nonce(w, 1, c->nonce);
    const uint8_t *responses = w->p;
    for (size_t i = c->single_count; i-- > 0;)
        put_single(w, &c->singles[i]);
    der_put_header(w, DER_SEQUENCE, responses);
    lt_put_generalized_time(w, c->produced_at);
    put_responder(w, c->responder_key);
    der_put_header(w, DER_SEQUENCE, w->end);
}

typedef struct {
    const lt_ocsp_content *c;
    const lt_signer *signer;
    lt_bytes response_data, signature;
} ocsp_parts;

/* BasicOCSPResponse */
static void put_basic(der_writer *w, const ocsp_parts *parts)
{
    const uint8_t *end = w->p;
    for (size_t i = parts->c->certificate_count; i-- > 0;)
        der_put(w, parts->c->certificates[i]);
    if (parts->c->certificate_count > 0) {
        der_put_header(w, DER_SEQUENCE, end);
        der_put_header(w, DER_CONSTRUCTED(0), end);
    }
    const uint8_t *signature = w->p;
    der_put(w, parts->signature);
    der_put_octet_bits(w, signature);
    lt_signature_put_algorithm(w, parts->signer);
    der_put(w, parts->response_data);
    der_put_header(w, DER_SEQUENCE, end);
}

static const lt_bytes id_pkix_ocsp_basic = LT_OID(0x2b, 6, 1, 5, 5, 7, 48, 1, 1);

/* OCSPResponse with ResponseBytes of id-pkix-ocsp-basic */
static void put_response(der_writer *w, const void *content)
{
    put_basic(w, content);
    der_put_header(w, DER_OCTET_STRING, w->end);
    der_put_element(w, DER_OID, id_pkix_ocsp_basic);
    der_put_header(w, DER_SEQUENCE, w->end);
    der_put_header(w, DER_CONSTRUCTED(0), w->end);
    der_put_small(w, DER_ENUMERATED, 0); /* successful */
    der_put_header(w, DER_SEQUENCE, w->end);
}

lt_code lt_ocsp_issue(lt_buffer *out, const lt_ocsp_content *c, const lt_signer *signer,
                      lt_error *e)
{
    static const char where[] = "OCSPResponse";
    lt_buffer data = { .data = NULL };
    uint8_t signature[LT_SIGNATURE_MAX];
    size_t n = 0;
    lt_code rc = lt_der_build(&data, put_response_data, c, where, e);
    if (rc == LT_OK)
        rc = lt_signer_sign(signer, lt_buffer_bytes(&data), signature, &n, e);
    if (rc == LT_OK) {
        const ocsp_parts parts = { c, signer, lt_buffer_bytes(&data), { signature, n } };
        rc = lt_der_build(out, put_response, &parts, where, e);
    }
    lt_buffer_free(&data);
    return rc;
}

static void put_refusal(der_writer *w, const void *content)
{
    der_put_small(w, DER_ENUMERATED, *(const uint32_t *)content);
    der_put_header(w, DER_SEQUENCE, w->end);
}

lt_code lt_ocsp_refuse(lt_buffer *out, uint32_t status, lt_error *e)
{
    return lt_der_build(out, put_refusal, &status, "OCSPResponse", e);
}
