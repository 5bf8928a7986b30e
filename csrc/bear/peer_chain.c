/* SPDX-License-Identifier: MIT
 * peer_chain.c - the br_x509_class that collects the peer's certificates, asks the verifier of the
 * config, and hands BearSSL the leaf's key with what it may be used for. */
#include "bear/bear.h"

#include <stddef.h>
#include <stdlib.h>

#include "x509/certificate.h"
#include "x509/public_key.h"

enum {
    RSA_MIN = 1024, /* bits, whatever the verifier is; the usual policy asks for more */
    RSA_MAX = 4096, /* BearSSL's */
    EXPONENT_MAX = 8,
};

static lt_bear *bear_of(const br_x509_class **ctx)
{
    return (lt_bear *)(void *)((char *)ctx - offsetof(lt_bear, peer.vtable));
}

static void start_chain(const br_x509_class **ctx, const char *server_name)
{
    lt_bear *b = bear_of(ctx);
    (void)server_name; /* the verifier is asked for b->name, which may be an address */
    lt_peer_chain_free(&b->peer);
    /* That flag would also tolerate a chain that is refused. */
    br_ssl_engine_remove_flags(b->eng, BR_OPT_TOLERATE_NO_CLIENT_AUTH);
}

static void start_cert(const br_x509_class **ctx, uint32_t length)
{
    lt_peer_chain *peer = &bear_of(ctx)->peer;
    if (peer->count == LT_CHAIN_MAX)
        peer->too_long = true;
    else if (!peer->no_memory && !lt_buffer_reserve(&peer->der, length))
        peer->no_memory = true;
}

static void append(const br_x509_class **ctx, const unsigned char *p, size_t n)
{
    lt_peer_chain *peer = &bear_of(ctx)->peer;
    if (!peer->too_long && !peer->no_memory && !lt_buffer_add(&peer->der, p, n))
        peer->no_memory = true;
}

static void end_cert(const br_x509_class **ctx)
{
    lt_peer_chain *peer = &bear_of(ctx)->peer;
    if (!peer->too_long)
        peer->ends[peer->count++] = peer->der.end;
}

static lt_code use_rsa(lt_peer_chain *peer, const lt_public_key *key, lt_error *e)
{
    if (key->size < RSA_MIN)
        return lt_fail_detail(e, LT_weak_key, "Certificate", "RSA of %zu bits; at least %d",
                              key->size, RSA_MIN);
    if (key->size > RSA_MAX || key->exponent.n > EXPONENT_MAX || key->exponent.n == 0)
        return lt_fail_detail(e, LT_unsupported_certificate, "Certificate",
                              "RSA of %zu bits, exponent of %zu bytes; at most %d and %d",
                              key->size, key->exponent.n, RSA_MAX, EXPONENT_MAX);
    peer->public_key.key_type = BR_KEYTYPE_RSA;
    /* BearSSL only reads; its pointers are not const */
    peer->public_key.key.rsa = (br_rsa_public_key){
        (uint8_t *)(uintptr_t)key->modulus.p,
        key->modulus.n,
        (uint8_t *)(uintptr_t)key->exponent.p,
        key->exponent.n,
    };
    return LT_OK;
}

static lt_code use_ec(lt_peer_chain *peer, const lt_public_key *key, lt_error *e)
{
    size_t length = 0;
    if (key->curve != BR_EC_secp256r1 && key->curve != BR_EC_secp384r1
        && key->curve != BR_EC_secp521r1)
        return lt_fail_detail(e, LT_unsupported_certificate, "Certificate", "curve %s",
                              key->curve_name ? key->curve_name : "without a name we know");
    br_ec_get_default()->generator(key->curve, &length);
    if (key->point.n != length || key->point.p[0] != 4) /* uncompressed: RFC 8422 5.1.2 */
        return lt_fail_detail(e, LT_unsupported_certificate, "Certificate",
                              "a point of %zu bytes on %s", key->point.n, key->curve_name);
    peer->public_key.key_type = BR_KEYTYPE_EC;
    peer->public_key.key.ec = (br_ec_public_key){
        key->curve,
        (uint8_t *)(uintptr_t)key->point.p,
        key->point.n,
    };
    return LT_OK;
}

