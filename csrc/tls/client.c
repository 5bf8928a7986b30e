/* SPDX-License-Identifier: MIT
 * client.c - the client of TLS 1.3 (RFC 8446 appendix A.1) as a table and its handlers. */
#include "tls/tls.h"

#include "base/secret.h"
#include "wire/key_share.h"
#include "wire/new_session_ticket.h"

enum { TICKET_LIFETIME_MAX = 604800 }; /* seconds: seven days (section 4.6.1) */

static bool by_psk(const lt_tls *t)
{
    return t->hs->psk_accepted;
}

static bool by_certificate(const lt_tls *t)
{
    return !t->hs->psk_accepted;
}

static bool first_hello(const lt_tls *t)
{
    return !t->hs->retried;
}

static bool tls_1_3(const lt_tls *t)
{
    return t->version == LT_TLS_1_3;
}

/* --- ServerHello and HelloRetryRequest (sections 4.1.3, 4.1.4) -------------------------------- */

static lt_code check_hello(lt_tls *t, uint32_t message, uint32_t more_offered)
{
    lt_tls_handshake *hs = t->hs;
    const lt_server_hello *hello = &hs->server_hello;
    lt_bytes id = { hs->session_id, hs->session_id_size };
    const lt_suite *suite = lt_suite_by_id(hello->cipher_suite);
    uint32_t version;
    lt_code rc = lt_extensions_parse(&hs->server_extensions, hello->extensions, message,
                                     hs->offered | more_offered, &t->error);
    if (rc != LT_OK)
        return rc;
    lt_reader v = hs->server_extensions.data[LT_X_supported_versions];
    if (!lt_has_extension(&hs->server_extensions, LT_X_supported_versions))
        return lt_fail(&t->error, LT_missing_extension, "ServerHello.supported_versions");
    if (!rd_uint(&v, 2, &version) || v.n != 0)
        return lt_fail(&t->error, LT_decode, "ServerHello.supported_versions");
    if (version != LT_TLS_1_3 || !lt_tls_allows_version(t->config, LT_TLS_1_3)
        || hello->legacy_version != LT_TLS_1_2)
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.supported_versions");
    if (!lt_bytes_equal(hello->session_id, id))
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.legacy_session_id_echo");
    if (hello->compression_method != 0)
        return lt_fail(&t->error, LT_illegal_parameter,
                       "ServerHello.legacy_compression_method");
    if (!suite || suite->version != LT_TLS_1_3 || !lt_tls_allows_suite(t->config, suite)
        || (t->suite && t->suite != suite)) /* the second names the suite of the first */
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.cipher_suite");
    t->suite = suite;
    t->version = LT_TLS_1_3;
    lt_trace_decide(&t->trace, "RFC 8446 section 4.1.3", "the server chose TLS 1.3 with %s",
                    lt_cipher_suite_by_id(suite->id)->name);
    return LT_OK;
}

static lt_code new_share(lt_tls *t, uint32_t group)
{
    lt_tls_handshake *hs = t->hs;
    if (!lt_tls_group_rank(t->config, group) || group == hs->shares[0].group)
        return lt_fail(&t->error, LT_illegal_parameter, "HelloRetryRequest.selected_group");
    lt_trace_decide(&t->trace, "RFC 8446 section 4.1.4",
                    "one more round trip: the server wants a key share for %s",
                    lt_name_of(lt_groups, group));
    lt_key_pair_generate(&hs->shares[0], (uint16_t)group, &t->random->vtable);
    hs->retry_group = group;
    return LT_OK;
}

static lt_code keep_cookie(lt_tls *t, lt_reader extension)
{
    lt_bytes cookie;
    if (!rd_vec(&extension, 2, &cookie) || extension.n != 0 || cookie.n == 0)
        return lt_fail(&t->error, LT_decode, "HelloRetryRequest.cookie");
    return lt_buffer_add(&t->hs->cookie, cookie.p, cookie.n)
               ? LT_OK
               : lt_fail(&t->error, LT_memory, "cookie");
}

