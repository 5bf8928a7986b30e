/* SPDX-License-Identifier: MIT
 * retry.c - the server's HelloRetryRequest (RFC 8446 section 4.1.4). With a cookie (section 4.2.2) the
 * server forgets the first ClientHello: what it must know of it comes back in the second one, which may
 * come to another process that has the ticket keys. The format of the cookie is ours alone. */
#include "tls/tls.h"

#include "base/secret.h"
#include "crypto/accel/sha256.h"
#include "crypto/hkdf.h"
#include "tls/shared.h"

enum {
    MAC = br_sha256_SIZE,
    COOKIE_MAX = LT_TICKET_KEY_NAME + 8 + 2 + 2 + br_sha256_SIZE + LT_HASH_MAX + MAC,
    SECONDS = 60, /* that a client may take */
    SKEW = 10,    /* and that the clocks of two hosts may differ */
};

/* What is in a cookie, but for the key's name and the MAC. */
typedef struct {
    int64_t time;
    uint32_t suite, group;
    lt_bytes likeness; /* SHA-256 of what the second hello must have from the first */
    lt_bytes hash;     /* of the first ClientHello, by the suite's hash */
} cookie;

/* --- the message ------------------------------------------------------------------------------------- */

/* HelloRetryRequest with its header: what goes out, and what a cookie brings back. */
static void write_message(const lt_tls *t, lt_writer *w, uint32_t group, lt_bytes with)
{
    wr_uint(w, 1, LT_HS_server_hello);
    lt_mark message = wr_open(w, 3);
    lt_server_hello_write(w, &(lt_server_hello){
                                 .legacy_version = LT_TLS_1_2,
                                 .random = { lt_hello_retry_request_random, 32 },
                                 .session_id = t->hs->client_hello.session_id,
                                 .cipher_suite = t->suite->id,
                             });
    lt_mark extensions = wr_open(w, 2);
    wr_uint(w, 4, (uint32_t)LT_EXT_supported_versions << 16 | 2);
    wr_uint(w, 2, LT_TLS_1_3);
    wr_uint(w, 4, (uint32_t)LT_EXT_key_share << 16 | 2);
    wr_uint(w, 2, group);
    if (with.n > 0) {
        wr_uint(w, 2, LT_EXT_cookie);
        lt_mark x = wr_open(w, 2);
        wr_vec(w, 2, with);
        wr_close(w, x);
    }
    wr_close(w, extensions);
    wr_close(w, message);
}

/* --- the cookie ---------------------------------------------------------------------------------------- */

/* What decisions are made by, and lt_client_hello_same compares where the first hello is still there. */
static void likeness(const lt_client_hello *h, uint8_t out[br_sha256_SIZE])
{
    const lt_bytes parts[] = { h->random,
                               h->session_id,
                               h->cipher_suites,
                               h->compression_methods,
                               h->server_name,
                               h->supported_versions,
                               h->supported_groups,
                               h->signature_algorithms,
                               h->signature_algorithms_cert,
                               h->alpn };
    const br_hash_class *hash = &lt_sha256_vtable;
    br_hash_compat_context c;
    hash->init(&c.vtable);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint8_t size[2] = { (uint8_t)(parts[i].n >> 8), (uint8_t)parts[i].n };
        hash->update(&c.vtable, size, sizeof size);
        hash->update(&c.vtable, parts[i].p, parts[i].n);
    }
    hash->out(&c.vtable, out);
}

static lt_code seal(lt_tls *t, uint32_t group, const uint8_t *first_hash, lt_buffer *out)
{
    const lt_ticket_key *key = lt_tls_shared_sealing_key(t->config->tls, t->now);
    uint8_t digest[br_sha256_SIZE], mac[LT_HASH_MAX];
    lt_writer w = { .to = out };
    if (!key)
        return lt_fail(&t->error, LT_entropy, "HelloRetryRequest.cookie");
    likeness(&t->hs->client_hello, digest);
    wr_bytes(&w, (lt_bytes){ key->name, sizeof key->name });
    wr_uint(&w, 4, (uint32_t)((uint64_t)t->now >> 32));
    wr_uint(&w, 4, (uint32_t)t->now);
    wr_uint(&w, 2, t->suite->id);
    wr_uint(&w, 2, group);
    wr_bytes(&w, (lt_bytes){ digest, sizeof digest });
    wr_bytes(&w, (lt_bytes){ first_hash, lt_hash_size(t->suite->hash) });
    if (!w.full) {
        lt_hmac(&lt_sha256_vtable, (lt_bytes){ key->cookie, sizeof key->cookie },
                lt_buffer_bytes(out), mac);
        wr_bytes(&w, (lt_bytes){ mac, MAC });
    }
    return w.full ? lt_fail(&t->error, LT_memory, "HelloRetryRequest.cookie") : LT_OK;
}

/* false: not one of ours. */
static bool open_cookie(const struct lt_tls_shared *shared, lt_bytes sealed, cookie *c)
{
    uint8_t mac[LT_HASH_MAX];
    uint32_t high, low;
    lt_bytes name;
    if (sealed.n < MAC || sealed.n > COOKIE_MAX)
        return false;
    lt_reader r = { sealed.p, sealed.n - MAC };
    const lt_bytes whole = r;
    const lt_ticket_key *key =
        rd_take(&r, LT_TICKET_KEY_NAME, &name) ? lt_tls_shared_opening_key(shared, name) : NULL;
    if (!key)
        return false;
    lt_hmac(&lt_sha256_vtable, (lt_bytes){ key->cookie, sizeof key->cookie }, whole, mac);
    if (!lt_ct_eq(mac, sealed.p + whole.n, MAC) || !rd_uint(&r, 4, &high)
        || !rd_uint(&r, 4, &low) || !rd_uint(&r, 2, &c->suite) || !rd_uint(&r, 2, &c->group)
        || !rd_take(&r, br_sha256_SIZE, &c->likeness))
        return false;
    c->time = (int64_t)((uint64_t)high << 32 | low);
    c->hash = r;
    return true;
}

