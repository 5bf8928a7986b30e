/* SPDX-License-Identifier: MIT
 * conn_methods.c - what a connection tells, whatever its bytes travel on: the methods that
 * bearssl.connection and bearssl.socket share. */

/***
@module bearssl.connection
*/
#include "lua/objects.h"

#include "base/iana.h"
#include "lua/revocation.h"

enum { EXPORT_MAX = 1024 }; /* bytes of one exporter call */

lt_conn *lt_lua_check_conn(lua_State *L)
{
    lt_transport *t = luaL_testudata(L, 1, LT_LUA_SOCKET);
    return t ? &t->conn : luaL_checkudata(L, 1, LT_LUA_CONNECTION);
}

static lt_conn *open_conn(lua_State *L) /* NULL: closed */
{
    lt_conn *c = lt_lua_check_conn(L);
    return lt_conn_is_open(c) ? c : NULL;
}

static int closed(lua_State *L)
{
    lua_pushnil(L);
    lua_pushliteral(L, "closed");
    return 2;
}

lt_conn_options lt_lua_conn_options(lua_State *L, int name, int session)
{
    return (lt_conn_options){
        .name = luaL_optstring(L, name, NULL),
        .resume = lt_lua_opt_session(L, session),
        .now = lt_wall_clock(),
    };
}

void lt_lua_keep_config(lua_State *L, int object, int config)
{
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, config);
    lua_rawseti(L, -2, LT_KEEP_CONFIG);
    lua_setuservalue(L, object);
}

static void set_string(lua_State *L, const char *field, const char *value)
{
    if (!value || !*value)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, field);
}

static const char *const early_data_names[] = { [LT_EARLY_none] = NULL,
                                                [LT_EARLY_offered] = "offered",
                                                [LT_EARLY_accepted] = "accepted",
                                                [LT_EARLY_rejected] = "rejected" };

/***
What was agreed on. A socket has this and the other questions to a connection too.
@function conn:info
@treturn[1] table `engine`, `version` ("TLSv1.2"), `cipher_suite`, `group`, `signature_scheme`, `alpn`, `server_name`
(SNI, sent or received), `resumed`, `psk` (identity of the external PSK that was used), `round_trips` of the handshake, `early_data` ("offered", "accepted", "rejected"), `early_sent` (bytes that a client has sent so); what is not known yet, or was not used, is absent.
Names are IANA's
@treturn[2] nil
@treturn[2] string `"closed"`
*/
static int conn_info(lua_State *L)
{
    const lt_conn *c = open_conn(L);
    if (!c)
        return closed(L);
    lt_info info = { 0 };
    c->engine->engine_class->info(c->engine, &info);
    const lt_cipher_suite *suite = lt_cipher_suite_by_id(info.cipher_suite);
    lua_createtable(L, 0, 9);
    set_string(L, "engine", info.engine);
    set_string(L, "version", lt_version_name(info.version));
    set_string(L, "cipher_suite", suite ? suite->name : NULL);
    set_string(L, "group", lt_name_of(lt_groups, info.group));
    set_string(L, "signature_scheme", lt_name_of(lt_signature_schemes, info.signature_scheme));
    set_string(L, "alpn", info.alpn);
    set_string(L, "server_name", info.server_name);
    lua_pushboolean(L, info.resumed);
    lua_setfield(L, -2, "resumed");
    if (info.psk.n > 0) {
        lt_lua_push_bytes(L, info.psk);
        lua_setfield(L, -2, "psk");
    }
    lua_pushinteger(L, info.round_trips);
    lua_setfield(L, -2, "round_trips");
    set_string(L, "early_data", early_data_names[info.early_data]);
    if (info.early_sent > 0) {
        lua_pushinteger(L, (lua_Integer)info.early_sent);
        lua_setfield(L, -2, "early_sent");
    }
    return 1;
}

/***
@function conn:state
@treturn string `"handshake"`; `"question"`: a callback is being asked; `"early"`: data may flow before the client's
Finished; `"connected"`; `"closing"`: close_notify sent, data of the peer may still come; `"half_closed"` (TLS 1.3): the
peer's was seen, data may still be sent; `"closed"`; `"failed"`
*/
static int conn_state(lua_State *L)
{
    static const char *const names[] = {
        [LT_STATE_handshake] = "handshake",
        [LT_STATE_question] = "question",
        [LT_STATE_early] = "early",
        [LT_STATE_connected] = "connected",
        [LT_STATE_closing] = "closing",
        [LT_STATE_closed] = "closed",
        [LT_STATE_half_closed] = "half_closed",
        [LT_STATE_failed] = "failed",
    };
    const lt_conn *c = open_conn(L);
    lua_pushstring(L, c ? names[lt_conn_state(c)] : "closed");
    return 1;
}

