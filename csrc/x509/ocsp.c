/* SPDX-License-Identifier: MIT
 * ocsp.c - see ocsp.h: the form of an OCSPResponse. */
#include "x509/ocsp.h"

#include "x509/der.h"
#include "x509/dn.h"

/* id-pkix-ocsp-... is 1.3.6.1.5.5.7.48.1.n */
static const uint8_t id_pkix_ocsp[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01 };
enum { OCSP_basic = 1, OCSP_nonce = 2, OCSP_crl = 3, OCSP_archive_cutoff = 6, OCSP_revoke = 9 };

/* The signed certificate timestamps of RFC 6962 section 3.3 */
static const uint8_t sct_list[] = {
    0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x05
};

static uint8_t ocsp_oid(lt_bytes oid) /* 0: not one of OCSP's */
{
    const lt_bytes arc = { id_pkix_ocsp, sizeof id_pkix_ocsp };
    if (oid.n != sizeof id_pkix_ocsp + 1
        || !lt_bytes_equal((lt_bytes){ oid.p, sizeof id_pkix_ocsp }, arc))
        return 0;
    return oid.p[oid.n - 1];
}

const char *lt_ocsp_response_status_name(uint32_t status)
{
    static const char *const names[] = {
        "successful", "malformedRequest", "internalError", "tryLater",
        NULL,         "sigRequired",      "unauthorized"
    };
    return status < sizeof names / sizeof *names ? names[status] : NULL;
}

static bool read_time(lt_reader *r, int64_t *t)
{
    lt_reader content;
    return der_value(r, DER_GENERALIZED_TIME, &content)
           && der_is_time(DER_GENERALIZED_TIME, content, t);
}

static bool is_algorithm(lt_bytes algorithm)
{
    lt_reader body, parameters;
    lt_bytes oid;
    uint32_t tag;
    return der_only(algorithm, DER_SEQUENCE, &body) && der_oid(&body, &oid)
           && (body.n == 0 || (der_any(&body, &tag, &parameters) && body.n == 0));
}

static bool understood_single(lt_bytes oid)
{
    const lt_bytes sct = { sct_list, sizeof sct_list };
    uint8_t n = ocsp_oid(oid);
    return n == OCSP_crl || n == OCSP_archive_cutoff || lt_bytes_equal(oid, sct);
}

/* [1] EXPLICIT Extensions OPTIONAL */
static bool take_extensions(lt_reader *r, lt_bytes *extensions)
{
    lt_reader explicit;
    return der_optional(r, DER_CONSTRUCTED(1), &explicit)
           && (!explicit.p || der_only(explicit, DER_SEQUENCE, extensions));
}

static bool read_single_extensions(lt_ocsp_single *s)
{
    lt_extension x;
    for (lt_reader r = s->extensions; r.n > 0;) {
        if (!lt_extension_next(&r, &x))
            return false;
        s->unknown_critical = s->unknown_critical || (x.critical && !understood_single(x.oid));
    }
    return true;
}

/* RevokedInfo ::= SEQUENCE { revocationTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL } */
static bool read_revoked_info(lt_reader info, lt_ocsp_single *s)
{
    lt_reader explicit, content;
    int32_t reason;
    s->status = LT_OCSP_revoked;
    if (!read_time(&info, &s->revocation_date)
        || !der_optional(&info, DER_CONSTRUCTED(0), &explicit) || info.n != 0)
        return false;
    s->has_reason = explicit.p != NULL;
    if (!s->has_reason)
        return true;
    if (!der_only(explicit, DER_ENUMERATED, &content) || !der_is_small(content, &reason))
        return false;
    s->reason = (uint32_t)reason;
    return true;
}

static bool read_cert_status(lt_reader *r, lt_ocsp_single *s)
{
    lt_reader value;
    uint32_t tag;
    if (!der_any(r, &tag, &value))
        return false;
    if (tag == DER_CONSTRUCTED(1))
        return read_revoked_info(value, s);
    s->status = tag == DER_PRIMITIVE(0) ? LT_OCSP_good : LT_OCSP_unknown;
    return value.n == 0 && (tag == DER_PRIMITIVE(0) || tag == DER_PRIMITIVE(2));
}

static bool read_next_update(lt_reader *r, lt_ocsp_single *s)
{
    lt_reader explicit;
    if (!der_optional(r, DER_CONSTRUCTED(0), &explicit))
        return false;
    s->updates.has_next_update = explicit.p != NULL;
    return !s->updates.has_next_update
           || (read_time(&explicit, &s->updates.next_update) && explicit.n == 0);
}

bool lt_ocsp_single_next(lt_reader *responses, lt_ocsp_single *single)
{
    lt_reader in = *responses, body;
    lt_bytes id;
    lt_ocsp_single s = { .reason = LT_REASON_unspecified };
    if (!der_value(&in, DER_SEQUENCE, &body) || !der_element(&body, DER_SEQUENCE, &id)
        || !lt_ocsp_id_parse(&s.id, id) || !read_cert_status(&body, &s)
        || !read_time(&body, &s.updates.this_update) || !read_next_update(&body, &s)
        || !take_extensions(&body, &s.extensions) || body.n != 0 || !read_single_extensions(&s))
        return false;
    *single = s;
    *responses = in;
    return true;
}

static bool read_response_extensions(lt_ocsp_response *r)
{
    lt_extension x;
    for (lt_reader in = r->extensions; in.n > 0;) {
        if (!lt_extension_next(&in, &x))
            return false;
        uint8_t n = ocsp_oid(x.oid);
        if (n == OCSP_nonce) {
            if (r->has_nonce || !der_only(x.value, DER_OCTET_STRING, &r->nonce))
                return false;
            r->has_nonce = true;
        } else if (x.critical && n != OCSP_revoke)
            r->unknown_critical = true;
    }
    return true;
}

