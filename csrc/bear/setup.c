/* SPDX-License-Identifier: MIT
 * setup.c - a config becomes BearSSL's contexts: what all connections share, then one of them. */
#include "bear/bear.h"

#include <stdlib.h>

#include "base/iana.h"
#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"
#include "crypto/cipher.h"
#include "crypto/ec.h"
#include "crypto/rsa_private.h"
#include "crypto/rsa_public.h"
#include "x509/certificate.h"
#include "x509/name.h"
#include "x509/private_key_sign.h"

/* --- shared -------------------------------------------------------------------------------- */

/* BearSSL sends CertificateRequest only with a name in it; without any, the empty one. */
static uint8_t empty_name[] = { 0x30, 0x00 };

static lt_code copy_authorities(struct lt_bear_shared *s, const lt_config *c, lt_error *e)
{
    size_t total = 0;
    s->authority_count = c->authority_count > 0 ? c->authority_count : 1;
    s->authorities = calloc(s->authority_count, sizeof *s->authorities);
    if (!s->authorities)
        return lt_fail(e, LT_memory, "certificate_authorities");
    s->authorities[0] = (br_x500_name){ empty_name, sizeof empty_name };
    for (size_t i = 0; i < c->authority_count; i++) {
        /* BearSSL only reads; its pointer is not const */
        s->authorities[i] =
            (br_x500_name){ (uint8_t *)(uintptr_t)c->authorities[i].p, c->authorities[i].n };
        total += 2 + c->authorities[i].n;
    }
    if (total > 0xffff)
        return lt_fail_detail(e, LT_limit, "CertificateRequest.certificate_authorities",
                              "%zu names of %zu bytes; the limit is 65535", c->authority_count,
                              total);
    return LT_OK;
}

/* The library signs with PKCS#1 v1.5 and ECDSA alone. A client with another key answers a request
 * with no certificate; a server could do nothing. */
static lt_code check_server_key(const lt_config *c, lt_error *e)
{
    lt_key_type type = c->server ? c->identities[0].key.type : LT_KEY_unknown;
    if (!c->server || type == LT_KEY_rsa || type == LT_KEY_ec)
        return LT_OK;
    return lt_fail_detail(e, LT_unsupported_key, "key",
                          "the engine for TLS 1.2 signs with RSA and EC keys, not with %s ones",
                          type == LT_KEY_ed25519 ? "Ed25519" : "RSASSA-PSS");
}

static lt_code check_suites(struct lt_bear_shared *s, const lt_config *c, lt_error *e)
{
    if (c->cipher_suite_count > BR_MAX_CIPHER_SUITES)
        return lt_fail_detail(e, LT_option, "cipher_suites", "%zu of them; the limit is %d",
                              c->cipher_suite_count, BR_MAX_CIPHER_SUITES);
    for (size_t i = 0; i < c->cipher_suite_count; i++) {
        const lt_cipher_suite *suite = lt_cipher_suite_by_id(c->cipher_suites[i]);
        if (!suite || (suite->traits & LT_SUITE_tls_1_3))
            return lt_fail_detail(e, LT_option, "cipher_suites", "%s is not one of BearSSL's",
                                  suite ? suite->name : "an unknown number");
        if (suite->traits & LT_SUITE_sha1)
            s->needs_sha1 = true;
    }
    return LT_OK;
}

static lt_code fill_shared(struct lt_bear_shared *s, const lt_config *c, lt_error *e)
{
    s->ec = lt_ec(c->groups);
    s->needs_md5 = s->needs_sha1 = c->min_version < LT_TLS_1_2;
    if (check_suites(s, c, e) != LT_OK)
        return e->code;
    if (check_server_key(c, e) != LT_OK)
        return e->code;
    if (c->server && c->client_auth != LT_AUTH_none && copy_authorities(s, c, e) != LT_OK)
        return e->code;
    if (c->server && c->session_cache_size > 0) {
        s->cache = lt_bear_cache_new(c->session_cache_size);
        if (!s->cache)
            return lt_fail(e, LT_memory, "session cache");
    }
    return LT_OK;
}

struct lt_bear_shared *lt_bear_shared_new(const lt_config *config, lt_error *e)
{
    struct lt_bear_shared *s = calloc(1, sizeof *s);
    if (!s) {
        lt_fail(e, LT_memory, "config");
        return NULL;
    }
    if (fill_shared(s, config, e) != LT_OK) {
        lt_bear_shared_free(s);
        return NULL;
    }
    return s;
}

