/* SPDX-License-Identifier: MIT
 * engine.c - the native engine behind base/engine.h. */
#include "tls/tls.h"

#include <stdlib.h>

static lt_tls *of(lt_engine *engine)
{
    return (lt_tls *)engine; /* its first member */
}

static const lt_tls *of_const(const lt_engine *engine)
{
    return (const lt_tls *)engine;
}

static void set_time(lt_engine *engine, int64_t now)
{
    lt_tls *t = of(engine);
    t->now = now;
    if (!t->up && !t->resumed)
        t->proved = now;
}

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
    if (t->in_used < t->in.end)
        t->in_used = t->in.end;
    lt_tls_pump(t);
}

static void input_end(lt_engine *engine)
{
    lt_tls *t = of(engine);
    if (t->error.code != LT_OK || t->peer_closed)
        return;
    if (t->up)
        lt_tls_cut_off(t);
    else
        lt_tls_peer_left(t, "end of the connection");
    lt_tls_failed(t);
}

static lt_bytes output(lt_engine *engine)
{
    return lt_buffer_bytes(&of(engine)->out);
}

static void output_done(lt_engine *engine, size_t n)
{
    lt_buffer_take(&of(engine)->out, n);
}

/* Tickets: a client of TLS 1.3 that has sent its Finished is connected, and all else was sent before that. */
static bool output_may_wait(const lt_engine *engine)
{
    const lt_tls *t = of_const(engine);
    return t->server && t->version == LT_TLS_1_3 && t->state == LT_TLS_connected && !t->closing
           && t->data_records == 0;
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
    lt_tls_pump(t);
}

static size_t unread(const lt_engine *engine)
{
    return lt_buffer_size(&of_const(engine)->in);
}

static bool may_write(const lt_tls *t)
{
    return t->error.code == LT_OK && !t->closing && (t->up || lt_tls_answers_early(t))
           && !(t->peer_closed && t->version < LT_TLS_1_3);
}

/* All of it or nothing: half a request would be another one. */
static size_t write_early(lt_engine *engine, const uint8_t *p, size_t n)
{
    lt_tls *t = of(engine);
    if (t->error.code != LT_OK || t->closing || t->early_data != LT_EARLY_offered
        || n > t->early_left)
        return 0;
    size_t done = 0;
    while (done < n) {
        size_t piece = n - done < t->record_limit ? n - done : t->record_limit;
        if (!lt_tls_send(t, LT_CONTENT_application_data, (lt_bytes){ p + done, piece })) {
            lt_tls_fail(t, LT_memory, "output");
            break;
        }
        done += piece;
    }
    t->early_left -= done;
    t->early_sent += done;
    return done;
}

/* TLS 1.2 would have to renegotiate, which we do not: the connection ends, in order. */
static lt_code fresh_key(lt_tls *t)
{
    if (t->version == LT_TLS_1_3)
        return lt_tls_update_keys(&t->engine, false, &t->error);
    lt_fail(&t->error, LT_key_limit, "application_data");
    lt_error_cause(&t->error, "connect again; TLS 1.3 goes on with new keys",
                   "TLS 1.2 has no new keys without renegotiation");
    return LT_key_limit;
}

/* What the next record may take. A server's first ones are small, so that the client has something to work
 * on as soon as a segment has come, not when sixteen kilobytes have, which is more than the first flight of
 * TCP: each has the bytes of one segment more than the one before, until so much was sent that the window has
 * opened. */
static size_t next_piece(const lt_tls *t)
{
    enum {
        SEGMENT = 1208,
        SLOW_START = 128 * 1024
    }; /* with IPv6 and what a record adds, in 1280 */
    if (!t->server || t->data_sent >= SLOW_START)
        return t->record_limit;
    size_t piece = (size_t)SEGMENT * (t->data_records + 1U);
    return piece < t->record_limit ? piece : t->record_limit;
}

