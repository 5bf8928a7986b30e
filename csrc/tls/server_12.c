/* SPDX-License-Identifier: MIT
 * server_12.c - the server of TLS 1.2 with ECDHE and an AEAD (RFC 5246 section 7.3, RFC 8422,
 * RFC 7627, RFC 5077), once server.c has read the ClientHello and found no TLS 1.3 in common. */
#include "tls/tls.h"

#include "base/secret.h"
#include "wire/certificate.h"

enum { EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff, NAMED_CURVE = 3, RSA_SIGN = 1, ECDSA_SIGN = 64 };

/* --- choices ------------------------------------------------------------------------------------------ */

static uint32_t choose_group(const lt_tls *t) /* 0: none in common */
{
    lt_bytes offered = t->hs->client_hello.supported_groups;
    for (const uint16_t *g = lt_tls_groups(t->config); *g; g++)
        if (lt_tls_group_rank(t->config, *g)
            && (offered.n == 0 ? *g == 23 : lt_list_has(offered, *g))) /* RFC 8422 section 4 */
            return *g;
    return 0;
}

/* An identity for the suite whose certificate and signature the client can verify; `fitting`: the whole
 * chain too. */
static bool choose_identity(lt_tls *t, const lt_suite *suite, bool fitting)
{
    lt_tls_handshake *hs = t->hs;
    for (size_t i = 0; i < t->config->identity_count; i++) {
        const struct lt_identity *id = lt_identity_at(t->config->identities, i);
        uint32_t group = lt_identity_group(id);
        lt_bytes groups = hs->client_hello.supported_groups;
        if (lt_identity_is_rsa(id) == suite->ecdsa
            || (group && groups.n > 0 && !lt_list_has(groups, group))
            || (fitting && !lt_tls_chain_fits(t, id))
            || !lt_tls_choose_scheme(t, id, &hs->identity_scheme))
            continue;
        hs->identity = id;
        return true;
    }
    return false;
}

static bool choose_suite_and_identity(lt_tls *t, const lt_suite *const *suites, size_t n,
                                      bool fitting)
{
    for (size_t i = 0; i < n; i++)
        if (choose_identity(t, suites[i], fitting)) {
            t->suite = suites[i];
            t->signature_scheme = (uint16_t)t->hs->identity_scheme;
            return true;
        }
    return false;
}

static lt_code choose_suite(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    const lt_suite *suites[LT_TLS_SUITES_MAX];
    size_t n = lt_tls_common_suites(t, LT_TLS_1_2, suites);
    hs->peer_schemes =
        hs->client_hello.signature_algorithms; /* none: SHA-1, which we do not sign */
    hs->peer_certificate_schemes = hs->client_hello.signature_algorithms_cert;
    if ((t->config->identity_count > 1 && choose_suite_and_identity(t, suites, n, true))
        || choose_suite_and_identity(t, suites, n, false))
        return LT_OK;
    return n > 0 ? lt_tls_no_signature_scheme(t) : lt_tls_no_cipher_suite(t);
}

/* RFC 5077 section 3.4, RFC 7627 section 5.3 */
static bool usable(const lt_tls *t, const lt_tls_session *s)
{
    const lt_suite *suite = lt_suite_by_id(s->cipher_suite);
    return s->version == LT_TLS_1_2 && lt_tls_allows_suite(t->config, suite)
           && lt_list_has(t->hs->client_hello.cipher_suites, s->cipher_suite)
           && (s->extended_master_secret || !t->hs->extended_master_secret);
}

static lt_code find_session(lt_tls *t)
{
    lt_bytes ticket = t->hs->client_extensions.data[LT_X_session_ticket];
    lt_tls_session *s = ticket.n > 0 ? lt_tls_open_ticket(t, ticket) : NULL;
    if (s && !(usable(t, s) && lt_tls_restore_peer(t, s))) {
        lt_tls_session_free(&s->base);
        s = NULL;
    }
    t->resume = s;
    if (s && s->extended_master_secret && !t->hs->extended_master_secret) /* RFC 7627 5.3 */
        return lt_fail(&t->error, LT_no_extended_master_secret, "ClientHello.extensions");
    return LT_OK;
}

