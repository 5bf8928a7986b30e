/* SPDX-License-Identifier: MIT
 * callgrind.c - require "callgrind".count(name, f): calls f, and has Callgrind write down under that name
 * what it took of instructions. Without Valgrind it calls f alone. */
#include <lauxlib.h>
#include <lua.h>
#include <valgrind/callgrind.h>

static int count(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 2);
    CALLGRIND_ZERO_STATS;
    lua_call(L, 0, 0);
    CALLGRIND_DUMP_STATS_AT(name);
    return 0;
}

int luaopen_callgrind(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, count);
    lua_setfield(L, -2, "count");
    return 1;
}
