/* SPDX-License-Identifier: MIT
 * path_revocation.c - see path_revocation.h. */
#include "x509/path_revocation.h"

#include <stdlib.h>

typedef struct {
    const lt_path_question *q;
    const lt_path *path;
    uint32_t *signatures;
} context;

/* A second search, for the path of a CRL issuer, with all that it needs in one block. */
typedef struct {
    lt_validator validator;
    lt_verify_request request;
    lt_verify_report report;
    lt_error skipped;
    lt_path_question q;
    const lt_anchor *anchor; /* the only one that will do */
    lt_path found;
    lt_anchor pool[LT_POOL_MAX];
} inner_search;

static lt_code same_anchor(void *about, const lt_path *path, uint32_t *signatures,
                           lt_path_fault *fault, lt_error *e)
{
    inner_search *s = about;
    const lt_anchor *anchor = path->certificates[path->length - 1];
    (void)signatures;
    if (!lt_bytes_equal(anchor->certificate.der, s->anchor->certificate.der))
        return lt_fail_detail(e, LT_unknown_issuer, "path", "it leads to another anchor");
    if (lt_path_check(path, fault, e) != LT_OK)
        return e->code;
    s->found = *path;
    return LT_OK;
}

static inner_search *prepare(const context *c, const lt_certificate *certificate)
{
    inner_search *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->validator = *c->q->validator;
    s->validator.policy.max_signatures = *c->signatures;
    s->request = (lt_verify_request){
        .purpose = LT_PURPOSE_any,
        .time = c->q->request->time,
        .report = &s->report,
    };
    s->anchor = c->path->certificates[c->path->length - 1];
    s->q = (lt_path_question){ .validator = &s->validator,
                               .request = &s->request,
                               .pool = s->pool,
                               .skipped = &s->skipped,
                               .judge = same_anchor,
                               .context = s };
    for (size_t i = 0; i < c->q->pool_count; i++) /* the one that is asked about comes first */
        if (&c->q->pool[i].certificate == certificate)
            s->pool[s->q.pool_count++] = c->q->pool[i];
    for (size_t i = 0; i < c->q->pool_count; i++)
        if (&c->q->pool[i].certificate != certificate)
            s->pool[s->q.pool_count++] = c->q->pool[i];
    return s;
}

/* What was found in the copy of the pool, in the pool itself, which lives longer. */
static const lt_certificate *original(const context *c, const lt_anchor *found)
{
    for (size_t i = 0; i < c->q->pool_count; i++)
        if (lt_bytes_equal(c->q->pool[i].certificate.der, found->certificate.der))
            return &c->q->pool[i].certificate;
    return &found->certificate; /* of the store */
}

static lt_code validate(void *about, const lt_certificate *certificate,
                        const lt_certificate **found, size_t *found_length, lt_error *e)
{
    const context *c = about;
    inner_search *s = prepare(c, certificate);
    if (!s)
        return lt_fail(e, LT_memory, "path");
    lt_code rc = lt_path_search(&s->q, e);
    *c->signatures -= s->report.signatures;
    *found_length = rc == LT_OK ? s->found.length : 0;
    for (size_t i = 0; i < *found_length; i++)
        found[i] = original(c, s->found.certificates[i]);
    free(s);
    return rc;
}

static bool in_path(const lt_path *path, const lt_certificate *c)
{
    for (size_t i = 0; i < path->length; i++)
        if (lt_bytes_equal(path->certificates[i]->certificate.der, c->der))
            return true;
    return false;
}

lt_code lt_path_check_revocation(const lt_path_question *q, const lt_path *path,
                                 uint32_t *signatures, lt_verify_result *result,
                                 lt_path_fault *fault, lt_error *e)
{
    const lt_certificate *certificates[LT_CHAIN_MAX], *others[LT_POOL_MAX];
    context c = { q, path, signatures };
    lt_revocation_query query = {
        .path = certificates,
        .path_length = path->length,
        .others = others,
        .staple = q->request->ocsp_staple,
        .staple_asked = q->request->staple_asked,
        .time = q->request->time,
        .signatures = signatures,
        .validate = validate,
        .context = &c,
    };
    if (!q->validator->revocation)
        return LT_OK;
    for (size_t i = 0; i < path->length; i++)
        certificates[i] = &path->certificates[i]->certificate;
    for (size_t i = 0; i < q->pool_count; i++)
        if (!in_path(path, &q->pool[i].certificate))
            others[query.other_count++] = &q->pool[i].certificate;
    lt_code rc = lt_revocation_check(q->validator->revocation, &query, result->revocation, e);
    for (size_t i = 0; rc == LT_revoked && i < path->length; i++)
        if (result->revocation[i].status == LT_STATUS_revoked)
            *fault = (lt_path_fault){ .at = i, .own = true };
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
