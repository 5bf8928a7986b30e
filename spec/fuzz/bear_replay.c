/* SPDX-License-Identifier: MIT
 * bear_replay.c - see bear_replay.h. An input is: a byte that chooses the configs, a byte of how to
 * cut, and either changes of four bytes each, or, where the first byte is odd, the bytes to send. */
#include "bear_replay.h"

#include <stdlib.h>

#include "base/iana.h"
#include "bear/bear.h"
#include "bear_identities.h"

enum { VARIANTS = 16, STREAM_MAX = 1 << 16, FLIGHTS_MAX = 16, EDIT = 4 };
enum { DATE = 1893456000 }; /* 2030-01-01 */

typedef struct { /* what one side sent, flight by flight */
    uint8_t bytes[STREAM_MAX];
    size_t ends[FLIGHTS_MAX], count;
} recording;

typedef struct {
    bool ready;
    lt_config config[2]; /* the client's, the server's */
    uint16_t suites[64];
    lt_identity identities[2];
    lt_bytes authority;
    recording said[2]; /* by the client, by the server */
} variant;

static variant variants[VARIANTS];

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void read_identity(lt_identity *id, const char *certificate, const char *key)
{
    lt_error e = { 0 };
    must(lt_identity_parse(id, (lt_bytes){ (const uint8_t *)certificate, strlen(certificate) },
                           (lt_bytes){ (const uint8_t *)key, strlen(key) }, (lt_bytes){ 0 }, &e)
         == LT_OK);
}

static const uint8_t any_name[] = { 0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55,
                                    0x04, 0x03, 0x0c, 0x04, 'f',  'u',  'z',  'z' };

/* bit 0: RSA; bit 1: all suites rather than the default kind; bit 2: client authentication; bit 3:
 * TLS 1.0 */
static void configure(variant *v, unsigned bits)
{
    static const char *alpn[] = { "h2", "http/1.1" };
    size_t n = 0;
    bool old = (bits & 8) != 0;
    for (const lt_cipher_suite *s = lt_cipher_suites; s->name; s++)
        if (!(s->traits & LT_SUITE_tls_1_3)
            && ((bits & 2) || (s->traits & (old ? LT_SUITE_sha1 : LT_SUITE_aead))))
            v->suites[n++] = s->id;
    read_identity(&v->identities[0], bits & 1 ? rsa_certificate : ec_certificate,
                  bits & 1 ? rsa_key : ec_key);
    v->authority = (lt_bytes){ any_name, sizeof any_name };
    for (int i = 0; i < 2; i++) {
        lt_error e = { 0 };
        lt_config *c = &v->config[i];
        *c = (lt_config){
            .server = i == 1,
            .min_version = old ? LT_TLS_1_0 : LT_TLS_1_2,
            .max_version = old ? LT_TLS_1_0 : LT_TLS_1_2,
            .cipher_suites = v->suites,
            .cipher_suite_count = n,
            .groups = 1U << 23 | 1U << 29,
            .alpn = alpn,
            .alpn_count = 2,
            .identities = v->identities,
            .identity_count = 1,
            .verifier = &lt_verify_none,
            .client_auth = i == 1 && (bits & 4) ? LT_AUTH_require : LT_AUTH_none,
            .authorities = &v->authority,
            .authority_count = 1,
            .session_cache_size = 4,
            .session_lifetime = 1000,
            .fixed_time = true,
            .time = DATE,
            .fixed_entropy = true,
            .entropy = { (uint8_t)(i + 1) },
        };
        c->bear = lt_bear_shared_new(c, &e);
        must(c->bear != NULL);
    }
}

static lt_engine *start(const lt_config *config)
{
    lt_error e = { 0 };
    lt_engine *engine =
        lt_bear_new(config, config->server ? NULL : "fuzz.example", NULL, DATE, &e);
    must(engine != NULL);
    return engine;
}

static void give(lt_engine *engine, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t room;
        uint8_t *to = engine->engine_class->input(engine, n, &room);
        if (!to)
            return;
        if (room > n)
            room = n;
        memcpy(to, p, room);
        engine->engine_class->input_done(engine, room);
        p += room, n -= room;
    }
}

