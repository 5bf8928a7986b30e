/* SPDX-License-Identifier: MIT
 * lazy.c - see lazy.h. Until it is full a table has its certificate, under the address of `owner`. */
#include "lua/lazy.h"

#include "lua/certificate.h"

static const char owner;

enum { TABLE = 1, KEY = 2 };

static const lt_lua_lazy *own_class(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* Pushes the certificate; false, and nothing pushed, where the table is full. */
static bool push_owner(lua_State *L, const lt_certificate **c)
{
    luaL_checktype(L, TABLE, LUA_TTABLE);
    lua_rawgetp(L, TABLE, &owner);
    if (lt_lua_test_certificate(L, -1, c))
        return true;
    lua_pop(L, 1);
    return false;
}

static void fill(lua_State *L)
{
    const lt_certificate *c;
    if (!push_owner(L, &c))
        return;
    own_class(L)->fill(L, c, TABLE);
    lua_pushnil(L);
    lua_rawsetp(L, TABLE, &owner);
    lua_pop(L, 1);
}

static int lazy_index(lua_State *L)
{
    const lt_certificate *c;
    lua_settop(L, KEY);
    if (lua_type(L, KEY) != LUA_TSTRING) {
        fill(L);
        lua_rawget(L, TABLE);
        return 1;
    }
    if (!push_owner(L, &c) || !own_class(L)->field(L, c, lua_tostring(L, KEY)))
        return 0;
    lua_pushvalue(L, KEY);
    lua_pushvalue(L, -2);
    lua_rawset(L, TABLE);
    return 1;
}

static int lazy_len(lua_State *L)
{
    fill(L);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, TABLE));
    return 1;
}

static int next_field(lua_State *L) /* next, which a program may have taken away */
{
    luaL_checktype(L, TABLE, LUA_TTABLE);
    lua_settop(L, 2);
    return lua_next(L, TABLE) ? 2 : 0;
}

int lt_lua_pairs(lua_State *L)
{
    lua_pushcfunction(L, next_field);
    lua_pushvalue(L, TABLE);
    lua_pushnil(L);
    return 3;
}

static int lazy_pairs(lua_State *L)
{
    fill(L);
    return lt_lua_pairs(L);
}

void lt_lua_open_lazy(lua_State *L, const lt_lua_lazy *class)
{
    static const luaL_Reg meta[] = {
        { "__index", lazy_index },
        { "__len", lazy_len },
        { "__pairs", lazy_pairs },
        { NULL, NULL },
    };
    luaL_newmetatable(L, class->name);
    lua_pushlightuserdata(L, (void *)(uintptr_t) class);
    luaL_setfuncs(L, meta, 1);
    lua_pop(L, 1);
}

void lt_lua_push_lazy(lua_State *L, const lt_lua_lazy *class)
{
    lua_newtable(L);
    lua_pushvalue(L, 1);
    lua_rawsetp(L, -2, &owner);
    luaL_setmetatable(L, class->name);
}
