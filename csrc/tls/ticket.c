/* SPDX-License-Identifier: MIT
 * ticket.c - tickets of the server, TLS 1.3 and 1.2 (RFC 8446 section 4.6.1, RFC 5077
 * section 4): a session sealed under the config's ticket key. The format is ours alone. */
#include "tls/tls.h"

#include "base/secret.h"
#include "tls/shared.h"
#include "wire/new_session_ticket.h"

enum {
    CERTIFICATES_MAX = 8192
}; /* bytes of the client's, in a ticket: it comes back in a ClientHello */
enum { OVERHEAD = LT_TICKET_KEY_NAME + LT_AEAD_NONCE + LT_AEAD_TAG };

/* --- sealing and opening ------------------------------------------------------------------------- */

/* key name, nonce, sealed session, tag */
static bool seal(lt_tls *t, const lt_tls_session *s, lt_buffer *out)
{
    const lt_ticket_key *key = lt_tls_shared_sealing_key(t->config->tls, t->now);
    uint8_t nonce[LT_AEAD_NONCE], tag[LT_AEAD_TAG];
    lt_aead aead;
    lt_writer w = { .to = out };
    if (!key)
        return false;
    lt_random_bytes(t->random, nonce, sizeof nonce);
    wr_bytes(&w, (lt_bytes){ key->name, sizeof key->name });
    wr_bytes(&w, (lt_bytes){ nonce, sizeof nonce });
    size_t from = lt_buffer_size(out);
    lt_tls_session_write(&w, s);
    if (w.full)
        return false;
    lt_aead_set(&aead, LT_AEAD_aes_256_gcm, key->key);
    lt_aead_seal(&aead, nonce, (lt_bytes){ out->data, sizeof key->name }, out->data + from,
                 out->end - from, tag);
    lt_wipe(&aead, sizeof aead);
    wr_bytes(&w, (lt_bytes){ tag, sizeof tag });
    return !w.full;
}

static bool open_sealed(const struct lt_tls_shared *shared, lt_bytes ticket, lt_buffer *plain)
{
    lt_bytes name = { ticket.p, LT_TICKET_KEY_NAME };
    lt_aead aead;
    const lt_ticket_key *key =
        ticket.n < OVERHEAD ? NULL : lt_tls_shared_opening_key(shared, name);
    if (!key
        || !lt_buffer_add(plain, ticket.p + LT_TICKET_KEY_NAME + LT_AEAD_NONCE,
                          ticket.n - LT_TICKET_KEY_NAME - LT_AEAD_NONCE))
        return false;
    plain->end -= LT_AEAD_TAG;
    lt_aead_set(&aead, LT_AEAD_aes_256_gcm, key->key);
    bool ok = lt_aead_open(&aead, ticket.p + LT_TICKET_KEY_NAME, name, plain->data,
                           lt_buffer_size(plain), plain->data + plain->end);
    lt_wipe(&aead, sizeof aead);
    return ok;
}

lt_tls_session *lt_tls_open_ticket(const lt_tls *t, lt_bytes ticket)
{
    lt_buffer plain = { 0 };
    lt_tls_session *s = NULL;
    if (t->config->tls && open_sealed(t->config->tls, ticket, &plain))
        s = lt_tls_session_new(t->config);
    bool ok = s && lt_tls_session_read((lt_reader){ plain.data, lt_buffer_size(&plain) }, s)
              && lt_tls_session_is_good(s, t->now, t->name);
    lt_buffer_free(&plain);
    if (ok)
        return s;
    lt_tls_session_free(s ? &s->base : NULL);
    return NULL;
}

/* --- NewSessionTicket ------------------------------------------------------------------------------ */

static bool fill(lt_tls *t, lt_tls_session *s)
{
    s->version = t->version;
    s->cipher_suite = t->suite->id;
    s->group = t->group;
    s->received = t->now;
    s->lifetime = t->config->session_lifetime;
    s->max_early_data = t->version == LT_TLS_1_3 ? t->config->max_early_data : 0;
    return lt_tls_session_bind(t, s);
}

static lt_tls_session *new_session(lt_tls *t) /* NULL: out of memory */
{
    lt_tls_session *s = lt_tls_session_new(t->config);
    if (s && fill(t, s))
        return s;
    lt_tls_session_free(s ? &s->base : NULL);
    return NULL;
}

/* What the ticket with this nonce stands for (section 4.6.1). */
static void derive(lt_tls *t, lt_tls_session *s, uint8_t nonce)
{
    uint8_t age_add[4];
    lt_random_bytes(t->random, age_add, sizeof age_add);
    lt_reader r = { age_add, sizeof age_add };
    rd_uint(&r, 4, &s->age_add);
    s->secret_size = lt_hash_size(t->suite->hash);
    lt_expand_label(t->suite->hash, t->resumption_secret, "resumption", (lt_bytes){ &nonce, 1 },
                    s->secret, s->secret_size);
}

