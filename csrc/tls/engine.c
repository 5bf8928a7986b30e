/* SPDX-License-Identifier: MIT
 * engine.c - the native engine behind base/engine.h: records in, records out, alerts, closing. */
#include "tls/tls.h"

#include <stdlib.h>

#include "tls/shared.h"

static lt_tls *of(lt_engine *engine)
{
    return (lt_tls *)engine; /* its first member */
}

static const lt_tls *of_const(const lt_engine *engine)
{
    return (const lt_tls *)engine;
}

/* --- out ---------------------------------------------------------------------------------- */

bool lt_tls_send(lt_tls *t, uint32_t content_type, lt_bytes b)
{
    do {
        lt_bytes fragment = { b.p, b.n < t->write_limit ? b.n : t->write_limit };
        if (!lt_record_seal(&t->write, &t->out, content_type, fragment, 0))
            return false;
        b.p += fragment.n, b.n -= fragment.n;
    } while (b.n > 0);
    return true;
}

void lt_tls_send_alert(lt_tls *t, lt_alert alert)
{
    bool warning = alert == LT_ALERT_close_notify || alert == LT_ALERT_user_canceled
                   || alert == LT_ALERT_no_renegotiation;
    uint8_t body[2] = { warning ? 1 : 2, (uint8_t)alert }; /* AlertLevel, RFC 8446 section 6 */
    lt_tls_send(t, LT_CONTENT_alert, (lt_bytes){ body, 2 }); /* without memory: no alert */
}

void lt_tls_failed(lt_tls *t)
{
    if (t->error.alert != LT_ALERT_none && !t->error.by_peer && !t->closing)
        lt_tls_send_alert(t, t->error.alert);
    t->question = false;
    t->record_size = 0;
    lt_tls_handshake_free(t);
}

void lt_tls_fail(lt_tls *t, lt_code code, const char *where)
{
    if (t->error.code != LT_OK)
        return;
    lt_fail(&t->error, code, where);
    lt_tls_failed(t);
}

/* --- in ----------------------------------------------------------------------------------- */

static bool stopped(const lt_tls *t)
{
    return t->error.code != LT_OK || t->question || t->record_size > 0 || t->peer_closed;
}

static lt_code on_alert(lt_tls *t, lt_bytes body)
{
    if (body.n != 2)
        return lt_fail(&t->error, LT_decode, "Alert");
    uint8_t level = body.p[0], description = body.p[1];
    if (description == LT_ALERT_close_notify) {
        t->peer_closed = true;
        return LT_OK;
    }
    bool may_pass = description == LT_ALERT_user_canceled
                    || (t->version < LT_TLS_1_3 && level == 1); /* a warning; 1.3 has none */
    if (may_pass)
        return ++t->idle_records > LT_TLS_IDLE_RECORDS_MAX
                   ? lt_fail(&t->error, LT_limit, "Alert")
                   : LT_OK;
    return lt_fail_peer(&t->error, description);
}

static lt_code on_change_cipher_spec(lt_tls *t, lt_bytes body)
{
    if (body.n != 1 || body.p[0] != 1 || lt_buffer_size(&t->messages.pending) > 0)
        return lt_fail(&t->error, LT_unexpected, "change_cipher_spec");
    if (t->version == LT_TLS_1_2)
        return lt_tls_step(t, LT_MSG_change_cipher_spec, body, true);
    if (t->state == LT_TLS_connected || t->state == LT_TLS_wait_client_hello
        || ++t->idle_records > LT_TLS_IDLE_RECORDS_MAX)
        return lt_fail(&t->error, LT_unexpected, "change_cipher_spec");
    return LT_OK; /* middlebox compatibility: dropped (RFC 8446 section 5) */
}

