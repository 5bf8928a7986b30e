/* SPDX-License-Identifier: MIT
 * fuzz_validate.c - libFuzzer: a whole validation. One octet of settings, then certificates end to end:
 * the anchor, the leaf, others. No input has signatures that hold unless it was seeded with them, so the
 * checks behind them also see the certificates as a path, just as they stand. */
#include <stdlib.h>

#include "x509/chain.h"
#include "x509/der.h"
#include "x509/path.h"
#include "x509/validator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TIME = 1735689600 }; /* 2025-01-01, as of the seeds */

static void check(bool fine)
{
    if (!fine)
        abort();
}

static lt_verify_request request_of(uint8_t settings, const lt_bytes *certificates,
                                    size_t count)
{
    return (lt_verify_request){
        .certificates = certificates,
        .count = count,
        .name = settings & 1 ? "leaf.example" : NULL,
        .purpose = settings & 2 ? LT_PURPOSE_server : LT_PURPOSE_any,
        .time = TIME,
    };
}

static void validate(const lt_validator *v, uint8_t settings, const lt_bytes *chain,
                     size_t count)
{
    lt_verify_report report = { .policy_count = 0 };
    lt_tried_paths *tried = NULL;
    lt_verify_result result;
    lt_error e = { .code = LT_OK };
    lt_verify_request request = request_of(settings, chain, count);
    request.report = &report;
    request.tried = &tried;
    lt_code rc = v->verifier.verify(&v->verifier, &request, &result, &e);
    check(rc == e.code && report.signatures <= v->policy.max_signatures);
    check(!tried || (tried->count <= LT_TRIED_MAX && tried->count > 0));
    check(report.policy_count <= LT_POLICIES_MAX);
    free(tried);
    if (rc != LT_OK)
        return;
    check(result.path_length >= 1 && result.path_length <= v->policy.max_depth);
    check(lt_bytes_equal(result.path[0].der, chain[0]));
}

/* The leaf, the others as they come, the anchor. */
static void check_path(const lt_validator *v, uint8_t settings, const lt_bytes *all,
                       size_t count)
{
    lt_anchor anchors[LT_CHAIN_MAX];
    lt_verify_request request = request_of(settings, all, count);
    lt_path path = { .request = &request, .validator = v };
    lt_path_fault fault = { .at = 0 };
    lt_error e = { .code = LT_OK };
    if (count > LT_CHAIN_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        lt_anchor *a = &anchors[path.length];
        if (lt_certificate_parse(&a->certificate, all[(i + 1) % count], &e) != LT_OK
            || lt_public_key_parse(&a->key, a->certificate.spki, &e) != LT_OK)
            return;
        path.certificates[path.length++] = a;
    }
    lt_path_check(&path, &fault, &e);
    check(fault.at < path.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t policy[] = { 0x2a, 3, 1 }; /* 1.2.3.1 */
    const lt_bytes policies[] = { { policy, sizeof policy } };
    lt_reader in = { data, size };
    lt_bytes all[LT_POOL_MAX + 1];
    size_t count = 0;
    uint32_t settings;
    lt_error e = { .code = LT_OK };
    if (!rd_uint(&in, 1, &settings))
        return 0;
    while (count < LT_POOL_MAX + 1 && der_element(&in, DER_SEQUENCE, &all[count]))
        count++;
    lt_store *store = lt_store_new();
    check(store != NULL);
    lt_policy p = lt_policy_default;
    p.policies = policies;
    p.policy_count = settings & 4 ? 1 : 0;
    p.require_explicit_policy = settings & 8;
    p.inhibit_policy_mapping = settings & 16;
    p.inhibit_any_policy = settings & 32;
    lt_store_take_leaves(store, settings & 64);
    lt_validator v;
    lt_validator_init(&v, store, &p);
    if (count > 0) {
        lt_store_add_text(store, all[0], NULL, &e);
        validate(&v, (uint8_t)settings, all + 1, count - 1);
        check_path(&v, (uint8_t)settings, all, count);
    }
    lt_store_free(store);
    return 0;
}
