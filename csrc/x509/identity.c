/* SPDX-License-Identifier: MIT
 * identity.c - see identity.h. */
#include "x509/identity.h"

#include <stdlib.h>

#include "base/secret.h"
#include "x509/certificate.h"

static const uint8_t ecdsa_with[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04 }; /* ansi-x9-62 (4) */

static bool contains(lt_bytes s, const uint8_t *part, size_t n)
{
    for (size_t i = 0; i + n <= s.n; i++)
        if (lt_bytes_equal((lt_bytes){ s.p + i, n }, (lt_bytes){ part, n }))
            return true;
    return false;
}

static lt_code read_leaf(lt_identity *id, lt_error *e)
{
    lt_certificate leaf;
    lt_code rc = lt_certificate_parse(&leaf, id->chain.certificates[0], e);
    if (rc != LT_OK)
        return rc;
    id->key_usage = leaf.has_key_usage ? leaf.key_usage : ~0U;
    id->issuer_key_type = contains(leaf.signature_algorithm, ecdsa_with, sizeof ecdsa_with)
                              ? LT_KEY_ec
                              : LT_KEY_rsa;
    return lt_private_key_matches(&id->key, leaf.der, e);
}

static lt_code to_bearssl(lt_identity *id, lt_error *e)
{
    id->br_chain = malloc(id->chain.count * sizeof *id->br_chain);
    if (!id->br_chain)
        return lt_fail(e, LT_memory, "certificate");
    for (size_t i = 0; i < id->chain.count;
         i++) /* BearSSL only reads; its pointer is not const */
        id->br_chain[i] = (br_x509_certificate){
            .data = id->chain.data + (id->chain.certificates[i].p - id->chain.data),
            .data_len = id->chain.certificates[i].n,
        };
    return LT_OK;
}

/* With the key read, or not: `rc`. */
static lt_code finish(lt_identity *id, lt_code rc, lt_error *e)
{
    if (rc == LT_OK)
        rc = read_leaf(id, e);
    if (rc == LT_OK)
        rc = to_bearssl(id, e);
    if (rc != LT_OK)
        lt_identity_free(id);
    return rc;
}

lt_code lt_identity_parse(lt_identity *id, lt_bytes certificate, lt_bytes key,
                          lt_bytes password, lt_error *e)
{
    *id = (lt_identity){ 0 };
    lt_code rc = lt_chain_parse(&id->chain, certificate, e);
    if (rc == LT_OK)
        rc = lt_private_key_parse(&id->key, key, password, e);
    return finish(id, rc, e);
}

lt_code lt_identity_parse_with(lt_identity *id, lt_bytes certificate, const lt_private_key *key,
                               lt_error *e)
{
    *id = (lt_identity){ 0 };
    lt_code rc = lt_chain_parse(&id->chain, certificate, e);
    if (rc == LT_OK)
        rc = lt_private_key_copy(&id->key, key, e);
    return finish(id, rc, e);
}

lt_code lt_identity_parse_external(lt_identity *id, lt_bytes certificate, int external,
                                   lt_error *e)
{
    *id = (lt_identity){ .external = external };
    lt_certificate leaf;
    lt_public_key key;
    lt_code rc = lt_chain_parse(&id->chain, certificate, e);
    if (rc == LT_OK)
        rc = lt_certificate_parse(&leaf, id->chain.certificates[0], e);
    if (rc == LT_OK)
        rc = lt_public_key_parse(&key, leaf.spki, e);
    if (rc == LT_OK && key.type == LT_KEY_unknown)
        rc = lt_fail(e, LT_unsupported_key, "certificate");
    if (rc == LT_OK) {
        id->key_usage = leaf.has_key_usage ? leaf.key_usage : ~0U;
        id->key.type = key.type;
        id->key.ec.curve = key.curve;
        rc = to_bearssl(id, e);
    }
    if (rc != LT_OK)
        lt_identity_free(id);
    return rc;
}

static void free_staples(lt_identity *id)
{
    for (size_t i = 0; i < id->staple_count; i++)
        lt_buffer_free(&id->staples[i]);
    free(id->staples);
    id->staples = NULL;
    id->staple_count = 0;
}

lt_code lt_identity_set_staples(lt_identity *id, const lt_bytes *responses, size_t count,
                                lt_error *e)
{
    if (count > id->chain.count)
        return lt_fail_detail(e, LT_option, "ocsp_staple", "%zu for %zu certificates", count,
                              id->chain.count);
    lt_buffer *staples = calloc(count + 1, sizeof *staples);
    bool ok = staples != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = lt_buffer_add(&staples[i], responses[i].p, responses[i].n);
    if (ok) {
        free_staples(id);
        id->staples = staples, id->staple_count = count;
        return LT_OK;
    }
    for (size_t i = 0; staples && i < count; i++)
        lt_buffer_free(&staples[i]);
    free(staples);
    return lt_fail(e, LT_memory, "ocsp_staple");
}

lt_code lt_identity_set_scts(lt_identity *id, lt_bytes scts, lt_error *e)
{
    lt_buffer copy = { 0 };
    if (!lt_buffer_add(&copy, scts.p, scts.n))
        return lt_fail(e, LT_memory, "scts");
    lt_buffer_free(&id->scts);
    id->scts = copy;
    return LT_OK;
}

void lt_identity_free(lt_identity *id)
{
    free_staples(id);
    lt_buffer_free(&id->scts);
    lt_chain_free(&id->chain);
    lt_private_key_free(&id->key);
    free(id->br_chain);
    *id = (lt_identity){ 0 };
}
