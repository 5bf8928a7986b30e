/* SPDX-License-Identifier: MIT
 * client_12.c - the client of TLS 1.2 with ECDHE and an AEAD (RFC 5246 section 7.3, RFC 8422,
 * RFC 7627, RFC 5077) as a table and its handlers; it goes on from the same ClientHello. */
#include "tls/tls.h"

#include "base/secret.h"
#include "crypto/signature_scheme.h"
#include "wire/certificate.h"
#include "wire/new_session_ticket.h"
#include "wire/server_key_exchange.h"

static bool ticket_expected(const lt_tls *t)
{
    return t->hs->ticket_expected;
}

static bool no_ticket_expected(const lt_tls *t)
{
    return !t->hs->ticket_expected;
}

static bool staple_expected(const lt_tls *t)
{
    return t->hs->staple_expected;
}

/* --- ServerHello -------------------------------------------------------------------------------- */

static bool ends_with(lt_bytes random, const uint8_t mark[8])
{
    return lt_bytes_equal((lt_bytes){ random.p + 24, 8 }, (lt_bytes){ mark, 8 });
}

static lt_code check_version(lt_tls *t, const lt_server_hello *hello)
{
    if (t->version == LT_TLS_1_3) /* after a HelloRetryRequest */
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.supported_versions");
    if (hello->legacy_version != LT_TLS_1_2 || !lt_tls_allows_version(t->config, LT_TLS_1_2))
        return lt_tls_wrong_version(t, hello->legacy_version);
    if (lt_tls_allows_version(t->config, LT_TLS_1_3) /* RFC 8446 section 4.1.3 */
        && (ends_with(hello->random, lt_downgrade_to_12)
            || ends_with(hello->random, lt_downgrade_to_11))) {
        lt_fail(&t->error, LT_illegal_parameter, "ServerHello.random, downgrade sentinel");
        lt_error_cause(&t->error, NULL,
                       "somebody between the two took TLS 1.3 out of the offer");
        return t->error.code;
    }
    return LT_OK;
}

static lt_code check_extensions(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    const lt_extensions *x = &hs->server_extensions;
    lt_code rc = lt_extensions_parse(&hs->server_extensions, hs->server_hello.extensions,
                                     LT_IN_server_hello_12, hs->offered, &t->error);
    if (rc != LT_OK)
        return rc;
    lt_bytes renegotiation = x->data[LT_X_renegotiation_info];
    if (lt_has_extension(x, LT_X_renegotiation_info)
        && (renegotiation.n != 1 || renegotiation.p[0] != 0)) /* RFC 5746 section 3.4 */
        return lt_fail(&t->error, LT_insecure_renegotiation, "ServerHello.renegotiation_info");
    hs->extended_master_secret = lt_has_extension(x, LT_X_extended_master_secret);
    hs->ticket_expected = lt_has_extension(x, LT_X_session_ticket);
    hs->staple_expected = lt_has_extension(x, LT_X_status_request);
    if (x->data[LT_X_extended_master_secret].n + x->data[LT_X_session_ticket].n
            + x->data[LT_X_status_request].n + x->data[LT_X_server_name].n
        > 0)
        return lt_fail(&t->error, LT_decode, "ServerHello.extensions");
    if (lt_has_extension(x, LT_X_record_size_limit))
        rc = lt_tls_read_record_size_limit(t, x->data[LT_X_record_size_limit]);
    if (rc == LT_OK && lt_has_extension(x, LT_X_signed_certificate_timestamp))
        rc = lt_tls_keep(t, &t->peer.scts, x->data[LT_X_signed_certificate_timestamp]);
    if (rc == LT_OK && lt_has_extension(x, LT_X_application_layer_protocol_negotiation))
        rc = lt_tls_accept_alpn(t, x->data[LT_X_application_layer_protocol_negotiation]);
    return rc;
}

/* What was written under keys of TLS 1.3 cannot be taken back (RFC 8446 appendix D.3). */
static lt_code refuse_after_early_data(lt_tls *t)
{
    t->early_data = LT_EARLY_rejected;
    t->write.suite = NULL; /* this server reads nothing else */
    lt_fail(&t->error, LT_protocol_version, "ServerHello.server_version, early data");
    lt_error_cause(&t->error, "connect again without early data",
                   "the server, which spoke TLS 1.3 before, chose TLS 1.2");
    return t->error.code;
}