/* --- messages ------------------------------------------------------------------------------------------- */

static bool sends_scts(const lt_tls *t)
{
    return lt_has_extension(&t->hs->client_extensions, LT_X_signed_certificate_timestamp)
           && lt_identity_scts(t->hs->identity).n > 0;
}

static void hello_extensions(lt_tls *t, lt_writer *w)
{
    lt_tls_handshake *hs = t->hs;
    lt_mark block = wr_open(w, 2);
    if (lt_has_extension(&hs->client_extensions, LT_X_renegotiation_info)
        || lt_list_has(hs->client_hello.cipher_suites, EMPTY_RENEGOTIATION_INFO_SCSV)) {
        wr_uint(w, 2, LT_EXT_renegotiation_info); /* RFC 5746 section 3.6 */
        wr_vec(w, 2, (lt_bytes){ (const uint8_t[]){ 0 }, 1 });
    }
    if (hs->extended_master_secret)
        wr_uint(w, 4, (uint32_t)LT_EXT_extended_master_secret << 16);
    if (hs->ticket_expected)
        wr_uint(w, 4, (uint32_t)LT_EXT_session_ticket << 16);
    if (t->alpn)
        lt_tls_write_alpn(t, w);
    if (lt_has_extension(&hs->client_extensions, LT_X_record_size_limit)) {
        wr_uint(w, 4, (uint32_t)LT_EXT_record_size_limit << 16 | 2);
        wr_uint(w, 2, lt_tls_record_size_limit(t));
    }
    if (hs->staple_expected)
        wr_uint(w, 4, (uint32_t)LT_EXT_status_request << 16);
    if (!t->resumed && sends_scts(t)) {
        wr_uint(w, 2, LT_EXT_signed_certificate_timestamp);
        wr_vec(w, 2, lt_identity_scts(hs->identity));
    }
    if (!t->resumed && lt_has_extension(&hs->client_extensions, LT_X_ec_point_formats)) {
        wr_uint(w, 2, LT_EXT_ec_point_formats);
        wr_uint(w, 2, 2);
        wr_uint(w, 2, 0x0100); /* one: uncompressed */
    }
    wr_close(w, block);
}

static lt_code server_hello(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    lt_random_bytes(t->random, t->server_random, sizeof t->server_random);
    if (lt_tls_allows_version(t->config, LT_TLS_1_3)) /* RFC 8446 section 4.1.3 */
        memcpy(t->server_random + 24, lt_downgrade_to_12, sizeof lt_downgrade_to_12);
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_server_hello, &message);
    lt_server_hello_write(
        &w, &(lt_server_hello){
                .legacy_version = LT_TLS_1_2,
                .random = { t->server_random, sizeof t->server_random },
                .session_id = t->resumed ? hs->client_hello.session_id : (lt_bytes){ NULL, 0 },
                .cipher_suite = t->suite->id,
            });
    hello_extensions(t, &w);
    lt_code rc = lt_tls_close(t, &w, message, true);
    lt_transcript_start(&hs->transcript, t->suite->hash);
    return rc;
}

/* ServerECDHParams (RFC 8422 section 5.4); its size */
static size_t parameters(const lt_key_pair *share, uint8_t out[4 + LT_GROUP_PUBLIC_MAX])
{
    out[0] = NAMED_CURVE;
    out[1] = (uint8_t)(share->group >> 8), out[2] = (uint8_t)share->group;
    out[3] = (uint8_t)share->public_size;
    memcpy(out + 4, share->public_key, share->public_size);
    return 4 + share->public_size;
}

static lt_code certificate_request(lt_tls *t)
{
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_certificate_request, &message);
    wr_vec(&w, 1, (lt_bytes){ (const uint8_t[]){ ECDSA_SIGN, RSA_SIGN }, 2 });
    lt_tls_write_schemes(t, &w);
    lt_mark list = wr_open(&w, 2);
    for (size_t i = 0; i < t->config->authority_count; i++)
        wr_vec(&w, 2, t->config->authorities[i]);
    wr_close(&w, list);
    return lt_tls_close(t, &w, message, true);
}

