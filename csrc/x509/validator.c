/* SPDX-License-Identifier: MIT
 * validator.c - see validator.h. */
#include "x509/validator.h"

#include <stdlib.h>

#include "x509/name.h"
#include "x509/path_revocation.h"
#include "x509/path_search.h"
#include "x509/signature.h"

const lt_policy lt_policy_default = {
    .min_rsa_bits = 2048,
    .max_depth = 10,
    .max_signatures = 100,
    .curves = 1U << BR_EC_secp256r1 | 1U << BR_EC_secp384r1 | 1U << BR_EC_secp521r1,
    .hashes = LT_HASH_sha2,
};

typedef struct {
    const lt_validator *validator;
    const lt_verify_request *request;
    lt_verify_result *result;
    lt_path_question question;
} validation;

/* What does not depend on the path comes last: a name is no use where there is no trust. */
static lt_code check_name(const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    if (!path->request->name)
        return LT_OK;
    *fault = (lt_path_fault){ .at = 0, .own = true };
    return lt_certificate_matches_host(&path->certificates[0]->certificate, path->request->name,
                                       e);
}

static lt_code judge(void *context, const lt_path *path, uint32_t *signatures,
                     lt_path_fault *fault, lt_error *e)
{
    validation *v = context;
    if (lt_path_check(path, fault, e) != LT_OK || check_name(path, fault, e) != LT_OK)
        return e->code;
    *fault = (lt_path_fault){ .at = 0, .own = false };
    if (lt_path_check_pins(path, v->result, e) != LT_OK
        || lt_path_check_revocation(&v->question, path, signatures, v->result, fault, e)
               != LT_OK)
        return e->code;
    v->result->path_length = path->length;
    for (size_t i = 0; i < path->length; i++)
        v->result->path[i] = path->certificates[i]->certificate.der;
    if (path->length
        > 0) /* the leaf is handed back as it was handed in, not as the store has it */
        v->result->path[0] = v->request->certificates[0];
    return LT_OK;
}

static bool seen(const lt_path_question *q, lt_bytes der)
{
    for (size_t i = 0; i < q->pool_count; i++)
        if (lt_bytes_equal(q->pool[i].certificate.der, der))
            return true;
    return false;
}

static lt_code decode(lt_anchor *a, lt_bytes der, lt_error *e)
{
    if (lt_certificate_parse(&a->certificate, der, e) == LT_OK)
        lt_public_key_parse(&a->key, a->certificate.spki, e);
    return e->code;
}

/* The leaf must decode. Of the rest, duplicates go, and what does not decode is a stray that is
 * mentioned if no path is found. */
static lt_code fill_pool(lt_path_question *q, lt_error *skipped, lt_error *e)
{
    const lt_verify_request *request = q->request;
    for (size_t i = 0; i < request->count; i++) {
        lt_bytes der = request->certificates[i];
        lt_error fault = { .code = LT_OK };
        if (seen(q, der))
            continue;
        if (decode(&q->pool[q->pool_count], der, &fault) == LT_OK)
            q->pool_count++;
        else if (i == 0)
            return (*e = fault).code;
        else
            *skipped = fault;
    }
    return LT_OK;
}

static lt_code validate(const lt_verifier *verifier, const lt_verify_request *request,
                        lt_verify_result *result, lt_error *e)
{
    lt_error skipped = { .code = LT_OK };
    validation v = { (const lt_validator *)verifier, request, result, { NULL } };
    v.question = (lt_path_question){ .validator = v.validator,
                                     .request = request,
                                     .skipped = &skipped,
                                     .judge = judge,
                                     .context = &v };
    result->path_length = 0;
    if (request->count == 0)
        return lt_fail(e, LT_no_peer_certificate, "Certificate.certificate_list");
    if (request->count > LT_POOL_MAX)
        return lt_fail_detail(e, LT_limit, "Certificate.certificate_list",
                              "%zu certificates; at most %d", request->count, LT_POOL_MAX);
    v.question.pool = malloc(request->count * sizeof *v.question.pool);
    if (!v.question.pool)
        return lt_fail(e, LT_memory, "path");
    lt_store_refresh(v.validator->store, request->time);
    lt_code rc = fill_pool(&v.question, &skipped, e);
    if (rc == LT_OK)
        rc = lt_path_search(&v.question, e);
    free(v.question.pool);
    return rc;
}

void lt_validator_init(lt_validator *v, lt_store *store, const lt_policy *policy)
{
    *v = (lt_validator){
        .verifier = { validate },
        .store = store,
        .policy = policy ? *policy : lt_policy_default,
    };
}
