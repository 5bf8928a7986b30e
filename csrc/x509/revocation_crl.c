/* SPDX-License-Identifier: MIT
 * revocation_crl.c - see revocation_crl.h. The letters are the steps of RFC 5280 section 6.3.3. */
#include "x509/revocation_crl.h"

#include "x509/crl_point.h"
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/verify.h"

enum { POINTS_MAX = 64, DEPTH_MAX = 3 };

static const uint8_t crl_distribution_points[] = { 0x55, 0x1d, 0x1f };

/* One certificate is asked about. The certificate of a CRL issuer outside the path is asked about
 * in turn, by a search whose `outer` is this one: at most DEPTH_MAX of them stand in a row. */
typedef struct search search;
struct search {
    const lt_revocation *r;
    const lt_revocation_query *q;
    const lt_certificate *const
        *path; /* of the certificate: itself, its issuer, ... the anchor */
    size_t path_length;
    const search *outer;
    const lt_certificate *crl_issuer; /* the one that this search is asking about, if any */
    int depth;
    uint32_t reasons; /* reasons_mask */
    lt_revocation_status *status;
    lt_error *e; /* what ends the whole question: a limit, no memory */
};

static lt_code ask(search *s);

static void note_problem(search *s, lt_code problem, const char *where)
{
    if (s->status->problem == LT_OK) {
        s->status->problem = problem;
        s->status->problem_where = where;
    }
}

static bool is_fatal(search *s, const lt_error *why)
{
    if (why->code != LT_limit && why->code != LT_memory)
        return false;
    if (s->e->code == LT_OK)
        *s->e = *why;
    return true;
}

/* (b)(1): who issued the CRL */
static bool issuer_fits(const lt_distribution_point *point, const lt_crl *crl,
                        const lt_certificate *c)
{
    if (point->crl_issuer.n == 0)
        return lt_dn_equal(crl->issuer, c->issuer);
    return crl->has_issuing_point && crl->issuing_point.indirect
           && lt_names_include_dn(point->crl_issuer, crl->issuer);
}

/* (b)(2)(i). A point without a name stands for the names of its CRL issuer; without one of those
 * either, for the issuer of the certificate, whose name the CRL has. */
static bool name_fits(const lt_distribution_point *point, const lt_crl *crl)
{
    const lt_point_name *issuing = &crl->issuing_point.name, *name = &point->name;
    const lt_point_name issuer_names = { .full_name = point->crl_issuer };
    if (lt_point_name_absent(issuing))
        return true;
    if (lt_point_name_absent(name) && point->crl_issuer.n == 0)
        return lt_names_include_dn(issuing->full_name, crl->issuer);
    if (lt_point_name_absent(name))
        name = &issuer_names;
    return lt_point_names_meet(issuing, name, crl->issuer);
}

/* (b)(2)(ii) to (iv). A certificate before version 3 does not say whether it is of a CA. */
static bool kind_fits(const lt_issuing_point *issuing, const lt_certificate *c)
{
    if (issuing->only_user_certs)
        return c->version == 3 && !c->is_ca;
    if (issuing->only_ca_certs)
        return c->is_ca;
    return !issuing->only_attribute_certs;
}

static bool scope_fits(search *s, const lt_distribution_point *point, const lt_crl *crl)
{
    const lt_certificate *c = s->path[0];
    if (crl->is_delta || !issuer_fits(point, crl, c))
        return false;
    if (!crl->has_issuing_point || (name_fits(point, crl) && kind_fits(&crl->issuing_point, c)))
        return true;
    note_problem(s, LT_bad_crl, "issuingDistributionPoint");
    return false;
}

static const char *freshness_problem(const search *s, const lt_crl *crl)
{
    static const char *const where[] = {
        [LT_FRESH] = NULL,
        [LT_FUTURE] = "tbsCertList.thisUpdate",
        [LT_PAST] = "tbsCertList.nextUpdate",
        [LT_OLD] = "tbsCertList.thisUpdate",
    };
    return where[lt_freshness_at(&crl->updates, s->q->time, s->r->max_age)];
}