static lt_code on_hello_retry_request(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    const lt_extensions *x = &hs->server_extensions;
    lt_code rc = check_hello(t, LT_IN_hello_retry_request, 1U << LT_X_cookie);
    bool share = lt_has_extension(x, LT_X_key_share), cookie = lt_has_extension(x, LT_X_cookie);
    uint32_t group;
    if (rc == LT_OK && !share && !cookie) /* it would change nothing (section 4.1.4) */
        rc = lt_fail(&t->error, LT_illegal_parameter, "HelloRetryRequest.extensions");
    if (rc == LT_OK && share && !lt_key_share_retry_parse(x->data[LT_X_key_share], &group))
        rc = lt_fail(&t->error, LT_decode, "HelloRetryRequest.key_share");
    if (rc == LT_OK && share)
        rc = new_share(t, group);
    if (rc == LT_OK && cookie)
        rc = keep_cookie(t, x->data[LT_X_cookie]);
    if (rc != LT_OK)
        return rc;
    hs->retried = true;
    t->round_trips++;
    if (t->early_data == LT_EARLY_offered) { /* the second hello goes in clear, without it */
        t->early_data = LT_EARLY_rejected;
        t->write.suite = NULL;
    }
    lt_transcript_retry(&hs->transcript, t->suite->hash);
    rc = lt_tls_hear(t, body);
    if (rc == LT_OK && !t->ccs_sent) /* middlebox compatibility (appendix D.4) */
        rc = lt_tls_change_cipher_spec(t);
    return rc == LT_OK ? lt_tls_send_client_hello(t) : rc;
}

static lt_code accept_psk(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    lt_reader r = hs->server_extensions.data[LT_X_pre_shared_key];
    uint32_t selected;
    if (!lt_has_extension(&hs->server_extensions, LT_X_pre_shared_key))
        return LT_OK;
    if (!rd_uint(&r, 2, &selected) || r.n != 0)
        return lt_fail(&t->error, LT_decode, "ServerHello.pre_shared_key");
    const lt_suite *suite = lt_suite_by_id(t->resume->cipher_suite);
    if (selected != 0 || suite->hash != t->suite->hash) /* one was offered (section 4.2.11) */
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.pre_shared_key");
    hs->psk_accepted = true;
    bool external = t->resume->external;
    lt_trace_decide(&t->trace, "RFC 8446 section 4.2.11", "%s: no certificate is sent",
                    external ? "the PSK is taken" : "the session is resumed");
    if (external)
        return lt_tls_took_psk(t);
    lt_tls_resumed(t);
    return LT_OK;
}

static lt_code agree(lt_tls *t, uint8_t *shared, size_t *n)
{
    lt_tls_handshake *hs = t->hs;
    lt_key_share_entry entry;
    if (!lt_has_extension(&hs->server_extensions, LT_X_key_share))
        return lt_fail(&t->error, LT_missing_extension, "ServerHello.key_share");
    if (!lt_key_share_server_parse(hs->server_extensions.data[LT_X_key_share], &entry))
        return lt_fail(&t->error, LT_decode, "ServerHello.key_share");
    if (entry.group != hs->shares[0].group)
        return lt_fail(&t->error, LT_illegal_parameter, "ServerHello.key_share.group");
    if (!lt_key_pair_agree(&hs->shares[0], entry.key_exchange, shared, n))
        return lt_fail(&t->error, LT_bad_key_exchange, "ServerHello.key_share.key_exchange");
    t->group = (uint16_t)entry.group;
    lt_trace_decide(&t->trace, "RFC 8446 section 7.1",
                    "keys are agreed on in %s: what follows is encrypted",
                    lt_name_of(lt_groups, entry.group));
    return LT_OK;
}

static lt_code on_server_hello(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    uint8_t shared[LT_GROUP_SECRET_MAX];
    size_t n = 0;
    lt_code rc = check_hello(t, LT_IN_server_hello, 0);
    if (rc == LT_OK)
        rc = accept_psk(t);
    if (rc == LT_OK)
        rc = agree(t, shared, &n);
    if (rc == LT_OK)
        rc = lt_tls_hear(t, body);
    if (rc == LT_OK) {
        lt_bytes psk = { NULL, 0 };
        if (hs->psk_accepted)
            psk = (lt_bytes){ t->resume->secret, t->resume->secret_size };
        memcpy(t->server_random, hs->server_hello.random.p, sizeof t->server_random);
        lt_transcript_start(&hs->transcript, t->suite->hash);
        lt_transcript_drop(&hs->transcript);
        lt_key_schedule_early(&hs->schedule, t->suite->hash, psk);
        lt_tls_handshake_keys(t, (lt_bytes){ shared, n });
        lt_tls_read_with(t, hs->server_handshake_secret);
        if (!t->ccs_sent)
            rc = lt_tls_change_cipher_spec(t);
        if (t->early_data == LT_EARLY_offered && !hs->psk_accepted)
            t->early_data = LT_EARLY_rejected;
        if (t->early_data != LT_EARLY_offered) /* else EncryptedExtensions tells */
            lt_tls_write_with(t, hs->client_handshake_secret);
        t->round_trips++;
    }
    lt_wipe(shared, sizeof shared);
    lt_wipe(hs->shares, sizeof hs->shares);
    return rc;
}