static lt_code use_key(lt_peer_chain *peer, lt_error *e)
{
    lt_certificate leaf;
    lt_public_key key;
    lt_code rc = lt_certificate_parse(&leaf, peer->certificates[0], e);
    if (rc == LT_OK)
        rc = lt_public_key_parse(&key, leaf.spki, e);
    if (rc != LT_OK)
        return rc;
    uint32_t usage = leaf.has_key_usage ? leaf.key_usage : ~0U;
    uint32_t key_exchange =
        key.type == LT_KEY_rsa ? LT_KU_key_encipherment : LT_KU_key_agreement;
    peer->usages = (unsigned)((usage & LT_KU_digital_signature ? BR_KEYTYPE_SIGN : 0)
                              | (usage & key_exchange ? BR_KEYTYPE_KEYX : 0));
    switch (key.type) {
    case LT_KEY_rsa:
        return use_rsa(peer, &key, e);
    case LT_KEY_ec:
        return use_ec(peer, &key, e);
    default:
        return lt_fail_detail(e, LT_unsupported_certificate, "Certificate",
                              "the key is neither RSA nor EC");
    }
}

static lt_code judge(lt_bear *b)
{
    lt_peer_chain *peer = &b->peer;
    if (peer->no_memory)
        return lt_fail(&b->error, LT_memory, "Certificate");
    if (peer->too_long)
        return lt_fail_detail(&b->error, LT_limit, "Certificate", "more than %d certificates",
                              LT_CHAIN_MAX);
    if (peer->count == 0)
        return lt_fail(&b->error, LT_no_peer_certificate, "Certificate");
    for (size_t i = 0, start = 0; i < peer->count; start = peer->ends[i++])
        peer->certificates[i] = (lt_bytes){ peer->der.data + start, peer->ends[i] - start };
    lt_verify_request request = {
        .certificates = peer->certificates,
        .count = peer->count,
        .name = !b->config->server && b->config->verify_name ? b->name : NULL,
        .purpose = b->config->server ? LT_PURPOSE_client : LT_PURPOSE_server,
        .time = b->now,
        .tried = &peer->tried,
    };
    lt_code rc =
        b->config->verifier->verify(b->config->verifier, &request, &peer->verified, &b->error);
    if (rc == LT_OK) {
        free(peer->tried);
        peer->tried = NULL;
    }
    return rc == LT_OK ? use_key(peer, &b->error) : lt_fail(&b->error, rc, "Certificate");
}

/* The error is in b->error; BearSSL needs a number only to stop. */
static unsigned end_chain(const br_x509_class **ctx)
{
    return judge(bear_of(ctx)) == LT_OK ? 0 : BR_ERR_X509_NOT_TRUSTED;
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
    const lt_peer_chain *peer = (const lt_peer_chain *)(const void *)ctx;
    if (usages)
        *usages = peer->usages;
    return &peer->public_key;
}

static const br_x509_class collector = {
    .context_size = sizeof(lt_peer_chain),
    .start_chain = start_chain,
    .start_cert = start_cert,
    .append = append,
    .end_cert = end_cert,
    .end_chain = end_chain,
    .get_pkey = get_pkey,
};

void lt_peer_chain_init(lt_peer_chain *peer)
{
    peer->vtable = &collector;
}

void lt_peer_chain_free(lt_peer_chain *peer)
{
    lt_buffer_free(&peer->der);
    free(peer->tried);
    *peer = (lt_peer_chain){ .vtable = peer->vtable };
}

void lt_peer_chain_restore(lt_bear *b)
{
    lt_peer_chain *peer = &b->peer;
    const lt_kept_peer *kept = b->kept_peer;
    lt_peer_chain_free(peer);
    if (!kept)
        return;
    peer->verified = kept->verified;
    for (size_t i = 0; i < kept->chain.count; i++)
        if (i < kept->sent)
            peer->certificates[peer->count++] = kept->chain.certificates[i];
        else
            peer->verified.path[i - kept->sent].der = kept->chain.certificates[i];
}
