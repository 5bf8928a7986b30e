/* SPDX-License-Identifier: MIT
 * records.c - bytes to BearSSL's engine and back, one whole record at a time. Records stay where
 * they arrived and are decrypted there: `ibuf` points into b->in. Knows no message. */
#include "bear/bear.h"

#include <stdlib.h>

#include "base/iana.h"

enum {
    HANDSHAKE_BYTES_MAX = 1 << 18, /* from the peer, until the handshake is done */
    IDLE_RECORDS_MAX = 32,         /* in a row that bring nothing: empty ones, warnings */
    RENEGOTIATIONS_MAX = 4,        /* that we refuse before we end the connection */
    PLAIN_MAX = 16384,             /* TLSPlaintext.length (RFC 5246 section 6.2.1) */
};

/* --- out ------------------------------------------------------------------------------------- */

bool lt_bear_obuf(lt_bear *b)
{
    if (b->obuf)
        return true;
    b->obuf = malloc(BR_SSL_BUFSIZE_OUTPUT);
    if (!b->obuf)
        return lt_fail(&b->error, LT_memory, "record buffer"), false;
    b->eng->obuf = b->obuf; /* it was empty when it went: BearSSL's offsets still hold */
    return true;
}

static lt_code tap_out(lt_bear *b, const uint8_t *record, size_t n)
{
    if ((b->tap.ccs_out && !b->tap.trace.on) || n < LT_RECORD_HEADER)
        return LT_OK;
    return lt_tap_record(&b->tap, false, record[0],
                         (lt_bytes){ record + LT_RECORD_HEADER, n - LT_RECORD_HEADER },
                         &b->error);
}

/* After our close_notify nothing may follow: what BearSSL answers then is dropped. */
void lt_bear_drain(lt_bear *b)
{
    size_t n;
    const uint8_t *record;
    while (b->error.code == LT_OK && (record = br_ssl_engine_sendrec_buf(b->eng, &n)) != NULL) {
        if (tap_out(b, record, n) != LT_OK)
            return;
        if (!b->closing && !lt_buffer_add(&b->out, record, n)) {
            lt_fail(&b->error, LT_memory, "output");
            return;
        }
        br_ssl_engine_sendrec_ack(b->eng, n);
    }
}

/* --- in -------------------------------------------------------------------------------------- */

static const uint8_t *front(const lt_bear *b)
{
    return b->in.data + b->in.start;
}

/* RFC 5246 section 6.2.1. Version bytes are BearSSL's to compare. */
static lt_code check_header(lt_bear *b, const uint8_t *h, size_t length)
{
    if (h[0] < LT_CONTENT_change_cipher_spec || h[0] > LT_CONTENT_application_data)
        return lt_fail_detail(&b->error, LT_unexpected, "TLSPlaintext.type", "%u", h[0]);
    if (h[1] != 3)
        return lt_fail_detail(&b->error, LT_bad_record_version, "TLSPlaintext.version",
                              "0x%02x%02x", h[1], h[2]);
    size_t limit = b->tap.ccs_in ? LT_RECORD_MAX : PLAIN_MAX;
    if (length > limit)
        return lt_fail_detail(&b->error, LT_record_overflow,
                              b->tap.ccs_in ? "TLSCiphertext.length" : "TLSPlaintext.length",
                              "%zu bytes; the limit is %zu", length, limit);
    return LT_OK;
}

/* BearSSL 0.6 decrypts whole blocks, and runs past the end of a record that has not only such. The
 * peer needs no key for that. */
static lt_code check_blocks(lt_bear *b, size_t length)
{
    const lt_cipher_suite *suite = lt_cipher_suite_by_id(b->eng->session.cipher_suite);
    if (!b->tap.ccs_in || !suite || (suite->traits & LT_SUITE_aead))
        return LT_OK;
    size_t block = strstr(suite->name, "_3DES_") ? br_des_ct_BLOCK_SIZE : br_aes_ct_BLOCK_SIZE;
    if (length % block == 0)
        return LT_OK;
    return lt_fail_detail(&b->error, LT_bad_record, "TLSCiphertext.length",
                          "%zu bytes are not whole blocks of %zu", length, block);
}

static lt_code check_bounds(lt_bear *b, uint32_t type, size_t length)
{
    if (!b->connected) {
        b->handshake_bytes += LT_RECORD_HEADER + length;
        if (b->handshake_bytes > HANDSHAKE_BYTES_MAX)
            return lt_fail_detail(&b->error, LT_limit, "handshake", "more than %d bytes",
                                  HANDSHAKE_BYTES_MAX);
    }
    if (b->connected && type == LT_CONTENT_handshake
        && ++b->renegotiations > RENEGOTIATIONS_MAX)
        return lt_fail_detail(&b->error, LT_renegotiation, "handshake record",
                              "asked for more than %d times", RENEGOTIATIONS_MAX);
    bool progress = !b->connected && type != LT_CONTENT_alert && length > 0;
    b->idle_records = progress ? 0 : b->idle_records + 1;
    if (b->idle_records > IDLE_RECORDS_MAX) /* reset by application data */
        return lt_fail_detail(&b->error, LT_limit, "records", "%d in a row without any data",
                              IDLE_RECORDS_MAX);
    return LT_OK;
}

