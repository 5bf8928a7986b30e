/* SPDX-License-Identifier: MIT
 * session.c - bearssl.session: what a later connection of the same config resumes from. */
#include "lua/objects.h"

typedef struct {
    lt_session *session; /* NULL: closed */
} lua_session;

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

void lt_lua_open_session(lua_State *L)
{
    static const luaL_Reg methods[] = { { "close", session_gc }, { NULL, NULL } };
    static const luaL_Reg meta[] = {
        { "__gc", session_gc },
        { "__close", session_gc },
        { "__tostring", session_tostring },
        { NULL, NULL },
    };
    lt_lua_class(L, LT_LUA_SESSION, methods, meta);
}