static lt_code certificate_status(lt_tls *t) /* RFC 6066 section 8 */
{
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_certificate_status, &message);
    lt_certificate_status_write(&w, lt_identity_staple(t->hs->identity, 0));
    return lt_tls_close(t, &w, message, true);
}

/* ServerKeyExchange, now that it is signed, to ServerHelloDone. */
static lt_code on_signature(lt_tls *t, lt_bytes signature)
{
    lt_tls_handshake *hs = t->hs;
    bool asks = t->config->client_auth != LT_AUTH_none;
    uint8_t content[4 + LT_GROUP_PUBLIC_MAX];
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_server_key_exchange, &message);
    wr_bytes(&w, (lt_bytes){ content, parameters(&hs->shares[0], content) });
    wr_uint(&w, 2, hs->identity_scheme);
    wr_vec(&w, 2, signature);
    lt_code rc = lt_tls_close(t, &w, message, true);
    if (rc == LT_OK && asks)
        rc = certificate_request(t);
    if (rc != LT_OK)
        return rc;
    w = lt_tls_open(t, LT_HS_server_hello_done, &message);
    rc = lt_tls_close(t, &w, message, true);
    if (!asks)
        lt_transcript_drop(&hs->transcript);
    t->round_trips = 2;
    hs->next = asks ? LT_TLS_wait_client_certificate_12 : LT_TLS_wait_client_key_exchange_12;
    return rc == LT_OK ? lt_tls_flush(t) : rc;
}

static lt_code full(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    uint8_t content[32 + 32 + 4 + LT_GROUP_PUBLIC_MAX];
    lt_code rc = choose_suite(t);
    if (rc != LT_OK)
        return rc;
    uint32_t group = choose_group(t);
    if (!group)
        return lt_tls_no_group(t);
    t->group = (uint16_t)group;
    lt_key_pair_generate(&hs->shares[0], t->group, &t->random->vtable);
    hs->staple_expected = lt_has_extension(&hs->client_extensions, LT_X_status_request)
                          && lt_identity_staple(hs->identity, 0).n > 0;
    rc = server_hello(t);
    if (rc == LT_OK)
        rc = lt_tls_write_certificate(t);
    if (rc == LT_OK && hs->staple_expected)
        rc = certificate_status(t);
    if (rc != LT_OK)
        return rc;
    memcpy(content, t->client_random, 32);
    memcpy(content + 32, t->server_random, 32);
    size_t n = 64 + parameters(&hs->shares[0], content + 64);
    return lt_tls_sign(t, (lt_bytes){ content, n }, on_signature);
}

static lt_code resumed(lt_tls *t)
{
    const lt_tls_session *s = t->resume;
    lt_tls_resumed(t);
    t->suite = lt_suite_by_id(s->cipher_suite);
    t->group = s->group;
    t->round_trips = 1;
    memcpy(t->exporter_secret, s->secret, s->secret_size);
    t->key_log_lines |= 1U << LT_LOG_client_random;
    lt_code rc = server_hello(t);
    lt_transcript_drop(&t->hs->transcript);
    if (rc == LT_OK && t->hs->ticket_expected)
        rc = lt_tls_send_ticket_12(t);
    t->hs->next = LT_TLS_wait_client_change_cipher_spec_12;
    if (rc == LT_OK)
        rc = lt_tls_finish_12(t);
    if (rc == LT_OK)
        lt_tls_ask_verdict(t);
    return rc;
}

static bool has_uncompressed(lt_bytes formats) /* RFC 8422 section 5.1.2 */
{
    return memchr(formats.p, 0, formats.n) != NULL;
}