/* (c), and section 5.2.4: may the two be combined? */
static bool delta_fits(const lt_crl *complete, const lt_crl *delta)
{
    return delta->is_delta && delta->has_crl_number && complete->has_crl_number
           && lt_dn_equal(complete->issuer, delta->issuer)
           && lt_bytes_equal(complete->issuing_point_value, delta->issuing_point_value)
           && lt_bytes_equal(complete->authority_key_identifier,
                             delta->authority_key_identifier)
           && lt_bytes_compare(complete->crl_number, delta->base_crl_number) >= 0
           && lt_bytes_compare(complete->crl_number, delta->crl_number) < 0;
}

static bool in_path(const lt_certificate *const *path, size_t n, const lt_certificate *c)
{
    for (size_t i = 0; i < n; i++)
        if (lt_bytes_equal(path[i]->der, c->der))
            return true;
    return false;
}

/* Is it being asked about already, further out? Then its CRL is what will tell. */
static bool is_pending(const search *s, const lt_certificate *c)
{
    for (; s; s = s->outer)
        if (s->crl_issuer && lt_bytes_equal(s->crl_issuer->der, c->der))
            return true;
    return false;
}

/* Is a certificate on the path of a CRL issuer revoked? Those that are on the path of the
 * question are asked about anyway. */
static bool is_standing(search *s, const lt_certificate *const *path, size_t n)
{
    lt_revocation_status status = { .status = LT_STATUS_unknown };
    if (in_path(s->q->path, s->q->path_length, path[0]) || is_pending(s, path[0]))
        return true;
    if (n < 2) /* an anchor */
        return true;
    if (s->depth == DEPTH_MAX)
        return false;
    search inner = { s->r, s->q, path, n, s, path[0], s->depth + 1, 0, &status, s->e };
    if (ask(&inner) != LT_OK)
        return false;
    return status.status == LT_STATUS_good
           || (status.status == LT_STATUS_unknown && s->r->mode == LT_REVOCATION_soft);
}

/* (f): the path of a CRL issuer leads to the same anchor. */
static bool is_authorised(search *s, const lt_certificate *issuer, lt_error *why)
{
    const lt_certificate *found[LT_CHAIN_MAX];
    size_t n = 0;
    if (!s->q->validate || s->q->validate(s->q->context, issuer, found, &n, why) != LT_OK)
        return false;
    for (size_t i = 0; i + 1 < n; i++)
        if (!is_standing(s, found + i, n - i))
            return false;
    return n > 0;
}

static bool key_identifiers_differ(const lt_crl *crl, const lt_certificate *c)
{
    return crl->authority_key_identifier.n > 0 && c->subject_key_identifier.n > 0
           && !lt_bytes_equal(crl->authority_key_identifier, c->subject_key_identifier);
}

/* (f), (g): signed by one who may, whether on the path or beside it. */
static bool try_issuer(search *s, lt_crl *crl, const lt_certificate *issuer, bool on_path)
{
    lt_error why = { .code = LT_OK };
    if (key_identifiers_differ(crl, issuer) || !lt_dn_equal(crl->issuer, issuer->subject))
        return false;
    if (lt_crl_verify(crl, issuer, s->r->signature_flags, s->q->signatures, &why) != LT_OK) {
        if (!is_fatal(s, &why))
            note_problem(s, why.code, why.where);
        return false;
    }
    if (on_path || is_authorised(s, issuer, &why))
        return true;
    if (!is_fatal(s, &why))
        note_problem(s, LT_bad_crl, "path of the CRL issuer");
    return false;
}

static bool is_signed(search *s, lt_crl *crl)
{
    for (size_t i = 1; i < s->path_length; i++)
        if (try_issuer(s, crl, s->path[i], true))
            return true;
    for (size_t i = 1; s->outer && i < s->q->path_length; i++)
        if (try_issuer(s, crl, s->q->path[i], true))
            return true;
    for (size_t i = 0; i < s->q->other_count && s->e->code == LT_OK; i++)
        if (try_issuer(s, crl, s->q->others[i], false))
            return true;
    note_problem(s, LT_unknown_issuer, "tbsCertList.issuer");
    return false;
}

/* The newest delta CRL that can be combined, is of its time and (h) signed; NULL: none. */
static lt_crl *find_delta(search *s, const lt_crl *complete)
{
    lt_crl *best = NULL;
    for (size_t i = 0; i < s->r->crl_count; i++) {
        lt_crl *delta = s->r->crls[i];
        if (delta_fits(complete, delta) && !freshness_problem(s, delta)
            && delta->unknown_critical.n == 0
            && (!best || lt_bytes_compare(delta->crl_number, best->crl_number) > 0)
            && is_signed(s, delta))
            best = delta;
    }
    return best;
}