/* Whole messages that wait; stops where a question does. */
static lt_code messages(lt_tls *t)
{
    while (!stopped(t)) {
        uint32_t type;
        lt_reader body;
        bool present;
        lt_code rc = lt_handshake_stream_next(&t->messages, &type, &body, &present, &t->error);
        if (rc != LT_OK || !present)
            return rc;
        rc = lt_tls_message(t, type, body);
        if (rc != LT_OK)
            return rc;
    }
    return LT_OK;
}

static lt_code on_application_data(lt_tls *t, lt_bytes body, size_t record_size)
{
    if ((t->state != LT_TLS_connected && !t->early_readable) || !t->read.suite)
        return lt_fail(&t->error, LT_unexpected, "application_data");
    if (t->early_readable && body.n > t->early_left) /* RFC 8446 section 4.2.10 */
        return lt_fail(&t->error, LT_unexpected, "early data, more than max_early_data_size");
    if (t->early_readable)
        t->early_left -= body.n;
    if (body.n == 0)
        return ++t->idle_records > LT_TLS_IDLE_RECORDS_MAX
                   ? lt_fail(&t->error, LT_limit, "application_data")
                   : LT_OK;
    t->idle_records = 0;
    t->record_size = record_size;
    t->data_at = (size_t)(body.p - (t->in.data + t->in.start));
    t->data_size = body.n;
    return LT_OK;
}

static lt_code on_record(lt_tls *t, uint32_t content_type, lt_bytes body, size_t record_size)
{
    bool in_message = lt_buffer_size(&t->messages.pending) > 0;
    if (in_message && content_type != LT_CONTENT_handshake) /* section 5.1 */
        return lt_fail(&t->error, LT_unexpected, "a record inside a handshake message");
    switch (content_type) {
    case LT_CONTENT_handshake:
        if (body.n == 0)
            return lt_fail(&t->error, LT_unexpected, "Handshake, empty record");
        if (!lt_handshake_stream_add(&t->messages, body))
            return lt_fail(&t->error, LT_memory, "handshake");
        return messages(t);
    case LT_CONTENT_alert:
        return on_alert(t, body);
    case LT_CONTENT_application_data:
        return on_application_data(t, body, record_size);
    default:
        return lt_fail(&t->error, LT_unexpected, "ContentType");
    }
}

static lt_code not_tls(lt_tls *t, const uint8_t *p)
{
    static const char hint[] = "the port speaks another protocol; is it the right one?";
    if (!t->server
        && lt_bytes_equal((lt_bytes){ p, 5 }, (lt_bytes){ (const uint8_t *)"HTTP/", 5 }))
        lt_error_cause(&t->error, hint, "the peer answered in plain HTTP");
    else if (t->server && (p[0] == 'G' || p[0] == 'P' || p[0] == 'H') && p[1] >= 'A')
        lt_error_cause(&t->error, hint, "the client speaks plain HTTP");
    return lt_fail(&t->error, LT_not_tls, "TLSPlaintext.type");
}

static lt_code check_header(lt_tls *t, const uint8_t *p, size_t n)
{
    bool known = p[0] >= LT_CONTENT_change_cipher_spec && p[0] <= LT_CONTENT_application_data;
    if (!t->record_seen && (!known || p[1] != 3))
        return not_tls(t, p);
    if (!known)
        return lt_fail(&t->error, LT_unexpected, "TLSPlaintext.type");
    if (p[1] != 3)
        return lt_fail(&t->error, LT_bad_record_version, "TLSPlaintext.legacy_record_version");
    size_t max = !t->read.suite                         ? LT_FRAGMENT_MAX
                 : t->read.suite->version == LT_TLS_1_3 ? LT_CIPHERTEXT_MAX_13
                                                        : LT_CIPHERTEXT_MAX_12;
    if (n > max)
        return lt_fail(&t->error, LT_record_overflow, "TLSCiphertext.length");
    return LT_OK;
}

/* Early data that was rejected is passed over, as it cannot be opened (RFC 8446 section 4.2.10). */
static bool skips_early_data(const lt_tls *t)
{
    return t->server && t->early_data == LT_EARLY_rejected && t->early_left > 0 && t->hs;
}

