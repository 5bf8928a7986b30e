/* SPDX-License-Identifier: MIT
 * finished.c - Finished in both versions and on both sides, and what follows from it: sessions. */
#include "tls/tls.h"

#include <stdlib.h>

#include "base/secret.h"

enum { VERIFY_DATA_12 = 12, LIFETIME_12 = 7200 /* seconds, where a server gives no hint */ };

/* For channel bindings (RFC 5929 section 3). What comes after the handshake is none of theirs. */
static void keep_verify_data(lt_tls *t, bool peers, const uint8_t *verify_data, size_t n)
{
    if (t->up)
        return;
    memcpy(t->verify_data[peers], verify_data, n);
    t->verify_data_size[peers] = (uint8_t)n;
}

lt_bytes lt_tls_verify_data(const lt_engine *engine, bool peers)
{
    const lt_tls *t = (const lt_tls *)engine;
    return (lt_bytes){ t->verify_data[peers], t->verify_data_size[peers] };
}

lt_code lt_tls_check_finished(lt_tls *t, const uint8_t *base_key, lt_reader body)
{
    uint8_t digest[LT_HASH_MAX], verify_data[LT_HASH_MAX];
    size_t n = lt_hash_size(t->suite->hash);
    lt_transcript_hash(&t->hs->transcript, digest);
    lt_finished_mac(t->suite->hash, base_key, digest, verify_data);
    lt_code rc = LT_OK;
    if (body.n != n)
        rc = lt_fail(&t->error, LT_decode, "Finished.verify_data");
    else if (!lt_ct_eq(body.p, verify_data, n))
        rc = lt_fail(&t->error, LT_bad_finished, "Finished.verify_data");
    else
        keep_verify_data(t, true, verify_data, n);
    lt_wipe(verify_data, sizeof verify_data);
    return rc;
}

lt_code lt_tls_write_finished(lt_tls *t, const uint8_t *base_key)
{
    uint8_t digest[LT_HASH_MAX], verify_data[LT_HASH_MAX];
    lt_transcript_hash(&t->hs->transcript, digest);
    lt_finished_mac(t->suite->hash, base_key, digest, verify_data);
    keep_verify_data(t, false, verify_data, lt_hash_size(t->suite->hash));
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_finished, &message);
    wr_bytes(&w, (lt_bytes){ verify_data, lt_hash_size(t->suite->hash) });
    return lt_tls_close(t, &w, message, true);
}

lt_code lt_tls_check_finished_12(lt_tls *t, lt_reader body)
{
    uint8_t verify_data[VERIFY_DATA_12];
    lt_tls_finished_12(t, t->server, verify_data);
    lt_code rc = LT_OK;
    if (body.n != sizeof verify_data)
        rc = lt_fail(&t->error, LT_decode, "Finished.verify_data");
    else if (!lt_ct_eq(body.p, verify_data, sizeof verify_data))
        rc = lt_fail(&t->error, LT_bad_finished, "Finished.verify_data");
    else
        keep_verify_data(t, true, verify_data, sizeof verify_data);
    lt_wipe(verify_data, sizeof verify_data);
    return rc;
}

lt_code lt_tls_finish_12(lt_tls *t)
{
    uint8_t verify_data[VERIFY_DATA_12];
    lt_code rc = lt_tls_change_cipher_spec(t);
    if (rc != LT_OK)
        return rc;
    lt_tls_keys_12(t, true);
    lt_tls_finished_12(t, !t->server, verify_data);
    keep_verify_data(t, false, verify_data, sizeof verify_data);
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_finished, &message);
    wr_bytes(&w, (lt_bytes){ verify_data, sizeof verify_data });
    rc = lt_tls_close(t, &w, message, true);
    return rc == LT_OK ? lt_tls_flush(t) : rc;
}

lt_code lt_tls_on_change_cipher_spec_12(lt_tls *t, lt_reader body)
{
    (void)body;
    lt_tls_keys_12(t, false);
    return LT_OK;
}

/* --- sessions -------------------------------------------------------------------------------- */

bool lt_tls_session_bind(const lt_tls *t, lt_tls_session *s)
{
    lt_writer w = { .to = &s->certificates };
    memcpy(s->name, t->name, strlen(t->name) + 1);
    s->proved = t->proved;
    if (t->alpn)
        memcpy(s->alpn, t->alpn, strlen(t->alpn) + 1);
    for (size_t i = 0; i < t->peer.count; i++)
        wr_vec(&w, 3, t->peer.certificates[i]);
    if (!t->server) /* judged again when the session is offered */
        w.full = !lt_buffer_add(&s->ocsp_staple, t->peer.ocsp_staple.p, t->peer.ocsp_staple.n)
                 || w.full;
    return !w.full;
}

static bool copy_peer(lt_tls *t, const lt_tls_session *s)
{
    const lt_bytes all = lt_buffer_bytes(&s->certificates);
    lt_bytes certificate;
    size_t count = 0;
    for (lt_reader r = all; rd_vec(&r, 3, &certificate);)
        count++;
    if (!lt_tls_peer_reserve(&t->peer, count)
        || lt_tls_keep(t, &t->peer.ocsp_staple, lt_buffer_bytes(&s->ocsp_staple)) != LT_OK)
        return false;
    for (lt_reader r = all; rd_vec(&r, 3, &certificate);)
        if (lt_tls_peer_add(t, certificate) != LT_OK)
            return false;
    return true;
}

