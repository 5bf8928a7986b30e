/* SPDX-License-Identifier: MIT
 * path_clock.c - a certificate that has expired by our clock: does anything else that came with it say
 * that the clock is ahead? Only a hint: whoever keeps an old certificate may keep old company with it. */
#include "x509/ocsp.h"
#include "x509/path.h"
#include "x509/text.h"

enum {
    SIGNATURES = 3
}; /* checks that a hint is worth: the response, and its signer's certificate */

static bool is_over(const lt_ocsp_single *s, int64_t now)
{
    return s->updates.has_next_update && s->updates.next_update < now;
}

/* A staple that the CA signed while the leaf was good, and which has also run out: servers renew them
 * every few days, so that a peer which is there now has a newer one. */
static bool staple_is_over(const lt_path *path, int64_t *made)
{
    const lt_verify_request *q = path->request;
    lt_error ignored = { .code = LT_OK };
    lt_ocsp_response r;
    lt_ocsp_single single;
    if (q->ocsp_staple.n == 0 || path->length < 2
        || lt_ocsp_parse(&r, q->ocsp_staple, &ignored) != LT_OK || r.response_status != 0)
        return false;
    uint32_t left = SIGNATURES;
    lt_ocsp_policy then = { .time = r.produced_at, .signatures = &left };
    if (lt_ocsp_verify(&r, &path->certificates[0]->certificate,
                       &path->certificates[1]->certificate, &then, &single, &ignored)
        != LT_OK)
        return false;
    *made = r.produced_at;
    return single.status == LT_OCSP_good && is_over(&single, q->time);
}

void lt_path_explain_late(const lt_path *path, lt_error *e)
{
    static const char ahead[] = "this machine's clock may be ahead";
    char now[32], then[32];
    int64_t made, newest = INT64_MIN;
    size_t over = 0;
    for (size_t i = 0; i < path->length; i++) {
        const lt_certificate *c = &path->certificates[i]->certificate;
        over += path->request->time > c->not_after ? 1 : 0;
        newest = c->not_before > newest ? c->not_before : newest;
    }
    lt_time_text(path->request->time, now, sizeof now);
    if (staple_is_over(path, &made)) {
        lt_time_text(made, then, sizeof then);
        lt_error_cause(e, ahead, "the time is %s; the OCSP response that came along is of %s",
                       now, then);
    } else if (over > 1) {
        lt_time_text(newest, then, sizeof then);
        lt_error_cause(e, ahead,
                       "the time is %s; by that %zu of the %zu certificates of the path have "
                       "expired, the newest of which is of %s",
                       now, over, path->length, then);
    } else {
        lt_error_cause(e, NULL, "the time is %s", now);
    }
}