static int push_certificates(lua_State *L, const lt_bytes *list, size_t count)
{
    if (count == 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        if (!lt_lua_push_certificate(L, list[i])) { /* what was sent is shown, whatever it is */
            lua_pop(L, 1);
            lt_lua_push_bytes(L, list[i]);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/***
The peer's certificates as it sent them, its own first (RFC 5246 section 7.4.2); of a resumed connection those of the
session.
@function conn:peer_certificates
@treturn[1] {bearssl.certificate,...} one that does not parse stands there as a string of its bytes
@treturn[2] nil there are none
@treturn[2] string `"closed"`, or nothing
*/
static int conn_peer_certificates(lua_State *L)
{
    const lt_conn *c = open_conn(L);
    if (!c)
        return closed(L);
    size_t count = 0;
    const lt_bytes *list = c->engine->engine_class->peer_certificates(c->engine, &count);
    return push_certificates(L, list, count);
}

/***
The certificates that this side has sent, its own first.
@function conn:own_certificates
@treturn[1] {bearssl.certificate,...}
@treturn[2] nil none were sent: a client that was not asked, a server whose session was resumed
@treturn[2] string `"closed"`, or nothing
*/
static int conn_own_certificates(lua_State *L)
{
    const lt_conn *c = open_conn(L);
    if (!c)
        return closed(L);
    size_t count = 0;
    const lt_bytes *list = c->engine->engine_class->own_certificates(c->engine, &count);
    return push_certificates(L, list, count);
}

/* { revocation = { … }, pins_differ = boolean }, as store:verify has it, and `known`; ages as of now */
static void push_checked(lua_State *L, const lt_conn *c, const lt_verify_result *result)
{
    const lt_config *config = &c->config->tls;
    lua_createtable(L, 0, 3);
    lt_lua_push_revocation(L, result, config->fixed_time ? config->time : lt_wall_clock());
    lua_setfield(L, -2, "revocation");
    lua_pushboolean(L, result->pins_differ);
    lua_setfield(L, -2, "pins_differ");
    lua_pushboolean(L, result->known);
    lua_setfield(L, -2, "known");
}

/***
The path that verification found, the peer's certificate first and the trust anchor last.
@function conn:verified_chain
@treturn[1] {bearssl.certificate,...}
@treturn[1] table what was checked besides: `revocation`, `pins_differ`; see @{store:verify}; and `known`: the path was
one that the config had found before, so that its signatures were not checked again (`config:chains`)
@treturn[2] nil there is none
@treturn[2] string `"closed"`, or nothing
*/
static int conn_verified_chain(lua_State *L)
{
    const lt_conn *c = open_conn(L);
    if (!c)
        return closed(L);
    const lt_verify_result *result = c->engine->engine_class->verify_result(c->engine);
    if (result->path_length == 0) {
        lua_pushnil(L);
        return 1;
    }
    lt_lua_push_path(L, result);
    push_checked(L, c, result);
    return 2;
}

/***
What a later connection of the same config can resume from: hand it to `config:connection` or `config:wrap`. It keeps
secrets; close it when it is no longer needed, or leave that to the collector.
@function conn:session
@treturn[1] bearssl.session
@treturn[2] nil
@treturn[2] string|bearssl.error `"closed"`; code `state`: there is none, or none yet
*/
static int conn_session(lua_State *L)
{
    const lt_conn *c = open_conn(L);
    return c ? lt_lua_push_session(L, c->engine, 1) : closed(L);
}

/***
Keying material for a protocol on top (RFC 5705, RFC 8446 section 7.5), the same at both ends.
@function conn:exporter
@tparam string label as registered with IANA
@tparam ?string context nil: none, which before TLS 1.3 is not the same as an empty one
@tparam integer length bytes, 1 to 1024
@treturn[1] string
@treturn[2] nil
@treturn[2] string|bearssl.error `"closed"`; code `state`: the handshake is not done; code `option`: the label is TLS's
own
*/
static int conn_exporter(lua_State *L)
{
    const lt_conn *c = open_conn(L);
    const char *label = luaL_checkstring(L, 2);
    lt_bytes context = { 0 };
    context.p = (const uint8_t *)luaL_optlstring(L, 3, NULL, &context.n);
    lua_Integer n = luaL_checkinteger(L, 4);
    luaL_argcheck(L, n >= 1 && n <= EXPORT_MAX, 4, "length is not 1 to 1024");
    if (!c)
        return closed(L);
    uint8_t out[EXPORT_MAX];
    lt_error e = { 0 };
    if (c->engine->engine_class->exporter(c->engine, label, context.p ? &context : NULL, out,
                                          (size_t)n, &e)
        != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushlstring(L, (const char *)out,
                    (size_t)n); /* the caller's to keep: it asked for it */
    lt_wipe(out, sizeof out);
    return 1;
}

/***
The verify_data of both Finished messages of the handshake (RFC 8446 section 4.4.4, RFC 5246 section 7.4.9): what
tls-unique is made of (RFC 5929 section 3), which is none for TLS 1.3.
@function conn:finished
@treturn[1] ?string this side's, nil before it was sent
@treturn[1] ?string the peer's, nil before it came
@treturn[2] nil
@treturn[2] string `"closed"`
*/
static int conn_finished(lua_State *L)
{
    const lt_conn *c = open_conn(L);
    if (!c)
        return closed(L);
    for (int peers = 0; peers <= 1; peers++) {
        lt_bytes data = c->engine->engine_class->verify_data(c->engine, peers);
        if (data.n > 0)
            lt_lua_push_bytes(L, data);
        else
            lua_pushnil(L);
    }
    return 2;
}

/* --- events: for lua/bearssl/event.lua --------------------------------------------------------- */

static void push_numbers(lua_State *L, lt_reader in, int width, const lt_named_value *names)
{
    lua_newtable(L);
    uint32_t value;
    for (lua_Integer i = 1; rd_uint(&in, width, &value); i++) {
        const char *name = lt_name_of(names, value);
        if (name)
            lua_pushstring(L, name);
        else
            lua_pushinteger(L, (lua_Integer)value);
        lua_rawseti(L, -2, i);
    }
}

static void push_request(lua_State *L, const lt_certificate_request *q)
{
    lua_createtable(L, 0, 4);
    push_numbers(L, q->certificate_types, 1, lt_client_certificate_types);
    lua_setfield(L, -2, "certificate_types");
    push_numbers(L, q->signature_schemes, 2, lt_signature_schemes);
    lua_setfield(L, -2, "signature_schemes");
    bool apart = q->certificate_schemes.n > 0;
    push_numbers(L, apart ? q->certificate_schemes : q->signature_schemes, 2,
                 lt_signature_schemes);
    lua_setfield(L, -2, "signature_schemes_cert");
    lua_newtable(L);
    lt_reader names = q->authorities, name;
    for (lua_Integer i = 1; rd_vec(&names, 2, &name); i++) {
        lt_lua_push_name(L, name);
        lua_rawseti(L, -2, i);
    }
    lua_setfield(L, -2, "authorities");
}

static void push_field(lua_State *L, const char *name, lt_bytes value)
{
    lt_lua_push_bytes(L, value);
    lua_setfield(L, -2, name);
}

/* The name of the event and the table that its callback sees. */
static int push_question(lua_State *L, const lt_question *q)
{
    static const char *const names[] = {
        [LT_QUESTION_certificate] = "certificate_request",
        [LT_QUESTION_client_hello] = "client_hello",
        [LT_QUESTION_signature] = "signature",
        [LT_QUESTION_evidence] = "evidence",
        [LT_QUESTION_verdict] = "verdict",
        [LT_QUESTION_early_data] = "early_data",
        [LT_QUESTION_psk] = "psk",
        [LT_QUESTION_put_session] = "put_session",
        [LT_QUESTION_take_session] = "take_session",
    };
    lua_pushstring(L, names[q->kind]);
    lua_newtable(L);
    switch (q->kind) {
    case LT_QUESTION_certificate:
        push_request(L, &q->request);
        lua_replace(L, -2);
        break;
    case LT_QUESTION_client_hello:
        push_field(L, "body", q->client_hello);
        break;
    case LT_QUESTION_signature:
        lua_pushstring(L, lt_name_of(lt_signature_schemes, q->scheme));
        lua_setfield(L, -2, "scheme");
        push_field(L, "message", q->message);
        lua_pushinteger(L, q->identity->external);
        lua_setfield(L, -2, "key");
        break;
    case LT_QUESTION_put_session:
        push_field(L, "message", q->message);
        /* fall through */
    case LT_QUESTION_psk:
    case LT_QUESTION_take_session:
    case LT_QUESTION_early_data:
        push_field(L, "unique", q->unique);
        lua_pushinteger(L, q->until);
        lua_setfield(L, -2, "until");
        break;
    case LT_QUESTION_evidence:
        if (q->problem != LT_OK) {
            lua_pushstring(L, lt_code_name(q->problem));
            lua_setfield(L, -2, "problem");
        }
        break;
    case LT_QUESTION_verdict:
    case LT_QUESTION_none:
        break;
    }
    return 2;
}

static void push_trace_event(lua_State *L, const lt_trace_event *event)
{
    static const char *const kinds[] = { [LT_TRACE_message] = "message",
                                         [LT_TRACE_record] = "record",
                                         [LT_TRACE_decision] = "decision",
                                         [LT_TRACE_lost] = "lost" };
    lua_createtable(L, 0, 8);
    lua_pushstring(L, kinds[event->kind]);
    lua_setfield(L, -2, "kind");
    lua_pushboolean(L, event->incoming);
    lua_setfield(L, -2, "incoming");
    lua_pushboolean(L, event->encrypted);
    lua_setfield(L, -2, "encrypted");
    lua_pushinteger(L, event->number);
    lua_setfield(L, -2, "number");
    lua_pushinteger(L, event->size);
    lua_setfield(L, -2, "size");
    lua_pushinteger(L, (lua_Integer)event->time);
    lua_setfield(L, -2, "time");
    push_field(L, "body", event->body);
    push_field(L, "section", event->section);
}

static void push_trace(lua_State *L, lt_conn *c) /* what is new, as a list */
{
    lt_trace *trace = c->engine->engine_class->trace(c->engine);
    lt_trace_event event;
    lua_newtable(L);
    for (lua_Integer i = 1; lt_trace_waits(trace) && lt_trace_next(trace, &event); i++) {
        push_trace_event(L, &event);
        lua_rawseti(L, -2, i);
    }
}

static int conn_trace(lua_State *L) /* trace(conn) -> list of what is new */
{
    lt_conn *c = open_conn(L);
    if (c)
        push_trace(L, c);
    else
        lua_newtable(L);
    return 1;
}

/* event(conn) -> nil | "key_log", line | "pins_differ" | the name of a question, what it is about */
static int conn_event(lua_State *L)
{
    lt_conn *c = open_conn(L);
    lt_event event = c ? lt_conn_event(c) : LT_EVENT_none;
    if (event == LT_EVENT_none)
        return 0;
    if (event == LT_EVENT_question) {
        const lt_question *q = c->engine->engine_class->question(c->engine);
        const lt_tried_paths *tried = lt_conn_tried(c);
        int n = push_question(L, q);
        if (q->kind == LT_QUESTION_evidence && q->problem != LT_OK && tried)
            lt_lua_set_paths(L, tried);
        return n;
    }
    if (event == LT_EVENT_trace) {
        lua_pushliteral(L, "trace");
        push_trace(L, c);
        return 2;
    }
    if (event == LT_EVENT_pins) {
        lt_conn_pins_told(c);
        lua_pushliteral(L, "pins_differ");
        return 1;
    }
    lua_pushliteral(L, "key_log");
    lt_lua_push_bytes(L, lt_conn_key_log(c));
    lt_conn_key_log_done(c);
    return 2;
}

static int conn_event_waits(lua_State *L)
{
    const lt_conn *c = open_conn(L);
    lua_pushboolean(L, c && lt_conn_event(c) != LT_EVENT_none);
    return 1;
}

static void keep(lua_State *L, int slot) /* the answer, for as long as the connection lives */
{
    lua_getuservalue(L, 1);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, slot);
    lua_pop(L, 1);
}

static lt_code reason_at(lua_State *L, int index) /* the code of this name; LT_OK: none */
{
    const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
    for (int code = LT_OK + 1; code < LT_CODES; code++)
        if (strcmp(name, lt_code_name((lt_code)code)) == 0)
            return (lt_code)code;
    return LT_OK;
}

/* { certificates = { DER, ... }, revocation = bearssl.revocation or nil } at 2: views into it. */
static void read_evidence(lua_State *L, lt_answer *answer, lt_bytes certificates[LT_CHAIN_MAX])
{
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "revocation");
    answer->revocation = lua_isnil(L, -1) ? NULL : lt_lua_test_revocation(L, -1);
    lua_getfield(L, 2, "certificates");
    luaL_checktype(L, -1, LUA_TTABLE);
    size_t n = lua_rawlen(L, -1);
    luaL_argcheck(L, n <= LT_CHAIN_MAX, 2, "too many certificates");
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        certificates[i].p = (const uint8_t *)luaL_checklstring(L, -1, &certificates[i].n);
        lua_pop(L, 1);
    }
    answer->certificates = certificates;
    answer->certificate_count = n;
    lua_pop(L, 2);
}

/* answer(conn, value[, sha384 or reason]): an identity or nil; a config or nil; a string; a boolean; evidence
 * or nil */
static int conn_answer(lua_State *L)
{
    lt_conn *c = open_conn(L);
    lua_settop(L, 3);
    const lt_question *q = c && lt_conn_event(c) == LT_EVENT_question
                               ? c->engine->engine_class->question(c->engine)
                               : NULL;
    if (!q)
        return 0;
    lt_bytes certificates[LT_CHAIN_MAX];
    lt_answer answer = { .yes = lua_toboolean(L, 2), .sha384 = lua_toboolean(L, 3) };
    answer.reason = reason_at(L, 3);
    if (q->kind == LT_QUESTION_evidence && answer.yes)
        read_evidence(L, &answer, certificates);
    if (q->kind == LT_QUESTION_certificate && answer.yes)
        answer.identity = luaL_checkudata(L, 2, LT_LUA_IDENTITY);
    else if (q->kind == LT_QUESTION_client_hello && answer.yes)
        answer.config = &lt_lua_check_config(L, 2)->conn.tls;
    else if (q->kind == LT_QUESTION_signature && answer.yes)
        answer.signature.p = (const uint8_t *)luaL_checklstring(L, 2, &answer.signature.n);
    else if ((q->kind == LT_QUESTION_psk || q->kind == LT_QUESTION_take_session) && answer.yes)
        answer.bytes.p = (const uint8_t *)luaL_checklstring(L, 2, &answer.bytes.n);
    if (q->kind
        == LT_QUESTION_certificate) /* until the next one: other answers come before its use */
        keep(L, LT_KEEP_IDENTITY);
    else if (q->kind == LT_QUESTION_client_hello)
        keep(L, LT_KEEP_OTHER_CONFIG);
    else if (q->kind == LT_QUESTION_evidence && answer.yes)
        keep(L, LT_KEEP_EVIDENCE);
    lt_conn_answer(c, &answer, lt_wall_clock());
    return 0;
}

static int conn_abort(lua_State *L) /* abort(conn): a callback has raised */
{
    lt_conn *c = open_conn(L);
    if (c)
        lt_conn_give_up(c);
    return 0;
}

static int
conn_refuse(lua_State *L) /* refuse(conn): no such name is here (RFC 6066 section 3) */
{
    lt_conn *c = open_conn(L);
    if (c)
        lt_conn_abort(c, LT_unknown_name);
    return 0;
}

/* keep(conn, own) -> the table that its config was made with: its own, or the one that on_client_hello chose */
static int conn_keep(lua_State *L)
{
    lt_lua_check_conn(L);
    bool own = lua_toboolean(L, 2);
    lua_getuservalue(L, 1);
    lua_rawgeti(L, -1, LT_KEEP_OTHER_CONFIG);
    if (own || lua_isnil(L, -1))
        lua_rawgeti(L, -2, LT_KEEP_CONFIG);
    lua_getuservalue(L, -1);
    return 1;
}

void lt_lua_conn_methods(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "info", conn_info },
        { "state", conn_state },
        { "peer_certificates", conn_peer_certificates },
        { "own_certificates", conn_own_certificates },
        { "verified_chain", conn_verified_chain },
        { "session", conn_session },
        { "exporter", conn_exporter },
        { "finished", conn_finished },
        { NULL, NULL },
    };
    luaL_setfuncs(L, methods, 0);
    lt_lua_conn_later_methods(L);
}

void lt_lua_open_conn_events(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "event", conn_event },   { "event_waits", conn_event_waits },
        { "answer", conn_answer }, { "abort", conn_abort },
        { "refuse", conn_refuse }, { "keep", conn_keep },
        { "trace", conn_trace },   { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