static lt_code read_hello(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    const lt_server_hello *hello = &hs->server_hello;
    const lt_suite *suite = lt_suite_by_id(hello->cipher_suite);
    lt_code rc = t->early_data == LT_EARLY_offered ? refuse_after_early_data(t)
                                                   : check_version(t, hello);
    if (rc == LT_OK)
        rc = check_extensions(t);
    if (rc != LT_OK)
        return rc;
    if (!suite || suite->version != LT_TLS_1_2 || !lt_tls_allows_suite(t->config, suite))
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.cipher_suite");
    if (hello->compression_method != 0)
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.compression_method");
    t->version = LT_TLS_1_2;
    t->suite = suite;
    lt_trace_decide(&t->trace, "RFC 5246 section 7.4.1.3", "the server chose TLS 1.2 with %s",
                    lt_cipher_suite_by_id(suite->id)->name);
    t->round_trips++;
    memcpy(t->server_random, hello->random.p, sizeof t->server_random);
    hs->session_id_size = hello->session_id.n;
    if (hello->session_id.n > 0)
        memcpy(hs->session_id, hello->session_id.p, hello->session_id.n);
    lt_wipe(hs->shares, sizeof hs->shares); /* those of TLS 1.3 */
    hs->share_count = 0;
    rc = lt_tls_hear(t, body);
    lt_transcript_start(&hs->transcript, suite->hash);
    return rc;
}

static lt_code on_server_hello_resumed(lt_tls *t, lt_reader body)
{
    const lt_tls_session *s = t->resume;
    lt_code rc = read_hello(t, body);
    if (rc != LT_OK)
        return rc;
    if (t->suite->id != s->cipher_suite)
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.cipher_suite, resumed");
    if (t->hs->extended_master_secret != s->extended_master_secret) /* RFC 7627 section 5.3 */
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.extended_master_secret");
    memcpy(t->exporter_secret, s->secret, s->secret_size);
    t->key_log_lines |= 1U << LT_LOG_client_random;
    lt_tls_resumed(t);
    t->group = s->group;
    lt_transcript_drop(&t->hs->transcript);
    lt_tls_ask_verdict(t);
    return LT_OK;
}

/* --- the server's flight ------------------------------------------------------------------------- */

static lt_code on_certificate_status(lt_tls *t, lt_reader body)
{
    lt_bytes response;
    if (!lt_certificate_status_parse(body, &response))
        return lt_fail(&t->error, LT_decode, "CertificateStatus");
    return lt_tls_keep(t, &t->peer.ocsp_staple, response);
}

static lt_code check_scheme(lt_tls *t, uint32_t id)
{
    const lt_signature_scheme *scheme = lt_signature_scheme_by_id(id);
    if (!scheme || !lt_tls_allows_scheme(t->config, id))
        return lt_fail(&t->error, LT_illegal_parameter, "ServerKeyExchange.algorithm");
    bool ec = scheme->kind == LT_SIGN_ecdsa || scheme->kind == LT_SIGN_ed25519;
    if (ec != t->suite->ecdsa)
        return lt_fail(&t->error, LT_illegal_parameter,
                       "ServerKeyExchange.algorithm, not the cipher suite's");
    t->signature_scheme = scheme->id;
    return LT_OK;
}

/* Both randoms and the ServerECDHParams (RFC 8422 section 5.4). */
static lt_code check_key_exchange(lt_tls *t, const lt_server_key_exchange *ske,
                                  const uint8_t *body)
{
    uint8_t message[32 + 32 + 4 + 255];
    size_t parameters = 4 + ske->point.n;
    memcpy(message, t->client_random, 32);
    memcpy(message + 32, t->server_random, 32);
    memcpy(message + 64, body, parameters);
    return lt_certificate_check_signature(
        t->peer.certificates[0], t->config->known_keys, ske->signature_scheme, false,
        (lt_bytes){ message, 64 + parameters }, ske->signature, &t->error);
}

static lt_code on_server_key_exchange(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    lt_server_key_exchange ske;
    lt_code rc = lt_tls_verify_peer(t);
    if (rc != LT_OK)
        return rc;
    if (!lt_server_key_exchange_parse(body, true, &ske))
        return lt_fail(&t->error, LT_decode, "ServerKeyExchange");
    if (!lt_tls_group_rank(t->config, ske.named_curve))
        return lt_fail(&t->error, LT_illegal_parameter, "ServerKeyExchange.namedcurve");
    rc = check_scheme(t, ske.signature_scheme);
    if (rc == LT_OK)
        rc = check_key_exchange(t, &ske, body.p);
    if (rc != LT_OK)
        return rc;
    t->group = (uint16_t)ske.named_curve;
    lt_trace_decide(&t->trace, "RFC 8422 section 5.4", "keys are agreed on in %s",
                    lt_name_of(lt_groups, ske.named_curve));
    lt_key_pair_generate(&hs->shares[0], t->group, &t->random->vtable);
    if (!lt_key_pair_agree(&hs->shares[0], ske.point, hs->premaster, &hs->premaster_size))
        return lt_fail(&t->error, LT_bad_key_exchange, "ServerKeyExchange.public");
    return LT_OK;
}

/* --- the client's flight ------------------------------------------------------------------------- */

static lt_code client_key_exchange(lt_tls *t)
{
    const lt_key_pair *share = &t->hs->shares[0];
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_client_key_exchange, &message);
    wr_vec(&w, 1, (lt_bytes){ share->public_key, share->public_size });
    return lt_tls_close(t, &w, message, true);
}