/* The record as the tap sees it, before BearSSL: hellos are checked, requests are answered. */
static lt_code look(lt_bear *b, uint32_t type, lt_bytes payload)
{
    bool server = b->config->server;
    bool had_hello = server ? b->tap.has_hello : b->tap.server_version != 0;
    if (lt_tap_record(&b->tap, true, type, payload, &b->error) != LT_OK)
        return b->error.code;
    bool has_hello = server ? b->tap.has_hello : b->tap.server_version != 0;
    if (has_hello && !had_hello && lt_bear_check_hello(b) != LT_OK)
        return b->error.code;
    if (!server && b->tap.has_request && !b->request_seen) {
        b->request_seen = true;
        lt_bear_on_request(b);
    }
    return b->error.code;
}

/* A whole record at the front of the input; false: not there yet, or b->error is set. */
static bool next_record(lt_bear *b)
{
    size_t n = lt_buffer_size(&b->in);
    if (n < LT_RECORD_HEADER)
        return false;
    const uint8_t *h = front(b);
    size_t length = (size_t)h[3] << 8 | h[4];
    if (b->handshake_bytes == 0 && lt_bear_not_tls(b, (lt_bytes){ h, n }) != LT_OK)
        return false;
    if (check_header(b, h, length) != LT_OK || check_blocks(b, length) != LT_OK
        || n < LT_RECORD_HEADER + length)
        return false;
    b->record_size = LT_RECORD_HEADER + length;
    b->record_fed = false;
    if (check_bounds(b, h[0], length) != LT_OK)
        return false;
    return look(b, h[0], (lt_bytes){ h + LT_RECORD_HEADER, length }) == LT_OK;
}

static void on_connected(lt_bear *b)
{
    b->connected = true;
    b->idle_records = 0;
    b->resumed = !b->tap.has_certificate;
    if (b->resumed)
        lt_peer_chain_restore(b);
    else
        lt_bear_forget_kept_peer(b);
    lt_tap_free(&b->tap);
}

/* What became of the engine after it had something to do. */
static void settle(lt_bear *b)
{
    lt_bear_drain(b);
    if (b->error.code != LT_OK)
        return;
    unsigned state = br_ssl_engine_current_state(b->eng);
    if (state == BR_SSL_CLOSED) {
        int err = br_ssl_engine_last_error(b->eng);
        if (err != BR_ERR_OK)
            lt_bear_diagnose(b, err);
        else if (!b->connected)
            lt_bear_peer_left(b, "close_notify");
        else
            b->peer_closed = true;
    } else if ((state & (BR_SSL_SENDAPP | BR_SSL_RECVAPP)) == 0) {
        if (b->connected) /* BearSSL waits for the rest, and nothing could be written meanwhile */
            lt_fail_detail(&b->error, LT_renegotiation, "handshake record",
                           "a message in pieces");
    } else if (!b->connected) {
        on_connected(b);
    }
}

/* BearSSL asks for the header, then for the rest: both are there already. */
static void feed(lt_bear *b)
{
    size_t n;
    b->record_fed = true;
    b->eng->ibuf = b->in.data + b->in.start;
    b->eng->ibuf_len = b->record_size;
    lt_bear_drain(b); /* a failure must not take a record with it that is numbered already */
    if (b->error.code != LT_OK
        || (front(b)[0] != LT_CONTENT_application_data && !lt_bear_obuf(b)))
        return;
    br_ssl_engine_recvrec_ack(b->eng, LT_RECORD_HEADER);
    if (b->record_size > LT_RECORD_HEADER && br_ssl_engine_recvrec_buf(b->eng, &n))
        br_ssl_engine_recvrec_ack(b->eng, n);
    settle(b);
}

/* Has the engine come back to where it waits for a header? */
static bool record_done(const lt_bear *b)
{
    size_t n;
    return br_ssl_engine_recvrec_buf(b->eng, &n) == b->eng->ibuf && n == LT_RECORD_HEADER;
}

static void drop_record(lt_bear *b)
{
    lt_buffer_take(&b->in, b->record_size);
    b->record_size = 0;
    b->eng->ibuf = NULL, b->eng->ibuf_len = 0;
}

/* One step; false: nothing more can be done with what is at hand. */
static bool step(lt_bear *b)
{
    size_t n;
    if (b->record_size == 0 && !next_record(b))
        return false;
    if (b->question)
        return false;
    if (!b->record_fed)
        feed(b);
    if (b->error.code != LT_OK || b->peer_closed)
        return false;
    if (br_ssl_engine_recvapp_buf(b->eng, &n)) {
        b->idle_records = 0;
        return false;
    }
    if (!record_done(b)) /* bytes that no message claims: nothing would ever wake BearSSL */
        return lt_fail(&b->error, LT_unexpected, "end of the record"), false;
    drop_record(b);
    return true;
}

/* The transport has ended, and what came before is used up. */
static void at_end(lt_bear *b)
{
    if (!b->connected)
        lt_bear_peer_left(b, "end of the connection");
    else
        lt_fail_detail(&b->error, LT_truncated, "close_notify",
                       lt_buffer_size(&b->in) > 0 ? "in the middle of a record"
                                                  : "between two records");
}

void lt_bear_pump(lt_bear *b)
{
    size_t n;
    if (b->error.code != LT_OK)
        return;
    if (b->closing && !b->connected) { /* given up: there will be no connection */
        lt_buffer_free(&b->in);
        b->record_size = 0;
        return;
    }
    while (!b->peer_closed && step(b))
        ;
    if (b->error.code == LT_OK && b->ended && !b->peer_closed && !b->question
        && !br_ssl_engine_recvapp_buf(b->eng, &n))
        at_end(b);
    if (b->error.code != LT_OK)
        lt_bear_failed(b);
}
