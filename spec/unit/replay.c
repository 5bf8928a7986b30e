/* SPDX-License-Identifier: MIT
 * replay.c - the native engine in a conversation that was recorded (RFC 8448): what it would choose
 * at random or write its own way (hellos, EncryptedExtensions, tickets) is put in from the record;
 * the rest it reads, computes and writes as it always does. */
#include "unit.h"

#include <stdlib.h>

#include "crypto/accel/sha256.h"
#include "tls/tls.h"
#include "wire/new_session_ticket.h"
#include "x509/identity.h"

#define REPLAY "bearssl.unit.replay"

typedef struct {
    lt_config config;
    lt_identity identity;
    lt_tls *tls;
} replay;

static const uint16_t suites[] = { 0x1301 };

static lt_tls *tls_at(lua_State *L)
{
    return ((replay *)luaL_checkudata(L, 1, REPLAY))->tls;
}

static int checked(lua_State *L, const lt_tls *t, lt_code rc)
{
    if (rc != LT_OK)
        return luaL_error(L, "%s: %s (%s)", lt_code_name(rc),
                          t->error.where ? t->error.where : "", lt_tls_state_name(t->state));
    lua_settop(L, 1);
    return 1; /* the object, so that calls chain */
}

static int close_replay(lua_State *L)
{
    replay *r = luaL_checkudata(L, 1, REPLAY);
    if (r->tls)
        r->tls->engine.engine_class->free(&r->tls->engine);
    r->tls = NULL;
    lt_identity_free(&r->identity);
    return 0;
}

/* "client" or "server", its certificate (DER) or nil */
static int new_replay(lua_State *L)
{
    static const char *const roles[] = { "client", "server", NULL };
    bool server = luaL_checkoption(L, 1, NULL, roles) == 1;
    lt_error e = { .code = LT_OK };
    lua_settop(L, 2);
    replay *r = lua_newuserdatauv(L, sizeof *r, 0);
    *r = (replay){ .config = { .server = server,
                               .min_version = LT_TLS_1_3,
                               .max_version = LT_TLS_1_3,
                               .cipher_suites = suites,
                               .cipher_suite_count = 1,
                               .groups = 1U << 29 | 1U << 23,
                               .max_early_data = 1024,
                               .verifier = &lt_verify_none,
                               .fixed_entropy = true } };
    luaL_setmetatable(L, REPLAY);
    if (!lua_isnil(L, 2)) {
        if (lt_identity_parse_external(&r->identity, unit_bytes(L, 2), 1, &e) != LT_OK)
            return luaL_error(L, "%s", lt_code_name(e.code));
        r->config.identities = &r->identity;
        r->config.identity_count = 1;
    }
    lt_engine *engine = lt_tls_new(&r->config, NULL, NULL, 0, &e);
    if (!engine)
        return luaL_error(L, "%s", lt_code_name(e.code));
    r->tls = (lt_tls *)engine;
    r->tls->hs->identity = server ? r->config.identities : NULL;
    return 1;
}

/* NamedGroup, private key, public key: instead of the one that was made */
static int key_pair(lua_State *L)
{
    lt_tls *t = tls_at(L);
    lt_bytes private_key = unit_bytes(L, 3);
    luaL_argcheck(L, private_key.n <= sizeof t->hs->shares[0].private_key, 3, "too long");
    luaL_argcheck(L,
                  unit_key_pair(&t->hs->shares[0], (uint16_t)luaL_checkinteger(L, 2),
                                private_key, unit_bytes(L, 4)),
                  4, "not the private key's");
    t->hs->share_count = 1;
    return checked(L, t, LT_OK);
}

/* The client's PSK: secret, ticket, its max_early_data_size */
static int psk(lua_State *L)
{
    lt_tls *t = tls_at(L);
    lt_bytes secret = unit_bytes(L, 2), ticket = unit_bytes(L, 3);
    lt_tls_session *s = lt_tls_session_new(t->config);
    luaL_argcheck(L, s && secret.n <= sizeof s->secret, 2, "too long");
    s->version = LT_TLS_1_3;
    s->cipher_suite = suites[0];
    s->secret_size = secret.n;
    memcpy(s->secret, secret.p, secret.n);
    s->max_early_data = (uint32_t)luaL_checkinteger(L, 4);
    t->resume = s;
    return checked(L, t, lt_buffer_add(&s->ticket, ticket.p, ticket.n) ? LT_OK : LT_memory);
}

/* --- hellos ------------------------------------------------------------------------------------- */