static lt_code write_ticket(lt_tls *t, const lt_tls_session *s, uint8_t nonce, lt_bytes ticket)
{
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_new_session_ticket, &message);
    lt_new_session_ticket_write(&w, true,
                                &(lt_new_session_ticket){
                                    .ticket_lifetime = s->lifetime,
                                    .ticket_age_add = s->age_add,
                                    .ticket_nonce = { &nonce, 1 },
                                    .ticket = ticket,
                                });
    lt_mark extensions = wr_open(&w, 2);
    if (s->max_early_data > 0) {
        wr_uint(&w, 2, LT_EXT_early_data);
        wr_uint(&w, 2, 4);
        wr_uint(&w, 4, s->max_early_data);
    }
    wr_close(&w, extensions);
    return lt_tls_close(t, &w, message, false);
}

/* The ticket is an identifier; what it stands for, sealed, is for the caller to put away. */
static lt_code put_ticket(lt_tls *t, const lt_tls_session *s, uint8_t nonce)
{
    lt_tls_handshake *hs = t->hs;
    lt_bytes id = { hs->ticket_id, sizeof hs->ticket_id };
    lt_random_bytes(t->random, hs->ticket_id, sizeof hs->ticket_id);
    hs->next = LT_TLS_wait_answer;
    lt_tls_ask(t, (lt_question){
                      .kind = LT_QUESTION_put_session,
                      .unique = id,
                      .message = { hs->new_ticket.data, lt_buffer_size(&hs->new_ticket) },
                      .until = s->lifetime,
                  });
    return write_ticket(t, s, nonce, id);
}

static lt_code send_ticket(lt_tls *t, lt_tls_session *s, uint8_t nonce)
{
    lt_buffer *ticket = &t->hs->new_ticket;
    lt_buffer_free(ticket);
    derive(t, s, nonce);
    if (!seal(t, s, ticket))
        return lt_fail(&t->error, LT_memory, "NewSessionTicket");
    if (t->config->ask_store)
        return put_ticket(t, s, nonce);
    return write_ticket(t, s, nonce, (lt_bytes){ ticket->data, lt_buffer_size(ticket) });
}

static bool fits(const lt_tls *t)
{
    size_t size = 0;
    for (size_t i = 0; i < t->peer.count; i++)
        size += t->peer.certificates[i].n;
    return size <= CERTIFICATES_MAX;
}

/* Two, for a client that opens several connections at once; who came with one gets one for it (section C.4). */
static uint8_t tickets_due(const lt_tls *t)
{
    return t->resumed ? 1 : 2;
}

lt_code lt_tls_send_tickets(lt_tls *t)
{
    uint8_t *sent = &t->hs->tickets_sent;
    if (!t->config->tls || t->config->session_lifetime == 0 || t->closing || !fits(t))
        return LT_OK;
    lt_tls_session *s = new_session(t);
    if (!s)
        return lt_fail(&t->error, LT_memory, "NewSessionTicket");
    lt_code rc = LT_OK;
    while (rc == LT_OK && *sent < tickets_due(t) && !t->question)
        rc = send_ticket(t, s, (*sent)++);
    lt_tls_session_free(&s->base);
    return rc == LT_OK && !t->question ? lt_tls_flush(t) : rc;
}

lt_code lt_tls_ticket_was_put(lt_tls *t)
{
    t->hs->next = LT_TLS_connected;
    return lt_tls_send_tickets(t);
}

lt_code lt_tls_send_ticket_12(lt_tls *t)
{
    lt_buffer ticket = { 0 };
    lt_code rc = LT_OK;
    lt_tls_session *s = new_session(t);
    if (!s)
        return lt_fail(&t->error, LT_memory, "NewSessionTicket");
    s->extended_master_secret = t->hs->extended_master_secret;
    s->secret_size = 48;
    memcpy(s->secret, t->exporter_secret, s->secret_size);
    if (fits(t) && !seal(t, s, &ticket)) /* else an empty one (RFC 5077 section 3.3) */
        rc = lt_fail(&t->error, LT_memory, "NewSessionTicket");
    if (rc == LT_OK) {
        lt_mark message;
        lt_writer w = lt_tls_open(t, LT_HS_new_session_ticket, &message);
        lt_new_session_ticket_write(&w, false,
                                    &(lt_new_session_ticket){
                                        .ticket_lifetime = s->lifetime,
                                        .ticket = { ticket.data, lt_buffer_size(&ticket) },
                                    });
        rc = lt_tls_close(t, &w, message, true);
    }
    lt_buffer_free(&ticket);
    lt_tls_session_free(&s->base);
    return rc;
}
