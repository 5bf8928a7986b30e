/* SPDX-License-Identifier: MIT
 * early_data.c - the server's side of 0-RTT: when it is accepted, and how a replay is told (RFC 8446
 * sections 4.2.10 and 8). A ticket of the right age, seen once within the window; by a table of this
 * process, by the caller's guard, or because the caller's store gives a session once. */
#include "tls/tls.h"

#include "tls/shared.h"

enum { SKIP_MAX = 1 << 17 }; /* bytes of records that are passed over where it is rejected */

void lt_tls_skip_early_data(lt_tls *t)
{
    if (!lt_has_extension(&t->hs->client_extensions, LT_X_early_data))
        return;
    t->early_data = LT_EARLY_rejected;
    t->early_left = SKIP_MAX;
}

/* The ClientHello is as old as the ticket says it should be, give or take the window. */
static bool fresh(const lt_tls *t)
{
    int64_t expected = (t->now - t->resume->received) * 1000;
    int64_t difference = expected - (int64_t)t->hs->ticket_age;
    const int64_t window = INT64_C(1000) * LT_REPLAY_WINDOW; /* milliseconds */
    return difference > -window && difference < window;
}

static bool acceptable(const lt_tls *t)
{
    const char *alpn = t->alpn ? t->alpn : "";
    const lt_tls_handshake *hs = t->hs;
    return t->config->max_early_data > 0 && t->config->tls && hs->psk_accepted && !hs->retried
           && hs->selected_psk == 0 && t->resume->max_early_data > 0
           && t->suite->id == t->resume->cipher_suite && strcmp(alpn, t->resume->alpn) == 0
           && fresh(t);
}

static void accept(lt_tls *t)
{
    t->early_data = LT_EARLY_accepted;
    t->early_left = t->resume->max_early_data;
}

bool lt_tls_answers_early(const lt_tls *t)
{
    return t->server && t->early_data == LT_EARLY_accepted
           && (t->state == LT_TLS_wait_end_of_early_data
               || t->state == LT_TLS_wait_client_finished);
}

void lt_tls_answer_early_data(lt_tls *t, bool yes)
{
    if (yes)
        accept(t);
}

lt_code lt_tls_judge_early_data(lt_tls *t)
{
    const uint8_t *binder = t->hs->binder;
    if (!lt_has_extension(&t->hs->client_extensions, LT_X_early_data)) {
        t->early_left = 0; /* in a second hello: no more comes of what the first announced */
        return LT_OK;
    }
    if (t->hs->retried) /* section 4.2.10: not in a second hello */
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.early_data");
    lt_tls_skip_early_data(t);
    if (!acceptable(t))
        return LT_OK;
    int64_t until = t->now + INT64_C(2) * LT_REPLAY_WINDOW;
    if (t->config->ask_early_data) {
        t->hs->next = LT_TLS_wait_answer;
        lt_tls_ask(t, (lt_question){ .kind = LT_QUESTION_early_data,
                                     .unique = { binder, LT_REPLAY_ID },
                                     .until = until });
    } else if (t->config
                   ->ask_store /* its session is gone from there: single use (section 8.1) */
               || lt_tls_shared_first_time(t->config->tls, binder, t->now, until)) {
        accept(t);
    }
    return LT_OK;
}