/* --- the server's flight ---------------------------------------------------------------------- */

/* Early data is accepted under the terms of its session, or not at all (section 4.2.10). */
static lt_code accept_early_data(lt_tls *t, const lt_extensions *x)
{
    const char *alpn = t->alpn ? t->alpn : "";
    if (!lt_has_extension(x, LT_X_early_data)) {
        if (t->early_data == LT_EARLY_offered) {
            t->early_data = LT_EARLY_rejected;
            lt_trace_decide(&t->trace, "RFC 8446 section 4.2.10", "early data was rejected");
            lt_tls_write_with(t, t->hs->client_handshake_secret);
        }
        return LT_OK;
    }
    if (x->data[LT_X_early_data].n > 0)
        return lt_fail(&t->error, LT_decode, "EncryptedExtensions.early_data");
    if (t->early_data != LT_EARLY_offered || t->suite->id != t->resume->cipher_suite
        || strcmp(alpn, t->resume->alpn) != 0)
        return lt_fail(&t->error, LT_illegal_parameter, "EncryptedExtensions.early_data");
    t->early_data = LT_EARLY_accepted;
    lt_trace_decide(&t->trace, "RFC 8446 section 4.2.10", "early data was accepted");
    return LT_OK;
}

static lt_code on_encrypted_extensions(lt_tls *t, lt_reader body)
{
    lt_extensions x;
    lt_reader block;
    if (!rd_vec(&body, 2, &block) || body.n != 0)
        return lt_fail(&t->error, LT_decode, "EncryptedExtensions");
    lt_code rc =
        lt_extensions_parse(&x, block, LT_IN_encrypted_extensions, t->hs->offered, &t->error);
    if (rc != LT_OK)
        return rc;
    if (x.data[LT_X_server_name].n > 0)
        return lt_fail(&t->error, LT_decode, "EncryptedExtensions.server_name");
    if (lt_has_extension(&x, LT_X_record_size_limit))
        rc = lt_tls_read_record_size_limit(t, x.data[LT_X_record_size_limit]);
    if (rc == LT_OK && lt_has_extension(&x, LT_X_application_layer_protocol_negotiation))
        rc = lt_tls_accept_alpn(t, x.data[LT_X_application_layer_protocol_negotiation]);
    if (rc == LT_OK)
        rc = accept_early_data(t, &x);
    if (rc == LT_OK && t->hs->psk_accepted)
        lt_tls_ask_verdict(t);
    return rc;
}

static lt_code on_certificate(lt_tls *t, lt_reader body)
{
    lt_code rc = lt_tls_read_certificate(t, body);
    return rc == LT_OK ? lt_tls_verify_peer(t) : rc;
}

/* This client's Finished; from here on the connection is up. */
static lt_code finish(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    lt_code rc = lt_tls_write_finished(t, hs->client_handshake_secret);
    if (rc == LT_OK)
        rc = lt_tls_flush(t);
    if (rc == LT_OK)
        rc = lt_tls_keep_transcript(t);
    if (rc != LT_OK)
        return rc;
    lt_tls_resumption_secret(t);
    lt_tls_read_with(t, t->server_secret);
    lt_tls_write_with(t, t->client_secret);
    hs->next = LT_TLS_connected;
    return LT_OK;
}

static lt_code on_signature(lt_tls *t, lt_bytes signature)
{
    lt_code rc = lt_tls_write_certificate_verify(t, signature);
    return rc == LT_OK ? finish(t) : rc;
}

/* EndOfEarlyData under the early keys, then those of the handshake (sections 2.3 and 4.5). */
static lt_code end_early_data(lt_tls *t)
{
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_end_of_early_data, &message);
    lt_code rc = lt_tls_close(t, &w, message, true);
    if (rc == LT_OK)
        rc = lt_tls_flush(t);
    if (rc == LT_OK)
        lt_tls_write_with(t, t->hs->client_handshake_secret);
    return rc;
}

static lt_code on_finished(lt_tls *t, lt_reader body)
{
    lt_tls_handshake *hs = t->hs;
    uint8_t content[LT_TLS_SIGNED_MAX];
    lt_code rc = lt_tls_check_finished(t, hs->server_handshake_secret, body);
    if (rc == LT_OK)
        rc = lt_tls_hear(t, body);
    if (rc != LT_OK)
        return rc;
    lt_trace_decide(&t->trace, "RFC 8446 section 4.4.4",
                    "nobody changed the handshake: application data may flow");
    lt_tls_application_secrets(t);
    if (t->early_data == LT_EARLY_accepted)
        rc = end_early_data(t);
    if (rc == LT_OK && hs->certificate_requested)
        rc = lt_tls_write_certificate(t);
    if (rc != LT_OK)
        return rc;
    if (hs->certificate_requested && hs->identity)
        return lt_tls_sign(t, lt_tls_to_sign(t, false, content), on_signature);
    return finish(t);
}

