/* SPDX-License-Identifier: MIT
 * traffic.c - records in and records out: cut from the input, opened, handed to who reads them;
 * alerts, closing, and what is passed over. */
#include "tls/tls.h"

#include "base/diagnosis.h"

/* --- the trace ------------------------------------------------------------------------------ */

void lt_tls_trace_message(lt_tls *t, bool incoming, uint32_t type, lt_bytes body)
{
    const lt_protection *p = incoming ? &t->read : &t->write;
    lt_trace_add(&t->trace, &(lt_trace_event){ .kind = LT_TRACE_message,
                                               .incoming = incoming,
                                               .encrypted = p->suite != NULL,
                                               .number = type,
                                               .size = (uint32_t)body.n + 4,
                                               .body = body });
}

/* Application data counts while the handshake goes on (0-RTT); later it is the caller's own. */
static void trace_record(lt_tls *t, bool incoming, uint32_t content_type, bool encrypted,
                         size_t size, lt_bytes body)
{
    bool small =
        content_type == LT_CONTENT_alert || content_type == LT_CONTENT_change_cipher_spec;
    if (!t->trace.on || (content_type == LT_CONTENT_application_data && !t->hs))
        return;
    lt_trace_add(&t->trace, &(lt_trace_event){ .kind = LT_TRACE_record,
                                               .incoming = incoming,
                                               .encrypted = encrypted,
                                               .number = content_type,
                                               .size = (uint32_t)size,
                                               .body = { body.p, small ? body.n : 0 } });
}

/* --- out ---------------------------------------------------------------------------------- */

/* Zeros behind a fragment, so that its length says less (RFC 8446 section 5.4). */
static size_t padding(const lt_tls *t, size_t size, size_t limit)
{
    size_t unit = t->config->record_padding;
    if (unit < 2 || !t->write.suite || t->write.suite->version != LT_TLS_1_3)
        return 0;
    size_t more = (unit - size % unit) % unit;
    return more < limit - size ? more : limit - size;
}

bool lt_tls_send(lt_tls *t, uint32_t content_type, lt_bytes b)
{
    do {
        size_t limit = t->write.suite ? t->record_limit : LT_FRAGMENT_MAX;
        lt_bytes fragment = { b.p, b.n < limit ? b.n : limit };
        size_t before = lt_buffer_size(&t->out);
        if (!lt_record_seal(&t->write, &t->out, content_type, fragment,
                            padding(t, fragment.n, limit)))
            return false;
        trace_record(t, false, content_type, t->write.suite != NULL,
                     lt_buffer_size(&t->out) - before, fragment);
        b.p += fragment.n, b.n -= fragment.n;
    } while (b.n > 0);
    return true;
}

bool lt_tls_send_alert(lt_tls *t, lt_alert alert)
{
    bool warning = alert == LT_ALERT_close_notify || alert == LT_ALERT_user_canceled
                   || alert == LT_ALERT_no_renegotiation;
    uint8_t body[2] = { warning ? 1 : 2, (uint8_t)alert }; /* AlertLevel, RFC 8446 section 6 */
    return lt_tls_send(t, LT_CONTENT_alert, (lt_bytes){ body, 2 });
}

/* RFC 8446 section 6.2: keys of a connection that failed are forgotten, and after a fatal alert its tickets. */
static void forget_secrets(lt_tls *t)
{
    lt_protection *const directions[] = { &t->read, &t->write };
    for (size_t i = 0; i < 2; i++) {
        lt_wipe(&directions[i]->aead, sizeof directions[i]->aead);
        lt_wipe(directions[i]->iv, sizeof directions[i]->iv);
    }
    lt_wipe(t->client_secret, sizeof t->client_secret);
    lt_wipe(t->server_secret, sizeof t->server_secret);
    lt_wipe(t->resumption_secret, sizeof t->resumption_secret);
    if (t->error.alert != LT_ALERT_none && t->error.alert != LT_ALERT_close_notify)
        lt_tls_forget_tickets(t);
}

