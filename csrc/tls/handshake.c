/* SPDX-License-Identifier: MIT
 * handshake.c - handshake messages in both directions: looked up in the state tables, hashed into
 * the transcript, gathered into flights. The only place that writes the state. */
#include "tls/tls.h"

#include <stdlib.h>

bool lt_tls_handshake_new(lt_tls *t)
{
    t->hs = calloc(1, sizeof *t->hs);
    if (t->hs)
        lt_transcript_init(&t->hs->transcript);
    return t->hs != NULL;
}

static void free_handshake(lt_tls_handshake *hs)
{
    if (!hs)
        return;
    lt_buffer *const buffers[] = { &hs->flight,        &hs->hello,   &hs->cookie,
                                   &hs->request_bytes, &hs->to_sign, &hs->request_context,
                                   &hs->new_ticket,    NULL };
    for (lt_buffer *const *b = buffers; *b; b++)
        lt_buffer_free(*b);
    lt_transcript_free(&hs->transcript);
    lt_wipe_free(hs, sizeof *hs);
}

void lt_tls_handshake_free(lt_tls *t)
{
    if (t->hs != t->later)
        free_handshake(t->hs);
    t->hs = NULL;
    if (t->by_psk) { /* info() still tells its identity */
        lt_wipe(t->resume->secret, sizeof t->resume->secret);
        return;
    }
    lt_tls_session_free(t->resume ? &t->resume->base : NULL);
    t->resume = NULL;
}

void lt_tls_random_free(lt_tls *t)
{
    lt_wipe_free(t->random, sizeof *t->random);
    t->random = NULL;
}

void lt_tls_exchanges_free(lt_tls *t)
{
    free_handshake(t->later);
    t->later = NULL;
    lt_wipe_free(t->main_transcript, sizeof *t->main_transcript);
    t->main_transcript = NULL;
}

/* --- names -------------------------------------------------------------------------------- */

const char *lt_tls_message_name(uint32_t message)
{
    switch (message) {
    case LT_HS_hello_request:
        return "HelloRequest";
    case LT_HS_client_hello:
        return "ClientHello";
    case LT_HS_server_hello:
    case LT_MSG_server_hello_12:
    case LT_MSG_server_hello_resumed_12:
        return "ServerHello";
    case LT_MSG_hello_retry_request:
        return "HelloRetryRequest";
    case LT_HS_new_session_ticket:
        return "NewSessionTicket";
    case LT_HS_end_of_early_data:
        return "EndOfEarlyData";
    case LT_HS_encrypted_extensions:
        return "EncryptedExtensions";
    case LT_HS_certificate:
        return "Certificate";
    case LT_HS_server_key_exchange:
        return "ServerKeyExchange";
    case LT_HS_certificate_request:
        return "CertificateRequest";
    case LT_HS_server_hello_done:
        return "ServerHelloDone";
    case LT_HS_certificate_verify:
        return "CertificateVerify";
    case LT_HS_client_key_exchange:
        return "ClientKeyExchange";
    case LT_HS_finished:
        return "Finished";
    case LT_HS_certificate_status:
        return "CertificateStatus";
    case LT_HS_key_update:
        return "KeyUpdate";
    case LT_MSG_change_cipher_spec:
        return "ChangeCipherSpec";
    default:
        return "an unknown message";
    }
}

const char *lt_tls_state_name(lt_tls_state state)
{
#define LT_TLS_STATE_NAME(name) #name,
    static const char *const names[] = { LT_TLS_STATES(LT_TLS_STATE_NAME) };
    return names[state];
}

/* --- in ----------------------------------------------------------------------------------- */

/* A message is hashed before its handler runs; these after it, as they prove what came before; the
 * handlers of the hellos and of Finished hash by themselves, where they know how. */
static bool hashed_before(uint32_t m)
{
    return m != LT_HS_client_hello && m != LT_HS_server_hello && m < LT_MSG_hello_retry_request
           && m != LT_HS_certificate_verify && m != LT_HS_finished && m != LT_HS_hello_request;
}

lt_code lt_tls_hear(lt_tls *t, lt_reader body)
{
    if (!t->hs || lt_transcript_add(&t->hs->transcript, (lt_bytes){ body.p - 4, body.n + 4 }))
        return LT_OK; /* the stream keeps the header of four bytes in front of the body */
    return lt_fail(&t->error, LT_memory, "handshake");
}

static const lt_tls_row *find(const lt_tls *t, const lt_tls_row *rows, uint32_t message)
{
    for (; rows->act; rows++)
        if (rows->from == t->state && rows->on == message && (!rows->when || rows->when(t)))
            return rows;
    return NULL;
}

