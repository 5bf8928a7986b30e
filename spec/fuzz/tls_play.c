/* SPDX-License-Identifier: MIT
 * tls_play.c - see tls_play.h. An input is: a byte that chooses the configs, a byte of how to cut, and
 * changes: which message, what, where, how many bytes follow, those bytes. */
#include "tls_play.h"

#include <stdlib.h>

#include "bear_identities.h"
#include "tls/shared.h"
#include "tls/tls.h"
#include "x509/identity.h"

enum { POOL = 1 << 16, ENTRIES_MAX = 64, TEXT_MAX = 1 << 14, EDITS_MAX = 16 };
enum { DATE = 1893456000 /* 2030-01-01 */, EARLY_MAX = 4096 };

enum { /* of the first byte */
       BIT_TLS_1_2 = 1,
       BIT_CLIENT_AUTH = 2,
       BIT_RESUME = 4,  /* in TLS 1.3 with early data */
       BIT_RETRY = 8,   /* the server has none of the groups that have a share */
       BIT_ASK = 16,    /* the caller is asked whatever it can be */
       BIT_SMALL = 32,  /* small records, ALPN, authentication after the handshake */
       BIT_SHA384 = 64, /* with BIT_RETRY: without state, by a cookie */
       VARIANTS = 128,
       BIT_MEND = 128, /* signatures and Finished are made anew: they fit what was changed */
};

typedef struct { /* what the peer said: a handshake message each, or a record of another type */
    uint8_t type;
    size_t at, n;
} entry;

typedef struct {
    lt_config config[2]; /* the client's, the server's */
    uint16_t suites[2];
    lt_session *session;
    entry entries[ENTRIES_MAX];
    size_t count, used;
    uint8_t pool[POOL];
} variant;

typedef struct {
    uint8_t at, what;
    uint16_t where;
    lt_bytes bytes;
} change;

static lt_identity identity;

static void must(bool ok)
{
    if (!ok)
        abort();
}

static lt_bytes text_of(const char *s)
{
    return (lt_bytes){ (const uint8_t *)s, strlen(s) };
}

/* --- configs --------------------------------------------------------------------------------------- */

static const uint8_t any_name[] = { 0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55,
                                    0x04, 0x03, 0x0c, 0x04, 'f',  'u',  'z',  'z' };
static const lt_bytes authority = { any_name, sizeof any_name };

static void configure(variant *v, unsigned bits)
{
    static const char *alpn[] = { "h2", "http/1.1" };
    static const uint8_t secret[LT_TICKET_SECRET_MIN] = { 1 };
    const lt_bytes secrets = { secret, sizeof secret };
    bool sha384 = (bits & BIT_SHA384) != 0;
    uint32_t p256 = 1U << 23, both = p256 | 1U << 29;
    lt_error e = { 0 };
    if (identity.chain.count == 0)
        must(lt_identity_parse(&identity, text_of(ec_certificate), text_of(ec_key),
                               (lt_bytes){ 0 }, &e)
             == LT_OK);
    v->suites[0] = sha384 ? 0x1302 : 0x1303;
    v->suites[1] = sha384 ? 0xC02C : 0xC02B;
    for (int i = 0; i < 2; i++)
        v->config[i] = (lt_config){
            .key_log = true,
            .server = i == 1,
            .native = true,
            .min_version = LT_TLS_1_2,
            .max_version = bits & BIT_TLS_1_2 ? LT_TLS_1_2 : LT_TLS_1_3,
            .cipher_suites = v->suites,
            .cipher_suite_count = 2,
            .groups = i == 1 && (bits & BIT_RETRY) ? p256 : both,
            .alpn = alpn,
            .alpn_count = bits & BIT_SMALL ? 2 : 0,
            .identities = &identity,
            .identity_count = 1,
            .ask_certificate = (bits & BIT_ASK) != 0,
            .ask_client_hello = (bits & BIT_ASK) != 0,
            .ask_verdict = (bits & BIT_ASK) != 0,
            .ask_early_data = true,
            .post_handshake_auth = (bits & BIT_SMALL) != 0,
            .record_size_limit = bits & BIT_SMALL ? 64 : 0,
            .retry_cookie = i == 1 && (bits & BIT_RETRY) && sha384,
            .max_early_data = EARLY_MAX,
            .verifier = &lt_verify_none,
            .client_auth = i == 1 && (bits & BIT_CLIENT_AUTH) ? LT_AUTH_require : LT_AUTH_none,
            .authorities = &authority,
            .authority_count = 1,
            .session_lifetime = 1000,
            .trace = true,
            .fixed_time = true,
            .time = DATE,
            .fixed_entropy = true,
            .entropy = { (uint8_t)(i + 1) },
        };
    v->config[1].tls = lt_tls_shared_new(1000, &e);
    must(v->config[1].tls
         && lt_tls_shared_set_keys(v->config[1].tls, &secrets, 1, &e) == LT_OK);
}