static lt_code end_flight(lt_tls *t)
{
    lt_transcript_drop(&t->hs->transcript);
    t->hs->next =
        t->hs->ticket_expected ? LT_TLS_wait_ticket_12 : LT_TLS_wait_change_cipher_spec_12;
    return lt_tls_finish_12(t);
}

static lt_code on_signature(lt_tls *t, lt_bytes signature)
{
    lt_code rc = lt_tls_write_certificate_verify(t, signature);
    return rc == LT_OK ? end_flight(t) : rc;
}

static lt_code on_server_hello_done(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    lt_code rc = LT_OK;
    if (body.n != 0)
        return lt_fail(&t->error, LT_decode, "ServerHelloDone");
    if (hs->certificate_requested)
        rc = lt_tls_write_certificate(t);
    if (rc == LT_OK)
        rc = client_key_exchange(t);
    if (rc != LT_OK)
        return rc;
    lt_tls_master_secret_12(t);
    t->round_trips++;
    if (hs->certificate_requested && hs->identity)
        return lt_tls_sign(t, lt_tls_to_sign(t, false, NULL), on_signature);
    return end_flight(t);
}

/* --- the server's end ----------------------------------------------------------------------------- */

static lt_code on_new_session_ticket(lt_tls *t, lt_reader body)
{
    lt_new_session_ticket ticket;
    if (!lt_new_session_ticket_parse(body, false, &ticket))
        return lt_fail(&t->error, LT_decode, "NewSessionTicket");
    t->hs->new_ticket_lifetime = ticket.ticket_lifetime;
    return lt_buffer_add(&t->hs->new_ticket, ticket.ticket.p, ticket.ticket.n)
               ? LT_OK
               : lt_fail(&t->error, LT_memory, "NewSessionTicket");
}

static lt_code on_finished(lt_tls *t, lt_reader body)
{
    lt_code rc = lt_tls_check_finished_12(t, body);
    if (rc == LT_OK)
        rc = lt_tls_hear(t, body);
    if (rc == LT_OK && t->resumed)
        rc = lt_tls_finish_12(t);
    return rc == LT_OK ? lt_tls_keep_session_12(t) : rc;
}

/* clang-format off */
const lt_tls_row lt_tls_client_12_rows[] = {
#define LAST true
#define ANY false
    { LT_TLS_wait_server_hello,                  LT_MSG_server_hello_12,         ANY,  NULL,               read_hello,                      LT_TLS_wait_certificate_12 },
    { LT_TLS_wait_certificate_12,                LT_HS_certificate,              ANY,  NULL,               lt_tls_read_certificate,         LT_TLS_wait_status_or_key_exchange_12 },
    { LT_TLS_wait_status_or_key_exchange_12,     LT_HS_certificate_status,       ANY,  staple_expected,    on_certificate_status,           LT_TLS_wait_server_key_exchange_12 },
    { LT_TLS_wait_status_or_key_exchange_12,     LT_HS_server_key_exchange,      ANY,  NULL,               on_server_key_exchange,          LT_TLS_wait_request_or_done_12 },
    { LT_TLS_wait_server_key_exchange_12,        LT_HS_server_key_exchange,      ANY,  NULL,               on_server_key_exchange,          LT_TLS_wait_request_or_done_12 },
    { LT_TLS_wait_request_or_done_12,            LT_HS_certificate_request,      ANY,  NULL,               lt_tls_read_certificate_request, LT_TLS_wait_done_12 },
    { LT_TLS_wait_request_or_done_12,            LT_HS_server_hello_done,        LAST, NULL,               on_server_hello_done,            LT_TLS_as_decided },
    { LT_TLS_wait_done_12,                       LT_HS_server_hello_done,        LAST, NULL,               on_server_hello_done,            LT_TLS_as_decided },
    { LT_TLS_wait_server_hello,                  LT_MSG_server_hello_resumed_12, ANY,  NULL,               on_server_hello_resumed,         LT_TLS_wait_ticket_12 },
    { LT_TLS_wait_ticket_12,                     LT_HS_new_session_ticket,       LAST, ticket_expected,    on_new_session_ticket,           LT_TLS_wait_change_cipher_spec_12 },
    { LT_TLS_wait_ticket_12,                     LT_MSG_change_cipher_spec,      LAST, no_ticket_expected, lt_tls_on_change_cipher_spec_12, LT_TLS_wait_finished_12 },
    { LT_TLS_wait_change_cipher_spec_12,         LT_MSG_change_cipher_spec,      LAST, NULL,               lt_tls_on_change_cipher_spec_12, LT_TLS_wait_finished_12 },
    { LT_TLS_wait_finished_12,                   LT_HS_finished,                 LAST, NULL,               on_finished,                     LT_TLS_connected },
    { .act = NULL },
};
/* clang-format on */
