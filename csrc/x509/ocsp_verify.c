/* SPDX-License-Identifier: MIT
 * ocsp_verify.c - see ocsp.h: what a response says, once it is verified (RFC 6960 sections 3.2
 * and 4.2.2.2). */
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/ocsp.h"
#include "x509/signature.h"

enum { RESPONDERS_MAX = 16, DEFAULT_MIN_RSA_BITS = 2048 };

static const uint8_t ocsp_signing[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09 };
static const uint8_t ocsp_nocheck[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05 };

static bool is_responder(const lt_ocsp_response *r, const lt_certificate *c)
{
    if (r->responder_name.n > 0)
        return lt_dn_equal(r->responder_name, c->subject);
    return lt_ocsp_key_hash_is(r->responder_key_hash, c);
}

/* Counts the check; a failure of the signature itself becomes one of the response. */
static lt_code check_signature(lt_bytes algorithm, const lt_public_key *key, lt_bytes message,
                               lt_bytes signature, const lt_ocsp_policy *policy,
                               const char *where, lt_error *e)
{
    lt_error why = { .code = LT_OK };
    if (policy->signatures) {
        if (*policy->signatures == 0)
            return lt_fail_detail(e, LT_limit, where, "too many signatures to check");
        --*policy->signatures;
    }
    lt_code rc =
        lt_signature_verify(algorithm, key, message, signature, policy->signature_flags, &why);
    if (rc == LT_OK)
        return LT_OK;
    return lt_fail_detail(e, LT_bad_ocsp, where, "%s%s%s", lt_code_text(rc),
                          why.detail[0] ? ": " : "", why.detail);
}

static lt_code signed_by(const lt_ocsp_response *r, const lt_certificate *c,
                         const lt_ocsp_policy *policy, lt_error *e)
{
    lt_public_key key;
    if (lt_public_key_parse(&key, c->spki, e) != LT_OK)
        return e->code;
    return check_signature(r->signature_algorithm, &key, r->tbs_response_data, r->signature,
                           policy, "BasicOCSPResponse.signature", e);
}

/* The extensions of a responder's certificate that bind it to nothing we do not check. */
static bool understood(lt_bytes oid)
{
    static const uint8_t id_ce[] = { 14, 15, 17, 18, 19, 32, 35, 37 };
    if (lt_bytes_equal(oid, (lt_bytes){ ocsp_nocheck, sizeof ocsp_nocheck }))
        return true;
    if (oid.n != 3 || oid.p[0] != 0x55 || oid.p[1] != 0x1d)
        return false;
    return memchr(id_ce, oid.p[2], sizeof id_ce) != NULL;
}

static bool has_unknown_critical(const lt_certificate *c)
{
    lt_extension x;
    for (lt_reader r = c->extensions; lt_extension_next(&r, &x);)
        if (x.critical && !understood(x.oid))
            return true;
    return false;
}

/* id-kp-OCSPSigning said in so many words: anyExtendedKeyUsage authorises nobody */
static bool may_sign_responses(const lt_certificate *c)
{
    lt_bytes oid;
    if (c->has_key_usage && !(c->key_usage & LT_KU_digital_signature))
        return false;
    for (lt_reader r = c->extended_key_usage; der_oid(&r, &oid);)
        if (lt_bytes_equal(oid, (lt_bytes){ ocsp_signing, sizeof ocsp_signing }))
            return true;
    return false;
}

static bool is_weak(const lt_certificate *c, const lt_ocsp_policy *policy)
{
    lt_public_key key;
    lt_error ignored = { .code = LT_OK };
    uint32_t least = policy->min_rsa_bits ? policy->min_rsa_bits : DEFAULT_MIN_RSA_BITS;
    return lt_public_key_parse(&key, c->spki, &ignored) != LT_OK
           || ((key.type == LT_KEY_rsa || key.type == LT_KEY_rsa_pss) && key.size < least);
}

/* A responder to whom the issuer delegated (RFC 6960 section 4.2.2.2): its certificate is of the
 * issuer itself, not of one below or above. */