static lt_tls *start(const variant *v, bool server)
{
    lt_error e = { 0 };
    lt_engine *engine = lt_tls_new(&v->config[server], server ? NULL : "fuzz.example",
                                   server ? NULL : v->session, DATE, &e);
    must(engine != NULL);
    lt_tls *t = (lt_tls *)engine;
    if (v->session && !server && t->early_data == LT_EARLY_offered)
        engine->engine_class->write_early(engine, (const uint8_t *)"early", 5);
    return t;
}

static void free_tls(lt_tls *t)
{
    t->engine.engine_class->free(&t->engine);
}

/* --- the caller ------------------------------------------------------------------------------------ */

static void answer(lt_tls *t)
{
    lt_engine *engine = &t->engine;
    for (int i = 0; i < 8 && engine->engine_class->question(engine); i++)
        engine->engine_class->answer(engine,
                                     &(lt_answer){ .identity = &identity, .yes = true });
}

static void read_all(lt_tls *t)
{
    lt_bytes data;
    while ((data = t->engine.engine_class->data(&t->engine)).n > 0)
        t->engine.engine_class->data_done(&t->engine, data.n > 3 ? data.n / 2 : data.n);
}

/* What must hold whatever the peer has said. */
static void check_state(const lt_tls *t, const variant *v)
{
    const lt_engine *engine = &t->engine;
    const lt_error *e = engine->engine_class->error(engine);
    lt_state state = engine->engine_class->state(engine);
    must((state == LT_STATE_failed) == (e->code != LT_OK));
    must(e->code == LT_OK || e->where != NULL);
    must(e->code != LT_internal && e->code != LT_memory);
    must(!t->up || t->suite);
    must(!t->up || t->server || t->resumed || t->peer.count > 0);
    must(!t->up || !t->server || t->resumed || v->config[1].client_auth != LT_AUTH_require
         || t->peer.count > 0);
    must(!t->up || (t->read.suite && t->write.suite) || e->code != LT_OK);
}

static void use(lt_tls *t, const variant *v)
{
    lt_engine *engine = &t->engine;
    const lt_engine_class *c = engine->engine_class;
    lt_info info;
    char line[LT_KEY_LOG_LINE];
    lt_bytes out;
    size_t n;
    answer(t);
    read_all(t);
    c->info(engine, &info);
    while (c->key_log(engine, line, sizeof line) > 0)
        continue;
    c->peer_certificates(engine, &n);
    c->idle(engine);
    while ((out = c->output(engine)).n > 0)
        c->output_done(engine, out.n);
    check_state(t, v);
}

static void act(lt_tls *t, unsigned what)
{
    lt_engine *engine = &t->engine;
    const lt_engine_class *c = engine->engine_class;
    lt_error e = { 0 };
    switch (what % 6) {
    case 0:
        c->write(engine, any_name, sizeof any_name);
        break;
    case 1:
        c->update_keys(engine, false, &e);
        break;
    case 2:
        c->update_keys(engine, true, &e);
        break;
    case 3:
        c->close(engine);
        break;
    case 4:
        c->request_certificate(engine, &e);
        break;
    default:
        c->input_end(engine);
    }
}