void lt_tls_forget_peer(lt_tls *t)
{
    for (size_t i = 0; i < t->peer.count; i++)
        lt_intern_drop(&t->peer.certificates[i]);
    lt_intern_drop(&t->peer.ocsp_staple);
    lt_intern_drop(&t->peer.scts);
    free(t->peer.certificates);
    lt_intern_drop(&t->peer.verified);
    free(t->peer.tried);
    t->peer = (lt_tls_peer){ .count = 0 };
}

bool lt_tls_restore_peer(lt_tls *t, const lt_tls_session *s)
{
    if (lt_buffer_size(&s->certificates) == 0) /* a client that was not asked, or had none */
        return t->server && t->config->client_auth == LT_AUTH_none;
    lt_error before = t->error;
    if (copy_peer(t, s) && lt_tls_judge_peer(t, true) == LT_OK)
        return true;
    t->error = before;
    lt_tls_forget_peer(t);
    return false;
}

void lt_tls_resumed(lt_tls *t)
{
    t->resumed = true;
    t->proved = t->resume->proved;
}

lt_code lt_tls_took_psk(lt_tls *t)
{
    const lt_buffer *identity = &t->resume->ticket;
    t->by_psk = true;
    return lt_buffer_add(&t->psk_identity, identity->data, lt_buffer_size(identity))
               ? LT_OK
               : lt_fail(&t->error, LT_memory, "pre_shared_key");
}

void lt_tls_drop_ticket(lt_tls *t, size_t i)
{
    lt_buffer_free(&t->tickets[i]->ticket);
    lt_wipe_free(t->tickets[i], sizeof *t->tickets[i]);
    for (t->ticket_count--; i < t->ticket_count; i++)
        t->tickets[i] = t->tickets[i + 1];
}

lt_tls_ticket *lt_tls_new_ticket(lt_tls *t, lt_bytes bytes)
{
    lt_tls_ticket *ticket = calloc(1, sizeof *ticket);
    if (!ticket || !lt_buffer_add(&ticket->ticket, bytes.p, bytes.n)) {
        free(ticket);
        lt_fail(&t->error, LT_memory, "NewSessionTicket");
        return NULL;
    }
    ticket->received = t->now;
    if (t->ticket_count == LT_TLS_TICKETS_MAX)
        lt_tls_drop_ticket(t, 0);
    t->tickets[t->ticket_count++] = ticket;
    return ticket;
}

lt_session *lt_tls_session_of(lt_tls *t, const lt_tls_ticket *ticket, lt_error *e)
{
    lt_bytes bytes = lt_buffer_bytes(&ticket->ticket);
    lt_tls_session *s = lt_tls_session_new(t->config);
    if (s) {
        s->base.single_use = t->version == LT_TLS_1_3;
        s->base.expires = ticket->received + ticket->lifetime;
        s->version = t->version;
        s->cipher_suite = t->suite->id;
        s->group = t->group;
        s->received = ticket->received;
        s->lifetime = ticket->lifetime;
        s->age_add = ticket->age_add;
        s->max_early_data = ticket->max_early_data;
        s->extended_master_secret = ticket->extended_master_secret;
        s->secret_size = ticket->secret_size;
        memcpy(s->secret, ticket->secret, sizeof s->secret);
        s->session_id_size = ticket->session_id_size;
        memcpy(s->session_id, ticket->session_id, sizeof s->session_id);
    }
    if (s && lt_buffer_add(&s->ticket, bytes.p, bytes.n) && lt_tls_session_bind(t, s))
        return &s->base;
    lt_tls_session_free(s ? &s->base : NULL);
    lt_fail(e, LT_memory, "session");
    return NULL;
}

void lt_tls_forget_tickets(lt_tls *t)
{
    while (t->ticket_count > 0)
        lt_tls_drop_ticket(t, t->ticket_count - 1);
}

/* Client of TLS 1.2: from a new ticket, else the ticket or session ID that was resumed or given. */
lt_code lt_tls_keep_session_12(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    bool fresh = lt_buffer_size(&hs->new_ticket) > 0, old = t->resumed && !fresh;
    lt_bytes ticket = lt_buffer_bytes(old ? &t->resume->ticket : &hs->new_ticket);
    if (ticket.n == 0 && hs->session_id_size == 0)
        return LT_OK;
    lt_tls_ticket *s = lt_tls_new_ticket(t, ticket);
    if (!s)
        return t->error.code;
    s->extended_master_secret = hs->extended_master_secret;
    s->lifetime = old ? t->resume->lifetime : hs->new_ticket_lifetime;
    if (old)
        s->received = t->resume->received;
    if (s->lifetime == 0)
        s->lifetime = LIFETIME_12;
    s->secret_size = 48;
    memcpy(s->secret, t->exporter_secret, s->secret_size);
    s->session_id_size = hs->session_id_size;
    memcpy(s->session_id, hs->session_id, sizeof s->session_id);
    return LT_OK;
}
