/* SPDX-License-Identifier: MIT
 * validator.h - the verifier that asks a store: path building, RFC 5280 section 6, the name.
 * Owns neither the store nor what the policy points at; both outlive it. */
#ifndef LT_X509_VALIDATOR_H
#define LT_X509_VALIDATOR_H

#include "x509/pins.h"
#include "x509/revocation.h"
#include "x509/store.h"
#include "x509/verify.h"

typedef struct {
    uint32_t min_rsa_bits;   /* 2048 */
    uint32_t max_depth;      /* certificates in a path, the anchor included; 10 */
    uint32_t max_signatures; /* signature checks in one validation; 100 */
} lt_policy;

extern const lt_policy lt_policy_default;

typedef struct {
    lt_verifier verifier; /* first: what an engine holds */
    const lt_store *store;
    lt_policy policy;
    const lt_revocation *revocation; /* NULL: not asked */
    const lt_pins *pins;             /* NULL: none */
} lt_validator;

void lt_validator_init(lt_validator *v, const lt_store *store, const lt_policy *policy);

#endif