/* --- after the handshake ----------------------------------------------------------------------- */

static lt_code keep_ticket(lt_tls *t, const lt_new_session_ticket *ticket, uint32_t max_early)
{
    lt_tls_ticket *kept = lt_tls_new_ticket(t, ticket->ticket);
    if (!kept)
        return t->error.code;
    kept->lifetime = ticket->ticket_lifetime;
    kept->age_add = ticket->ticket_age_add;
    kept->max_early_data = max_early;
    kept->secret_size = lt_hash_size(t->suite->hash);
    lt_expand_label(t->suite->hash, t->resumption_secret, "resumption", ticket->ticket_nonce,
                    kept->secret, kept->secret_size);
    return LT_OK;
}

static bool read_max_early_data(lt_reader extension, uint32_t *max) /* section 4.2.10 */
{
    return rd_uint(&extension, 4, max) && extension.n == 0;
}

static lt_code on_new_session_ticket(lt_tls *t, lt_reader body)
{
    lt_new_session_ticket ticket;
    lt_extensions x;
    uint32_t max_early = 0;
    if (!lt_new_session_ticket_parse(body, true, &ticket))
        return lt_fail(&t->error, LT_decode, "NewSessionTicket");
    lt_code rc =
        lt_extensions_parse(&x, ticket.extensions, LT_IN_new_session_ticket, ~0U, &t->error);
    if (rc != LT_OK)
        return rc;
    if (++t->idle_records > LT_TLS_IDLE_RECORDS_MAX)
        return lt_fail(&t->error, LT_limit, "NewSessionTicket");
    if (ticket.ticket_lifetime == 0 || ticket.ticket_lifetime > TICKET_LIFETIME_MAX)
        return LT_OK; /* to be discarded (section 4.6.1) */
    if (t->by_psk)    /* no certificate that could be judged again; there is the PSK */
        return LT_OK;
    if (lt_has_extension(&x, LT_X_early_data)
        && !read_max_early_data(x.data[LT_X_early_data], &max_early))
        return lt_fail(&t->error, LT_decode, "NewSessionTicket.early_data");
    return keep_ticket(t, &ticket, max_early);
}

/* clang-format off */
const lt_tls_row lt_tls_client_rows[] = {
#define LAST true
#define ANY false
    { LT_TLS_wait_server_hello,           LT_MSG_hello_retry_request,  LAST, first_hello,    on_hello_retry_request,          LT_TLS_wait_server_hello },
    { LT_TLS_wait_server_hello,           LT_HS_server_hello,          LAST, NULL,           on_server_hello,                 LT_TLS_wait_encrypted_extensions },
    { LT_TLS_wait_encrypted_extensions,   LT_HS_encrypted_extensions,  ANY,  by_psk,         on_encrypted_extensions,         LT_TLS_wait_finished },
    { LT_TLS_wait_encrypted_extensions,   LT_HS_encrypted_extensions,  ANY,  by_certificate, on_encrypted_extensions,         LT_TLS_wait_certificate_or_request },
    { LT_TLS_wait_certificate_or_request, LT_HS_certificate_request,   ANY,  NULL,           lt_tls_read_certificate_request, LT_TLS_wait_certificate },
    { LT_TLS_wait_certificate_or_request, LT_HS_certificate,           ANY,  NULL,           on_certificate,                  LT_TLS_wait_certificate_verify },
    { LT_TLS_wait_certificate,            LT_HS_certificate,           ANY,  NULL,           on_certificate,                  LT_TLS_wait_certificate_verify },
    { LT_TLS_wait_certificate_verify,     LT_HS_certificate_verify,    ANY,  NULL,           lt_tls_read_certificate_verify,  LT_TLS_wait_finished },
    { LT_TLS_wait_finished,               LT_HS_finished,              LAST, NULL,           on_finished,                     LT_TLS_as_decided },
    { LT_TLS_connected,                   LT_HS_certificate_request,   ANY,  lt_tls_offered_later, lt_tls_on_post_request,    LT_TLS_as_decided },
    { LT_TLS_connected,                   LT_HS_new_session_ticket,    ANY,  tls_1_3,        on_new_session_ticket,           LT_TLS_connected },
    { LT_TLS_connected,                   LT_HS_key_update,            LAST, tls_1_3,        lt_tls_on_key_update,            LT_TLS_connected },
    { .act = NULL },
};
/* clang-format on */
