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
    lt_error skipped; /* why a certificate that came is not in the pool */
    lt_anchor *decoded;
    const lt_anchor *pool[LT_POOL_MAX]; /* into decoded */
    size_t pool_count;
    uint32_t signatures; /* checks left */
    lt_path_question question;
    lt_path found;
} validation;

static lt_code decode(lt_anchor *a, lt_bytes der, lt_error *e)
{
    if (lt_certificate_parse(&a->certificate, der, e) == LT_OK)
        lt_public_key_parse(&a->key, a->certificate.spki, e);
    return e->code;
}

static lt_code check_identity(const lt_certificate *c, const lt_verify_request *q, lt_error *e)
{
    if (q->name && lt_certificate_matches_host(c, q->name, e) != LT_OK)
        return e->code;
    if (q->email && lt_certificate_matches_email(c, q->email, e) != LT_OK)
        return e->code;
    return q->uri ? lt_certificate_matches_uri(c, q->uri, e) : LT_OK;
}

/* What depends on more than the path and the name: it is asked of a path that is known, too. */
static lt_code judge_rest(validation *v, const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    *fault = (lt_path_fault){ .at = 0, .own = false };
    if (lt_path_check_revocation(&v->question, path, v->result, fault, e) != LT_OK)
        return e->code;
    return lt_path_check_pins(path, v->result, e);
}

/* What does not depend on the path comes late: a name is no use where there is no trust. */
static lt_code judge(void *context, const lt_path *path, lt_path_fault *fault, lt_error *e)
{
    validation *v = context;
    const lt_verify_request *request = path->request;
    if (lt_path_check(path, fault, e) != LT_OK)
        return e->code;
    *fault = (lt_path_fault){ .at = 0, .own = true };
    if (check_identity(&path->certificates[0]->certificate, request, e) != LT_OK)
        return e->code;
    if (judge_rest(v, path, fault, e) != LT_OK)
        return e->code;
    v->found = *path;
    v->result->path_length = path->length;
    for (size_t i = 1; i < path->length; i++)
        v->result->path[i].der = path->certificates[i]->certificate.der;
    v->result->path[0].der = request->certificates[0]; /* as it came, not as the store has it */
    return LT_OK;
}

static bool seen(const validation *v, lt_bytes der)
{
    for (size_t i = 0; i < v->pool_count; i++)
        if (lt_bytes_equal(v->decoded[i].certificate.der, der))
            return true;
    return false;
}

/* The leaf must decode. Of the rest, duplicates go, and what does not decode is a stray that is
 * mentioned if no path is found. */
static lt_code fill_pool(validation *v, lt_error *e)
{
    for (size_t i = 0; i < v->request->count; i++) {
        lt_bytes der = v->request->certificates[i];
        lt_error fault = { .code = LT_OK };
        if (seen(v, der))
            continue;
        if (decode(&v->decoded[v->pool_count], der, &fault) == LT_OK) {
            v->pool[v->pool_count] = &v->decoded[v->pool_count];
            v->pool_count++;
        } else if (i == 0) {
            *e = fault;
            return e->code;
        } else {
            v->skipped = fault;
        }
    }
    return LT_OK;
}

static void make_question(validation *v, const lt_anchor *const *pool, size_t pool_count)
{
    v->question = (lt_path_question){ v->validator,   v->request,  pool,  pool_count,
                                      &v->signatures, &v->skipped, judge, v };
    v->signatures = v->validator->policy.max_signatures;
}

static void tell_signatures(const validation *v)
{
    if (v->request->report)
        v->request->report->signatures = v->validator->policy.max_signatures - v->signatures;
}

/* A path that was good before. Whatever speaks against it now, the search has the last word. */
static bool is_known(validation *v)
{
    lt_chain_cache *cache = v->validator->cache;
    const lt_verify_request *request = v->request;
    const lt_known_path *known =
        cache ? lt_chain_cache_find(cache, request, v->validator->store) : NULL;
    lt_error ignored = { .code = LT_OK };
    lt_path_fault fault;
    if (!known)
        return false;
    lt_path path = { .length = known->path_length,
                     .request = request,
                     .validator = v->validator };
    for (size_t i = 0; i < path.length; i++)
        path.certificates[i] = known->path[i];
    make_question(v, known->pool, known->pool_count);
    if (judge_rest(v, &path, &fault, &ignored) != LT_OK) {
        lt_chain_cache_drop(cache, known);
        *v->result = (lt_verify_result){ .path_length = 0 };
        return false;
    }
    for (size_t i = 0; i < path.length; i++)
        v->result->path[i].der = known->came_as[i] < request->count
                                     ? request->certificates[known->came_as[i]]
                                     : path.certificates[i]->certificate.der;
    v->result->path[0].der = request->certificates[0];
    v->result->path_length = path.length;
    v->result->known = true;
    tell_signatures(v);
    return true;
}

static lt_code search(validation *v, lt_error *e)
{
    make_question(v, v->pool, v->pool_count);
    lt_code rc = lt_path_search(&v->question, e);
    if (rc == LT_OK && v->validator->cache)
        lt_chain_cache_add(v->validator->cache, v->request, v->validator->store,
                           v->found.certificates, v->found.length);
    tell_signatures(v);
    return rc;
}

static lt_code validate(const lt_verifier *verifier, const lt_verify_request *request,
                        lt_verify_result *result, lt_error *e)
{
    lt_validator validator = *(const lt_validator *)verifier;
    validation v = { &validator, request, result, .pool_count = 0 };
    if (request->revocation)
        validator.revocation = request->revocation;
    *result = (lt_verify_result){ .path_length = 0 };
    if (request->count == 0)
        return lt_fail(e, LT_no_peer_certificate, "Certificate.certificate_list");
    if (request->count > LT_POOL_MAX)
        return lt_fail_detail(e, LT_limit, "Certificate.certificate_list",
                              "%zu certificates; at most %d", request->count, LT_POOL_MAX);
    lt_store_refresh(validator.store, request->time);
    if (is_known(&v))
        return LT_OK;
    v.decoded = calloc(request->count, sizeof *v.decoded);
    if (!v.decoded)
        return lt_fail(e, LT_memory, "path");
    lt_code rc = fill_pool(&v, e);
    if (rc == LT_OK)
        rc = search(&v, e);
    free(v.decoded);
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
