/* SPDX-License-Identifier: MIT
 * psk.c - pre_shared_key as the server reads it (RFC 8446 section 4.2.11): which of the identities it can
 * go on with. A ticket of its own, a session from the caller's store, or an external PSK that the caller
 * knows; the last two are questions. */
#include "tls/tls.h"

#include "base/secret.h"
#include "wire/pre_shared_key.h"

enum { PSK_DHE_KE = 1 };
enum { AS_TICKET, AS_EXTERNAL }; /* lt_tls_handshake.psk_stage; beyond: the next identity */

static lt_code check_binder(lt_tls *t, lt_bytes hello, lt_bytes binder)
{
    const lt_tls_session *s = t->resume;
    lt_key_schedule early;
    uint8_t key[LT_HASH_MAX], digest[LT_HASH_MAX], mac[LT_HASH_MAX];
    const br_hash_class *hash = t->suite->hash;
    size_t n = lt_hash_size(hash);
    lt_key_schedule_early(&early, hash, (lt_bytes){ s->secret, s->secret_size });
    lt_hash(hash, (lt_bytes){ key, 0 }, digest);
    lt_derive_secret(&early, s->external ? "ext binder" : "res binder", digest, key);
    lt_transcript_hash_with(&t->hs->transcript, hash, hello, digest);
    lt_finished_mac(hash, key, digest, mac);
    bool ok = binder.n == n && lt_ct_eq(binder.p, mac, n);
    lt_wipe(&early, sizeof early);
    lt_wipe(key, sizeof key);
    lt_wipe(mac, sizeof mac);
    return ok ? LT_OK : lt_fail(&t->error, LT_bad_binder, "ClientHello.pre_shared_key.binders");
}

bool lt_tls_takes_psk_dhe_ke(const lt_tls *t) /* section 4.2.9; its shape was checked */
{
    lt_bytes modes = t->hs->client_extensions.data[LT_X_psk_key_exchange_modes];
    return modes.n > 1 && memchr(modes.p + 1, PSK_DHE_KE, modes.n - 1);
}

/* What is offered; `count` 0 where there is nothing that this server may use. */
static lt_code read_offer(lt_tls *t, lt_offered_psks *offered)
{
    const lt_extensions *x = &t->hs->client_extensions;
    *offered = (lt_offered_psks){ .count = 0 };
    if (!lt_has_extension(x, LT_X_pre_shared_key))
        return LT_OK;
    if (!x->last_is_known || x->last != LT_X_pre_shared_key)
        return lt_fail(&t->error, LT_illegal_parameter,
                       "ClientHello.pre_shared_key, not the last");
    if (!lt_has_extension(x, LT_X_psk_key_exchange_modes))
        return lt_fail(&t->error, LT_missing_extension, "ClientHello.psk_key_exchange_modes");
    if (!lt_offered_psks_parse(x->data[LT_X_pre_shared_key], offered))
        return lt_fail(&t->error, LT_decode, "ClientHello.pre_shared_key");
    if (!lt_tls_takes_psk_dhe_ke(t))
        offered->count = 0;
    return LT_OK;
}

static lt_tls_session *open_usable(lt_tls *t, lt_bytes ticket)
{
    lt_tls_session *s = lt_tls_open_ticket(t, ticket);
    const lt_suite *suite = s ? lt_suite_by_id(s->cipher_suite) : NULL;
    if (suite && s->version == LT_TLS_1_3 && suite->hash == t->suite->hash
        && lt_tls_restore_peer(t, s))
        return s;
    lt_tls_session_free(s ? &s->base : NULL);
    return NULL;
}

/* A PSK goes with one hash: another suite is taken where that is needed and nothing was said yet. */
static bool fit_suite(lt_tls *t, const br_hash_class *hash)
{
    const lt_suite *suites[LT_TLS_SUITES_MAX];
    size_t n = lt_tls_common_suites(t, LT_TLS_1_3, suites);
    for (size_t i = 0; i < n && t->suite->hash != hash; i++)
        if (!t->hs->retried && suites[i]->hash == hash)
            t->suite = suites[i];
    return t->suite->hash == hash;
}

