/* SPDX-License-Identifier: MIT
 * verify.c - see verify.h. */
#include "x509/verify.h"

#include "x509/certificate.h"
#include "x509/public_key.h"

static void copy_status(lt_revocation_status *to, const lt_revocation_status *from)
{
    to->status = from->status;
    to->source = from->source;
    to->source_index = from->source_index;
    to->updates.this_update = from->updates.this_update;
    to->updates.has_next_update = from->updates.has_next_update;
    to->updates.next_update = from->updates.next_update;
    to->revocation_date = from->revocation_date;
    to->reason = from->reason;
    to->problem = from->problem;
    to->problem_where = from->problem_where;
}

void lt_verify_result_copy(lt_verify_result *to, const lt_verify_result *from)
{
    memset(to, 0, sizeof *to);
    to->path_length = from->path_length;
    to->pins_differ = from->pins_differ;
    to->known = from->known;
    for (size_t i = 0; i < from->path_length; i++) {
        to->path[i].der = from->path[i].der;
        copy_status(&to->path[i].revocation, &from->path[i].revocation);
    }
}

/* The engines need the leaf's key, so that much of it must be readable. */
static lt_code verify_none(const lt_verifier *v, const lt_verify_request *request,
                           lt_verify_result *result, lt_error *e)
{
    lt_certificate leaf;
    lt_public_key key;
    (void)v;
    result->path_length = 0;
    if (request->count == 0)
        return lt_fail(e, LT_no_peer_certificate, "Certificate.certificate_list");
    lt_code rc = lt_certificate_parse(&leaf, request->certificates[0], e);
    if (rc == LT_OK)
        rc = lt_public_key_parse(&key, leaf.spki, e);
    if (rc != LT_OK)
        return rc;
    result->path[0].der = request->certificates[0];
    result->path_length = 1;
    return LT_OK;
}

const lt_verifier lt_verify_none = { verify_none };
