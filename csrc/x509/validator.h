/* SPDX-License-Identifier: MIT
 * validator.h - the verifier that asks a store: path building, RFC 5280 section 6, the name.
 * Owns neither the store nor the cache nor what the policy points at; all outlive it. */
#ifndef LT_X509_VALIDATOR_H
#define LT_X509_VALIDATOR_H

#include "x509/chain_cache.h"
#include "x509/pins.h"
#include "x509/revocation.h"
#include "x509/store.h"
#include "x509/verify.h"

/* What is asked of a path beyond RFC 5280 section 6.1, and that section's initial settings. */
typedef struct {
    uint32_t min_rsa_bits;   /* 2048 */
    uint32_t max_depth;      /* certificates in a path, the anchor included; 10 */
    uint32_t max_signatures; /* signature checks in one validation; 100 */
    uint32_t curves;         /* bit n: BearSSL's curve n; all three NIST curves */
    uint32_t hashes;         /* LT_HASH_ bits, of signatures in the path; SHA-2 */
    int64_t max_lifetime;    /* of the leaf, seconds; 0: not asked */
    bool any_purpose;        /* anyExtendedKeyUsage of a leaf counts for every purpose */

    const lt_bytes
        *policies; /* user-initial-policy-set, OIDs' content octets; none: any-policy */
    size_t policy_count;
    bool require_explicit_policy; /* initial-explicit-policy */
    bool inhibit_policy_mapping;  /* initial-policy-mapping-inhibit */
    bool inhibit_any_policy;      /* initial-any-policy-inhibit */
} lt_policy;

extern const lt_policy lt_policy_default;

typedef struct {
    lt_verifier verifier; /* first: what an engine holds */
    lt_store *store;
    lt_policy policy;
    const lt_revocation *revocation; /* NULL: not asked */
    const lt_pins *pins;             /* NULL: none */
    lt_chain_cache *cache;           /* of this validator alone; NULL: none */
} lt_validator;

/* `policy` NULL: the default. */
void lt_validator_init(lt_validator *v, lt_store *store, const lt_policy *policy);

enum {
    LT_POOL_MAX = 64, /* certificates that come with a leaf, it included */
    LT_POLICIES_MAX = 32,
};

/* For who wants to know how the answer came about; a request may point at one. */
typedef struct lt_verify_report {
    uint32_t signatures;                /* checks made; of a path that was known, this alone */
    lt_bytes policies[LT_POLICIES_MAX]; /* user-constrained-policy-set, OIDs' content octets */
    size_t policy_count;
    bool any_policy; /* the set is { anyPolicy } */
} lt_verify_report;

#endif