/* The room for what one call of write takes, at once: a buffer that grows is copied. */
static bool reserve_output(lt_tls *t, size_t n)
{
    enum { AROUND = LT_RECORD_HEADER + 8 + 1 + LT_AEAD_TAG };
    size_t waits = lt_buffer_size(&t->out), smallest = next_piece(t);
    size_t most = waits < LT_TLS_OUTPUT_MAX ? LT_TLS_OUTPUT_MAX - waits + t->record_limit : 0;
    n = n < most ? n : most;
    return lt_buffer_reserve(&t->out, n + (n / smallest + 1) * AROUND);
}

static size_t write_data(lt_engine *engine, const uint8_t *p, size_t n)
{
    lt_tls *t = of(engine);
    size_t done = 0;
    if (!may_write(t))
        return 0;
    if (!reserve_output(t, n)) {
        lt_tls_fail(t, LT_memory, "output");
        return 0;
    }
    while (done < n && lt_buffer_size(&t->out) < LT_TLS_OUTPUT_MAX) {
        if ((t->owes_update || lt_protection_worn(&t->write)) && fresh_key(t) != LT_OK) {
            lt_tls_failed(t);
            return done;
        }
        size_t most = next_piece(t), piece = n - done < most ? n - done : most;
        if (!lt_tls_send(t, LT_CONTENT_application_data, (lt_bytes){ p + done, piece })) {
            lt_tls_fail(t, LT_memory, "output");
            return done;
        }
        t->answered = false;
        t->data_sent += piece, t->data_records++;
        done += piece;
    }
    return done;
}

static void idle(lt_engine *engine)
{
    lt_tls *t = of(engine);
    if (lt_buffer_size(&t->in) == 0) {
        lt_buffer_free_used(&t->in, t->in_used); /* mostly less than it has room for */
        t->in_used = 0;
    }
    if (lt_buffer_size(&t->messages.pending) == 0)
        lt_buffer_free(&t->messages.pending);
    if (lt_buffer_size(&t->out) == 0)
        lt_buffer_free_public(&t->out); /* it went over the network */
    if (t->up && t->key_log_lines == 0)
        lt_tls_key_log_free(t);
}

static void close_engine(lt_engine *engine)
{
    lt_tls *t = of(engine);
    if (t->error.code != LT_OK || t->closing)
        return;
    if (!lt_tls_send_alert(t, LT_ALERT_close_notify)) {
        lt_tls_fail(t, LT_memory, "close_notify");
        return;
    }
    t->closing = true;
}

static void abort_engine(lt_engine *engine, lt_code code)
{
    lt_tls *t = of(engine);
    if (code != LT_reset) {
        lt_tls_fail(t, code, "handshake");
    } else if (t->error.code == LT_OK) {
        lt_tls_was_reset(t);
        lt_tls_failed(t);
    }
}

static lt_state state(const lt_engine *engine)
{
    const lt_tls *t = of_const(engine);
    if (t->error.code != LT_OK)
        return LT_STATE_failed;
    if (t->peer_closed) /* RFC 8446 section 6.1: each side ends on its own */
        return t->version == LT_TLS_1_3 && t->up && !t->closing ? LT_STATE_half_closed
                                                                : LT_STATE_closed;
    if (t->closing)
        return LT_STATE_closing;
    if (t->question)
        return LT_STATE_question;
    if (lt_tls_answers_early(t))
        return LT_STATE_early;
    return t->up ? LT_STATE_connected : LT_STATE_handshake;
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
        .psk = { t->psk_identity.data, lt_buffer_size(&t->psk_identity) },
        .round_trips = t->round_trips,
        .early_data = t->early_data,
        .early_sent = t->early_sent,
        .data_is_early = t->record_size > 0 && t->early_readable,
    };
    if (!t->name_is_ip)
        memcpy(i->server_name, t->name, strlen(t->name) + 1);
}

static const lt_bytes *own_certificates(const lt_engine *engine, size_t *count)
{
    const lt_tls *t = of_const(engine);
    *count = 0;
    return t->shown ? lt_identity_certificates(t->shown, count) : NULL;
}

/* A certificate that comes while the connection is up is the peer's once its Finished has come too: anybody can
 * send another's. Only who judges it sees it before. */
