/* SPDX-License-Identifier: MIT
 * connection.c - bearssl.connection: bytes in, bytes out, no socket. Any scheduler can carry it. The
 * public methods feed, feed_eof and write are made of these in lua/bearssl/connection.lua, which also
 * asks the callbacks. */

/***
@module bearssl.connection
*/
#include "lua/objects.h"

static lt_conn *check(lua_State *L)
{
    lt_conn *c = luaL_checkudata(L, 1, LT_LUA_CONNECTION);
    if (!lt_conn_is_open(c))
        luaL_error(L, "connection is closed");
    return c;
}

static int fail_conn(lua_State *L, const lt_conn *c)
{
    return lt_lua_fail_conn(L, c, lt_conn_error(c));
}

static int plain(lua_State *L, const char *what)
{
    lua_pushnil(L);
    lua_pushstring(L, what);
    return 2;
}

static int connection_gc(lua_State *L)
{
    lt_conn_free(luaL_checkudata(L, 1, LT_LUA_CONNECTION));
    return 0;
}

/* connection(config, name, session) -> conn | nil, err */
static int connection_new(lua_State *L)
{
    lt_lua_config *config = lt_lua_check_config(L, 1);
    lua_settop(L, 3);
    lt_conn_options options = lt_lua_conn_options(L, 2, 3);
    lt_conn *c = lua_newuserdata(L, sizeof *c);
    *c = (lt_conn){ 0 };
    luaL_setmetatable(L, LT_LUA_CONNECTION);
    lt_lua_keep_config(L, 4, 1);
    lt_error e = { 0 };
    return lt_conn_open(c, &config->conn, &options, &e) == LT_OK ? 1 : lt_lua_fail(L, &e);
}

static int connection_feed(lua_State *L)
{
    lt_conn *c = check(L);
    lt_bytes in;
    in.p = (const uint8_t *)luaL_checklstring(L, 2, &in.n);
    lt_error e = { 0 };
    if (lt_conn_feed(c, in, lt_wall_clock(), &e) != LT_OK)
        return lt_lua_fail_conn(L, c, &e);
    lua_pushboolean(L, true);
    return 1;
}

static int connection_feed_eof(lua_State *L)
{
    lt_conn *c = check(L);
    lt_conn_input_end(c);
    if (lt_conn_state(c) == LT_STATE_failed)
        return fail_conn(L, c);
    lua_pushboolean(L, true);
    return 1;
}

/***
Gives the bytes that wait for the peer.
@function conn:pull
@tparam[opt] integer max bytes at most; all of them by default
@treturn string what the transport is to carry, in this order; `""` if there is nothing
@raise if the connection was freed by `<close>`
*/
static int connection_pull(lua_State *L)
{
    lt_conn *c = check(L);
    lua_Integer max = luaL_optinteger(L, 2, LUA_MAXINTEGER);
    luaL_argcheck(L, max >= 1, 2, "not positive");
    int pieces = 0; /* an engine has two at most: what is gathered, and the last record */
    for (lt_bytes out; max > 0 && (out = lt_conn_output(c)).n > 0; pieces++) {
        if ((lua_Unsigned)max < out.n)
            out.n = (size_t)max;
        max -= (lua_Integer)out.n;
        luaL_checkstack(L, 1, NULL);
        lt_lua_push_bytes(L, out);
        lt_conn_output_done(c, out.n);
    }
    if (max > 0)
        lt_conn_idle(c);
    lua_concat(L, pieces);
    return 1;
}