lt_code lt_tls_step(lt_tls *t, uint32_t message, lt_reader body, bool ends_record)
{
    const lt_tls_row *row =
        find(t, t->server ? lt_tls_server_rows : lt_tls_client_rows, message);
    if (!row)
        row = find(t, t->server ? lt_tls_server_12_rows : lt_tls_client_12_rows, message);
    if (!row)
        return lt_fail_detail(&t->error, LT_unexpected, lt_tls_message_name(message),
                              "in state %s", lt_tls_state_name(t->state));
    if (row->last && !ends_record)
        return lt_fail_detail(&t->error, LT_unexpected, lt_tls_message_name(message),
                              "the record goes on, but keys change here");
    lt_code rc = hashed_before(message) ? lt_tls_hear(t, body) : LT_OK;
    if (rc == LT_OK)
        rc = row->act(t, body);
    if (rc == LT_OK && message == LT_HS_certificate_verify)
        rc = lt_tls_hear(t, body);
    if (rc != LT_OK)
        return rc;
    lt_tls_enter(t, row->to == LT_TLS_as_decided ? t->hs->next : row->to);
    return LT_OK;
}

void lt_tls_enter(lt_tls *t, lt_tls_state state)
{
    t->state = state;
    if (state != LT_TLS_connected)
        return;
    t->up = true;
    lt_tls_handshake_free(t);
    if (!t->main_transcript)
        lt_tls_random_free(t);
}

void lt_tls_ask(lt_tls *t, lt_question question)
{
    t->hs->asked = question;
    t->question = true;
}

/* Which of the messages that look like a ServerHello is it? */
static lt_code classify(lt_tls *t, lt_reader body, uint32_t *message)
{
    lt_tls_handshake *hs = t->hs;
    if (!hs || !lt_server_hello_parse(body, &hs->server_hello))
        return lt_fail(&t->error, hs ? LT_decode : LT_unexpected, "ServerHello");
    if (hs->server_hello.legacy_version < LT_TLS_1_0) /* RFC 8446 appendix D.5 */
        return lt_tls_wrong_version(t, hs->server_hello.legacy_version);
    if (lt_server_hello_is_retry(&hs->server_hello)) {
        *message = LT_MSG_hello_retry_request;
        return LT_OK;
    }
    lt_reader r = hs->server_hello.extensions, data;
    uint32_t type;
    while (rd_uint(&r, 2, &type) && rd_vec(&r, 2, &data))
        if (type == LT_EXT_supported_versions)
            return LT_OK;
    lt_bytes id = { hs->session_id, hs->session_id_size };
    *message = t->resume && t->resume->version == LT_TLS_1_2 && id.n > 0
                       && lt_bytes_equal(id, hs->server_hello.session_id)
                   ? LT_MSG_server_hello_resumed_12
                   : LT_MSG_server_hello_12;
    return LT_OK;
}

/* TLS 1.2 after the handshake: renegotiation, which we refuse (RFC 9325 section 3.5). */
static lt_code renegotiation(lt_tls *t, uint32_t message)
{
    if (message == LT_HS_client_hello)
        return lt_fail(&t->error, LT_renegotiation, "ClientHello");
    if (++t->idle_records > LT_TLS_IDLE_RECORDS_MAX)
        return lt_fail(&t->error, LT_limit, "HelloRequest");
    if (t->state == LT_TLS_connected && !t->closing && !t->answered) {
        lt_tls_send_alert(t, LT_ALERT_no_renegotiation);
        t->answered = true;
    }
    return LT_OK;
}

/* Certificates may be long, and never come first. */
static lt_code check_size(lt_tls *t, uint32_t type, size_t n)
{
    bool certificates = type == LT_HS_certificate || type == LT_HS_certificate_status;
    size_t limit = certificates && t->version ? LT_HANDSHAKE_MESSAGE_MAX : 1U << 14;
    if (n <= limit)
        return LT_OK;
    return lt_fail_detail(&t->error, LT_limit, lt_tls_message_name(type),
                          "%zu bytes; the limit is %zu", n, limit);
}

lt_code lt_tls_check_pending(lt_tls *t)
{
    const lt_buffer *pending = &t->messages.pending;
    size_t n = lt_buffer_size(pending);
    return n > 4 ? check_size(t, pending->data[pending->start], n - 4) : LT_OK;
}

lt_code lt_tls_message(lt_tls *t, uint32_t type, lt_reader body)
{
    uint32_t message = type;
    bool tls_1_2 = t->version == LT_TLS_1_2;
    t->last_in = lt_tls_message_name(type);
    lt_tls_trace_message(t, true, type, body);
    if (check_size(t, type, body.n) != LT_OK)
        return t->error.code;
    if (t->hs && (t->handshake_bytes += body.n) > LT_TLS_HANDSHAKE_BYTES_MAX)
        return lt_fail(&t->error, LT_limit, "handshake");
    if (tls_1_2 && t->server && type == LT_HS_client_hello && t->state == LT_TLS_connected)
        return renegotiation(t, type);
    if (tls_1_2 && !t->server && type == LT_HS_hello_request && body.n == 0)
        return renegotiation(t, type);
    if (type == LT_HS_server_hello && !t->server && classify(t, body, &message) != LT_OK)
        return t->error.code;
    if (!t->hs && lt_tls_begin_exchange(t, type) != LT_OK)
        return t->error.code;
    return lt_tls_step(t, message, body, lt_buffer_size(&t->messages.pending) == 0);
}