static const lt_tls_peer *peer(const lt_engine *engine)
{
    static const lt_tls_peer nobody = { .count = 0 };
    const lt_tls *t = of_const(engine);
    bool unproven = t->state == LT_TLS_wait_post_certificate_verify
                    || t->state == LT_TLS_wait_post_finished;
    return unproven && !t->question ? &nobody : &t->peer;
}

static const lt_bytes *peer_certificates(const lt_engine *engine, size_t *count)
{
    *count = peer(engine)->count;
    return peer(engine)->certificates;
}

static const lt_verify_result *verify_result(const lt_engine *engine)
{
    static const lt_verify_result none = { .path_length = 0 };
    const lt_verify_result *verified = lt_tls_verified(peer(engine));
    return verified ? verified : &none;
}

static const lt_tried_paths *tried_paths(const lt_engine *engine)
{
    return of_const(engine)->peer.tried;
}

static lt_bytes peer_staple(const lt_engine *engine)
{
    return peer(engine)->ocsp_staple;
}

static lt_bytes peer_scts(const lt_engine *engine)
{
    return peer(engine)->scts;
}

static const lt_question *question(const lt_engine *engine)
{
    const lt_tls *t = of_const(engine);
    return t->question ? &t->hs->asked : NULL;
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
    switch (t->hs->asked.kind) {
    case LT_QUESTION_certificate:
        if (a->identity && lt_tls_choose_scheme(t, a->identity, &t->hs->identity_scheme))
            t->hs->identity = a->identity;
        return t->up ? lt_tls_post_flight(t) : LT_OK;
    case LT_QUESTION_client_hello:
        if (a->config)
            t->config = a->config;
        return lt_tls_on_config(t);
    case LT_QUESTION_signature:
        return signed_elsewhere(t, a->signature);
    case LT_QUESTION_evidence:
        return lt_tls_on_evidence(t, a);
    case LT_QUESTION_verdict:
        return a->yes ? LT_OK
                      : lt_fail(&t->error, a->reason != LT_OK ? a->reason : LT_unwelcome,
                                "Certificate");
    case LT_QUESTION_early_data:
        lt_tls_answer_early_data(t, a->yes);
        return lt_tls_on_early_data(t);
    case LT_QUESTION_psk:
    case LT_QUESTION_take_session:
        return lt_tls_answer_psk(t, a);
    case LT_QUESTION_put_session:
        return lt_tls_ticket_was_put(t);
    case LT_QUESTION_none:
        break;
    }
    return LT_OK;
}

static void answer(lt_engine *engine, const lt_answer *a)
{
    lt_tls *t = of(engine);
    if (!t->question || t->error.code != LT_OK || t->closing)
        return;
    t->question = false;
    if (use_answer(t, a) != LT_OK) {
        lt_tls_failed(t);
        return;
    }
    if (t->state == LT_TLS_wait_answer)
        lt_tls_enter(t, t->hs->next);
    lt_tls_pump(t);
}

static lt_session *session(const lt_engine *engine, lt_error *e)
{
    lt_tls *t = (lt_tls *)(uintptr_t)engine; /* a ticket of TLS 1.3 is given away once */
    if (t->ticket_count == 0) {
        lt_fail_detail(e, LT_state, "session", "%s",
                       t->server ? "a server has none to give" : "the server sent no ticket");
        return NULL;
    }
    lt_session *s = lt_tls_session_of(t, t->tickets[t->ticket_count - 1], e);
    if (s && t->version == LT_TLS_1_3)
        lt_tls_drop_ticket(t, t->ticket_count - 1);
    return s;
}

static lt_trace *trace(lt_engine *engine)
{
    return &of(engine)->trace;
}

static void free_engine(lt_engine *engine)
{
    lt_tls *t = of(engine);
    lt_tls_handshake_free(t);
    lt_tls_random_free(t);
    lt_buffer_free(&t->in);
    lt_buffer_free(&t->out);
    lt_buffer_free(&t->psk_identity);
    free(t->own_name);
    lt_intern_drop(&t->authorities);
    lt_tls_exchanges_free(t);
    lt_tls_forget_peer(t);
    lt_tls_key_log_free(t);
    lt_handshake_stream_free(&t->messages);
    lt_trace_free(&t->trace);
    lt_tls_forget_tickets(t);
    lt_tls_session_free(t->resume ? &t->resume->base : NULL);
    lt_wipe_free(t, sizeof *t);
}