/* What an application would do at this point. */
static void use(lt_engine *engine)
{
    const lt_engine_class *c = engine->engine_class;
    lt_bytes data, out;
    lt_info info;
    char line[LT_KEY_LOG_LINE];
    size_t n;
    while ((data = c->data(engine)).n > 0)
        c->data_done(engine, data.n > 3 ? data.n / 2 : data.n);
    c->info(engine, &info);
    c->key_log(engine, line, sizeof line);
    c->peer_certificates(engine, &n);
    c->idle(engine);
    while ((out = c->output(engine)).n > 0)
        c->output_done(engine, out.n);
    const lt_error *e = c->error(engine);
    must((c->state(engine) == LT_STATE_failed) == (e->code != LT_OK));
    must(e->code == LT_OK || e->where != NULL);
}

static void record(recording *r, lt_engine *from, lt_engine *to)
{
    size_t begin = r->count > 0 ? r->ends[r->count - 1] : 0, end = begin;
    lt_bytes out;
    while ((out = from->engine_class->output(from)).n > 0) {
        must(out.n <= sizeof r->bytes - end);
        memcpy(r->bytes + end, out.p, out.n);
        end += out.n;
        from->engine_class->output_done(from, out.n);
    }
    if (end == begin)
        return;
    must(r->count < FLIGHTS_MAX);
    r->ends[r->count++] = end;
    give(to, r->bytes + begin, end - begin);
}

/* Handshake, some data each way, the end. */
static void record_both(variant *v)
{
    static const uint8_t words[] = "some application data";
    lt_engine *client = start(&v->config[0]), *server = start(&v->config[1]);
    for (int i = 0; i < 4; i++) {
        record(&v->said[0], client, server);
        record(&v->said[1], server, client);
    }
    must(client->engine_class->state(client) == LT_STATE_connected);
    must(server->engine_class->state(server) == LT_STATE_connected);
    client->engine_class->write(client, words, sizeof words);
    server->engine_class->write(server, words, sizeof words);
    client->engine_class->close(client);
    server->engine_class->close(server);
    record(&v->said[0], client, server);
    record(&v->said[1], server, client);
    client->engine_class->free(client);
    server->engine_class->free(server);
}

static const variant *variant_of(unsigned bits)
{
    variant *v = &variants[bits];
    if (!v->ready) {
        configure(v, bits);
        record_both(v);
        v->ready = true;
    }
    return v;
}

/* Where, what, with which value. The flights keep their ends: what is put in pushes out. */
static void edit(recording *r, const uint8_t *change)
{
    size_t n = r->count > 0 ? r->ends[r->count - 1] : 0;
    size_t at = ((size_t)change[0] << 8 | change[1]) % (n > 0 ? n : 1);
    switch (change[2] % 5) {
    case 0:
        r->bytes[at] = change[3];
        break;
    case 1:
        r->bytes[at] ^= (uint8_t)(1U << (change[3] & 7));
        break;
    case 2: /* bytes left out */
        memmove(r->bytes + at, r->bytes + at + (change[3] < n - at ? change[3] : 0),
                n - at - (change[3] < n - at ? change[3] : 0));
        break;
    case 3: /* bytes that come twice */
        if (at + 2 * (size_t)change[3] <= n)
            memmove(r->bytes + at + change[3], r->bytes + at, n - at - change[3]);
        break;
    default: /* the end */
        for (size_t i = 0; i < r->count; i++)
            if (r->ends[i] > at)
                r->ends[i] = at;
    }
}

static void play(lt_engine *engine, const recording *r, size_t step)
{
    for (size_t i = 0, begin = 0; i < r->count; begin = r->ends[i++]) {
        for (size_t at = begin; at < r->ends[i]; at += step)
            give(engine, r->bytes + at, r->ends[i] - at < step ? r->ends[i] - at : step);
        use(engine);
    }
}

void bear_replay(const uint8_t *data, size_t size, bool server)
{
    static recording said;
    if (size < 2)
        return;
    const variant *v = variant_of(data[0] >> 1 & (VARIANTS - 1));
    size_t step = data[1] == 0 ? STREAM_MAX : data[1];
    lt_engine *engine = start(&v->config[server]);
    use(engine);
    if (data[0] & 1) {
        said = (recording){ .count = 1 };
        size_t n = size - 2 < STREAM_MAX ? size - 2 : STREAM_MAX;
        memcpy(said.bytes, data + 2, n);
        said.ends[0] = n;
    } else {
        said = v->said[!server];
        for (size_t i = 2; i + EDIT <= size; i += EDIT)
            edit(&said, data + i);
    }
    play(engine, &said, step);
    engine->engine_class->write(engine, data, size);
    engine->engine_class->input_end(engine);
    use(engine);
    engine->engine_class->close(engine);
    use(engine);
    engine->engine_class->free(engine);
}
