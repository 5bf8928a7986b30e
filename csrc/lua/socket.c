/* SPDX-License-Identifier: MIT
 * socket.c - bearssl.socket: a connection over a descriptor, with LuaSocket's methods and patterns
 * (receive_pattern.c). handshake, receive and send stop with "event" where lua/bearssl/socket.lua has to
 * ask a callback first; it then calls again. */

/***
@module bearssl.socket
*/
#define _POSIX_C_SOURCE 200809L
#include "lua/socket.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int socket_gc(lua_State *L) /* without close_notify: nobody said that this is the end */
{
    lt_transport_drop(lt_lua_check_socket(L));
    return 0;
}

/* socket(config, name, session) -> sock | nil, err; it has no descriptor yet */
static int socket_new(lua_State *L)
{
    lt_lua_config *config = lt_lua_check_config(L, 1);
    lua_settop(L, 3);
    lt_conn_options options = lt_lua_conn_options(L, 2, 3);
    lt_transport *t = lua_newuserdata(L, sizeof *t);
    *t = (lt_transport){ .fd = -1 };
    luaL_setmetatable(L, LT_LUA_SOCKET);
    lt_lua_keep_config(L, 4, 1);
    lt_error e = { 0 };
    return lt_transport_open(t, &config->conn, &options, &e) == LT_OK ? 1 : lt_lua_fail(L, &e);
}

/* attach(sock, fd, read_already, exact): cannot fail; what the bytes are worth the handshake tells */
static int socket_attach(lua_State *L)
{
    lt_transport *t = lt_lua_check_socket(L);
    lua_Integer fd = luaL_checkinteger(L, 2);
    luaL_argcheck(L, fd >= 0 && fd <= INT_MAX, 2, "not a descriptor");
    lt_bytes early = { 0 };
    early.p = (const uint8_t *)luaL_optlstring(L, 3, "", &early.n);
    lt_transport_attach(t, (int)fd, early, lua_toboolean(L, 4));
    return 0;
}

static const char *const io_names[] = {
    [LT_IO_done] = "nothing",         [LT_IO_want_read] = "wantread",
    [LT_IO_want_write] = "wantwrite", [LT_IO_timeout] = "timeout",
    [LT_IO_closed] = "closed",        [LT_IO_event] = "event",
};

int lt_lua_push_io(lua_State *L, const lt_transport *t, lt_io io)
{
    if (io == LT_IO_failed) {
        lt_error e = { 0 };
        lt_transport_error(t, &e);
        return lt_lua_fail_conn(L, &t->conn, &e);
    }
    lua_pushnil(L);
    lua_pushstring(L, io_names[io]);
    return 2;
}

static int socket_handshake(lua_State *L)
{
    lt_transport *t = lt_lua_check_socket(L);
    lt_io io = lt_transport_handshake(t);
    if (io != LT_IO_done)
        return lt_lua_push_io(L, t, io);
    lua_pushboolean(L, true);
    return 1;
}

lua_Integer lt_lua_range(lua_State *L, int index, lt_bytes *data)
{
    data->p = (const uint8_t *)luaL_checklstring(L, index, &data->n);
    lua_Integer size = (lua_Integer)data->n;
    lua_Integer first = luaL_optinteger(L, index + 1, 1);
    lua_Integer last = luaL_optinteger(L, index + 2, -1);
    if (first < 0)
        first = size + first + 1;
    if (last < 0)
        last = size + last + 1;
    if (first < 1)
        first = 1;
    if (last > size)
        last = size;
    data->n = first <= last ? (size_t)(last - first + 1) : 0;
    data->p += data->n ? first - 1 : 0;
    return first;
}

static int socket_send(lua_State *L)
{
    lt_transport *t = lt_lua_check_socket(L);
    lt_bytes data;
    lua_Integer first = lt_lua_range(L, 2, &data);
    lt_deadline d = lt_deadline_start(t->timeouts);
    size_t taken;
    lt_io io = lt_transport_write(t, &d, data, &taken);
    lua_Integer last = first - 1 + (lua_Integer)taken;
    if (io == LT_IO_done) {
        lua_pushinteger(L, last);
        return 1;
    }
    lt_lua_push_io(L, t, io);
    lua_pushinteger(L, last);
    return 3;
}

static int socket_shutdown(lua_State *L)
{
    lt_transport *t = lt_lua_check_socket(L);
    lt_io io = lt_transport_shutdown(t);
    if (io != LT_IO_done)
        return lt_lua_push_io(L, t, io);
    lua_pushinteger(L, 1);
    return 1;
}

/***
Bounds how long handshake, receive and send may wait. 0: not at all, they return `"wantread"` and
`"wantwrite"` then. As in LuaSocket 3 either mode alone bounds the whole call; with both set, each single
wait takes at most the one, the whole call at most the other.
@function sock:settimeout
@tparam[opt] number seconds nil or negative: for ever, which is how a socket starts
@tparam[opt="b"] string mode `"b"`: each wait; `"t"`: the call
@treturn integer 1
*/
static int socket_settimeout(lua_State *L)
{
    lt_transport *t = lt_lua_check_socket(L);
    lua_Number seconds = luaL_optnumber(L, 2, -1);
    const char *mode = luaL_optstring(L, 3, "b");
    luaL_argcheck(L, !isnan(seconds), 2, "not a number of seconds");
    if (*mode == 'b')
        t->timeouts.block = seconds;
    else if (*mode == 't' || *mode == 'r')
        t->timeouts.total = seconds;
    else
        return luaL_argerror(L, 3, "invalid timeout mode");
    lua_pushinteger(L, 1);
    return 1;
}