/* (i) to (l) */
static void take_answer(search *s, const lt_crl *complete, const lt_crl *delta, size_t index)
{
    const lt_certificate *c = s->path[0];
    lt_revocation_status *status = s->status;
    lt_crl_entry entry;
    bool found = (delta && lt_crl_lookup(delta, c->issuer, c->serial_number, &entry))
                 || lt_crl_lookup(complete, c->issuer, c->serial_number, &entry);
    status->source = LT_SOURCE_crl;
    status->source_index = index;
    status->updates = delta ? delta->updates : complete->updates;
    if (found && entry.reason != LT_REASON_remove_from_crl) {
        status->status = LT_STATUS_revoked;
        status->revocation_date = entry.revocation_date;
        status->reason = entry.reason;
    }
}

/* (a) to (l) for one complete CRL and one distribution point */
static void consider(search *s, const lt_distribution_point *point, size_t index)
{
    lt_crl *crl = s->r->crls[index];
    if (!scope_fits(s, point, crl))
        return;
    uint32_t reasons = point->reasons; /* (d) */
    if (crl->has_issuing_point)
        reasons &= crl->issuing_point.reasons;
    if (!(reasons & ~s->reasons)) /* (e) */
        return;
    if (crl->unknown_critical.n > 0) { /* sections 5.2 and 5.3 */
        note_problem(s, LT_critical_extension, "crlExtensions");
        return;
    }
    const lt_crl *delta = find_delta(s, crl);
    const char *stale = freshness_problem(s, crl); /* a delta makes an old one new (5.2.4) */
    if (stale && (!delta || s->q->time < crl->updates.this_update)) {
        note_problem(s, LT_bad_crl, stale);
        return;
    }
    if (s->e->code != LT_OK || !is_signed(s, crl))
        return;
    take_answer(s, crl, delta, index);
    s->reasons |= reasons;
}

static bool is_done(const search *s)
{
    return s->e->code != LT_OK || s->status->status == LT_STATUS_revoked
           || s->reasons == LT_REASONS_ALL;
}

static void consider_all(search *s, const lt_distribution_point *point)
{
    for (size_t i = 0; i < s->r->crl_count && !is_done(s); i++)
        consider(s, point, i);
}

/* The points that the certificate names. True where there are any, and all of them name another
 * CRL issuer: then its own issuer has left its revocation to those (section 4.2.1.13). So is it
 * where they cannot be read. */
static bool consider_points(search *s)
{
    const lt_bytes oid = { crl_distribution_points, sizeof crl_distribution_points };
    lt_distribution_point point;
    lt_extension x;
    lt_reader points;
    if (!lt_certificate_extension(s->path[0], oid, &x))
        return false;
    if (!der_only(x.value, DER_SEQUENCE, &points)) {
        note_problem(s, LT_bad_certificate, "cRLDistributionPoints");
        return true;
    }
    bool all_delegated = points.n > 0;
    for (int i = 0; i < POINTS_MAX && lt_crl_point_next(&points, &point); i++) {
        consider_all(s, &point);
        all_delegated = all_delegated && point.crl_issuer.n > 0;
    }
    if (points.n > 0)
        note_problem(s, LT_bad_certificate, "cRLDistributionPoints");
    return all_delegated;
}

/* A CRL of the issuer that no point names: as if there were one for it (the end of 6.3.3). */
static void consider_issuer(search *s)
{
    const lt_distribution_point point = { .reasons = LT_REASONS_ALL };
    consider_all(s, &point);
}

static lt_code ask(search *s)
{
    bool delegated = consider_points(s);
    if (!delegated && !is_done(s))
        consider_issuer(s);
    if (s->e->code != LT_OK)
        return s->e->code;
    if (s->status->status == LT_STATUS_revoked)
        return LT_OK;
    if (s->reasons == LT_REASONS_ALL)
        s->status->status = LT_STATUS_good;
    else
        s->status->source = LT_SOURCE_none;
    return LT_OK;
}

lt_code lt_revocation_by_crls(const lt_revocation *r, const lt_revocation_query *q, size_t i,
                              lt_revocation_status *status, lt_error *e)
{
    search s = { r, q, q->path + i, q->path_length - i, NULL, NULL, 0, 0, status, e };
    return ask(&s);
}
