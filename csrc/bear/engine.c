/* SPDX-License-Identifier: MIT
 * engine.c - the face of the room: lt_engine_class over one BearSSL context. */
#include "bear/bear.h"

#include <stdlib.h>

#include "base/iana.h"
#include "x509/sign.h"

enum {
    INPUT_ROOM_MIN = 512,          /* bytes asked for at least: a few small records */
    INPUT_ROOM_MAX = 1 << 16,      /* and at most in one call */
    INPUT_MAX_HANDSHAKE = 1 << 18, /* bytes that may wait inside */
    INPUT_MAX = 1 << 22,           /* and with the handshake done */
    OUTPUT_MAX = 1 << 15,          /* above it, write takes no more */
    RANDOM_SIZE = 32,
    MASTER_SECRET_SIZE = 48,
};

static lt_bear *bear(lt_engine *engine)
{
    return (lt_bear *)engine;
}

static void engine_free(lt_engine *engine)
{
    if (!engine)
        return;
    lt_bear *b = bear(engine);
    lt_buffer_free(&b->in);
    lt_buffer_free(&b->out);
    lt_wipe_free(b->obuf, BR_SSL_BUFSIZE_OUTPUT);
    lt_tap_free(&b->tap);
    lt_trace_free(&b->tap.trace);
    lt_peer_chain_free(&b->peer);
    lt_bear_forget_kept_peer(b);
    lt_wipe_free(b, sizeof *b);
}

/* --- bytes -------------------------------------------------------------------------------------- */

/* After the handshake nothing is judged: a session's time is that of the handshake. */
static void engine_set_time(lt_engine *engine, int64_t now)
{
    lt_bear *b = bear(engine);
    if (!b->connected)
        b->now = now;
}

static uint8_t *engine_input(lt_engine *engine, size_t wanted, size_t *room)
{
    lt_bear *b = bear(engine);
    *room = 0;
    if (b->error.code != LT_OK)
        return NULL;
    size_t limit = b->connected ? INPUT_MAX : INPUT_MAX_HANDSHAKE;
    if (lt_buffer_size(&b->in) >= limit) {
        lt_fail_detail(&b->error, LT_limit, "input", "%zu bytes wait already", limit);
        lt_bear_failed(b);
        return NULL;
    }
    if (wanted < INPUT_ROOM_MIN)
        wanted = INPUT_ROOM_MIN;
    if (wanted > INPUT_ROOM_MAX)
        wanted = INPUT_ROOM_MAX;
    if (!lt_buffer_reserve(&b->in, wanted)) {
        lt_fail(&b->error, LT_memory, "input");
        lt_bear_failed(b);
        return NULL;
    }
    if (b->record_size > 0) /* the bytes that BearSSL works on may have moved */
        b->eng->ibuf = b->in.data + b->in.start;
    *room = b->in.capacity - b->in.end;
    return b->in.data + b->in.end;
}

static void engine_input_done(lt_engine *engine, size_t n)
{
    lt_bear *b = bear(engine);
    if (b->error.code != LT_OK)
        return;
    b->in.end += n;
    if (b->peer_closed) /* nothing counts after close_notify */
        lt_buffer_free(&b->in);
    else
        lt_bear_pump(b);
}

static void engine_input_end(lt_engine *engine)
{
    lt_bear *b = bear(engine);
    b->ended = true;
    lt_bear_pump(b);
}

static size_t engine_unread(const lt_engine *engine)
{
    return lt_buffer_size(&((const lt_bear *)engine)->in);
}

/* A single record of application data leaves from where it was encrypted. */
static lt_bytes engine_output(lt_engine *engine)
{
    lt_bear *b = bear(engine);
    size_t n = lt_buffer_size(&b->out);
    if (n == 0 && b->error.code == LT_OK && b->obuf) {
        const uint8_t *record = br_ssl_engine_sendrec_buf(b->eng, &n);
        return (lt_bytes){ record, record ? n : 0 };
    }
    if (n > 0 && b->error.code == LT_OK) {
        lt_bear_drain(b);
        if (b->error.code != LT_OK)
            lt_bear_failed(b);
    }
    n = lt_buffer_size(&b->out);
    return (lt_bytes){ n > 0 ? b->out.data + b->out.start : NULL, n };
}