lt_code lt_tls_on_client_hello_12(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    const lt_extensions *x = &hs->client_extensions;
    lt_bytes methods = hs->client_hello.compression_methods;
    lt_bytes renegotiation = x->data[LT_X_renegotiation_info];
    if (!memchr(methods.p, 0, methods.n))
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.compression_methods");
    if (lt_has_extension(x, LT_X_renegotiation_info)
        && (renegotiation.n != 1 || renegotiation.p[0] != 0))
        return lt_fail(&t->error, LT_insecure_renegotiation, "ClientHello.renegotiation_info");
    if (x->data[LT_X_extended_master_secret].n > 0)
        return lt_fail(&t->error, LT_decode, "ClientHello.extended_master_secret");
    if (hs->client_hello.has_point_formats && !has_uncompressed(hs->client_hello.point_formats))
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.ec_point_formats");
    hs->extended_master_secret = lt_has_extension(x, LT_X_extended_master_secret);
    hs->ticket_expected = lt_has_extension(x, LT_X_session_ticket) && t->config->tls
                          && t->config->session_lifetime > 0;
    lt_code rc = lt_tls_choose_alpn(t, hs->client_hello.alpn);
    if (rc == LT_OK && lt_has_extension(x, LT_X_record_size_limit))
        rc = lt_tls_read_record_size_limit(t, x->data[LT_X_record_size_limit]);
    if (rc != LT_OK)
        return rc;
    rc = find_session(t);
    if (rc != LT_OK)
        return rc;
    return t->resume ? resumed(t) : full(t);
}

/* --- the client's flight ------------------------------------------------------------------------------- */

static bool has_certificate(const lt_tls *t)
{
    return t->peer.count > 0;
}

static bool has_no_certificate(const lt_tls *t)
{
    return t->peer.count == 0;
}

static lt_code on_certificate(lt_tls *t, lt_reader body)
{
    lt_code rc = lt_tls_read_certificate(t, body);
    return rc == LT_OK && t->peer.count > 0 ? lt_tls_verify_peer(t) : rc;
}

static lt_code on_client_key_exchange(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    lt_bytes point;
    if (!rd_vec(&body, 1, &point) || body.n != 0 || point.n == 0)
        return lt_fail(&t->error, LT_decode, "ClientKeyExchange");
    if (!lt_key_pair_agree(&hs->shares[0], point, hs->premaster, &hs->premaster_size))
        return lt_fail(&t->error, LT_bad_key_exchange, "ClientKeyExchange.ecdh_Yc");
    lt_wipe(hs->shares, sizeof hs->shares);
    lt_tls_master_secret_12(t);
    if (t->peer.count == 0)
        lt_transcript_drop(&hs->transcript);
    return LT_OK;
}

static lt_code on_certificate_verify(lt_tls *t, lt_reader body)
{
    lt_code rc = lt_tls_read_certificate_verify(t, body);
    lt_transcript_drop(&t->hs->transcript);
    return rc;
}

static lt_code on_finished(lt_tls *t, lt_reader body)
{
    lt_code rc = lt_tls_check_finished_12(t, body);
    if (rc == LT_OK)
        rc = lt_tls_hear(t, body);
    if (rc == LT_OK && !t->resumed && t->hs->ticket_expected)
        rc = lt_tls_send_ticket_12(t);
    return rc == LT_OK && !t->resumed ? lt_tls_finish_12(t) : rc;
}

/* clang-format off */
const lt_tls_row lt_tls_server_12_rows[] = {
#define LAST true
#define ANY false
    { LT_TLS_wait_client_certificate_12,        LT_HS_certificate,         ANY,  NULL,               on_certificate,                  LT_TLS_wait_client_key_exchange_12 },
    { LT_TLS_wait_client_key_exchange_12,       LT_HS_client_key_exchange, ANY,  has_certificate,    on_client_key_exchange,          LT_TLS_wait_client_certificate_verify_12 },
    { LT_TLS_wait_client_key_exchange_12,       LT_HS_client_key_exchange, LAST, has_no_certificate, on_client_key_exchange,          LT_TLS_wait_client_change_cipher_spec_12 },
    { LT_TLS_wait_client_certificate_verify_12, LT_HS_certificate_verify,  LAST, NULL,               on_certificate_verify,           LT_TLS_wait_client_change_cipher_spec_12 },
    { LT_TLS_wait_client_change_cipher_spec_12, LT_MSG_change_cipher_spec, LAST, NULL,               lt_tls_on_change_cipher_spec_12, LT_TLS_wait_client_finished_12 },
    { LT_TLS_wait_client_finished_12,           LT_HS_finished,            LAST, NULL,               on_finished,                     LT_TLS_connected },
    { .act = NULL },
};
/* clang-format on */