void lt_bear_shared_free(struct lt_bear_shared *shared)
{
    if (!shared)
        return;
    lt_bear_cache_free(shared->cache);
    free(shared->authorities);
    free(shared);
}

/* --- one connection -------------------------------------------------------------------------- */

static void set_hashes(br_ssl_engine_context *eng, const struct lt_bear_shared *shared)
{
    if (shared->needs_md5) /* the PRF and the RSA signatures of TLS 1.0 and 1.1 */
        br_ssl_engine_set_hash(eng, br_md5_ID, &br_md5_vtable);
    if (shared->needs_sha1)
        br_ssl_engine_set_hash(eng, br_sha1_ID, &br_sha1_vtable);
    br_ssl_engine_set_hash(eng, br_sha256_ID, &lt_sha256_vtable);
    br_ssl_engine_set_hash(eng, br_sha384_ID, &lt_sha384_vtable);
    br_ssl_engine_set_hash(eng, br_sha512_ID, &lt_sha512_vtable);
    br_ssl_engine_set_prf10(eng, &br_tls10_prf);
    br_ssl_engine_set_prf_sha256(eng, &br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(eng, &br_tls12_sha384_prf);
}

/* Not by br_ssl_engine_set_default_aes_gcm and its like, which ask CPUID in each connection. */
static void set_ciphers(br_ssl_engine_context *eng)
{
    br_ssl_engine_set_aes_ctr(eng, lt_aes_ctr());
    br_ssl_engine_set_ghash(eng, lt_ghash());
    br_ssl_engine_set_gcm(eng, &br_sslrec_in_gcm_vtable, &br_sslrec_out_gcm_vtable);
    br_ssl_engine_set_aes_ctrcbc(eng, lt_aes_ctrcbc());
    br_ssl_engine_set_ccm(eng, &br_sslrec_in_ccm_vtable, &br_sslrec_out_ccm_vtable);
    br_ssl_engine_set_chacha20(eng, lt_chacha20());
    br_ssl_engine_set_poly1305(eng, lt_poly1305());
    br_ssl_engine_set_chapol(eng, &br_sslrec_in_chapol_vtable, &br_sslrec_out_chapol_vtable);
    br_ssl_engine_set_aes_cbc(eng, lt_aes_cbcenc(), lt_aes_cbcdec());
    br_ssl_engine_set_default_des_cbc(eng); /* and the classes of CBC */
}

static void set_algorithms(lt_bear *b)
{
    const lt_config *c = b->config;
    br_ssl_engine_set_versions(b->eng, c->min_version, c->max_version);
    br_ssl_engine_set_suites(b->eng, c->cipher_suites, c->cipher_suite_count);
    set_hashes(b->eng, c->bear);
    set_ciphers(b->eng);
    br_ssl_engine_set_rsavrfy(b->eng, lt_rsa_pkcs1_recover);
    br_ssl_engine_set_ec(b->eng, &c->bear->ec);
    br_ssl_engine_set_ecdsa(b->eng, lt_ecdsa_verify);
    br_ssl_engine_set_x509(b->eng, &b->peer.vtable);
    br_ssl_engine_set_protocol_names(b->eng, c->alpn, c->alpn_count);
    br_ssl_engine_set_all_flags(
        b->eng, BR_OPT_NO_RENEGOTIATION
                    | (c->prefer == LT_PREFER_client ? 0U : BR_OPT_ENFORCE_SERVER_PREFERENCES)
                    | BR_OPT_FAIL_ON_ALPN_MISMATCH);
}

/* Without the library's own seeder, which opens /dev/urandom and asks CPUID for each connection */
static lt_code seed(lt_bear *b)
{
    uint8_t bytes[LT_SEED_SIZE];
    lt_code rc = LT_OK;
    if (b->config->fixed_entropy)
        memcpy(bytes, b->config->entropy, sizeof bytes);
    else
        rc = lt_entropy(bytes, sizeof bytes, &b->error);
    if (rc == LT_OK)
        br_ssl_engine_inject_entropy(b->eng, bytes, sizeof bytes);
    b->eng->rng_os_rand_done = 1;
    lt_wipe(bytes, sizeof bytes);
    return rc;
}

/* What the certificate lets the server's key do. */
static unsigned usages_of(const lt_identity *id)
{
    uint32_t key_exchange =
        id->key.type == LT_KEY_rsa ? LT_KU_key_encipherment : LT_KU_key_agreement;
    return (unsigned)((id->key_usage & LT_KU_digital_signature ? BR_KEYTYPE_SIGN : 0)
                      | (id->key_usage & key_exchange ? BR_KEYTYPE_KEYX : 0));
}

static void set_server_identity(br_ssl_server_context *server, const lt_identity *id)
{
    if (id->key.type == LT_KEY_rsa)
        br_ssl_server_set_single_rsa(server, id->br_chain, id->chain.count, &id->key.rsa,
                                     usages_of(id), lt_rsa_private, lt_private_key_sign_pkcs1);
    else
        br_ssl_server_set_single_ec(
            server, id->br_chain, id->chain.count, &id->key.ec, usages_of(id),
            id->issuer_key_type == LT_KEY_ec ? BR_KEYTYPE_EC : BR_KEYTYPE_RSA,
            br_ec_get_default(), lt_ecdsa_sign);
}

static bool start_server(lt_bear *b)
{
    const lt_config *c = b->config;
    br_ssl_server_context *server = &b->br.server;
    set_server_identity(server, &c->identities[0]);
    if (c->client_auth != LT_AUTH_none)
        br_ssl_server_set_trust_anchor_names(server, c->bear->authorities,
                                             c->bear->authority_count);
    if (c->client_auth == LT_AUTH_request)
        br_ssl_engine_add_flags(b->eng, BR_OPT_TOLERATE_NO_CLIENT_AUTH);
    if (c->bear->cache) {
        b->cache_class = &lt_bear_cache_class;
        br_ssl_server_set_cache(server, &b->cache_class);
    }
    return br_ssl_server_reset(server) == 1;
}

static bool start_client(lt_bear *b, const lt_session *resume)
{
    br_ssl_client_set_default_rsapub(&b->br.client);
    bool offered = resume && lt_bear_resume(b, resume);
    const char *name = b->name_is_ip ? "" : b->name;
    return b->error.code == LT_OK && br_ssl_client_reset(&b->br.client, name, offered) == 1;
}

bool lt_bear_setup(lt_bear *b, const lt_session *resume)
{
    set_algorithms(b);
    if (seed(b) != LT_OK || !lt_bear_obuf(b))
        return false;
    /* For the sizes, from which BearSSL takes the fragment length. The buffers follow the need:
     * see records.c. */
    br_ssl_engine_set_buffers_bidi(b->eng, b->obuf + 1, BR_SSL_BUFSIZE_INPUT, b->obuf,
                                   BR_SSL_BUFSIZE_OUTPUT);
    bool ok = b->config->server ? start_server(b) : start_client(b, resume);
    b->eng->ibuf = NULL, b->eng->ibuf_len = 0;
    if (!ok && b->error.code == LT_OK)
        lt_bear_diagnose(b, br_ssl_engine_last_error(b->eng));
    if (ok)
        lt_bear_drain(b);
    return b->error.code == LT_OK;
}

/* A final dot is no part of a server_name (RFC 6066 section 3). */
static lt_code set_name(lt_bear *b, const char *name, lt_error *e)
{
    uint8_t ip[16];
    size_t n = name && !b->config->server ? strlen(name) : 0;
    if (n > 1 && name[n - 1] == '.')
        n--;
    if (n >= sizeof b->name)
        return lt_fail_detail(e, LT_option, "name", "%zu bytes; the limit is %zu", n,
                              sizeof b->name - 1);
    if (!b->config->server && b->config->verify_name && n == 0)
        return lt_fail_detail(e, LT_option, "name", "none to verify the certificate against");
    if (n > 0)
        memcpy(b->name, name, n);
    b->name_is_ip = n > 0 && lt_ip_parse(b->name, ip) > 0;
    return LT_OK;
}

lt_engine *lt_bear_new(const lt_config *config, const char *name, const lt_session *resume,
                       int64_t now, lt_error *e)
{
    lt_bear *b = calloc(1, sizeof *b);
    if (!b) {
        lt_fail(e, LT_memory, "connection");
        return NULL;
    }
    b->engine.engine_class = &lt_bear_class;
    b->tap.trace = (lt_trace){ .on = config->trace, .clock = config->clock };
    b->config = config;
    b->now = now;
    b->eng = config->server ? &b->br.server.eng : &b->br.client.eng;
    lt_peer_chain_init(&b->peer);
    if (set_name(b, name, e) == LT_OK && lt_bear_setup(b, resume))
        return &b->engine;
    if (e->code == LT_OK)
        *e = b->error;
    lt_bear_class.free(&b->engine);
    return NULL;
}