/***
@function sock:gettimeout
@treturn number seconds of mode `"b"`; negative: for ever
@treturn number seconds of mode `"t"`
*/
static int socket_gettimeout(lua_State *L)
{
    const lt_transport *t = lt_lua_check_socket(L);
    lua_pushnumber(L, t->timeouts.block);
    lua_pushnumber(L, t->timeouts.total);
    return 2;
}

static int socket_close(lua_State *L)
{
    lt_transport_close(lt_lua_check_socket(L));
    lua_pushinteger(L, 1);
    return 1;
}

/***
The descriptor, as `socket.select` and other schedulers want it.
@function sock:getfd
@treturn integer -1: closed
*/
static int socket_getfd(lua_State *L)
{
    lua_pushinteger(L, lt_lua_check_socket(L)->fd);
    return 1;
}

/***
Would receive end at once, whether or not the descriptor is readable? `socket.select` asks this.
@function sock:dirty
@treturn boolean
*/
static int socket_dirty(lua_State *L)
{
    lua_pushboolean(L, lt_transport_dirty(lt_lua_check_socket(L)));
    return 1;
}

/***
What the last call waits for, so that a scheduler knows when to call again; after `"timeout"`, too.
@function sock:want
@treturn string `"read"`, `"write"` or `"nothing"`
*/
static int socket_want(lua_State *L)
{
    const lt_transport *t = lt_lua_check_socket(L);
    lt_io last = t->last == LT_IO_timeout ? t->waited : t->last;
    if (last == LT_IO_want_read || last == LT_IO_want_write)
        lua_pushstring(L, io_names[last] + strlen("want"));
    else
        lua_pushliteral(L, "nothing");
    return 1;
}

/***
@function sock:getstats
@treturn integer bytes of application data received
@treturn integer bytes of application data sent
@treturn number age in seconds
*/
static int socket_getstats(lua_State *L)
{
    const lt_transport *t = lt_lua_check_socket(L);
    lua_pushinteger(L, (lua_Integer)t->received);
    lua_pushinteger(L, (lua_Integer)t->sent);
    lua_pushnumber(L, lt_monotonic() - t->born);
    return 3;
}

typedef int address_of(int fd, struct sockaddr *address, socklen_t *size);

static int push_address(lua_State *L, address_of *of)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[128], port[16]; /* numeric, an IPv6 scope included */
    const lt_transport *t = lt_lua_check_socket(L);
    lua_pushnil(L);
    if (t->fd < 0)
        lua_pushliteral(L, "closed");
    else if (of(t->fd, (struct sockaddr *)&address, &size) != 0)
        lua_pushstring(L, strerror(errno));
    else if (getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port,
                         sizeof port, NI_NUMERICHOST | NI_NUMERICSERV)
             != 0)
        lua_pushliteral(L, "not an internet address");
    else {
        lua_pushstring(L, host);
        lua_pushinteger(L, strtol(port, NULL, 10));
        lua_pushstring(L, address.ss_family == AF_INET ? "inet" : "inet6");
        return 3;
    }
    return 2;
}

/***
@function sock:getpeername
@treturn[1] string IP address of the peer
@treturn[1] integer port
@treturn[1] string `"inet"` or `"inet6"`
@treturn[2] nil
@treturn[2] string what is wrong
*/
static int socket_getpeername(lua_State *L)
{
    return push_address(L, getpeername);
}

/***
@function sock:getsockname
@treturn[1] string IP address of this side
@treturn[1] integer port
@treturn[1] string `"inet"` or `"inet6"`
@treturn[2] nil
@treturn[2] string what is wrong
*/
static int socket_getsockname(lua_State *L)
{
    return push_address(L, getsockname);
}

static int socket_tostring(lua_State *L)
{
    const lt_transport *t = lt_lua_check_socket(L);
    lua_pushfstring(L, LT_LUA_SOCKET ": %p%s", (const void *)t, t->fd < 0 ? " (closed)" : "");
    return 1;
}

lt_transport *lt_lua_check_socket(lua_State *L)
{
    return luaL_checkudata(L, 1, LT_LUA_SOCKET);
}

void lt_lua_open_socket(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "handshake", socket_handshake },
        { "receive", lt_lua_socket_receive },
        { "send", socket_send },
        { "shutdown", socket_shutdown },
        { "settimeout", socket_settimeout },
        { "gettimeout", socket_gettimeout },
        { "close", socket_close },
        { "getfd", socket_getfd },
        { "dirty", socket_dirty },
        { "want", socket_want },
        { "getstats", socket_getstats },
        { "getpeername", socket_getpeername },
        { "getsockname", socket_getsockname },
        { NULL, NULL },
    };
    static const luaL_Reg meta[] = {
        { "__gc", socket_gc },
        { "__close", socket_close },
        { "__tostring", socket_tostring },
        { NULL, NULL },
    };
    lt_lua_class(L, LT_LUA_SOCKET, methods, meta);
    lt_lua_export_methods(L, LT_LUA_SOCKET, "socket_methods");
    luaL_getmetatable(L,
                      LT_LUA_SOCKET); /* Lua has something to do at the end of a scope, too */
    lua_setfield(L, -2, "socket_meta");
    lua_getfield(L, -1, "socket_methods");
    lt_lua_conn_methods(L);
    lua_pop(L, 1);
    lua_pushcfunction(L, socket_new);
    lua_setfield(L, -2, "socket");
    lua_pushcfunction(L, socket_attach);
    lua_setfield(L, -2, "attach");
}
