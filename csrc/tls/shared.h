/* SPDX-License-Identifier: MIT
 * shared.h - what the connections of one server config share, or of several (lt_tls_shared_hold): the keys
 * that seal its tickets, and the memory that tells a replay of early data. One process, one thread. */
#ifndef LT_TLS_SHARED_H
#define LT_TLS_SHARED_H

#include "base/bytes.h"
#include "base/error.h"

enum {
    LT_TICKET_KEY_NAME = 16,
    LT_TICKET_KEY = 32,        /* AES-256-GCM */
    LT_TICKET_KEYS_MAX = 8,    /* the first seals, all of them open */
    LT_TICKET_SECRET_MIN = 32, /* bytes of a key that is given */
    LT_REPLAY_ID = 32,         /* of the PSK binder: unique to one ClientHello */
    LT_REPLAY_MAX = 4096,      /* hellos remembered; when it is full early data is refused */
    LT_REPLAY_WINDOW = 10,     /* seconds that a hello may be off (RFC 8446 section 8.3) */
};

typedef struct {
    uint8_t name[LT_TICKET_KEY_NAME];
    uint8_t key[LT_TICKET_KEY];
    uint8_t cookie[LT_TICKET_KEY]; /* of the cookies in HelloRetryRequest: HMAC-SHA-256 */
    int64_t since;                 /* seconds since the epoch */
} lt_ticket_key;

struct lt_tls_shared;

/* Makes its own keys, and new ones as the old have served `rotation` seconds; those stay for opening as
 * long again. NULL: see e. */
struct lt_tls_shared *lt_tls_shared_new(uint32_t rotation, lt_error *e);
struct lt_tls_shared *
lt_tls_shared_hold(struct lt_tls_shared *shared);      /* one more to free it */
void lt_tls_shared_free(struct lt_tls_shared *shared); /* the last wipes; NULL is fine */

/* Keys that several processes or hosts have, each made of LT_TICKET_SECRET_MIN random bytes or more; they
 * are the only ones from now on and stay until they are set again. */
lt_code lt_tls_shared_set_keys(struct lt_tls_shared *shared, const lt_bytes *secrets,
                               size_t count, lt_error *e);

/* The key that seals; NULL: none could be made. */
const lt_ticket_key *lt_tls_shared_sealing_key(struct lt_tls_shared *shared, int64_t now);
const lt_ticket_key *lt_tls_shared_opening_key(const struct lt_tls_shared *shared,
                                               lt_bytes name);

/* Was this ClientHello not seen before? It is remembered until `until`. What may have been seen before
 * this process began is not known: false until the window has passed since its first ticket. */
bool lt_tls_shared_first_time(struct lt_tls_shared *shared, const uint8_t id[LT_REPLAY_ID],
                              int64_t now, int64_t until);

#endif