static lt_code check(lt_tls *t, const cookie *c, const lt_suite *suite)
{
    static const char where[] = "ClientHello.cookie";
    uint8_t digest[br_sha256_SIZE];
    if (t->now - c->time > SECONDS || c->time - t->now > SKEW)
        return lt_fail_detail(&t->error, LT_illegal_parameter, where, "it has expired");
    likeness(&t->hs->client_hello, digest);
    if (!lt_bytes_equal(c->likeness, (lt_bytes){ digest, sizeof digest }))
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello, second");
    if (!suite || c->hash.n != lt_hash_size(suite->hash)
        || !lt_tls_allows_suite(t->config,
                                suite)) /* another config than the one which sent it */
        return lt_fail_detail(&t->error, LT_illegal_parameter, where, "of another config");
    return LT_OK;
}

/* The transcript as it was: the first hello's hash, and the HelloRetryRequest once more. */
static lt_code remember(lt_tls *t, const cookie *c, lt_bytes sealed)
{
    lt_tls_handshake *hs = t->hs;
    lt_buffer message = { 0 };
    lt_writer w = { .to = &message };
    lt_transcript_resume(&hs->transcript, t->suite->hash, c->hash.p);
    write_message(t, &w, c->group, sealed);
    bool heard = !w.full && lt_transcript_add(&hs->transcript, lt_buffer_bytes(&message));
    lt_buffer_free(&message);
    return heard ? LT_OK : lt_fail(&t->error, LT_memory, "ClientHello.cookie");
}

lt_code lt_tls_take_cookie(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    bool here = t->state == LT_TLS_wait_second_client_hello; /* not another process's */
    lt_reader x = hs->client_extensions.data[LT_X_cookie];
    lt_bytes sealed = { NULL, 0 };
    cookie c = { .time = 0 };
    if (!t->config->retry_cookie || hs->retried)
        return LT_OK;
    if (!lt_has_extension(&hs->client_extensions, LT_X_cookie))
        return here ? lt_fail(&t->error, LT_missing_extension, "ClientHello.cookie") : LT_OK;
    rd_vec(&x, 2, &sealed); /* its shape was checked */
    if (!open_cookie(t->config->tls, sealed, &c))
        return lt_fail_detail(&t->error, LT_illegal_parameter, "ClientHello.cookie",
                              "it is not one of ours");
    const lt_suite *suite = lt_suite_by_id(c.suite);
    if (check(t, &c, suite) != LT_OK)
        return t->error.code;
    t->suite = suite;
    hs->retried = true;
    hs->retry_group = c.group;
    if (!here)
        t->round_trips++;
    lt_trace_decide(&t->trace, "RFC 8446 section 4.2.2",
                    "the cookie is ours: it tells of the first ClientHello");
    return remember(t, &c, sealed);
}

/* --- HelloRetryRequest ------------------------------------------------------------------------------------ */

/* With a cookie nothing is kept. */
static void forget(lt_tls *t)
{
    lt_tls_handshake *hs = t->hs;
    lt_transcript_free(&hs->transcript);
    lt_transcript_init(&hs->transcript);
    lt_buffer_free(&hs->hello);
    hs->client_hello = (lt_client_hello){ 0 };
    hs->client_extensions = (lt_extensions){ 0 };
    hs->retried = false;
    t->suite = NULL;
}

static lt_code send(lt_tls *t, uint32_t group, lt_bytes with)
{
    lt_tls_handshake *hs = t->hs;
    lt_writer w = { .to = &hs->flight };
    write_message(t, &w, group, with);
    if (w.full)
        return lt_fail(&t->error, LT_memory, "HelloRetryRequest");
    lt_bytes whole = lt_buffer_bytes(&hs->flight); /* nothing stands before it */
    lt_tls_trace_message(t, false, LT_HS_server_hello, (lt_bytes){ whole.p + 4, whole.n - 4 });
    if (!lt_transcript_add(&hs->transcript, whole))
        return lt_fail(&t->error, LT_memory, "HelloRetryRequest");
    return hs->client_hello.session_id.n > 0 ? lt_tls_change_cipher_spec(t) : lt_tls_flush(t);
}

lt_code lt_tls_retry(lt_tls *t, uint32_t group)
{
    lt_tls_handshake *hs = t->hs;
    lt_buffer sealed = { 0 };
    uint8_t digest[LT_HASH_MAX];
    lt_code rc = LT_OK;
    if (hs->retried) /* the second hello must have what the first was asked for */
        return lt_fail(&t->error, LT_illegal_parameter, "ClientHello.key_share, second");
    lt_transcript_start(&hs->transcript, t->suite->hash);
    lt_transcript_hash(&hs->transcript, digest);
    if (t->config->retry_cookie)
        rc = seal(t, group, digest, &sealed);
    lt_transcript_retry(&hs->transcript, t->suite->hash);
    if (rc == LT_OK)
        rc = send(t, group, lt_buffer_bytes(&sealed));
    lt_buffer_free(&sealed);
    hs->retried = true;
    hs->retry_group = group;
    hs->next = LT_TLS_wait_second_client_hello;
    t->round_trips++;
    if (t->config->retry_cookie)
        forget(t);
    return rc;
}