/* What either side keeps of a ClientHello: this side sent it, or received it. */
static lt_code keep_hello(lt_tls *t, lt_bytes message)
{
    lt_tls_handshake *hs = t->hs;
    lt_buffer_free(&hs->hello);
    if (!lt_buffer_add(&hs->hello, message.p, message.n))
        return LT_memory;
    lt_reader body = { hs->hello.data + 4, message.n - 4 };
    if (!lt_client_hello_parse(body, &hs->client_hello))
        return LT_decode;
    memcpy(t->client_random, hs->client_hello.random.p, 32);
    hs->session_id_size = hs->client_hello.session_id.n;
    if (hs->session_id_size > 0)
        memcpy(hs->session_id, hs->client_hello.session_id.p, hs->session_id_size);
    lt_code rc = lt_extensions_parse(&hs->client_extensions, hs->client_hello.extensions,
                                     LT_IN_client_hello, ~0U, &t->error);
    hs->offered = hs->client_extensions.present;
    t->ccs_sent = hs->session_id_size == 0; /* no middlebox compatibility asked for */
    return rc;
}

/* All messages so far, the last of them the ClientHello that counts: one, or with the first
 * ClientHello and the HelloRetryRequest before it. What this client wrote itself is dropped. */
static int client_hello(lua_State *L)
{
    lt_tls *t = tls_at(L);
    lt_transcript *transcript = &t->hs->transcript;
    int last = lua_gettop(L);
    lt_transcript_free(transcript);
    lt_transcript_init(transcript);
    for (int i = 2; i <= last; i++) {
        lt_bytes message = unit_bytes(L, i);
        if (!lt_transcript_add(transcript, message))
            return checked(L, t, LT_memory);
        if (i == 2 && last > 2)
            lt_transcript_retry(transcript, &lt_sha256_vtable);
    }
    lt_buffer_free(&t->out);
    t->write.suite = NULL;
    return checked(L, t, keep_hello(t, unit_bytes(L, last)));
}

/* The client goes on with early data, the server reads it; after the ClientHello. */
static int begin_early_data(lua_State *L)
{
    lt_tls *t = tls_at(L);
    const lt_suite *suite = lt_suite_by_id(suites[0]);
    lt_key_schedule early;
    uint8_t digest[LT_HASH_MAX];
    lt_key_schedule_early(&early, suite->hash,
                          (lt_bytes){ t->resume->secret, t->resume->secret_size });
    lt_transcript_hash_with(&t->hs->transcript, suite->hash, (lt_bytes){ digest, 0 }, digest);
    lt_tls_early_secret(t, &early, digest);
    t->early_data = t->server ? LT_EARLY_accepted : LT_EARLY_offered;
    t->early_left = t->resume->max_early_data;
    lt_protection_set_13(t->server ? &t->read : &t->write, suite, t->hs->early_secret);
    return checked(L, t, LT_OK);
}

static lt_bytes client_share(const lt_tls *t)
{
    lt_key_share_entry e;
    lt_reader shares;
    bool twice;
    if (lt_key_share_client_parse(t->hs->client_extensions.data[LT_X_key_share], &shares,
                                  &twice))
        while (lt_key_share_entry_parse(&shares, &e))
            if (e.group == t->hs->shares[0].group)
                return e.key_exchange;
    return (lt_bytes){ NULL, 0 };
}

static lt_code add_message(lt_tls *t, lt_bytes message)
{
    return lt_buffer_add(&t->hs->flight, message.p, message.n)
                   && lt_transcript_add(&t->hs->transcript, message)
               ? LT_OK
               : LT_memory;
}

static int server_hello(lua_State *L) /* the message: it goes out, and keys follow */
{
    lt_tls *t = tls_at(L);
    lt_tls_handshake *hs = t->hs;
    uint8_t shared[LT_GROUP_SECRET_MAX];
    size_t n;
    lt_bytes early = { NULL, 0 };
    t->suite = lt_suite_by_id(suites[0]);
    t->version = LT_TLS_1_3;
    luaL_argcheck(L, lt_key_pair_agree(&hs->shares[0], client_share(t), shared, &n), 1,
                  "no common secret");
    if (t->resume)
        early = (lt_bytes){ t->resume->secret, t->resume->secret_size };
    lt_transcript_start(&hs->transcript, t->suite->hash);
    lt_transcript_drop(&hs->transcript);
    lt_key_schedule_early(&hs->schedule, t->suite->hash, early);
    lt_code rc = add_message(t, unit_bytes(L, 2));
    if (rc == LT_OK)
        rc = t->ccs_sent ? lt_tls_flush(t) : lt_tls_change_cipher_spec(t);
    lt_tls_handshake_keys(t, (lt_bytes){ shared, n });
    if (t->early_data != LT_EARLY_accepted)
        lt_tls_read_with(t, hs->client_handshake_secret);
    lt_tls_write_with(t, hs->server_handshake_secret);
    return checked(L, t, rc);
}