/* --- recording --------------------------------------------------------------------------------------- */

static void keep(variant *v, uint32_t type, lt_bytes text)
{
    must(v->count < ENTRIES_MAX && text.n <= POOL - v->used);
    v->entries[v->count++] = (entry){ (uint8_t)type, v->used, text.n };
    memcpy(v->pool + v->used, text.p, text.n);
    v->used += text.n;
}

/* Handshake messages in pieces go together again; those of this program end with their record. */
static void keep_messages(variant *v, lt_buffer *pending, lt_bytes text)
{
    uint32_t type, n;
    lt_bytes body;
    must(lt_buffer_add(pending, text.p, text.n));
    for (;;) {
        lt_reader r = { pending->data + pending->start, lt_buffer_size(pending) }, all = r;
        if (!rd_uint(&r, 1, &type) || !rd_uint(&r, 3, &n) || !rd_take(&r, n, &body))
            return;
        keep(v, LT_CONTENT_handshake, (lt_bytes){ all.p, n + 4 });
        lt_buffer_take(pending, n + 4);
    }
}

static void give(lt_tls *t, lt_bytes b)
{
    size_t room;
    uint8_t *to = t->engine.engine_class->input(&t->engine, b.n, &room);
    must(to && room >= b.n);
    memcpy(to, b.p, b.n);
    t->engine.engine_class->input_done(&t->engine, b.n);
}

/* One record of `from`, opened by what `to` would open it with. */
static bool pass(variant *v, lt_tls *from, lt_tls *to, lt_buffer *pending, bool recorded)
{
    static uint8_t copy[LT_RECORD_HEADER + LT_RECORD_MAX];
    uint32_t type;
    lt_bytes text, out = from->engine.engine_class->output(&from->engine);
    lt_error e = { 0 };
    if (out.n == 0)
        return false;
    lt_bytes record = { out.p, LT_RECORD_HEADER + ((size_t)out.p[3] << 8 | out.p[4]) };
    memcpy(copy, record.p, record.n);
    if (recorded && record.p[0] == LT_CONTENT_change_cipher_spec) {
        keep(v, LT_CONTENT_change_cipher_spec, (lt_bytes){ record.p + 5, record.n - 5 });
    } else if (recorded) {
        uint64_t sequence = to->read.sequence;
        must(lt_record_open(&to->read, copy, record.n, &type, &text, &e) == LT_OK);
        to->read.sequence = sequence;
        if (type == LT_CONTENT_handshake)
            keep_messages(v, pending, text);
        else
            keep(v, type, text);
    }
    give(to, record);
    from->engine.engine_class->output_done(&from->engine, record.n);
    answer(to);
    read_all(to);
    return true;
}

/* A handshake, some data, new keys, the end; kept is what the peer of `server` or client said. */
static void converse(variant *v, bool server, bool recorded)
{
    lt_tls *victim = start(v, server), *peer = start(v, !server);
    lt_buffer pending = { 0 };
    lt_error e = { 0 };
    bool data = false;
    for (;;) {
        bool there = false, back = false;
        while (pass(v, peer, victim, &pending, recorded))
            there = true;
        while (pass(v, victim, peer, NULL, false))
            back = true;
        if (there || back)
            continue;
        if (data)
            break;
        must(victim->up && peer->up);
        data = true;
        act(peer, 0);
        if (peer->version == LT_TLS_1_3)
            act(peer, 2);
        if (peer->server)
            act(peer, 4);
        act(peer, 0);
    }
    lt_tls *client = server ? peer : victim;
    if (!v->session && !recorded)
        must((v->session = client->engine.engine_class->session(&client->engine, &e)) != NULL);
    lt_buffer_free(&pending);
    free_tls(victim);
    free_tls(peer);
}

