/* SPDX-License-Identifier: MIT
 * post_handshake.c - client authentication after the handshake (RFC 8446 section 4.6.2), both sides.
 * Each exchange has a transcript of its own, which goes on from that of the handshake. */
#include "tls/tls.h"

#include <stdlib.h>

#include "base/secret.h"

enum { CONTEXT = 8 }; /* bytes of certificate_request_context, unpredictable */

bool lt_tls_may_authenticate_later(const lt_tls *t)
{
    if (!t->config->post_handshake_auth || t->version != LT_TLS_1_3)
        return false;
    return !t->server || lt_has_extension(&t->hs->client_extensions, LT_X_post_handshake_auth);
}

lt_code lt_tls_keep_transcript(lt_tls *t)
{
    if (!lt_tls_may_authenticate_later(t))
        return LT_OK;
    t->main_transcript = malloc(sizeof *t->main_transcript);
    if (!t->main_transcript)
        return lt_fail(&t->error, LT_memory, "post_handshake_auth");
    *t->main_transcript = t->hs->transcript; /* a hash alone: the messages were dropped */
    return LT_OK;
}

/* What one exchange needs, or NULL. */
static lt_tls_handshake *exchange(const lt_tls *t)
{
    lt_tls_handshake *hs = calloc(1, sizeof *hs);
    if (hs)
        hs->transcript = *t->main_transcript;
    return hs;
}

/* --- server ---------------------------------------------------------------------------------- */

lt_code lt_tls_request_certificate(lt_engine *engine, lt_error *e)
{
    lt_tls *t = (lt_tls *)engine;
    uint8_t context[CONTEXT];
    if (!t->server || !t->main_transcript || t->state != LT_TLS_connected || t->closing
        || t->error.code != LT_OK)
        return lt_fail_detail(e, LT_state, "CertificateRequest",
                              "the client does not take one after the handshake");
    if (t->later)
        return lt_fail_detail(e, LT_state, "CertificateRequest", "one is not answered yet");
    t->hs = exchange(t);
    if (!t->hs)
        return lt_fail(e, LT_memory, "CertificateRequest");
    lt_random_bytes(t->random, context, sizeof context);
    bool kept = lt_buffer_add(&t->hs->request_context, context, sizeof context);
    lt_code rc = kept ? lt_tls_write_certificate_request(t) : LT_memory;
    if (rc == LT_OK)
        rc = lt_tls_flush(t);
    if (rc == LT_OK) {
        t->later = t->hs;
        t->hs = NULL;
        return LT_OK;
    }
    lt_fail(&t->error, rc, "CertificateRequest");
    *e = t->error;
    lt_tls_failed(t);
    return rc;
}

bool lt_tls_awaits_certificate(const lt_tls *t)
{
    return t->hs && t->hs == t->later;
}

/* A message that belongs to no handshake may begin or answer an exchange. */
lt_code lt_tls_begin_exchange(lt_tls *t, uint32_t type)
{
    t->handshake_bytes = 0;
    if (t->server && type == LT_HS_certificate && t->later)
        t->hs = t->later;
    else if (!t->server && type == LT_HS_certificate_request && t->main_transcript)
        t->hs = exchange(t);
    else
        return LT_OK;
    return t->hs ? LT_OK : lt_fail(&t->error, LT_memory, "post_handshake_auth");
}

lt_code lt_tls_on_post_certificate(lt_tls *t, lt_reader body)
{
    t->later = NULL; /* hs is it, and goes with the exchange */
    lt_code rc = lt_tls_read_certificate(t, body);
    if (rc != LT_OK)
        return rc;
    bool certified = t->hs->peer_certified; /* else it stays who it was */
    t->hs->next = certified ? LT_TLS_wait_post_certificate_verify : LT_TLS_wait_post_finished;
    return certified ? lt_tls_verify_peer(t) : LT_OK;
}

lt_code lt_tls_on_post_finished(lt_tls *t, lt_reader body)
{
    return lt_tls_check_finished(t, t->client_secret, body);
}

/* --- client ---------------------------------------------------------------------------------- */

bool lt_tls_offered_later(const lt_tls *t)
{
    return t->main_transcript != NULL;
}

static lt_code finish(lt_tls *t)
{
    lt_code rc = lt_tls_write_finished(t, t->client_secret);
    if (rc == LT_OK)
        rc = lt_tls_flush(t);
    t->hs->next = LT_TLS_connected;
    return rc;
}

static lt_code on_signature(lt_tls *t, lt_bytes signature)
{
    lt_code rc = lt_tls_write_certificate_verify(t, signature);
    return rc == LT_OK ? finish(t) : rc;
}

lt_code lt_tls_post_flight(lt_tls *t)
{
    uint8_t content[LT_TLS_SIGNED_MAX];
    lt_code rc = lt_tls_write_certificate(t);
    if (rc == LT_OK && t->hs->identity)
        return lt_tls_sign(t, lt_tls_to_sign(t, false, content), on_signature);
    return rc == LT_OK ? finish(t) : rc;
}

lt_code lt_tls_on_post_request(lt_tls *t, lt_reader body)
{
    t->hs->next = LT_TLS_connected;
    if (t->closing) /* nothing follows our close_notify */
        return LT_OK;
    if (++t->idle_records > LT_TLS_IDLE_RECORDS_MAX /* a flight of ours for each of them: */
        || lt_buffer_size(&t->out)
               > (size_t)2 * LT_TLS_OUTPUT_MAX) /* the server does not read it */
        return lt_fail(&t->error, LT_limit, "CertificateRequest");
    lt_code rc = lt_tls_read_certificate_request(t, body);
    if (rc == LT_OK && !t->question)
        return lt_tls_post_flight(t);
    t->hs->next = LT_TLS_wait_answer;
    return rc;
}