/* --- the rest of the server's messages -------------------------------------------------------- */

static int message(lua_State *L) /* one that was recorded, into the flight */
{
    lt_tls *t = tls_at(L);
    return checked(L, t, add_message(t, unit_bytes(L, 2)));
}

static int certificate(lua_State *L)
{
    lt_tls *t = tls_at(L);
    return checked(L, t, lt_tls_write_certificate(t));
}

static int to_sign(lua_State *L) /* -> what this side's CertificateVerify signs */
{
    uint8_t content[LT_TLS_SIGNED_MAX];
    lt_tls *t = tls_at(L);
    lt_bytes b = lt_tls_to_sign(t, t->server, content);
    lua_pushlstring(L, (const char *)b.p, b.n);
    return 1;
}

static int certificate_verify(lua_State *L) /* SignatureScheme, signature */
{
    lt_tls *t = tls_at(L);
    t->hs->identity_scheme = (uint32_t)luaL_checkinteger(L, 2);
    return checked(L, t, lt_tls_write_certificate_verify(t, unit_bytes(L, 3)));
}

/* The server's Finished ends its flight; the state to go on in, by its name. */
static int finished(lua_State *L)
{
    static const char *const names[] = { "wait_client_finished", "wait_client_certificate",
                                         "wait_end_of_early_data", NULL };
    static const lt_tls_state states[] = { LT_TLS_wait_client_finished,
                                           LT_TLS_wait_client_certificate,
                                           LT_TLS_wait_end_of_early_data };
    lt_tls *t = tls_at(L);
    lt_tls_state next = states[luaL_checkoption(L, 2, NULL, names)];
    lt_code rc = lt_tls_write_finished(t, t->hs->server_handshake_secret);
    if (rc == LT_OK)
        rc = lt_tls_flush(t);
    lt_tls_application_secrets(t);
    lt_tls_write_with(t, t->server_secret);
    t->early_readable = t->early_data == LT_EARLY_accepted;
    lt_tls_enter(t, next);
    return checked(L, t, rc);
}

/* lifetime, age_add, nonce, ticket, extensions */
static int new_session_ticket(lua_State *L)
{
    lt_tls *t = tls_at(L);
    lt_mark mark;
    lt_new_session_ticket ticket = { .ticket_lifetime = (uint32_t)luaL_checkinteger(L, 2),
                                     .ticket_age_add = (uint32_t)luaL_checkinteger(L, 3),
                                     .ticket_nonce = unit_bytes(L, 4),
                                     .ticket = unit_bytes(L, 5) };
    if (!lt_tls_handshake_new(t))
        return checked(L, t, LT_memory);
    lt_writer w = lt_tls_open(t, LT_HS_new_session_ticket, &mark);
    lt_new_session_ticket_write(&w, true, &ticket);
    wr_vec(&w, 2, unit_bytes(L, 6));
    lt_code rc = lt_tls_close(t, &w, mark, false);
    if (rc == LT_OK)
        rc = lt_tls_flush(t);
    lt_tls_handshake_free(t);
    return checked(L, t, rc);
}

/* --- reading ------------------------------------------------------------------------------------ */

/* The RFC's certificates have RSA keys of 1024 bits, which the engine refuses: here the signature is
 * checked by the spec, and the handshake goes on. */
static lt_code pass_signature(lt_tls *t, lt_reader body, lt_tls_state next)
{
    lt_code rc = lt_tls_hear(t, body);
    lt_tls_enter(t, next);
    return rc;
}

static lt_code read_messages(lt_tls *t)
{
    uint32_t type;
    lt_reader body;
    bool present;
    lt_tls_state next = t->server ? LT_TLS_wait_client_finished : LT_TLS_wait_finished;
    for (;;) {
        lt_code rc = lt_handshake_stream_next(&t->messages, &type, &body, &present, &t->error);
        if (rc != LT_OK || !present)
            return rc;
        rc = type == LT_HS_certificate_verify ? pass_signature(t, body, next)
                                              : lt_tls_message(t, type, body);
        if (rc != LT_OK)
            return rc;
    }
}

/* A protected record of handshake messages, with a CertificateVerify among them. */
static int feed_signed(lua_State *L)
{
    lt_tls *t = tls_at(L);
    uint8_t copy[1024];
    uint32_t type;
    lt_bytes plain, record = unit_bytes(L, 2);
    luaL_argcheck(L, record.n <= sizeof copy, 2, "too long");
    memcpy(copy, record.p, record.n);
    lt_code rc = lt_record_open(&t->read, copy, record.n, &type, &plain, &t->error);
    if (rc == LT_OK)
        rc = lt_handshake_stream_add(&t->messages, plain) ? read_messages(t) : LT_memory;
    return checked(L, t, rc);
}