static lt_code skip(lt_tls *t, size_t n)
{
    if (n >= t->early_left)
        return lt_fail(&t->error, LT_unexpected,
                       "early data, rejected, beyond what is skipped");
    t->early_left -= n;
    return LT_OK;
}

static lt_code open_record(lt_tls *t, uint8_t *record, size_t n)
{
    bool tls_1_3_keys = t->read.suite && t->read.suite->version == LT_TLS_1_3;
    uint32_t type = record[0];
    lt_bytes body = { record + LT_RECORD_HEADER, n - LT_RECORD_HEADER };
    if (type == LT_CONTENT_change_cipher_spec && (!t->read.suite || tls_1_3_keys))
        return on_change_cipher_spec(t, body);
    if (tls_1_3_keys && type == LT_CONTENT_alert && t->read.sequence == 0 && body.n == 2)
        return on_alert(t, body); /* a peer that failed before it had keys */
    if (tls_1_3_keys && type != LT_CONTENT_application_data)
        return lt_fail(&t->error, LT_unexpected, "TLSCiphertext.opaque_type");
    if (skips_early_data(t) && !t->read.suite && type == LT_CONTENT_application_data)
        return skip(t, n);
    lt_error e = { 0 };
    if (lt_record_open(&t->read, record, n, &type, &body, &e) != LT_OK) {
        if (skips_early_data(t) && tls_1_3_keys && e.code == LT_bad_record)
            return skip(t, n);
        t->error = e;
        return e.code;
    }
    if (skips_early_data(t) && tls_1_3_keys)
        t->early_left = 0; /* the first record under the right keys: no more comes of it */
    return on_record(t, type, body, n);
}

/* The record at the front, if it is whole; false: it is not, or nothing more may be read. */
static bool next_record(lt_tls *t)
{
    size_t have = lt_buffer_size(&t->in);
    uint8_t *p = t->in.data + t->in.start;
    if (have < LT_RECORD_HEADER)
        return false;
    size_t n = (size_t)p[3] << 8 | p[4];
    if (check_header(t, p, n) != LT_OK) {
        lt_tls_failed(t);
        return false;
    }
    if (have < LT_RECORD_HEADER + n)
        return false;
    t->record_seen = true;
    n += LT_RECORD_HEADER;
    if (open_record(t, p, n) != LT_OK) {
        lt_tls_failed(t);
        return false;
    }
    if (t->record_size == 0)
        lt_buffer_take(&t->in, n);
    return true;
}

static void pump(lt_tls *t)
{
    if (!stopped(t) && messages(t) != LT_OK)
        lt_tls_failed(t);
    while (!stopped(t) && next_record(t))
        ;
}

/* --- the interface ------------------------------------------------------------------------ */

static uint8_t *input(lt_engine *engine, size_t wanted, size_t *room)
{
    lt_tls *t = of(engine);
    if (!lt_buffer_reserve(&t->in, wanted ? wanted : 1)) {
        lt_tls_fail(t, LT_memory, "input");
        *room = 0;
        return NULL;
    }
    *room = t->in.capacity - t->in.end;
    return t->in.data + t->in.end;
}

static void input_done(lt_engine *engine, size_t n)
{
    lt_tls *t = of(engine);
    t->in.end += n;
    pump(t);
}

static void input_end(lt_engine *engine)
{
    lt_tls *t = of(engine);
    if (t->error.code != LT_OK || t->peer_closed)
        return;
    if (t->state != LT_TLS_connected)
        lt_error_cause(&t->error, NULL, "the peer closed the connection after %s",
                       t->last_in ? t->last_in : "nothing at all");
    lt_fail(&t->error, LT_truncated,
            t->state == LT_TLS_connected ? "close_notify" : "handshake");
    lt_tls_failed(t);
}

static lt_bytes output(lt_engine *engine)
{
    lt_tls *t = of(engine);
    return (lt_bytes){ t->out.data + t->out.start, lt_buffer_size(&t->out) };
}

