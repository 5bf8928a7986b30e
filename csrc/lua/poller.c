/* SPDX-License-Identifier: MIT
 * poller.c - what the schedulers of lua/bearssl/scheduler are made of: a clock, the wait for one
 * descriptor, and the wait for many. */
#include "lua/support.h"

#include <limits.h>
#include <math.h>

#include "conn/deadline.h"
#include "conn/poller.h"

#define POLLER "bearssl.core.poller" /* not for callers */

/* now() -> seconds since some moment, of a clock that nobody sets */
static int now(lua_State *L)
{
    lua_pushnumber(L, lt_monotonic());
    return 1;
}

static short check_events(lua_State *L, int index)
{
    static const char *const names[] = { "r", "w", NULL };
    return luaL_checkoption(L, index, NULL, names) == 0 ? POLLIN : POLLOUT;
}

static int check_descriptor(lua_State *L, int index)
{
    lua_Integer fd = luaL_checkinteger(L, index);
    luaL_argcheck(L, fd >= 0 && fd <= INT_MAX, index, "not a descriptor");
    return (int)fd;
}

/* nil: for ever, -1; what is over already: 0 */
static double opt_seconds(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return -1;
    lua_Number seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, !isnan(seconds), index, "not a number of seconds");
    return seconds > 0 ? seconds : 0;
}

/* wait_fd(fd, "r" | "w"[, seconds]) -> true | nil, "timeout" */
static int wait_fd(lua_State *L)
{
    int fd = check_descriptor(L, 1);
    short events = check_events(L, 2);
    lt_deadline d = lt_deadline_start((lt_timeouts){ -1, opt_seconds(L, 3) });
    if (lt_deadline_wait(&d, fd, events)) {
        lua_pushboolean(L, true);
        return 1;
    }
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
}

/* poller() -> poller */
static int poller_new(lua_State *L)
{
    lt_poller *p = lua_newuserdata(L, sizeof *p);
    lt_poller_start(p);
    luaL_setmetatable(L, POLLER);
    return 1;
}

static lt_poller *check_poller(lua_State *L)
{
    return luaL_checkudata(L, 1, POLLER);
}

/* poller:add(fd, "r" | "w") -> its number, until it is removed | nil, err */
static int poller_add(lua_State *L)
{
    lt_poller *p = check_poller(L);
    int fd = check_descriptor(L, 2);
    size_t waiter = lt_poller_add(p, fd, check_events(L, 3));
    if (waiter == LT_POLLER_NONE) {
        lt_error e = { .code = LT_OK };
        lt_fail(&e, LT_memory, "poller");
        return lt_lua_fail(L, &e);
    }
    lua_pushinteger(L, (lua_Integer)waiter + 1);
    return 1;
}

/* poller:remove(number) */
static int poller_remove(lua_State *L)
{
    lt_poller *p = check_poller(L);
    lua_Integer i = luaL_checkinteger(L, 2);
    luaL_argcheck(L, i >= 1 && lt_poller_has(p, (size_t)i - 1), 2, "no such number");
    lt_poller_remove(p, (size_t)i - 1);
    return 0;
}

/* poller:wait([seconds]) -> list of the numbers of those that are ready */
static int poller_wait(lua_State *L)
{
    lt_poller *p = check_poller(L);
    lt_poller_wait(p, opt_seconds(L, 2));
    lua_createtable(L, (int)(p->n_ready < INT_MAX ? p->n_ready : 0), 0);
    for (size_t i = 0; i < p->n_ready; i++) {
        lua_pushinteger(L, (lua_Integer)p->ready[i] + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int poller_gc(lua_State *L)
{
    lt_poller_free(check_poller(L));
    return 0;
}

void lt_lua_open_poller(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "now", now },
        { "wait_fd", wait_fd },
        { "poller", poller_new },
        { NULL, NULL },
    };
    static const luaL_Reg methods[] = {
        { "add", poller_add },
        { "remove", poller_remove },
        { "wait", poller_wait },
        { NULL, NULL },
    };
    static const luaL_Reg meta[] = {
        { "__gc", poller_gc },
        { NULL, NULL },
    };
    lt_lua_class(L, POLLER, methods, meta);
    luaL_setfuncs(L, functions, 0);
}
