/* SPDX-License-Identifier: MIT
 * shared.c - see shared.h. */
#include "tls/shared.h"

#include <stdlib.h>

#include "base/entropy.h"
#include "base/secret.h"
#include "crypto/accel/sha256.h"
#include "crypto/hkdf.h"

enum { NEVER = -1 };

typedef struct {
    uint8_t id[LT_REPLAY_ID];
    int64_t until;
} seen;

struct lt_tls_shared {
    size_t holders;
    lt_ticket_key keys[LT_TICKET_KEYS_MAX]; /* the newest first */
    size_t key_count;
    bool given;        /* by the caller: not rotated here */
    uint32_t rotation; /* seconds */
    int64_t started, latest;
    seen *hellos; /* in no order; made when the first is remembered */
    size_t hello_count;
};

static void derive(lt_ticket_key *key, lt_bytes secret, int64_t now)
{
    static const char name[] = "lua-bearssl ticket name", value[] = "lua-bearssl ticket key",
                      cookie[] = "lua-bearssl retry cookie key";
    uint8_t prk[LT_HASH_MAX];
    lt_hkdf_extract(&lt_sha256_vtable, (lt_bytes){ NULL, 0 }, secret, prk);
    lt_bytes strong = { prk, br_sha256_SIZE };
    lt_hkdf_expand(&lt_sha256_vtable, strong,
                   (lt_bytes){ (const uint8_t *)name, sizeof name - 1 }, key->name,
                   sizeof key->name);
    lt_hkdf_expand(&lt_sha256_vtable, strong,
                   (lt_bytes){ (const uint8_t *)value, sizeof value - 1 }, key->key,
                   sizeof key->key);
    lt_hkdf_expand(&lt_sha256_vtable, strong,
                   (lt_bytes){ (const uint8_t *)cookie, sizeof cookie - 1 }, key->cookie,
                   sizeof key->cookie);
    key->since = now;
    lt_wipe(prk, sizeof prk);
}

static lt_code fresh_key(struct lt_tls_shared *s, int64_t now, lt_error *e)
{
    uint8_t secret[LT_TICKET_SECRET_MIN];
    lt_code rc = lt_entropy(secret, sizeof secret, e);
    if (rc != LT_OK)
        return rc;
    size_t kept = s->key_count < LT_TICKET_KEYS_MAX ? s->key_count : LT_TICKET_KEYS_MAX - 1;
    memmove(s->keys + 1, s->keys, kept * sizeof *s->keys);
    derive(&s->keys[0], (lt_bytes){ secret, sizeof secret }, now);
    s->key_count = kept + 1;
    lt_wipe(secret, sizeof secret);
    return LT_OK;
}

struct lt_tls_shared *lt_tls_shared_new(uint32_t rotation, lt_error *e)
{
    struct lt_tls_shared *s = calloc(1, sizeof *s);
    if (!s) {
        lt_fail(e, LT_memory, "ticket_keys");
        return NULL;
    }
    s->holders = 1;
    s->rotation = rotation;
    s->started = NEVER;
    if (fresh_key(s, NEVER, e) == LT_OK)
        return s;
    lt_tls_shared_free(s);
    return NULL;
}

struct lt_tls_shared *lt_tls_shared_hold(struct lt_tls_shared *s)
{
    if (s)
        s->holders++;
    return s;
}

void lt_tls_shared_free(struct lt_tls_shared *s)
{
    if (s && --s->holders > 0)
        return;
    if (s)
        free(s->hellos);
    lt_wipe_free(s, sizeof *s);
}

lt_code lt_tls_shared_set_keys(struct lt_tls_shared *s, const lt_bytes *secrets, size_t count,
                               lt_error *e)
{
    if (count == 0 || count > LT_TICKET_KEYS_MAX)
        return lt_fail_detail(e, LT_option, "ticket_keys", "%zu keys; 1 to %d are taken", count,
                              LT_TICKET_KEYS_MAX);
    for (size_t i = 0; i < count; i++)
        if (secrets[i].n < LT_TICKET_SECRET_MIN)
            return lt_fail_detail(e, LT_option, "ticket_keys",
                                  "key %zu has %zu bytes; at least %d", i + 1, secrets[i].n,
                                  LT_TICKET_SECRET_MIN);
    lt_wipe(s->keys, sizeof s->keys);
    for (size_t i = 0; i < count; i++)
        derive(&s->keys[i], secrets[i], 0);
    s->key_count = count;
    s->given = true;
    return LT_OK;
}

/* The clock is the connections': time begins with the first of them. */
static void begin(struct lt_tls_shared *s, int64_t now)
{
    if (s->started == NEVER)
        s->started = now;
    if (s->latest < now)
        s->latest = now;
    if (s->keys[0].since == NEVER)
        s->keys[0].since = now;
}

const lt_ticket_key *lt_tls_shared_sealing_key(struct lt_tls_shared *s, int64_t now)
{
    lt_error ignored = { 0 };
    begin(s, now);
    if (s->given || now - s->keys[0].since < s->rotation)
        return &s->keys[0];
    while (s->key_count > 0
           && now - s->keys[s->key_count - 1].since >= 2 * (int64_t)s->rotation)
        lt_wipe(&s->keys[--s->key_count], sizeof *s->keys); /* its tickets have all expired */
    return fresh_key(s, now, &ignored) == LT_OK ? &s->keys[0] : NULL;
}

const lt_ticket_key *lt_tls_shared_opening_key(const struct lt_tls_shared *s, lt_bytes name)
{
    for (size_t i = 0; i < s->key_count; i++)
        if (lt_bytes_equal(name, (lt_bytes){ s->keys[i].name, LT_TICKET_KEY_NAME }))
            return &s->keys[i];
    return NULL;
}

/* Forgets what is over; tells whether `id` is among the rest. */
static bool sweep(struct lt_tls_shared *s, const uint8_t *id, int64_t now)
{
    bool found = false;
    for (size_t i = s->hello_count; i-- > 0;) {
        if (s->hellos[i].until <= now)
            s->hellos[i] = s->hellos[--s->hello_count];
        else if (lt_ct_eq(s->hellos[i].id, id, LT_REPLAY_ID))
            found = true;
    }
    return found;
}

bool lt_tls_shared_first_time(struct lt_tls_shared *s, const uint8_t id[LT_REPLAY_ID],
                              int64_t now, int64_t until)
{
    begin(s, now);
    const int64_t both_ways = INT64_C(2) * LT_REPLAY_WINDOW;
    if (now - s->started < both_ways) /* what came before the start is not known */
        return false;
    if (s->latest - now >= both_ways) /* nor what a clock that went back may have forgotten */
        return false;
    if (!s->hellos)
        s->hellos = calloc(LT_REPLAY_MAX, sizeof *s->hellos);
    if (!s->hellos || sweep(s, id, now) || s->hello_count == LT_REPLAY_MAX)
        return false;
    memcpy(s->hellos[s->hello_count].id, id, LT_REPLAY_ID);
    s->hellos[s->hello_count++].until = until;
    return true;
}