static const variant *variant_of(unsigned bits, bool server)
{
    static variant *variants[VARIANTS];
    if (!variants[bits]) {
        variant *v = calloc(1, sizeof *v);
        must(v != NULL);
        configure(v, bits);
        if (bits & BIT_RESUME)
            converse(v, server, false);
        converse(v, server, true);
        variants[bits] = v;
    }
    return variants[bits];
}

/* --- playing ----------------------------------------------------------------------------------------- */

static size_t read_changes(lt_reader r, change *changes)
{
    size_t count = 0;
    uint32_t at, what, where;
    lt_bytes bytes;
    while (count < EDITS_MAX && rd_uint(&r, 1, &at) && rd_uint(&r, 1, &what)
           && rd_uint(&r, 2, &where)) {
        if (!rd_vec(&r, 1, &bytes))
            bytes = r, r.n = 0;
        changes[count++] = (change){ (uint8_t)at, (uint8_t)what, (uint16_t)where, bytes };
    }
    return count;
}

static void send_record(lt_tls *t, uint32_t type, lt_bytes text, size_t step)
{
    lt_buffer out = { 0 };
    lt_protection clear = { .suite = NULL };
    bool raw = type == LT_CONTENT_change_cipher_spec || t->error.code != LT_OK;
    uint64_t sequence = t->read.sequence;
    must(lt_record_seal(raw ? &clear : &t->read, &out, type, text, 0));
    t->read.sequence = sequence;
    while (lt_buffer_size(&out) > 0) {
        size_t n = lt_buffer_size(&out) < step ? lt_buffer_size(&out) : step;
        give(t, (lt_bytes){ out.data + out.start, n });
        lt_buffer_take(&out, n);
    }
    lt_buffer_free(&out);
}

/* Sealed under the keys that `t` reads with, in records as long as it takes them; ChangeCipherSpec
 * never is, nor is what comes once it has failed. */
static void send(lt_tls *t, uint32_t type, lt_bytes text, size_t step)
{
    size_t limit = t->config->record_size_limit ? t->config->record_size_limit : TEXT_MAX;
    do {
        lt_bytes piece = { text.p, text.n < limit ? text.n : limit };
        send_record(t, type, piece, step);
        text.p += piece.n, text.n -= piece.n;
    } while (text.n > 0);
}

/* The peer proves anew what it says. */
static void mend(lt_tls *t, lt_buffer *text)
{
    uint8_t content[LT_TLS_SIGNED_MAX], signature[LT_SIGNATURE_MAX], digest[LT_HASH_MAX];
    uint8_t *body = text->data + 4;
    lt_error e = { 0 };
    size_t n;
    if (!t->hs || !t->suite || !t->hs->transcript.hash || lt_buffer_size(text) < 8)
        return;
    bool tls_1_3 = t->version == LT_TLS_1_3;
    if (text->data[0] == LT_HS_certificate_verify) {
        if (lt_identity_sign(&identity, 0x0403, lt_tls_to_sign(t, !t->server, content),
                             &t->random, signature, &n, &e)
            != LT_OK)
            return;
        text->end = 8;
        text->data[3] = (uint8_t)(n + 4), body[2] = 0, body[3] = (uint8_t)n;
        must(lt_buffer_add(text, signature, n));
    } else if (text->data[0] == LT_HS_finished && tls_1_3
               && text->end == 4 + lt_hash_size(t->suite->hash)) {
        lt_transcript_hash(&t->hs->transcript, digest);
        lt_finished_mac(t->suite->hash,
                        t->server ? t->hs->client_handshake_secret
                                  : t->hs->server_handshake_secret,
                        digest, body);
    } else if (text->data[0] == LT_HS_finished && !tls_1_3 && text->end == 16) {
        lt_tls_finished_12(t, t->server, body);
    }
}

static void splice(lt_buffer *text, const change *c)
{
    size_t n = lt_buffer_size(text), at = n > 0 ? c->where % n : 0;
    uint8_t tail[TEXT_MAX];
    size_t rest = n - at < TEXT_MAX ? n - at : 0;
    if (n + c->bytes.n > TEXT_MAX)
        return;
    if (rest > 0)
        memcpy(tail, text->data + at, rest);
    text->end = at;
    must(lt_buffer_add(text, c->bytes.p, c->bytes.n) && lt_buffer_add(text, tail, rest));
}