static lt_code check_delegation(const lt_certificate *c, const lt_certificate *issuer,
                                const lt_ocsp_policy *policy, lt_error *e)
{
    static const char where[] = "BasicOCSPResponse.certs";
    const lt_bytes nocheck = { ocsp_nocheck, sizeof ocsp_nocheck };
    lt_public_key key;
    lt_extension x;
    if (!lt_dn_equal(c->issuer, issuer->subject))
        return lt_fail_detail(e, LT_bad_ocsp, where, "the responder has another issuer");
    if (!lt_bytes_equal(c->signature_algorithm,
                        c->tbs_signature)) /* RFC 5280 section 4.1.1.2 */
        return lt_fail_detail(e, LT_bad_ocsp, where,
                              "the responder's certificate names two signature algorithms");
    if (!may_sign_responses(c))
        return lt_fail_detail(e, LT_bad_ocsp, where, "the responder lacks id-kp-OCSPSigning");
    if (policy->time < c->not_before || policy->time > c->not_after)
        return lt_fail_detail(e, LT_bad_ocsp, where,
                              "the responder's certificate has expired, "
                              "or is not yet valid");
    if (has_unknown_critical(c))
        return lt_fail_detail(e, LT_bad_ocsp, where,
                              "the responder's certificate has a critical "
                              "extension that is not understood");
    if (is_weak(c, policy))
        return lt_fail_detail(e, LT_bad_ocsp, where, "the responder has a weak key");
    if (lt_public_key_parse(&key, issuer->spki, e) != LT_OK
        || check_signature(c->signature_algorithm, &key, c->tbs_certificate, c->signature,
                           policy, where, e)
               != LT_OK)
        return e->code;
    if (policy->responder_revoked && !lt_certificate_extension(c, nocheck, &x)
        && policy->responder_revoked(policy->context, c))
        return lt_fail_detail(e, LT_bad_ocsp, where, "the responder's certificate is revoked");
    return LT_OK;
}

/* The first failure of a delegated responder is reported where no other one does. */
static lt_code signed_by_delegate(const lt_ocsp_response *r, const lt_certificate *issuer,
                                  const lt_ocsp_policy *policy, lt_error *e)
{
    lt_error why = { .code = LT_OK };
    lt_reader all = r->certificates;
    lt_bytes der;
    for (int i = 0; i < RESPONDERS_MAX && der_element(&all, DER_SEQUENCE, &der); i++) {
        lt_error each = { .code = LT_OK };
        lt_certificate c;
        if (lt_certificate_parse(&c, der, &each) != LT_OK || !is_responder(r, &c))
            continue;
        if (check_delegation(&c, issuer, policy, &each) == LT_OK
            && signed_by(r, &c, policy, &each) == LT_OK)
            return LT_OK;
        if (each.code == LT_limit || why.code == LT_OK)
            why = each;
    }
    if (why.code == LT_OK)
        return lt_fail_detail(e, LT_bad_ocsp, "ResponseData.responderID",
                              "neither the issuer nor a certificate of the response");
    if (e->code == LT_OK)
        *e = why;
    return e->code;
}

/* Does a certificate of the response bear the responder's name, or key? */
static bool has_responder(const lt_ocsp_response *r)
{
    lt_reader all = r->certificates;
    lt_bytes der;
    for (int i = 0; i < RESPONDERS_MAX && der_element(&all, DER_SEQUENCE, &der); i++) {
        lt_error ignored = { .code = LT_OK };
        lt_certificate c;
        if (lt_certificate_parse(&c, der, &ignored) == LT_OK && is_responder(r, &c))
            return true;
    }
    return false;
}

/* A delegate may have the issuer's own name. */
static lt_code check_signer(const lt_ocsp_response *r, const lt_certificate *issuer,
                            const lt_ocsp_policy *policy, lt_error *e)
{
    lt_error why = { .code = LT_OK };
    bool is_issuer = is_responder(r, issuer);
    if (is_issuer && signed_by(r, issuer, policy, &why) == LT_OK)
        return LT_OK;
    if (!is_issuer || (why.code != LT_limit && has_responder(r)))
        return signed_by_delegate(r, issuer, policy, e);
    if (e->code == LT_OK)
        *e = why;
    return e->code;
}

