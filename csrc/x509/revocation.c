/* SPDX-License-Identifier: MIT
 * revocation.c - see revocation.h: the sources, one after another, and the verdict. */
#include "x509/revocation.h"

#include "x509/dn.h"
#include "x509/extensions.h"
#include "x509/ocsp.h"
#include "x509/revocation_crl.h"
#include "x509/text.h"
#include "x509/verify.h"

/* id-pe-tlsfeature: 1.3.6.1.5.5.7.1.24 */
static const uint8_t tls_feature[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18 };
enum { STATUS_REQUEST = 5 };

const lt_revocation lt_revocation_default = {
    .mode = LT_REVOCATION_soft,
    .staple = true,
    .leaf_only = true,
};

typedef struct {
    const lt_revocation *r;
    const lt_revocation_query *q;
    size_t i; /* the certificate of the path that is asked about */
    lt_error *e;
} question;

/* A delegated OCSP responder's certificate, of the issuer at i + 1, by the CRLs at hand. */
static bool responder_revoked(void *context, const lt_certificate *responder)
{
    const question *about = context;
    const lt_certificate *path[LT_CHAIN_MAX];
    lt_revocation_query q = *about->q;
    lt_revocation_status status = { .status = LT_STATUS_unknown };
    q.path = path;
    q.path_length = about->q->path_length - about->i;
    path[0] = responder;
    for (size_t i = 1; i < q.path_length; i++)
        path[i] = about->q->path[about->i + i];
    return lt_revocation_by_crls(about->r, &q, 0, &status, about->e) != LT_OK
           || status.status == LT_STATUS_revoked;
}

static void take_single(const lt_ocsp_single *single, lt_revocation_status *status)
{
    static const lt_status statuses[] = { [LT_OCSP_good] = LT_STATUS_good,
                                          [LT_OCSP_revoked] = LT_STATUS_revoked,
                                          [LT_OCSP_unknown] = LT_STATUS_unknown };
    status->status = statuses[single->status];
    status->updates = single->updates;
    status->revocation_date = single->revocation_date;
    status->reason = single->reason;
    if (single->status == LT_OCSP_unknown) {
        status->problem = LT_revocation_unknown;
        status->problem_where = "SingleResponse.certStatus";
    }
}

/* What one response says of the certificate; one about others says nothing. */
static lt_code ask_response(question *about, lt_bytes der, lt_revocation_status *status)
{
    const lt_certificate *const *path = about->q->path + about->i;
    const lt_ocsp_policy policy = {
        .time = about->q->time,
        .max_age = about->r->max_age,
        .signature_flags = about->r->signature_flags,
        .min_rsa_bits = about->r->min_rsa_bits,
        .signatures = about->q->signatures,
        .responder_revoked = responder_revoked,
        .context = about,
    };
    lt_error why = { .code = LT_OK };
    lt_ocsp_response response;
    lt_ocsp_single single;
    status->status = LT_STATUS_unknown;
    if (lt_ocsp_parse(&response, der, &why) == LT_OK
        && lt_ocsp_verify(&response, path[0], path[1], &policy, &single, &why) == LT_OK) {
        take_single(&single, status);
        return LT_OK;
    }
    if (about->e->code != LT_OK)
        return about->e->code;
    if (why.code == LT_limit || why.code == LT_memory)
        return *about->e = why, why.code;
    if (why.code != LT_revocation_unknown) {
        status->problem = why.code;
        status->problem_where = why.where;
    }
    return LT_OK;
}

/* Revoked by any source is revoked; else the first that says good is believed; else the first
 * problem is told. */
static void combine(lt_revocation_status *all, const lt_revocation_status *one,
                    lt_source source, size_t index)
{
    bool better = (one->status == LT_STATUS_revoked && all->status != LT_STATUS_revoked)
                  || (one->status == LT_STATUS_good && all->status == LT_STATUS_unknown)
                  || (all->status == LT_STATUS_unknown && all->problem == LT_OK);
    if (!better)
        return;
    *all = *one;
    all->source = one->status == LT_STATUS_unknown ? LT_SOURCE_none : source;
    all->source_index = index;
}