static void cut(lt_buffer *text, const change *c)
{
    size_t n = lt_buffer_size(text), at = n > 0 ? c->where % n : 0;
    size_t less = c->bytes.n < n - at ? c->bytes.n : n - at;
    memmove(text->data + at, text->data + at + less, n - at - less);
    text->end -= less;
}

static void fix_length(lt_buffer *text)
{
    size_t n = lt_buffer_size(text) - 4;
    if (lt_buffer_size(text) < 4)
        return;
    text->data[1] = 0, text->data[2] = (uint8_t)(n >> 8), text->data[3] = (uint8_t)n;
}

enum { EDIT_bytes, EDIT_xor, EDIT_cut, EDIT_splice, EDIT_replace, EDIT_KINDS };

static void edit(lt_buffer *text, const change *c, bool handshake)
{
    size_t n = lt_buffer_size(text), at = n > 0 ? c->where % n : 0;
    switch ((c->what & 0x7f) % 10) {
    case EDIT_bytes:
        memcpy(text->data + at, c->bytes.p, c->bytes.n < n - at ? c->bytes.n : n - at);
        break;
    case EDIT_xor:
        for (size_t i = 0; i < c->bytes.n && at + i < n; i++)
            text->data[at + i] ^= c->bytes.p[i];
        break;
    case EDIT_cut:
        cut(text, c);
        break;
    case EDIT_splice:
        splice(text, c);
        break;
    case EDIT_replace:
        text->end = 0;
        must(lt_buffer_add(text, c->bytes.p, c->bytes.n));
        break;
    default:
        return;
    }
    if (handshake && !(c->what & 0x80))
        fix_length(text);
}

/* What comes before a message, or instead of it; true: the message itself comes too. */
static bool around(lt_tls *t, const change *c, const entry *e, lt_bytes text, size_t step)
{
    switch ((c->what & 0x7f) % 10) {
    case EDIT_KINDS:
        return false;
    case EDIT_KINDS + 1:
        send(t, e->type, text, step);
        break;
    case EDIT_KINDS + 2:
        send(t, c->where & 0xff, c->bytes, step);
        break;
    case EDIT_KINDS + 3:
        give(t, c->bytes);
        break;
    case EDIT_KINDS + 4:
        act(t, c->where);
        break;
    default:
        break;
    }
    return true;
}

void tls_play(const uint8_t *data, size_t size, bool server)
{
    change changes[EDITS_MAX];
    if (size < 2)
        return;
    const variant *v = variant_of(data[0] & (VARIANTS - 1), server);
    size_t step = data[1] == 0 ? TEXT_MAX * 2 : data[1];
    size_t count = read_changes((lt_reader){ data + 2, size - 2 }, changes);
    lt_tls *t = start(v, server);
    use(t, v);
    for (size_t i = 0; i < v->count; i++) {
        const entry *e = &v->entries[i];
        lt_buffer text = { 0 };
        bool sent = true;
        must(lt_buffer_add(&text, v->pool + e->at, e->n) && lt_buffer_reserve(&text, 1));
        if ((data[0] & BIT_MEND) && e->type == LT_CONTENT_handshake)
            mend(t, &text);
        for (size_t j = 0; j < count; j++)
            if (changes[j].at == i) {
                edit(&text, &changes[j], e->type == LT_CONTENT_handshake);
                lt_bytes now = { text.data, lt_buffer_size(&text) };
                sent = around(t, &changes[j], e, now, step) && sent;
            }
        if (sent)
            send(t, e->type, (lt_bytes){ text.data, lt_buffer_size(&text) }, step);
        lt_buffer_free(&text);
        use(t, v);
    }
    act(t, 5);
    act(t, 3);
    use(t, v);
    free_tls(t);
}