void lt_tls_failed(lt_tls *t)
{
    if (t->error.alert != LT_ALERT_none && !t->error.by_peer && !t->closing)
        lt_tls_send_alert(t, t->error.alert); /* without memory: no alert */
    t->question = false;
    t->record_size = 0;
    forget_secrets(t);
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

/* A handshake that we closed does not go on: nothing follows a close_notify (RFC 8446 section 6.1). */
static bool given_up(const lt_tls *t)
{
    return t->closing && !t->up && !lt_tls_answers_early(t);
}

static bool stopped(const lt_tls *t)
{
    return t->error.code != LT_OK || given_up(t) || t->question || t->record_size > 0
           || t->peer_closed;
}

static lt_code on_alert(lt_tls *t, lt_bytes body)
{
    if (body.n != 2)
        return lt_fail(&t->error, LT_decode, "Alert");
    uint8_t level = body.p[0], description = body.p[1];
    if (description == LT_ALERT_close_notify) {
        if (!t->up) /* nobody is authenticated yet: no orderly end */
            return lt_tls_peer_left(t, "close_notify");
        t->peer_closed = true;
        return LT_OK;
    }
    bool may_pass = description == LT_ALERT_user_canceled
                    || (t->version < LT_TLS_1_3 && level == 1); /* a warning; 1.3 has none */
    if (may_pass)
        return ++t->idle_records > LT_TLS_IDLE_RECORDS_MAX
                   ? lt_fail(&t->error, LT_limit, "Alert")
                   : LT_OK;
    return lt_tls_received_alert(t, description);
}

static lt_code on_change_cipher_spec(lt_tls *t, lt_bytes body)
{
    if (body.n != 1 || body.p[0] != 1 || lt_buffer_size(&t->messages.pending) > 0)
        return lt_fail(&t->error, LT_unexpected, "change_cipher_spec");
    if (t->version == LT_TLS_1_2)
        return lt_tls_step(t, LT_MSG_change_cipher_spec, body, true);
    bool first = t->state == LT_TLS_wait_client_hello && !t->config->retry_cookie;
    if (t->up || first /* where a second hello may be: section 5 */
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
        if (rc == LT_OK && !present)
            return lt_tls_check_pending(t);
        if (rc != LT_OK)
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
    t->data_seen = true;
    t->record_size = record_size;
    t->data_at = (size_t)(body.p - (t->in.data + t->in.start));
    t->data_size = body.n;
    return LT_OK;
}

static lt_code on_record(lt_tls *t, uint32_t content_type, lt_bytes body, size_t record_size)
{
    trace_record(t, true, content_type, t->read.suite != NULL, record_size, body);
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

static lt_code check_header(lt_tls *t, const uint8_t *p, size_t n)
{
    bool known = p[0] >= LT_CONTENT_change_cipher_spec && p[0] <= LT_CONTENT_application_data;
    if (!t->record_seen && (!known || p[1] != 3))
        return lt_diagnose_not_tls(&t->error, t->server,
                                   (lt_bytes){ p, lt_buffer_size(&t->in) });
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

static lt_code on_clear_change_cipher_spec(lt_tls *t, lt_bytes body, size_t record_size)
{
    trace_record(t, true, LT_CONTENT_change_cipher_spec, false, record_size, body);
    return on_change_cipher_spec(t, body);
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

/* A peer that knows record_size_limit keeps to ours (RFC 8449 section 4); early data is older than it. */
static bool beyond_limit(const lt_tls *t, size_t record_size)
{
    size_t around = LT_RECORD_HEADER + t->read.explicit_nonce + LT_AEAD_TAG;
    return t->read.suite && t->own_limit > 0 && !t->early_readable
           && record_size - around > t->own_limit;
}

/* A client that does not get on with our ServerHello has no keys to say so. Nobody else may: what is in
 * clear can be put there by anybody, and a close_notify would cut the data off. */
static bool may_fail_in_clear(const lt_tls *t)
{
    return t->server && !t->up && t->read.sequence == 0;
}

static lt_code open_record(lt_tls *t, uint8_t *record, size_t n)
{
    bool tls_1_3_keys = t->read.suite && t->read.suite->version == LT_TLS_1_3;
    uint32_t type = record[0];
    lt_bytes body = { record + LT_RECORD_HEADER, n - LT_RECORD_HEADER };
    if (type == LT_CONTENT_change_cipher_spec && (!t->read.suite || tls_1_3_keys))
        return on_clear_change_cipher_spec(t, body, n);
    if (tls_1_3_keys && type == LT_CONTENT_alert && may_fail_in_clear(t) && body.n == 2)
        return on_alert(t, body);
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
    if (beyond_limit(t, n))
        return lt_fail(&t->error, LT_record_overflow, "record_size_limit");
    if (skips_early_data(t) && tls_1_3_keys)
        t->early_left = 0; /* the first record under the right keys: no more comes of it */
    return on_record(t, type, body, n);
}

/* The record at the front, if it is whole; false: it is not, or nothing more may be read. */
static bool next_record(lt_tls *t)
{
    size_t have = lt_buffer_size(&t->in);
    if (have < LT_RECORD_HEADER)
        return false;
    uint8_t *p = t->in.data + t->in.start;
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

void lt_tls_pump(lt_tls *t)
{
    if (!stopped(t) && messages(t) != LT_OK)
        lt_tls_failed(t);
    while (!stopped(t) && next_record(t))
        ;
}