static void output_done(lt_engine *engine, size_t n)
{
    lt_buffer_take(&of(engine)->out, n);
}

static lt_bytes data(lt_engine *engine)
{
    lt_tls *t = of(engine);
    if (t->record_size == 0)
        return (lt_bytes){ NULL, 0 };
    return (lt_bytes){ t->in.data + t->in.start + t->data_at, t->data_size };
}

static void data_done(lt_engine *engine, size_t n)
{
    lt_tls *t = of(engine);
    t->data_at += n, t->data_size -= n;
    if (t->data_size > 0)
        return;
    lt_buffer_take(&t->in, t->record_size);
    t->record_size = 0;
    pump(t);
}

static size_t unread(const lt_engine *engine)
{
    return lt_buffer_size(&of_const(engine)->in);
}

/* The server may once its Finished is out, if the client was quick too (section 2.3). */
static bool answers_early(const lt_tls *t)
{
    return t->server && t->early_data == LT_EARLY_accepted
           && (t->state == LT_TLS_wait_end_of_early_data
               || t->state == LT_TLS_wait_client_finished);
}

static bool may_write(const lt_tls *t)
{
    return t->error.code == LT_OK && !t->closing
           && (t->state == LT_TLS_connected || answers_early(t));
}

static size_t write_early(lt_engine *engine, const uint8_t *p, size_t n)
{
    lt_tls *t = of(engine);
    if (t->error.code != LT_OK || t->closing || t->early_data != LT_EARLY_offered)
        return 0;
    size_t done = 0, left = n < t->early_left ? n : t->early_left;
    while (done < left) {
        size_t piece = left - done < t->write_limit ? left - done : t->write_limit;
        if (!lt_tls_send(t, LT_CONTENT_application_data, (lt_bytes){ p + done, piece })) {
            lt_tls_fail(t, LT_memory, "output");
            break;
        }
        done += piece;
    }
    t->early_left -= done;
    return done;
}

static size_t write_data(lt_engine *engine, const uint8_t *p, size_t n)
{
    lt_tls *t = of(engine);
    size_t done = 0;
    if (!may_write(t))
        return 0;
    while (done < n && lt_buffer_size(&t->out) < LT_TLS_OUTPUT_MAX) {
        if (lt_protection_worn(&t->write)
            && lt_tls_update_keys(engine, false, &t->error) != LT_OK) {
            lt_tls_failed(t);
            return done;
        }
        size_t piece = n - done < t->write_limit ? n - done : t->write_limit;
        if (!lt_tls_send(t, LT_CONTENT_application_data, (lt_bytes){ p + done, piece })) {
            lt_tls_fail(t, LT_memory, "output");
            return done;
        }
        done += piece;
    }
    return done;
}

static void idle(lt_engine *engine)
{
    lt_tls *t = of(engine);
    lt_buffer *const buffers[] = { &t->in, &t->out, &t->messages.pending };
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        if (lt_buffer_size(buffers[i]) == 0)
            lt_buffer_free(buffers[i]);
}

static void close_engine(lt_engine *engine)
{
    lt_tls *t = of(engine);
    if (t->error.code != LT_OK || t->closing)
        return;
    lt_tls_send_alert(t, LT_ALERT_close_notify);
    t->closing = true;
}

static void abort_engine(lt_engine *engine, lt_code code)
{
    lt_tls_fail(of(engine), code, "handshake");
}

static lt_state state(const lt_engine *engine)
{
    const lt_tls *t = of_const(engine);
    if (t->error.code != LT_OK)
        return LT_STATE_failed;
    if (t->peer_closed)
        return LT_STATE_closed;
    if (t->closing)
        return LT_STATE_closing;
    if (t->question)
        return LT_STATE_question;
    if (answers_early(t))
        return LT_STATE_early;
    return t->state == LT_TLS_connected ? LT_STATE_connected : LT_STATE_handshake;
}

