/* SPDX-License-Identifier: MIT
 * verify.c - see verify.h. */
#include "x509/verify.h"

#include "x509/certificate.h"
#include "x509/public_key.h"

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