static lt_code ask_sources(question *about, lt_revocation_status *all)
{
    const lt_revocation *r = about->r;
    all->status = LT_STATUS_unknown;
    if (about->i == 0 && r->staple && about->q->staple.n > 0) {
        lt_revocation_status one = { .status = LT_STATUS_unknown };
        if (ask_response(about, about->q->staple, &one) != LT_OK)
            return about->e->code;
        combine(all, &one, LT_SOURCE_staple, 0);
    }
    for (size_t n = 0; n < r->response_count; n++) {
        lt_revocation_status one = { .status = LT_STATUS_unknown };
        if (ask_response(about, r->responses[n], &one) != LT_OK)
            return about->e->code;
        combine(all, &one, LT_SOURCE_ocsp, n);
    }
    lt_revocation_status one = { .status = LT_STATUS_unknown };
    if (lt_revocation_by_crls(r, about->q, about->i, &one, about->e) != LT_OK)
        return about->e->code;
    combine(all, &one, LT_SOURCE_crl, one.source_index);
    return LT_OK;
}

static bool must_staple(const lt_certificate *c)
{
    lt_extension x;
    lt_reader features;
    int32_t feature;
    if (!lt_certificate_extension(c, (lt_bytes){ tls_feature, sizeof tls_feature }, &x)
        || !lt_sequence_of(x.value, &features))
        return false;
    while (lt_tls_feature_next(&features, &feature))
        if (feature == STATUS_REQUEST)
            return true;
    return false;
}

/* RFC 7633: a certificate that promises a staple comes with one that says good. */
static lt_code check_must_staple(question *about)
{
    lt_revocation_status status = { .status = LT_STATUS_unknown };
    if (!about->r->staple || !about->q->staple_asked || !must_staple(about->q->path[0]))
        return LT_OK;
    if (about->q->staple.n == 0)
        return lt_fail(about->e, LT_must_staple, "CertificateStatus");
    if (ask_response(about, about->q->staple, &status) != LT_OK
        || status.status == LT_STATUS_good || status.status == LT_STATUS_revoked)
        return about->e->code;
    lt_fail(about->e, LT_must_staple, "CertificateStatus");
    lt_error_cause(about->e, NULL, "the staple cannot be used: %s (%s)",
                   lt_code_text(status.problem ? status.problem : LT_revocation_unknown),
                   status.problem_where ? status.problem_where : "SingleResponse.certID");
    return about->e->code;
}

static const char *source_name(lt_source source)
{
    static const char *const names[] = { "nothing", "CRL", "OCSP staple", "OCSP response" };
    return names[source];
}

static lt_code fail_revoked(const question *about, const lt_revocation_status *status)
{
    char subject[128], when[32];
    const char *reason = lt_reason_name(status->reason);
    lt_dn_text(about->q->path[about->i]->subject, subject, sizeof subject);
    lt_time_text(status->revocation_date, when, sizeof when);
    return lt_fail_detail(about->e, LT_revoked, "tbsCertificate.serialNumber",
                          "%s, since %s, %s, by %s", subject, when, reason ? reason : "unknown",
                          source_name(status->source));
}

static lt_code fail_unknown(const question *about, const lt_revocation_status *status)
{
    char subject[128];
    lt_dn_text(about->q->path[about->i]->subject, subject, sizeof subject);
    lt_fail_detail(about->e, LT_revocation_unknown, "tbsCertificate.serialNumber", "%s",
                   subject);
    if (status->problem == LT_OK)
        lt_error_cause(about->e, "give its CRL or an OCSP response, or use the mode \"soft\"",
                       "no CRL, staple or OCSP response tells of it");
    else
        lt_error_cause(about->e, NULL, "%s (%s)", lt_code_text(status->problem),
                       status->problem_where ? status->problem_where : "?");
    return about->e->code;
}

static lt_code judge(const question *about, const lt_revocation_status *status)
{
    if (status->status == LT_STATUS_revoked)
        return fail_revoked(about, status);
    if (status->status == LT_STATUS_unknown && about->r->mode == LT_REVOCATION_hard)
        return fail_unknown(about, status);
    return LT_OK;
}

lt_code lt_revocation_check(const lt_revocation *r, const lt_revocation_query *q,
                            lt_revocation_status *status, lt_error *e)
{
    question about = { r, q, 0, e };
    for (size_t i = 0; i < q->path_length; i++)
        status[i] = (lt_revocation_status){ .status = LT_STATUS_not_checked };
    if (r->mode == LT_REVOCATION_off || q->path_length < 2)
        return LT_OK;
    for (size_t i = r->leaf_only ? 1 : q->path_length - 1; i-- > 0;) {
        about.i = i;
        if (ask_sources(&about, &status[i]) != LT_OK || judge(&about, &status[i]) != LT_OK)
            return e->code;
    }
    return check_must_staple(&about);
}