static const lt_error *error(const lt_engine *engine)
{
    return &of_const(engine)->error;
}

static void info(const lt_engine *engine, lt_info *i)
{
    const lt_tls *t = of_const(engine);
    *i = (lt_info){
        .engine = "native",
        .version = t->version,
        .cipher_suite = t->suite ? t->suite->id : 0,
        .group = t->group,
        .signature_scheme = t->signature_scheme,
        .alpn = t->alpn,
        .resumed = t->resumed,
        .round_trips = t->round_trips,
        .early_data = t->early_data,
        .data_is_early = t->record_size > 0 && t->early_readable,
    };
    if (!t->name_is_ip)
        memcpy(i->server_name, t->name, sizeof i->server_name);
}

static const lt_bytes *peer_certificates(const lt_engine *engine, size_t *count)
{
    *count = of_const(engine)->peer.count;
    return of_const(engine)->peer.certificates;
}

static const lt_bytes *verified_chain(const lt_engine *engine, size_t *count)
{
    *count = of_const(engine)->peer.verified.path_length;
    return of_const(engine)->peer.verified.path;
}

static const lt_verify_result *verify_result(const lt_engine *engine)
{
    return &of_const(engine)->peer.verified;
}

static const lt_question *question(const lt_engine *engine)
{
    const lt_tls *t = of_const(engine);
    return t->question ? &t->asked : NULL;
}

static lt_code signed_elsewhere(lt_tls *t, lt_bytes signature)
{
    if (signature.n == 0 || signature.n > LT_SIGNATURE_MAX)
        return lt_fail_detail(&t->error, LT_internal, "signature", "the key's owner gave %s",
                              signature.n ? "one that is too long" : "none");
    return t->hs->after_signature(t, signature);
}

/* Goes on where the question stopped. */
static lt_code use_answer(lt_tls *t, const lt_answer *a)
{
    switch (t->asked.kind) {
    case LT_QUESTION_certificate:
        if (a->identity && lt_tls_choose_scheme(t, a->identity, &t->hs->identity_scheme))
            t->hs->identity = a->identity;
        return LT_OK;
    case LT_QUESTION_client_hello:
        if (a->config)
            t->config = a->config;
        return lt_tls_on_config(t);
    case LT_QUESTION_signature:
        return signed_elsewhere(t, a->signature);
    case LT_QUESTION_verdict:
        return a->yes ? LT_OK : lt_fail(&t->error, LT_unwelcome, "Certificate");
    case LT_QUESTION_early_data:
        lt_tls_answer_early_data(t, a->yes);
        return lt_tls_on_early_data(t);
    case LT_QUESTION_none:
        break;
    }
    return LT_OK;
}

static void answer(lt_engine *engine, const lt_answer *a)
{
    lt_tls *t = of(engine);
    if (!t->question || t->error.code != LT_OK)
        return;
    t->question = false;
    if (use_answer(t, a) != LT_OK) {
        lt_tls_failed(t);
        return;
    }
    if (t->state == LT_TLS_wait_answer)
        lt_tls_enter(t, t->hs->next);
    pump(t);
}

static lt_session *session(const lt_engine *engine, lt_error *e)
{
    lt_tls *t = (lt_tls *)(uintptr_t)engine; /* a ticket of TLS 1.3 is given away once */
    if (t->ticket_count == 0) {
        lt_fail_detail(e, LT_state, "session", "%s",
                       t->server ? "a server has none to give" : "the server sent no ticket");
        return NULL;
    }
    lt_tls_session *newest = t->tickets[t->ticket_count - 1];
    if (newest->version < LT_TLS_1_3) {
        lt_tls_session *copy = lt_tls_session_copy(newest);
        if (!copy)
            lt_fail(e, LT_memory, "session");
        return copy ? &copy->base : NULL;
    }
    t->ticket_count--;
    return &newest->base;
}

