/* SPDX-License-Identifier: MIT
 * path_revocation.c - see path_revocation.h. */
#include "x509/path_revocation.h"

/* The path of a CRL issuer: it must end where the certificate's does (RFC 5280 section 6.3.3 f). */
typedef struct {
    const lt_path_question *q;
    const lt_path *path;
    lt_path found;
} context;

static lt_code same_anchor(void *about, const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    context *c = about;
    const lt_anchor *anchor = path->certificates[path->length - 1];
    const lt_anchor *wanted = c->path->certificates[c->path->length - 1];
    if (!lt_bytes_equal(anchor->certificate.der, wanted->certificate.der))
        return lt_fail_detail(e, LT_unknown_issuer, "path", "it leads to another anchor");
    if (lt_path_check(path, fault, e) != LT_OK)
        return e->code;
    c->found = *path;
    return LT_OK;
}

/* The certificate as the pool or the path has it: with its key. */
static const lt_anchor *with_key(const context *c, const lt_certificate *certificate)
{
    for (size_t i = 0; i < c->q->pool_count; i++)
        if (lt_bytes_equal(c->q->pool[i]->certificate.der, certificate->der))
            return c->q->pool[i];
    for (size_t i = 0; i < c->path->length; i++)
        if (lt_bytes_equal(c->path->certificates[i]->certificate.der, certificate->der))
            return c->path->certificates[i];
    return NULL;
}

/* A second search: the same pool, another leaf, no name, any purpose, and the settings of section
 * 6.1.1 that ask for nothing. */
static lt_code validate(void *about, const lt_certificate *certificate,
                        const lt_certificate **found, size_t *found_length, lt_error *e)
{
    context *c = about;
    const lt_anchor *pool[LT_POOL_MAX], *leaf = with_key(c, certificate);
    lt_error skipped = { .code = LT_OK };
    lt_validator validator = *c->q->validator;
    lt_verify_request request = { .purpose = LT_PURPOSE_any, .time = c->q->request->time };
    lt_path_question q = { &validator,       &request, pool,        0,
                           c->q->signatures, &skipped, same_anchor, c };
    if (!leaf)
        return lt_fail_detail(e, LT_unknown_issuer, "path", "it is not one of the chain");
    validator.policy.policy_count = 0;
    validator.policy.require_explicit_policy = validator.policy.inhibit_policy_mapping = false;
    validator.policy.inhibit_any_policy = false;
    pool[q.pool_count++] = leaf;
    for (size_t i = 0; i < c->q->pool_count && q.pool_count < LT_POOL_MAX; i++)
        if (c->q->pool[i] != leaf)
            pool[q.pool_count++] = c->q->pool[i];
    if (lt_path_search(&q, e) != LT_OK)
        return e->code;
    for (size_t i = 0; i < c->found.length; i++)
        found[i] = &c->found.certificates[i]->certificate;
    *found_length = c->found.length;
    return LT_OK;
}

static bool in_path(const lt_path *path, const lt_certificate *c)
{
    for (size_t i = 0; i < path->length; i++)
        if (lt_bytes_equal(path->certificates[i]->certificate.der, c->der))
            return true;
    return false;
}

/* The pool of `q` behind the issuers that the config has, which no peer crowds out. */
static size_t all_candidates(const lt_path_question *q, const lt_anchor *pool[LT_POOL_MAX])
{
    const lt_revocation *r = q->validator->revocation;
    size_t n = 0;
    for (size_t i = 0; i < r->issuer_count && n < LT_ISSUERS_MAX; i++)
        pool[n++] = &r->issuers[i];
    for (size_t i = 0; i < q->pool_count && n < LT_POOL_MAX; i++)
        pool[n++] = q->pool[i];
    return n;
}

lt_code lt_path_check_revocation(const lt_path_question *question, const lt_path *path,
                                 lt_verify_result *result, lt_path_fault *fault, lt_error *e)
{
    const lt_certificate *certificates[LT_CHAIN_MAX], *others[LT_POOL_MAX];
    const lt_anchor *pool[LT_POOL_MAX];
    lt_revocation_status status[LT_CHAIN_MAX];
    lt_path_question with_issuers = *question;
    const lt_path_question *q = &with_issuers;
    context c = { q, path, { .length = 0 } };
    lt_revocation_query query = {
        .path = certificates,
        .path_length = path->length,
        .others = others,
        .staple = q->request->ocsp_staple,
        .staple_asked = q->request->staple_asked,
        .time = q->request->time,
        .signatures = q->signatures,
        .validate = validate,
        .context = &c,
    };
    if (!q->validator->revocation)
        return LT_OK;
    with_issuers.pool = pool;
    with_issuers.pool_count = all_candidates(question, pool);
    for (size_t i = 0; i < path->length; i++)
        certificates[i] = &path->certificates[i]->certificate;
    for (size_t i = 0; i < q->pool_count; i++)
        if (!in_path(path, &q->pool[i]->certificate))
            others[query.other_count++] = &q->pool[i]->certificate;
    lt_code rc = lt_revocation_check(q->validator->revocation, &query, status, e);
    *fault = (lt_path_fault){ .at = 0, .own = rc == LT_must_staple };
    for (size_t i = 0; i < path->length; i++) {
        result->path[i].revocation = status[i];
        if (rc == LT_revoked && status[i].status == LT_STATUS_revoked)
            *fault = (lt_path_fault){ .at = i, .own = true };
    }
    return rc;
}

lt_code lt_path_check_pins(const lt_path *path, lt_verify_result *result, lt_error *e)
{
    const lt_pins *pins = path->validator->pins;
    lt_bytes ders[LT_CHAIN_MAX];
    lt_error why = { .code = LT_OK };
    if (!pins)
        return LT_OK;
    for (size_t i = 0; i < path->length; i++)
        ders[i] = path->certificates[i]->certificate.der;
    result->pins_differ =
        lt_pins_check(pins, ders, path->length, path->request->time, &why) != LT_OK;
    if (!result->pins_differ || pins->report_only)
        return LT_OK;
    if (e->code == LT_OK)
        *e = why;
    return e->code;
}