static const lt_engine_class engine_class = {
    .name = "native",
    .free = free_engine,
    .set_time = set_time,
    .input = input,
    .input_done = input_done,
    .input_end = input_end,
    .output = output,
    .output_done = output_done,
    .output_may_wait = output_may_wait,
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
    .own_certificates = own_certificates,
    .verify_result = verify_result,
    .tried_paths = tried_paths,
    .peer_staple = peer_staple,
    .peer_scts = peer_scts,
    .question = question,
    .answer = answer,
    .session = session,
    .exporter = lt_tls_exporter,
    .verify_data = lt_tls_verify_data,
    .write_early = write_early,
    .request_certificate = lt_tls_request_certificate,
    .update_keys = lt_tls_update_keys,
    .send_handshake = lt_tls_send_handshake,
    .trace = trace,
    .key_log = lt_tls_key_log,
};

lt_code lt_tls_set_name(lt_tls *t, lt_bytes name)
{
    char *copy = NULL;
    if (name.n > 0 && !(copy = malloc(name.n + 1)))
        return lt_fail(&t->error, LT_memory, "name");
    if (copy) {
        memcpy(copy, name.p, name.n);
        copy[name.n] = 0;
    }
    free(t->own_name);
    t->own_name = copy;
    t->name = copy ? copy : "";
    return LT_OK;
}

/* No SNI for it (RFC 6066 section 3). No name ends in a label of digits alone; conn saw to that. */
static bool is_ip_literal(const char *name)
{
    const char *last = strrchr(name, '.');
    last = last ? last + 1 : name;
    return strchr(name, ':') || (*last && last[strspn(last, "0123456789")] == 0);
}

static bool may_offer(lt_tls *t, const lt_tls_session *s)
{
    return s->external
           || (lt_tls_session_is_good(s, t->now, t->name) && lt_tls_restore_peer(t, s));
}

static lt_code begin(lt_tls *t, const char *name, const lt_session *resume)
{
    t->random = calloc(1, sizeof *t->random);
    if (!t->random)
        return lt_fail(&t->error, LT_memory, "connection");
    lt_code rc = lt_random_init(t->random, t->config->fixed_entropy ? t->config->entropy : NULL,
                                &t->error);
    if (rc != LT_OK)
        return rc;
    if (name && strlen(name) > LT_TLS_NAME_MAX)
        return lt_fail_detail(&t->error, LT_option, "name", "more than %d bytes",
                              LT_TLS_NAME_MAX);
    if (name && lt_tls_set_name(t, (lt_bytes){ (const uint8_t *)name, strlen(name) }) != LT_OK)
        return t->error.code;
    t->name_is_ip = name && is_ip_literal(name);
    const lt_tls_session *s = (const lt_tls_session *)resume;
    if (s && may_offer(t, s)) {
        t->resume = lt_tls_session_copy(s); /* else the handshake is a full one */
        if (!t->resume)
            return lt_fail(&t->error, LT_memory, "session");
    }
    return t->server ? LT_OK : lt_tls_send_client_hello(t);
}

lt_engine *lt_tls_new(const lt_config *config, const char *name, const lt_session *resume,
                      int64_t now, lt_error *e)
{
    lt_tls *t = calloc(1, sizeof *t);
    if (!t || !lt_tls_handshake_new(t) || (config->key_log && !lt_tls_key_log_new(t))) {
        if (t)
            lt_tls_handshake_free(t);
        free(t);
        lt_fail(e, LT_memory, "connection");
        return NULL;
    }
    t->engine.engine_class = &engine_class;
    t->config = config;
    t->name = "";
    t->server = config->server;
    t->now = t->proved = now;
    t->record_limit = LT_FRAGMENT_MAX;
    t->trace = (lt_trace){ .on = config->trace, .clock = config->clock };
    t->state = config->server ? LT_TLS_wait_client_hello : LT_TLS_wait_server_hello;
    if (begin(t, name, resume) == LT_OK)
        return &t->engine;
    *e = t->error;
    free_engine(&t->engine);
    return NULL;
}