/* ResponderID ::= CHOICE { byName [1] EXPLICIT Name, byKey [2] EXPLICIT KeyHash } */
static bool read_responder_id(lt_reader *tbs, lt_ocsp_response *r)
{
    lt_reader id;
    if (der_next_is(tbs, DER_CONSTRUCTED(1)))
        return der_value(tbs, DER_CONSTRUCTED(1), &id)
               && der_element(&id, DER_SEQUENCE, &r->responder_name) && id.n == 0
               && lt_dn_valid(r->responder_name);
    return der_value(tbs, DER_CONSTRUCTED(2), &id)
           && der_only(id, DER_OCTET_STRING, &r->responder_key_hash)
           && r->responder_key_hash.n == br_sha1_SIZE;
}

/* [0] EXPLICIT Version DEFAULT v1; there is no other version */
static bool read_version(lt_reader *tbs)
{
    lt_reader explicit;
    int32_t v = 0;
    return der_optional(tbs, DER_CONSTRUCTED(0), &explicit)
           && (!explicit.p || (der_small(&explicit, &v) && explicit.n == 0)) && v == 0;
}

static const char *read_response_data(lt_ocsp_response *r) /* NULL, or the field at fault */
{
    lt_reader tbs;
    lt_ocsp_single single;
    if (!der_only(r->tbs_response_data, DER_SEQUENCE, &tbs) || !read_version(&tbs))
        return "ResponseData.version";
    if (!read_responder_id(&tbs, r))
        return "ResponseData.responderID";
    if (!read_time(&tbs, &r->produced_at))
        return "ResponseData.producedAt";
    if (!der_value(&tbs, DER_SEQUENCE, &r->responses))
        return "ResponseData.responses";
    lt_reader all = r->responses;
    while (lt_ocsp_single_next(&all, &single))
        r->response_count++;
    if (all.n != 0)
        return "ResponseData.responses";
    if (!take_extensions(&tbs, &r->extensions) || tbs.n != 0 || !read_response_extensions(r))
        return "ResponseData.responseExtensions";
    return NULL;
}

/* [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL */
static bool take_certificates(lt_reader *r, lt_bytes *certificates)
{
    lt_reader explicit;
    lt_bytes each;
    if (!der_optional(r, DER_CONSTRUCTED(0), &explicit))
        return false;
    if (explicit.p && !der_only(explicit, DER_SEQUENCE, certificates))
        return false;
    for (lt_reader all = *certificates; all.n > 0;)
        if (!der_element(&all, DER_SEQUENCE, &each))
            return false;
    return true;
}

static lt_code read_basic(lt_ocsp_response *r, lt_bytes basic, lt_error *e)
{
    lt_reader body;
    if (!der_only(basic, DER_SEQUENCE, &body))
        return lt_fail(e, LT_bad_ocsp, "BasicOCSPResponse");
    if (!der_element(&body, DER_SEQUENCE, &r->tbs_response_data))
        return lt_fail(e, LT_bad_ocsp, "ResponseData");
    if (!der_element(&body, DER_SEQUENCE, &r->signature_algorithm)
        || !is_algorithm(r->signature_algorithm))
        return lt_fail(e, LT_bad_ocsp, "BasicOCSPResponse.signatureAlgorithm");
    if (!der_octet_bits(&body, &r->signature))
        return lt_fail(e, LT_bad_ocsp, "BasicOCSPResponse.signature");
    if (!take_certificates(&body, &r->certificates) || body.n != 0)
        return lt_fail(e, LT_bad_ocsp, "BasicOCSPResponse.certs");
    const char *where = read_response_data(r);
    return where ? lt_fail(e, LT_bad_ocsp, where) : LT_OK;
}

/* ResponseBytes ::= SEQUENCE { responseType OID, response OCTET STRING } */
static lt_code read_response_bytes(lt_ocsp_response *r, lt_bytes explicit, lt_error *e)
{
    lt_reader body, basic;
    lt_bytes type;
    if (!der_only(explicit, DER_SEQUENCE, &body) || !der_oid(&body, &type)
        || !der_only(body, DER_OCTET_STRING, &basic))
        return lt_fail(e, LT_bad_ocsp, "OCSPResponse.responseBytes");
    if (ocsp_oid(type) != OCSP_basic)
        return lt_fail_detail(e, LT_bad_ocsp, "OCSPResponse.responseBytes.responseType",
                              "not id-pkix-ocsp-basic");
    return read_basic(r, basic, e);
}

lt_code lt_ocsp_parse(lt_ocsp_response *r, lt_bytes der, lt_error *e)
{
    lt_reader body, status, explicit;
    int32_t v;
    *r = (lt_ocsp_response){ .der = der };
    if (!der_only(der, DER_SEQUENCE, &body))
        return lt_fail(e, LT_bad_ocsp, "OCSPResponse");
    if (!der_value(&body, DER_ENUMERATED, &status) || !der_is_small(status, &v)
        || !lt_ocsp_response_status_name((uint32_t)v))
        return lt_fail(e, LT_bad_ocsp, "OCSPResponse.responseStatus");
    r->response_status = (uint32_t)v;
    if (!der_optional(&body, DER_CONSTRUCTED(0), &explicit) || body.n != 0
        || (explicit.p != NULL) != (v == 0)) /* responseBytes are there with success only */
        return lt_fail(e, LT_bad_ocsp, "OCSPResponse.responseBytes");
    return v == 0 ? read_response_bytes(r, explicit, e) : LT_OK;
}