static lt_code exporter(const lt_engine *engine, const char *label, const lt_bytes *context,
                        uint8_t *out, size_t n, lt_error *e)
{
    const lt_tls *t = of_const(engine);
    lt_bytes none = { NULL, 0 };
    if (t->state != LT_TLS_connected || t->error.code != LT_OK)
        return lt_fail_detail(e, LT_state, "exporter", "the handshake is not done");
    if (t->version == LT_TLS_1_3)
        lt_exporter_13(t->suite->hash, t->exporter_secret, label, context ? *context : none,
                       out, n);
    else
        return lt_tls_exporter_12(t, label, context, out, n, e);
    return LT_OK;
}

static void free_engine(lt_engine *engine)
{
    lt_tls *t = of(engine);
    lt_tls_handshake_free(t);
    lt_buffer_free(&t->in);
    lt_buffer_free(&t->out);
    lt_buffer_free(&t->peer.der);
    lt_buffer_free(&t->peer.ocsp_staple);
    lt_handshake_stream_free(&t->messages);
    if (t->resume)
        lt_tls_session_free(&t->resume->base);
    while (t->ticket_count > 0)
        lt_tls_session_free(&t->tickets[--t->ticket_count]->base);
    lt_wipe_free(t, sizeof *t);
}

static const lt_engine_class engine_class = {
    .name = "native",
    .free = free_engine,
    .input = input,
    .input_done = input_done,
    .input_end = input_end,
    .output = output,
    .output_done = output_done,
    .data = data,
    .data_done = data_done,
    .unread = unread,
    .write = write_data,
    .idle = idle,
    .close = close_engine,
    .abort = abort_engine,
    .state = state,
    .error = error,
    .info = info,
    .peer_certificates = peer_certificates,
    .verified_chain = verified_chain,
    .verify_result = verify_result,
    .question = question,
    .answer = answer,
    .session = session,
    .exporter = exporter,
    .write_early = write_early,
    .update_keys = lt_tls_update_keys,
    .key_log = lt_tls_key_log,
};

static bool is_ip_literal(const char *name) /* no SNI for it (RFC 6066 section 3) */
{
    const char *last = strrchr(name, '.');
    last = last ? last + 1 : name;
    return strchr(name, ':') || (*last >= '0' && *last <= '9');
}

static lt_code begin(lt_tls *t, const char *name, const lt_session *resume)
{
    lt_code rc = lt_random_init(
        &t->random, t->config->fixed_entropy ? t->config->entropy : NULL, &t->error);
    if (rc != LT_OK)
        return rc;
    if (name && strlen(name) >= sizeof t->name)
        return lt_fail_detail(&t->error, LT_option, "name", "more than 255 bytes");
    if (name)
        memcpy(t->name, name, strlen(name) + 1);
    t->name_is_ip = name && is_ip_literal(name);
    const lt_tls_session *s = (const lt_tls_session *)resume;
    if (s && strcmp(s->name, t->name) == 0 && t->now >= s->received
        && t->now - s->received < s->lifetime) { /* else the handshake is a full one */
        t->resume = lt_tls_session_copy(s);
        if (!t->resume)
            return lt_fail(&t->error, LT_memory, "session");
    }
    return t->server ? LT_OK : lt_tls_send_client_hello(t);
}

lt_engine *lt_tls_new(const lt_config *config, const char *name, const lt_session *resume,
                      int64_t now, lt_error *e)
{
    lt_tls *t = calloc(1, sizeof *t);
    if (!t || !lt_tls_handshake_new(t)) {
        free(t);
        lt_fail(e, LT_memory, "connection");
        return NULL;
    }
    t->engine.engine_class = &engine_class;
    t->config = config;
    t->server = config->server;
    t->now = now;
    t->write_limit = LT_FRAGMENT_MAX;
    t->state = config->server ? LT_TLS_wait_client_hello : LT_TLS_wait_server_hello;
    if (begin(t, name, resume) == LT_OK)
        return &t->engine;
    *e = t->error;
    free_engine(&t->engine);
    return NULL;
}