static void engine_output_done(lt_engine *engine, size_t n)
{
    lt_bear *b = bear(engine);
    if (lt_buffer_size(&b->out) > 0)
        lt_buffer_take(&b->out, n);
    else if (n > 0 && b->obuf)
        br_ssl_engine_sendrec_ack(b->eng, n);
}

static bool has_data(const lt_bear *b, lt_bytes *data)
{
    if (b->error.code != LT_OK || !b->connected || b->record_size == 0)
        return false;
    data->p = br_ssl_engine_recvapp_buf(b->eng, &data->n);
    return data->p != NULL;
}

static lt_bytes engine_data(lt_engine *engine)
{
    lt_bytes data;
    return has_data(bear(engine), &data) ? data : (lt_bytes){ 0 };
}

static void engine_data_done(lt_engine *engine, size_t n)
{
    lt_bear *b = bear(engine);
    lt_bytes data;
    if (n == 0 || !has_data(b, &data))
        return;
    br_ssl_engine_recvapp_ack(b->eng, n);
    lt_bear_pump(b);
}

/* BearSSL counts no records, and has no other key for the rest: the connection ends, in order. */
static bool is_worn(lt_bear *b)
{
    if (!lt_key_is_worn(b->eng->session.cipher_suite, b->records_written))
        return false;
    lt_bear_drain(b);
    lt_fail(&b->error, LT_key_limit, "application_data");
    lt_error_cause(&b->error, "connect again; TLS 1.3 goes on with new keys",
                   "TLS 1.2 has no new keys without renegotiation");
    lt_bear_failed(b);
    return true;
}

static size_t engine_write(lt_engine *engine, const uint8_t *p, size_t n)
{
    lt_bear *b = bear(engine);
    size_t room;
    if (n == 0 || !b->connected || b->closing || b->peer_closed || b->error.code != LT_OK
        || lt_buffer_size(&b->out) >= OUTPUT_MAX || is_worn(b))
        return 0;
    if (lt_bear_obuf(b))
        lt_bear_drain(b);
    if (b->error.code != LT_OK) {
        lt_bear_failed(b);
        return 0;
    }
    uint8_t *to = br_ssl_engine_sendapp_buf(b->eng, &room);
    if (!to)
        return 0;
    if (n > room)
        n = room;
    memcpy(to, p, n);
    br_ssl_engine_sendapp_ack(b->eng, n);
    br_ssl_engine_flush(b->eng, 0);
    b->records_written++;
    return n;
}

/* A few bytes of a record that has begun move to a block of their size. */
static void shrink(lt_buffer *buffer)
{
    size_t n = lt_buffer_size(buffer);
    lt_buffer small = { 0 };
    if (n > 0
        && (n > buffer->capacity / 4
            || !lt_buffer_add(&small, buffer->data + buffer->start, n)))
        return;
    lt_buffer_free(buffer);
    *buffer = small;
}

static void engine_idle(lt_engine *engine)
{
    lt_bear *b = bear(engine);
    size_t n;
    shrink(&b->out);
    if (b->error.code != LT_OK)
        return;
    if (b->record_size == 0)
        shrink(&b->in);
    if (b->obuf && !br_ssl_engine_sendrec_buf(b->eng, &n)) {
        lt_wipe_free(b->obuf, BR_SSL_BUFSIZE_OUTPUT);
        b->obuf = b->eng->obuf = NULL;
    }
}

/* br_ssl_engine_close would drop the data that is still to be read, and hang on it in 0.6. */
static void engine_close(lt_engine *engine)
{
    enum { WARNING = 1 };
    lt_bear *b = bear(engine);
    if (b->closing || b->peer_closed || b->error.code != LT_OK)
        return;
    lt_bear_drain(b);
    if (b->error.code == LT_OK && !lt_bear_send_alert(b, WARNING, LT_ALERT_close_notify))
        lt_fail(&b->error, LT_memory, "close_notify");
    if (b->error.code == LT_OK)
        b->closing = true;
    else
        lt_bear_failed(b);
}