/***
Gives application data that has arrived.
@function conn:read
@tparam[opt] integer max bytes at most; all that is decrypted, up to a record, by default
@treturn[1] string one byte or more
@treturn[2] nil
@treturn[2] string|bearssl.error `"wantread"`: feed more first; `"closed"`: the peer has sent its
close_notify (RFC 5246 section 7.2.1); else the connection has failed, an end without close_notify
(code `truncated`) included
@raise if the connection was freed by `<close>`
*/
static int connection_read(lua_State *L)
{
    lt_conn *c = check(L);
    lua_Integer max = luaL_optinteger(L, 2, LUA_MAXINTEGER);
    luaL_argcheck(L, max >= 1, 2, "not positive");
    lt_bytes data = lt_conn_data(c);
    if (data.n > 0) {
        if ((lua_Unsigned)max < data.n)
            data.n = (size_t)max;
        lt_lua_push_bytes(L, data);
        lt_conn_data_done(c, data.n, lt_wall_clock());
        return 1;
    }
    lt_state state = lt_conn_state(c);
    if (state == LT_STATE_failed)
        return fail_conn(L, c);
    lt_conn_idle(c);
    return plain(L, lt_state_is_read(state) ? "closed" : "wantread");
}

static int write_ended(lua_State *L, const lt_conn *c, bool all, lua_Integer last)
{
    lt_state state = lt_conn_state(c);
    bool open = lt_state_may_write(state);
    if (state == LT_STATE_failed)
        fail_conn(L, c);
    else if (open && all) {
        lua_pushinteger(L, last);
        return 1;
    } else if (open)
        plain(L, "wantwrite");
    else
        plain(L, state < LT_STATE_connected ? "wantread" : "closed");
    lua_pushinteger(L, last);
    return 3;
}

/***
Takes application data for the peer; it is in the output then, for @{conn:pull}.
@function conn:write
@tparam string data
@tparam[opt=1] integer i first byte, as in string.sub
@tparam[opt=-1] integer j last byte
@treturn[1] integer index of the last byte taken, which is j
@treturn[2] nil
@treturn[2] string|bearssl.error `"wantwrite"`: the output is full, pull first; `"wantread"`: the
handshake is not done; `"closed"`; or what the connection failed with
@treturn[2] integer index of the last byte taken; go on with the one after it
@raise if the connection was freed by `<close>`
*/
static int connection_write(lua_State *L)
{
    lt_conn *c = check(L);
    lt_bytes data;
    lua_Integer first = lt_lua_range(L, 2, &data);
    size_t taken = 0, n;
    do {
        n = lt_conn_write(c, (lt_bytes){ data.p + taken, data.n - taken });
        taken += n;
    } while (n > 0);
    return write_ended(L, c, taken == data.n, first - 1 + (lua_Integer)taken);
}

/***
Ends what this side has to say: a close_notify goes into the output (RFC 5246 section 7.2.1). Data of
the peer may still be read. Twice is fine.
@function conn:close
@treturn boolean true
*/
static int connection_close(lua_State *L)
{
    lt_conn *c = luaL_checkudata(L, 1, LT_LUA_CONNECTION);
    if (lt_conn_is_open(c))
        lt_conn_close(c);
    lua_pushboolean(L, true);
    return 1;
}

static int connection_tostring(lua_State *L)
{
    const lt_conn *c = luaL_checkudata(L, 1, LT_LUA_CONNECTION);
    lua_pushfstring(L, LT_LUA_CONNECTION ": %p%s", (const void *)c,
                    lt_conn_is_open(c) ? "" : " (closed)");
    return 1;
}

void lt_lua_open_connection(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "feed", connection_feed },
        { "feed_eof", connection_feed_eof },
        { "pull", connection_pull },
        { "read", connection_read },
        { "write", connection_write },
        { "close", connection_close },
        { NULL, NULL },
    };
    static const luaL_Reg meta[] = {
        { "__gc", connection_gc },
        { "__close", connection_gc },
        { "__tostring", connection_tostring },
        { NULL, NULL },
    };
    lt_lua_class(L, LT_LUA_CONNECTION, methods, meta);
    lt_lua_export_methods(L, LT_LUA_CONNECTION, "connection_methods");
    luaL_getmetatable(
        L, LT_LUA_CONNECTION); /* Lua has something to do at the end of a scope, too */
    lua_setfield(L, -2, "connection_meta");
    lua_getfield(L, -1, "connection_methods");
    lt_lua_conn_methods(L);
    lua_pop(L, 1);
    lua_pushcfunction(L, connection_new);
    lua_setfield(L, -2, "connection");
    lt_lua_open_conn_events(L);
    lt_lua_open_conn_later(L);
}