static lt_code check_dates(const lt_ocsp_single *s, const lt_ocsp_policy *policy, lt_error *e)
{
    const long long age = (long long)(policy->time - s->updates.this_update);
    switch (lt_freshness_at(&s->updates, policy->time, policy->max_age)) {
    case LT_FUTURE:
        return lt_fail_detail(e, LT_bad_ocsp, "SingleResponse.thisUpdate",
                              "%lld seconds in the future", -age);
    case LT_PAST:
        return lt_fail_detail(e, LT_bad_ocsp, "SingleResponse.nextUpdate", "%lld seconds ago",
                              (long long)(policy->time - s->updates.next_update));
    case LT_OLD:
        return lt_fail_detail(e, LT_bad_ocsp, "SingleResponse.thisUpdate",
                              "%lld seconds ago: too old", age);
    case LT_FRESH:
        break;
    }
    return LT_OK;
}

/* revoked is worse than unknown, which is worse than good */
static bool is_worse(lt_ocsp_status a, lt_ocsp_status b)
{
    static const int badness[] = {
        [LT_OCSP_good] = 0, [LT_OCSP_unknown] = 1, [LT_OCSP_revoked] = 2
    };
    return badness[a] > badness[b];
}

/* The worst of the answers for this certificate that are of their time. */
static lt_code find_single(const lt_ocsp_response *r, const lt_certificate *certificate,
                           const lt_certificate *issuer, const lt_ocsp_policy *policy,
                           lt_ocsp_single *single, lt_error *e)
{
    lt_error why = { .code = LT_OK };
    lt_ocsp_single each;
    bool found = false;
    for (lt_reader all = r->responses; lt_ocsp_single_next(&all, &each);) {
        if (!lt_ocsp_id_is(&each.id, certificate, issuer))
            continue;
        if (each.unknown_critical)
            return lt_fail_detail(e, LT_bad_ocsp, "SingleResponse.singleExtensions",
                                  "a critical extension is not understood");
        if (check_dates(&each, policy, &why) != LT_OK)
            continue;
        if (!found || is_worse(each.status, single->status))
            *single = each;
        found = true;
    }
    if (found)
        return LT_OK;
    if (why.code == LT_OK)
        return lt_fail_detail(e, LT_revocation_unknown, "SingleResponse.certID",
                              "the response is about other certificates");
    if (e->code == LT_OK)
        *e = why;
    return e->code;
}

static lt_code check_nonce(const lt_ocsp_response *r, const lt_ocsp_policy *policy, lt_error *e)
{
    static const char where[] = "ResponseData.responseExtensions.nonce";
    if (policy->nonce.n == 0 || (!r->has_nonce && policy->nonce_optional))
        return LT_OK;
    if (!r->has_nonce)
        return lt_fail_detail(e, LT_bad_ocsp, where, "the response has none");
    if (!lt_bytes_equal(r->nonce, policy->nonce))
        return lt_fail_detail(e, LT_bad_ocsp, where, "it is not the one of the request");
    return LT_OK;
}

/* A responder that speaks of a certificate before it was made, or after its end, or in the
 * future, has a wrong clock or speaks of another one. */
static lt_code check_produced_at(const lt_ocsp_response *r, const lt_certificate *certificate,
                                 const lt_ocsp_policy *policy, lt_error *e)
{
    if (r->produced_at < certificate->not_before || r->produced_at > certificate->not_after)
        return lt_fail_detail(e, LT_bad_ocsp, "ResponseData.producedAt",
                              "outside the certificate's validity");
    if (r->produced_at > policy->time)
        return lt_fail_detail(e, LT_bad_ocsp, "ResponseData.producedAt", "in the future");
    return LT_OK;
}

lt_code lt_ocsp_verify(const lt_ocsp_response *r, const lt_certificate *certificate,
                       const lt_certificate *issuer, const lt_ocsp_policy *policy,
                       lt_ocsp_single *single, lt_error *e)
{
    if (r->response_status != 0)
        return lt_fail_detail(e, LT_bad_ocsp, "OCSPResponse.responseStatus", "%s",
                              lt_ocsp_response_status_name(r->response_status));
    if (r->unknown_critical)
        return lt_fail_detail(e, LT_bad_ocsp, "ResponseData.responseExtensions",
                              "a critical extension is not understood");
    if (check_produced_at(r, certificate, policy, e) != LT_OK
        || find_single(r, certificate, issuer, policy, single, e) != LT_OK
        || check_nonce(r, policy, e) != LT_OK)
        return e->code;
    return check_signer(r, issuer, policy, e);
}
