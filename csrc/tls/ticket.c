/* SPDX-License-Identifier: MIT
 * ticket.c - stateless tickets of the server, TLS 1.3 and 1.2 (RFC 8446 section 4.6.1, RFC 5077
 * section 4): a session sealed under the config's ticket key. The format is ours alone. */
#include "tls/tls.h"

#include "base/secret.h"
#include "tls/shared.h"
#include "wire/new_session_ticket.h"

enum { TICKETS = 2, OVERHEAD = LT_TICKET_KEY_NAME + LT_AEAD_NONCE + LT_AEAD_TAG, FORMAT = 1 };

/* --- the session as bytes ------------------------------------------------------------------------ */

static void write_time(lt_writer *w, int64_t v)
{
    wr_uint(w, 4, (uint32_t)((uint64_t)v >> 32));
    wr_uint(w, 4, (uint32_t)v);
}

static void write_session(lt_writer *w, const lt_tls_session *s)
{
    wr_uint(w, 1, FORMAT);
    wr_uint(w, 2, s->version);
    wr_uint(w, 2, s->cipher_suite);
    wr_uint(w, 2, s->group);
    wr_uint(w, 1, s->extended_master_secret);
    wr_vec(w, 1, (lt_bytes){ s->secret, s->secret_size });
    write_time(w, s->received);
    wr_uint(w, 4, s->lifetime);
    wr_uint(w, 4, s->age_add);
    wr_uint(w, 4, s->max_early_data);
    wr_vec(w, 1, (lt_bytes){ (const uint8_t *)s->name, strlen(s->name) });
    wr_vec(w, 1, (lt_bytes){ (const uint8_t *)s->alpn, strlen(s->alpn) });
    wr_vec(w, 3, (lt_bytes){ s->certificates.data, lt_buffer_size(&s->certificates) });
}

static bool read_time(lt_reader *r, int64_t *v)
{
    uint32_t high, low;
    if (!rd_uint(r, 4, &high) || !rd_uint(r, 4, &low))
        return false;
    *v = (int64_t)((uint64_t)high << 32 | low);
    return true;
}

static bool read_name(lt_reader *r, char out[256])
{
    lt_bytes name;
    if (!rd_vec(r, 1, &name))
        return false;
    memcpy(out, name.p, name.n);
    out[name.n] = 0;
    return true;
}

static bool read_session(lt_reader r, lt_tls_session *s)
{
    uint32_t format, version, suite, group, ems;
    lt_bytes secret, certificates;
    if (!rd_uint(&r, 1, &format) || format != FORMAT || !rd_uint(&r, 2, &version)
        || !rd_uint(&r, 2, &suite) || !rd_uint(&r, 2, &group) || !rd_uint(&r, 1, &ems)
        || !rd_vec(&r, 1, &secret) || secret.n > sizeof s->secret
        || !read_time(&r, &s->received) || !rd_uint(&r, 4, &s->lifetime)
        || !rd_uint(&r, 4, &s->age_add) || !rd_uint(&r, 4, &s->max_early_data)
        || !read_name(&r, s->name) || !read_name(&r, s->alpn) || !rd_vec(&r, 3, &certificates)
        || r.n != 0)
        return false;
    s->version = (uint16_t)version;
    s->cipher_suite = (uint16_t)suite;
    s->group = (uint16_t)group;
    s->extended_master_secret = ems != 0;
    s->secret_size = secret.n;
    memcpy(s->secret, secret.p, secret.n);
    return lt_buffer_add(&s->certificates, certificates.p, certificates.n);
}

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
    lt_random_bytes(&t->random, nonce, sizeof nonce);
    wr_bytes(&w, (lt_bytes){ key->name, sizeof key->name });
    wr_bytes(&w, (lt_bytes){ nonce, sizeof nonce });
    size_t from = lt_buffer_size(out);
    write_session(&w, s);
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
    bool ok = s && read_session((lt_reader){ plain.data, lt_buffer_size(&plain) }, s)
              && t->now >= s->received && t->now - s->received < s->lifetime
              && strcmp(s->name, t->name) == 0;
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

static lt_code send_ticket(lt_tls *t, lt_tls_session *s, uint8_t nonce)
{
    lt_buffer ticket = { 0 };
    uint8_t age_add[4];
    lt_random_bytes(&t->random, age_add, sizeof age_add);
    lt_reader r = { age_add, sizeof age_add };
    rd_uint(&r, 4, &s->age_add);
    s->secret_size = lt_hash_size(t->suite->hash);
    lt_expand_label(t->suite->hash, t->resumption_secret, "resumption", (lt_bytes){ &nonce, 1 },
                    s->secret, s->secret_size);
    lt_code rc = LT_OK;
    if (!seal(t, s, &ticket))
        rc = lt_fail(&t->error, LT_memory, "NewSessionTicket");
    lt_mark message;
    lt_writer w = lt_tls_open(t, LT_HS_new_session_ticket, &message);
    lt_new_session_ticket_write(&w, true,
                                &(lt_new_session_ticket){
                                    .ticket_lifetime = s->lifetime,
                                    .ticket_age_add = s->age_add,
                                    .ticket_nonce = { &nonce, 1 },
                                    .ticket = { ticket.data, lt_buffer_size(&ticket) },
                                });
    lt_mark extensions = wr_open(&w, 2);
    if (s->max_early_data > 0) {
        wr_uint(&w, 2, LT_EXT_early_data);
        wr_uint(&w, 2, 4);
        wr_uint(&w, 4, s->max_early_data);
    }
    wr_close(&w, extensions);
    lt_buffer_free(&ticket);
    return rc == LT_OK ? lt_tls_close(t, &w, message, false) : rc;
}

lt_code lt_tls_send_tickets(lt_tls *t)
{
    if (!t->config->tls || t->config->session_lifetime == 0)
        return LT_OK;
    lt_tls_session *s = lt_tls_session_new(t->config);
    lt_code rc = s && fill(t, s) ? LT_OK : lt_fail(&t->error, LT_memory, "NewSessionTicket");
    for (uint8_t i = 0; rc == LT_OK && i < TICKETS; i++)
        rc = send_ticket(t, s, i);
    lt_tls_session_free(s ? &s->base : NULL);
    return rc == LT_OK ? lt_tls_flush(t) : rc;
}

lt_code lt_tls_send_ticket_12(lt_tls *t)
{
    lt_buffer ticket = { 0 };
    lt_tls_session *s = lt_tls_session_new(t->config);
    lt_code rc = s && fill(t, s) ? LT_OK : lt_fail(&t->error, LT_memory, "NewSessionTicket");
    if (rc == LT_OK) {
        s->extended_master_secret = t->hs->extended_master_secret;
        s->secret_size = 48;
        memcpy(s->secret, t->exporter_secret, s->secret_size);
        if (!seal(t, s, &ticket))
            rc = lt_fail(&t->error, LT_memory, "NewSessionTicket");
    }
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
    lt_tls_session_free(s ? &s->base : NULL);
    return rc;
}