/* --- out ---------------------------------------------------------------------------------- */

lt_writer lt_tls_open(lt_tls *t, uint32_t handshake_type, lt_mark *message)
{
    lt_writer w = { .to = &t->hs->flight };
    wr_uint(&w, 1, handshake_type);
    *message = wr_open(&w, 3);
    return w;
}

lt_code lt_tls_close(lt_tls *t, lt_writer *w, lt_mark message, bool in_transcript)
{
    wr_close(w, message);
    if (w->full)
        return lt_fail(&t->error, LT_memory, "handshake");
    const uint8_t *from = w->to->data + w->to->start + message.at - 1;
    lt_bytes whole = { from, (size_t)(w->to->data + w->to->end - from) };
    lt_tls_trace_message(t, false, whole.p[0], (lt_bytes){ whole.p + 4, whole.n - 4 });
    if (in_transcript && !lt_transcript_add(&t->hs->transcript, whole))
        return lt_fail(&t->error, LT_memory, "handshake");
    return LT_OK;
}

lt_code lt_tls_flush(lt_tls *t)
{
    lt_buffer *flight = &t->hs->flight;
    lt_bytes b = lt_buffer_bytes(flight);
    if (b.n > 0 && !lt_tls_send(t, LT_CONTENT_handshake, b))
        return lt_fail(&t->error, LT_memory, "handshake");
    lt_buffer_take(flight, b.n);
    return LT_OK;
}

lt_code lt_tls_change_cipher_spec(lt_tls *t)
{
    static const uint8_t body[] = { 1 };
    lt_code rc = lt_tls_flush(t);
    if (rc == LT_OK && !lt_tls_send(t, LT_CONTENT_change_cipher_spec, (lt_bytes){ body, 1 }))
        rc = lt_fail(&t->error, LT_memory, "change_cipher_spec");
    t->ccs_sent = true;
    return rc;
}

/* --- KeyUpdate (RFC 8446 section 4.6.3) ---------------------------------------------------- */

lt_code lt_tls_update_keys(lt_engine *engine, bool request, lt_error *e)
{
    lt_tls *t = (lt_tls *)engine;
    uint8_t message[5] = { LT_HS_key_update, 0, 0, 1, request };
    if (t->version != LT_TLS_1_3)
        return lt_fail_detail(e, LT_state, "KeyUpdate", "TLS 1.2 has no key update");
    if (!t->up || t->closing || t->error.code != LT_OK)
        return lt_fail_detail(e, LT_state, "KeyUpdate", "the connection is not open");
    lt_tls_trace_message(t, false, LT_HS_key_update, (lt_bytes){ message + 4, 1 });
    if (!lt_tls_send(t, LT_CONTENT_handshake, (lt_bytes){ message, sizeof message }))
        return lt_fail(e, LT_memory, "KeyUpdate");
    uint8_t *secret = t->server ? t->server_secret : t->client_secret;
    lt_tls_update_secret(t->suite, secret);
    lt_tls_write_with(t, secret);
    t->owes_update = false;
    return LT_OK;
}

/* We never renegotiate; an audit asks whether the peer would (RFC 5746 section 3.5). What it answers ends
 * the connection, as any message would that nobody waits for. */
lt_code lt_tls_send_handshake(lt_engine *engine, lt_bytes message, lt_error *e)
{
    lt_tls *t = (lt_tls *)engine;
    if (t->version != LT_TLS_1_2 || t->state != LT_TLS_connected || t->closing
        || t->error.code != LT_OK)
        return lt_fail_detail(e, LT_state, "handshake", "no open connection of TLS 1.2");
    if (message.n < 4 || message.n > 1U << 14)
        return lt_fail_detail(e, LT_limit, "handshake", "%zu bytes", message.n);
    lt_tls_trace_message(t, false, message.p[0], (lt_bytes){ message.p + 4, message.n - 4 });
    if (!lt_tls_send(t, LT_CONTENT_handshake, message))
        return lt_fail(e, LT_memory, "handshake");
    return LT_OK;
}

lt_code lt_tls_on_key_update(lt_tls *t, lt_reader body)
{
    uint32_t request;
    if (!rd_uint(&body, 1, &request) || body.n != 0)
        return lt_fail(&t->error, LT_decode, "KeyUpdate");
    if (request > 1)
        return lt_fail(&t->error, LT_illegal_parameter, "KeyUpdate.request_update");
    if (++t->idle_records > LT_TLS_IDLE_RECORDS_MAX)
        return lt_fail(&t->error, LT_limit, "KeyUpdate");
    uint8_t *secret = t->server ? t->client_secret : t->server_secret;
    lt_tls_update_secret(t->suite, secret);
    lt_tls_read_with(t, secret);
    if (!request || t->closing)
        return LT_OK;
    t->owes_update = true; /* one answer for all while we are silent, so that none pile up */
    if (t->answered)
        return LT_OK;
    t->answered = true;
    return lt_tls_update_keys(&t->engine, false, &t->error);
}