static int feed(lua_State *L) /* bytes of the peer */
{
    lt_tls *t = tls_at(L);
    lt_bytes bytes = unit_bytes(L, 2);
    size_t room;
    uint8_t *to = t->engine.engine_class->input(&t->engine, bytes.n, &room);
    if (!to)
        return checked(L, t, LT_memory);
    memcpy(to, bytes.p, bytes.n);
    t->engine.engine_class->input_done(&t->engine, bytes.n);
    return checked(L, t, t->error.code);
}

static int answer(lua_State *L) /* signature */
{
    lt_tls *t = tls_at(L);
    luaL_argcheck(L, t->question && t->hs->asked.kind == LT_QUESTION_signature, 1, "not asked");
    t->engine.engine_class->answer(&t->engine, &(lt_answer){ .signature = unit_bytes(L, 2) });
    return checked(L, t, t->error.code);
}

/* --- what comes out ----------------------------------------------------------------------------- */

static int pull(lua_State *L)
{
    lt_tls *t = tls_at(L);
    lt_bytes out = t->engine.engine_class->output(&t->engine);
    lua_pushlstring(L, (const char *)out.p, out.n);
    t->engine.engine_class->output_done(&t->engine, out.n);
    return 1;
}

static int read_data(lua_State *L)
{
    lt_tls *t = tls_at(L);
    lt_bytes data = t->engine.engine_class->data(&t->engine);
    lua_pushlstring(L, (const char *)data.p, data.n);
    if (data.n > 0)
        t->engine.engine_class->data_done(&t->engine, data.n);
    return 1;
}

static int write_data(lua_State *L)
{
    lt_tls *t = tls_at(L);
    lt_bytes data = unit_bytes(L, 2);
    size_t n = t->early_data == LT_EARLY_offered
                   ? t->engine.engine_class->write_early(&t->engine, data.p, data.n)
                   : t->engine.engine_class->write(&t->engine, data.p, data.n);
    luaL_argcheck(L, n == data.n, 2, "not taken");
    return checked(L, t, t->error.code);
}

static int close_notify(lua_State *L)
{
    lt_tls *t = tls_at(L);
    t->engine.engine_class->close(&t->engine);
    return checked(L, t, t->error.code);
}

static int state(lua_State *L)
{
    lua_pushstring(L, lt_tls_state_name(tls_at(L)->state));
    return 1;
}

static int secret(lua_State *L) /* exp_master, res_master, c_ap_traffic, s_ap_traffic */
{
    static const char *const names[] = { "exp_master", "res_master", "c_ap_traffic",
                                         "s_ap_traffic", NULL };
    const lt_tls *t = tls_at(L);
    const uint8_t *const secrets[] = { t->exporter_secret, t->resumption_secret,
                                       t->client_secret, t->server_secret };
    int which = luaL_checkoption(L, 2, NULL, names);
    lua_pushlstring(L, (const char *)secrets[which], lt_hash_size(t->suite->hash));
    return 1;
}

static int session(lua_State *L) /* -> the newest one's secret and ticket */
{
    const lt_tls *t = tls_at(L);
    luaL_argcheck(L, t->ticket_count > 0, 1, "no ticket");
    const lt_tls_ticket *s = t->tickets[t->ticket_count - 1];
    lua_pushlstring(L, (const char *)s->secret, s->secret_size);
    lua_pushlstring(L, (const char *)s->ticket.data, lt_buffer_size(&s->ticket));
    lua_pushinteger(L, s->max_early_data);
    return 3;
}

void unit_open_replay(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "key_pair", key_pair },
        { "psk", psk },
        { "client_hello", client_hello },
        { "begin_early_data", begin_early_data },
        { "server_hello", server_hello },
        { "message", message },
        { "certificate", certificate },
        { "to_sign", to_sign },
        { "certificate_verify", certificate_verify },
        { "finished", finished },
        { "new_session_ticket", new_session_ticket },
        { "feed_signed", feed_signed },
        { "feed", feed },
        { "answer", answer },
        { "pull", pull },
        { "read", read_data },
        { "write", write_data },
        { "close_notify", close_notify },
        { "state", state },
        { "secret", secret },
        { "session", session },
        { NULL, NULL },
    };
    luaL_newmetatable(L, REPLAY);
    lua_pushcfunction(L, close_replay);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__gc");
    lua_setfield(L, -2, "__close");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_pushcfunction(L, new_replay);
    lua_setfield(L, -2, "replay");
}