static void engine_abort(lt_engine *engine, lt_code code)
{
    lt_bear *b = bear(engine);
    if (b->error.code != LT_OK)
        return;
    lt_bear_drain(b);
    if (code == LT_reset)
        lt_bear_was_reset(b);
    else if (b->connected)
        lt_fail(&b->error, code, NULL);
    else
        lt_fail_detail(&b->error, code, "handshake", "%s%s",
                       b->tap.last_in ? "after " : "before any message",
                       b->tap.last_in ? b->tap.last_in : "");
    lt_bear_failed(b);
}

/* --- what is known ------------------------------------------------------------------------------ */

static lt_state engine_state(const lt_engine *engine)
{
    const lt_bear *b = (const lt_bear *)engine;
    if (b->error.code != LT_OK)
        return LT_STATE_failed;
    if (b->peer_closed || (b->closing && !b->connected))
        return LT_STATE_closed;
    if (b->closing)
        return LT_STATE_closing;
    if (b->question)
        return LT_STATE_question;
    return b->connected ? LT_STATE_connected : LT_STATE_handshake;
}

static const lt_error *engine_error(const lt_engine *engine)
{
    return &((const lt_bear *)engine)->error;
}

static void engine_info(const lt_engine *engine, lt_info *info)
{
    const lt_bear *b = (const lt_bear *)engine;
    *info = (lt_info){ .engine = lt_bear_class.name };
    if (!b->name_is_ip)
        memcpy(info->server_name, b->name, sizeof b->name);
    if (!b->connected) {
        info->version = (uint16_t)b->tap.server_version;
        return;
    }
    const lt_cipher_suite *suite = lt_cipher_suite_by_id(b->eng->session.cipher_suite);
    info->version = b->eng->session.version;
    info->cipher_suite = b->eng->session.cipher_suite;
    info->resumed = b->resumed;
    info->round_trips = b->resumed ? 1 : 2;
    info->alpn = br_ssl_engine_get_selected_protocol(b->eng);
    if (suite && (suite->traits & LT_SUITE_ephemeral) && !b->resumed) {
        info->group = b->eng->ecdhe_curve;
        info->signature_scheme = (uint16_t)b->tap.signature_scheme;
    }
}

static const lt_bytes *engine_peer_certificates(const lt_engine *engine, size_t *count)
{
    const lt_bear *b = (const lt_bear *)engine;
    *count = b->peer.count;
    return b->peer.certificates;
}

static const lt_verify_result *engine_verify_result(const lt_engine *engine)
{
    return &((const lt_bear *)engine)->peer.verified;
}

static const lt_tried_paths *engine_tried_paths(const lt_engine *engine)
{
    return ((const lt_bear *)engine)->peer.tried;
}

static lt_bytes engine_nothing(const lt_engine *engine)
{
    (void)engine;
    return (lt_bytes){ NULL, 0 }; /* BearSSL asks for neither staple nor SCTs */
}

static const lt_question *engine_question(const lt_engine *engine)
{
    const lt_bear *b = (const lt_bear *)engine;
    return b->question ? &b->asked : NULL;
}

static void engine_answer(lt_engine *engine, const lt_answer *answer)
{
    lt_bear *b = bear(engine);
    if (!b->question || b->error.code != LT_OK)
        return;
    b->question = false;
    lt_bear_use_identity(b, answer->identity);
    lt_bear_pump(b);
}

/* RFC 5246 uses these labels with the same secret: an exporter must not (RFC 5705 section 4). */
static bool label_is_taken(const char *label)
{
    return strcmp(label, "client finished") == 0 || strcmp(label, "server finished") == 0
           || strcmp(label, "master secret") == 0 || strcmp(label, "key expansion") == 0;
}