/* The session is gone on with, if the client proves to have it. */
static lt_code take(lt_tls *t, lt_tls_session *s, const lt_offered_psks *offered)
{
    lt_tls_handshake *hs = t->hs;
    const lt_psk_identity *psk = &offered->psk[hs->psk_at];
    lt_bytes binder = psk->binder, message = lt_tls_hello_message(t);
    t->resume = s;
    if (!s->external)
        lt_tls_resumed(t);
    else if (lt_tls_took_psk(t) != LT_OK)
        return t->error.code;
    hs->psk_accepted = true;
    hs->selected_psk = hs->psk_at;
    hs->ticket_age = psk->obfuscated_ticket_age - s->age_add;
    lt_trace_decide(&t->trace, "RFC 8446 section 4.2.11",
                    s->external ? "PSK identity %u is known: no certificate is sent"
                                : "ticket %u is ours: the session is resumed",
                    (unsigned)hs->psk_at + 1);
    message.n -= offered->binders_size;
    memcpy(hs->binder, binder.p, binder.n < sizeof hs->binder ? binder.n : sizeof hs->binder);
    return check_binder(t, message, binder);
}

static void ask(lt_tls *t, lt_question_kind kind, lt_bytes identity)
{
    t->hs->next = LT_TLS_wait_answer;
    lt_tls_ask(t, (lt_question){ .kind = kind, .unique = identity });
}

/* One look at the identity whose turn it is. */
static lt_code consider(lt_tls *t, const lt_offered_psks *offered)
{
    lt_tls_handshake *hs = t->hs;
    lt_bytes identity = offered->psk[hs->psk_at].identity;
    lt_tls_session *s = NULL;
    switch (hs->psk_stage++) {
    case AS_TICKET:
        if (!t->config->ask_store)
            s = open_usable(t, identity);
        else if (identity.n == LT_TICKET_ID)
            ask(t, LT_QUESTION_take_session, identity);
        break;
    case AS_EXTERNAL:
        if (t->config->ask_psk)
            ask(t, LT_QUESTION_psk, identity);
        break;
    default:
        hs->psk_at++;
        hs->psk_stage = AS_TICKET;
    }
    return s ? take(t, s, offered) : LT_OK;
}

lt_code lt_tls_choose_psk(lt_tls *t)
{
    lt_offered_psks offered;
    lt_code rc = read_offer(t, &offered);
    while (rc == LT_OK && !t->resume && !t->question && t->hs->psk_at < offered.count)
        rc = consider(t, &offered);
    return rc;
}

static lt_code use_answer(lt_tls *t, const lt_answer *a, const lt_offered_psks *offered)
{
    lt_tls_session *s = NULL;
    if (a->bytes.n > 0 && t->hs->asked.kind == LT_QUESTION_take_session)
        s = open_usable(t, a->bytes);
    else if (a->bytes.n > 0) {
        s = lt_tls_session_of_psk(t->config, t->hs->asked.unique, a->bytes, a->sha384);
        if (!s)
            return lt_fail(&t->error, LT_memory, "pre_shared_key");
        if (!fit_suite(t, lt_suite_by_id(s->cipher_suite)->hash)) {
            lt_tls_session_free(&s->base);
            s = NULL;
        }
    }
    return s ? take(t, s, offered) : LT_OK;
}

lt_code lt_tls_answer_psk(lt_tls *t, const lt_answer *a)
{
    lt_offered_psks offered;
    lt_code rc = read_offer(t, &offered);
    if (rc == LT_OK && t->hs->psk_at < offered.count)
        rc = use_answer(t, a, &offered);
    if (rc == LT_OK && !t->resume)
        rc = lt_tls_choose_psk(t);
    return rc == LT_OK && !t->question ? lt_tls_after_psk(t) : rc;
}
