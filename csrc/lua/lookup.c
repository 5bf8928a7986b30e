/* SPDX-License-Identifier: MIT
 * lookup.c - the addresses of a host for bearssl.scheduler.lookup, asked while other coroutines run. */
#include "base/lookup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lua/support.h"

#define LOOKUP "bearssl.core.lookup" /* not for callers */

static int *check_open(lua_State *L)
{
    int *fd = luaL_checkudata(L, 1, LOOKUP);
    luaL_argcheck(L, *fd >= 0, 1, "the lookup is closed");
    return fd;
}

/* lookup:getfd() -> a descriptor that is readable when there is an answer */
static int lookup_getfd(lua_State *L)
{
    lua_pushinteger(L, *check_open(L));
    return 1;
}

static int lookup_close(lua_State *L) /* safe twice */
{
    int *fd = luaL_checkudata(L, 1, LOOKUP);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return 0;
}

static int push_list(lua_State *L, const char *text, size_t n)
{
    lua_newtable(L);
    for (lua_Integer i = 1; n > 0; i++) {
        const char *end = memchr(text, '\n', n);
        size_t size = end ? (size_t)(end - text) : n;
        lua_pushlstring(L, text, size);
        lua_rawseti(L, -2, i);
        size = size < n ? size + 1 : n;
        text += size, n -= size;
    }
    return 1;
}

/* lookup:answer() -> list of addresses | nil, err; waits where there is no answer yet */
static int lookup_answer(lua_State *L)
{
    char answer[LT_LOOKUP_MAX];
    const int *fd = check_open(L);
    lt_error e = { .code = LT_OK };
    ssize_t n;
    do
        n = read(*fd, answer, sizeof answer);
    while (n < 0 && errno == EINTR);
    if (n >= 1 && answer[0] == '+')
        return push_list(L, answer + 1, (size_t)n - 1);
    if (n >= 1)
        lt_fail_detail(&e, LT_dns, "lookup", "%.*s", (int)n - 1, answer + 1);
    else
        lt_fail_detail(&e, LT_io, "lookup", "%s", n < 0 ? strerror(errno) : "no answer");
    return lt_lua_fail(L, &e);
}

/* The class is made with the first lookup: most programs have none. */
static void set_class(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "getfd", lookup_getfd },
        { "answer", lookup_answer },
        { "close", lookup_close },
        { NULL, NULL },
    };
    static const luaL_Reg meta[] = {
        { "__gc", lookup_close },
        { "__close", lookup_close },
        { NULL, NULL },
    };
    if (luaL_getmetatable(L, LOOKUP) != LUA_TTABLE)
        lt_lua_class(L, LOOKUP, methods, meta);
    lua_pop(L, 1);
    luaL_setmetatable(L, LOOKUP);
}

/* lookup(host) -> lookup | nil, err */
int lt_lua_lookup(lua_State *L)
{
    size_t n;
    const char *host = luaL_checklstring(L, 1, &n);
    lt_error e = { .code = LT_OK };
    luaL_argcheck(L, n > 0 && n < 256 && strlen(host) == n, 1, "not a host");
    int *fd = lua_newuserdata(L, sizeof *fd);
    *fd = -1;
    set_class(L);
    *fd = lt_lookup_start(host, &e);
    return *fd >= 0 ? 1 : lt_lua_fail(L, &e);
}
