/* SPDX-License-Identifier: MIT
 * alerts.c - BearSSL sends hardly any alert of its own when it fails: they are written here, as
 * records of the state that its output is in, in clear or encrypted (RFC 5246 section 7.2). */
#include "bear/bear.h"

#include <stdlib.h>

#include "base/iana.h"

enum { RECORD_ROOM = 512, WARNING = 1, FATAL = 2 };

/* The server takes only records of the version that it chose, ours or not (RFC 5246 appendix E.1); a
 * server that has no hello to answer knows no version yet. */
static unsigned record_version(const lt_bear *b)
{
    uint32_t chosen = b->tap.server_version;
    if (!b->config->server && chosen >= LT_TLS_1_0 && chosen <= LT_TLS_1_2)
        return chosen;
    return b->eng->version_out ? b->eng->version_out : LT_TLS_1_0;
}

bool lt_bear_send_alert(lt_bear *b, int level, lt_alert alert)
{
    uint8_t room[RECORD_ROOM];
    size_t start = LT_RECORD_HEADER, end = sizeof room - LT_RECORD_HEADER, n = 2;
    br_ssl_engine_context *eng = b->eng;
    if (!lt_buffer_reserve(&b->out, sizeof room)) /* before the record has its number */
        return false;
    eng->out.vtable->max_plaintext(&eng->out.vtable, &start, &end);
    const uint8_t body[] = { (uint8_t)level, (uint8_t)alert };
    memcpy(room + start, body, sizeof body);
    const uint8_t *record = eng->out.vtable->encrypt(&eng->out.vtable, LT_CONTENT_alert,
                                                     record_version(b), room + start, &n);
    lt_trace_add(&b->tap.trace, &(lt_trace_event){ .kind = LT_TRACE_record,
                                                   .encrypted = b->tap.ccs_out,
                                                   .number = LT_CONTENT_alert,
                                                   .size = (uint32_t)n,
                                                   .body = { body, sizeof body } });
    return lt_buffer_add(&b->out, record, n);
}

/* Not where BearSSL did it, after a close_notify, or where a record before it, which has its number,
 * is stuck for want of memory. */
static bool alert_is_due(const lt_bear *b)
{
    size_t n;
    return b->error.alert != LT_ALERT_none && !b->error.by_peer && !b->closing
           && !b->peer_closed && br_ssl_engine_last_error(b->eng) < BR_ERR_SEND_FATAL_ALERT
           && (!b->tap.ccs_out || !b->obuf || !br_ssl_engine_sendrec_buf(b->eng, &n));
}

void lt_bear_failed(lt_bear *b)
{
    bool in_order = b->error.alert == LT_ALERT_close_notify;
    if (alert_is_due(b)) /* no memory: the peer sees the end alone */
        lt_bear_send_alert(b, in_order ? WARNING : FATAL, b->error.alert);
    if (b->connected && b->config->bear->cache && b->error.alert != LT_ALERT_none && !in_order)
        lt_bear_cache_forget(b->config->bear->cache, b->eng->session.session_id);
    lt_buffer_free(&b->in);
    b->record_size = 0;
    lt_wipe_free(b->obuf, BR_SSL_BUFSIZE_OUTPUT);
    b->obuf = NULL;
    b->question = false;
    lt_tap_free(&b->tap);
}