static lt_code engine_exporter(const lt_engine *engine, const char *label,
                               const lt_bytes *context, uint8_t *out, size_t n, lt_error *e)
{
    const lt_bear *b = (const lt_bear *)engine;
    if (label_is_taken(label))
        return lt_fail_detail(e, LT_option, "label", "\"%s\" is TLS's own", label);
    if (context && context->n > 0xffff)
        return lt_fail_detail(e, LT_limit, "context", "%zu bytes; the limit is 65535",
                              context->n);
    /* NULL would mean that there is none, which is not the same as an empty one */
    const void *p = !context ? NULL : context->n > 0 ? (const void *)context->p : "";
    if (!b->connected || b->error.code != LT_OK
        || !br_ssl_key_export(b->eng, out, n, label, p, context ? context->n : 0))
        return lt_fail_detail(e, LT_state, "exporter", "there is no connection");
    return LT_OK;
}

static const lt_bytes *engine_own_certificates(const lt_engine *engine, size_t *count)
{
    const lt_bear *b = (const lt_bear *)engine;
    const lt_identity *id = b->config->server ? b->config->identities : b->shown;
    *count = 0;
    return id && b->connected ? lt_identity_certificates(id, count) : NULL;
}

/* BearSSL keeps both for renegotiation (RFC 5746), the client's first. */
static lt_bytes engine_verify_data(const lt_engine *engine, bool peers)
{
    enum { VERIFY_DATA = 12 };
    const lt_bear *b = (const lt_bear *)engine;
    bool clients = b->config->server == peers;
    if (!b->connected)
        return (lt_bytes){ NULL, 0 };
    return (lt_bytes){ b->eng->saved_finished + (clients ? 0 : VERIFY_DATA), VERIFY_DATA };
}

static char *put_hex(char *to, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *to++ = digits[p[i] >> 4];
        *to++ = digits[p[i] & 15];
    }
    return to;
}

/* A ChangeCipherSpec that comes too early finds none. */
static bool has_secret(const lt_bear *b)
{
    uint8_t any = 0;
    for (size_t i = 0; i < MASTER_SECRET_SIZE; i++)
        any |= b->eng->session.master_secret[i];
    return any != 0;
}

/* The secret stands from the first ChangeCipherSpec on, in either direction. */
static size_t engine_key_log(lt_engine *engine, char *line, size_t room)
{
    static const char label[] = "CLIENT_RANDOM ";
    size_t n = sizeof label - 1 + 2 * (size_t)(RANDOM_SIZE + MASTER_SECRET_SIZE) + 2;
    lt_bear *b = bear(engine);
    if (b->key_logged || room <= n || !(b->tap.ccs_in || b->tap.ccs_out) || !has_secret(b))
        return 0;
    b->key_logged = true;
    memcpy(line, label, sizeof label - 1);
    char *to = put_hex(line + sizeof label - 1, b->eng->client_random, RANDOM_SIZE);
    *to++ = ' ';
    to = put_hex(to, b->eng->session.master_secret, MASTER_SECRET_SIZE);
    *to++ = '\n';
    return (size_t)(to - line);
}

static lt_trace *engine_trace(lt_engine *engine)
{
    return &bear(engine)->tap.trace;
}

const lt_engine_class lt_bear_class = {
    .name = "bear",
    .free = engine_free,
    .set_time = engine_set_time,
    .input = engine_input,
    .input_done = engine_input_done,
    .input_end = engine_input_end,
    .unread = engine_unread,
    .output = engine_output,
    .output_done = engine_output_done,
    .data = engine_data,
    .data_done = engine_data_done,
    .write = engine_write,
    .idle = engine_idle,
    .close = engine_close,
    .abort = engine_abort,
    .state = engine_state,
    .error = engine_error,
    .info = engine_info,
    .own_certificates = engine_own_certificates,
    .peer_certificates = engine_peer_certificates,
    .verify_result = engine_verify_result,
    .tried_paths = engine_tried_paths,
    .peer_staple = engine_nothing,
    .peer_scts = engine_nothing,
    .question = engine_question,
    .answer = engine_answer,
    .session = lt_bear_session,
    .exporter = engine_exporter,
    .verify_data = engine_verify_data,
    .trace = engine_trace,
    .key_log = engine_key_log,
};
