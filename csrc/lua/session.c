/* SPDX-License-Identifier: MIT
 * session.c - bearssl.session: what a later connection of the same config resumes from. */

/***
What a later connection resumes from: made by `conn:session`, taken by `config:wrap`. A secret.
@module bearssl.session
@pragma nostrip
*/
#include "lua/objects.h"

#define BUFFER "bearssl.buffer"

typedef struct {
    lt_session *session; /* NULL: closed */
} lua_session;

/***
Wipes the session. Twice is fine; also done by `<close>` and the collector.
@function session:close
*/
static int session_gc(lua_State *L)
{
    lua_session *s = luaL_checkudata(L, 1, LT_LUA_SESSION);
    if (s->session)
        s->session->free(s->session);
    s->session = NULL;
    return 0;
}

static int session_tostring(lua_State *L)
{
    const lua_session *s = luaL_checkudata(L, 1, LT_LUA_SESSION);
    lua_pushfstring(L, LT_LUA_SESSION ": %p%s", (const void *)s, s->session ? "" : " (closed)");
    return 1;
}

int lt_lua_push_session(lua_State *L, const lt_engine *engine, int object)
{
    lua_session *s = lua_newuserdata(L, sizeof *s);
    s->session = NULL;
    luaL_setmetatable(L, LT_LUA_SESSION);
    lua_getuservalue(L, object);
    lua_rawgeti(L, -1, LT_KEEP_CONFIG);
    lua_setuservalue(L, -3); /* what it may be offered with */
    lua_pop(L, 1);
    lt_error e = { 0 };
    s->session = engine->engine_class->session(engine, &e);
    return s->session ? 1 : lt_lua_fail(L, &e);
}

const lt_session *lt_lua_opt_session(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return NULL;
    lua_session *s = luaL_checkudata(L, index, LT_LUA_SESSION);
    luaL_argcheck(L, s->session, index, "session is closed");
    return s->session;
}

/***
The session as bytes, to be kept elsewhere. They hold a secret: who has them can read what is resumed with
them and speak in this client's name.
@function session:export
@treturn[1] string bytes for `config:import_session`
@treturn[2] nil
@treturn[2] bearssl.error code `state`: a session of BearSSL's engine stays where it is
*/
static int session_export(lua_State *L)
{
    lua_session *s = luaL_checkudata(L, 1, LT_LUA_SESSION);
    luaL_argcheck(L, s->session, 1, "session is closed");
    lt_error e = { 0 };
    if (!s->session->export_bytes) {
        lt_fail_detail(&e, LT_state, "session", "it is one of BearSSL's engine");
        return lt_lua_fail(L, &e);
    }
    lt_buffer *out = lua_newuserdata(L, sizeof *out); /* wiped by its __gc, whatever raises */
    *out = (lt_buffer){ 0 };
    luaL_setmetatable(L, BUFFER);
    lt_code rc = s->session->export_bytes(s->session, out, &e);
    if (rc != LT_OK)
        return lt_lua_fail(L, &e);
    lt_lua_push_bytes(L, (lt_bytes){ out->data, lt_buffer_size(out) });
    lt_buffer_free(out);
    return 1;
}

static int buffer_gc(lua_State *L)
{
    lt_buffer_free(luaL_checkudata(L, 1, BUFFER));
    return 0;
}

/* For the config at 1. */
static lua_session *push_empty(lua_State *L)
{
    lua_session *s = lua_newuserdata(L, sizeof *s);
    s->session = NULL;
    luaL_setmetatable(L, LT_LUA_SESSION);
    lua_pushvalue(L, 1);
    lua_setuservalue(L, -2);
    return s;
}

/* session_import(config, bytes) -> session | nil, err */
static int session_import(lua_State *L)
{
    lt_lua_config *config = lt_lua_check_config(L, 1);
    lt_bytes bytes;
    bytes.p = (const uint8_t *)luaL_checklstring(L, 2, &bytes.n);
    lua_session *s = push_empty(L);
    lt_error e = { 0 };
    s->session = lt_conn_session_import(&config->conn, bytes, &e);
    return s->session ? 1 : lt_lua_fail(L, &e);
}

/* psk(config, identity, key, sha384) -> session | nil, err */
static int session_psk(lua_State *L)
{
    lt_lua_config *config = lt_lua_check_config(L, 1);
    lt_bytes identity, key;
    identity.p = (const uint8_t *)luaL_checklstring(L, 2, &identity.n);
    key.p = (const uint8_t *)luaL_checklstring(L, 3, &key.n);
    lua_session *s = push_empty(L);
    lt_error e = { 0 };
    s->session = lt_conn_psk(&config->conn, identity, key, lua_toboolean(L, 4), &e);
    return s->session ? 1 : lt_lua_fail(L, &e);
}

/* session_holder(config) -> session without any; session_into(conn, holder) -> true: it has the connection's
 * newest. Nothing is made by the second: an object that is made while the state closes is not collected. */
static int session_holder(lua_State *L)
{
    lt_lua_check_config(L, 1);
    push_empty(L);
    return 1;
}

static int session_into(lua_State *L)
{
    const lt_conn *c = lt_lua_check_conn(L);
    lua_session *s = luaL_checkudata(L, 2, LT_LUA_SESSION);
    lt_error e = { 0 };
    if (lt_conn_is_open(c) && !s->session)
        s->session = c->engine->engine_class->session(c->engine, &e);
    lua_pushboolean(L, s->session != NULL);
    return 1;
}

/* session_state(session) -> true: to be offered once; true: it may be offered still. For
 * lua/bearssl/session_cache.lua. */
static int session_state(lua_State *L)
{
    const lua_session *s = luaL_checkudata(L, 1, LT_LUA_SESSION);
    lua_getuservalue(L, 1);
    const lt_config *config = &lt_lua_check_config(L, -1)->conn.tls;
    int64_t now = config->fixed_time ? config->time : lt_wall_clock();
    lua_pushboolean(L, s->session && s->session->single_use);
    lua_pushboolean(L, s->session && now < s->session->expires);
    return 2;
}

void lt_lua_open_session(lua_State *L)
{
    static const luaL_Reg none[] = { { NULL, NULL } };
    static const luaL_Reg buffer_meta[] = { { "__gc", buffer_gc }, { NULL, NULL } };
    static const luaL_Reg methods[] = { { "close", session_gc },
                                        { "export", session_export },
                                        { NULL, NULL } };
    static const luaL_Reg meta[] = {
        { "__gc", session_gc },
        { "__close", session_gc },
        { "__tostring", session_tostring },
        { NULL, NULL },
    };
    lt_lua_class(L, BUFFER, none, buffer_meta);
    lt_lua_class(L, LT_LUA_SESSION, methods, meta);
    lua_pushcfunction(L, session_import);
    lua_setfield(L, -2, "session_import");
    lua_pushcfunction(L, session_holder);
    lua_setfield(L, -2, "session_holder");
    lua_pushcfunction(L, session_into);
    lua_setfield(L, -2, "session_into");
    lua_pushcfunction(L, session_psk);
    lua_setfield(L, -2, "psk");
    lua_pushcfunction(L, session_state);
    lua_setfield(L, -2, "session_state");
}
