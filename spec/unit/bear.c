/* SPDX-License-Identifier: MIT
 * bear.c - what a connection of the bear engine holds; and time, which for a config stands still. */
#include "unit.h"

#include "bear/bear.h"
#include "lua/objects.h"

/* connection -> bytes of its buffers for records, of those for the handshake */
static int bear_buffers(lua_State *L)
{
    const lt_conn *c = luaL_checkudata(L, 1, LT_LUA_CONNECTION);
    const lt_bear *b = (const lt_bear *)c->engine;
    const lt_tap *t = &b->tap;
    lua_pushinteger(L, (lua_Integer)(b->in.capacity + b->out.capacity
                                     + (b->obuf ? BR_SSL_BUFSIZE_OUTPUT : 0)));
    lua_pushinteger(L, (lua_Integer)(t->in.pending.capacity + t->out.pending.capacity
                                     + t->hello_bytes.capacity + t->request_bytes.capacity));
    return 2;
}

/* connection, content type, payload -> a record that the engine could have sent next */
static int bear_record(lua_State *L)
{
    const lt_conn *c = luaL_checkudata(L, 1, LT_LUA_CONNECTION);
    br_ssl_engine_context *eng = ((lt_bear *)c->engine)->eng;
    lt_bytes payload = unit_bytes(L, 3);
    uint8_t room[2048];
    size_t start = LT_RECORD_HEADER, end = sizeof room - LT_RECORD_HEADER, n = payload.n;
    eng->out.vtable->max_plaintext(&eng->out.vtable, &start, &end);
    luaL_argcheck(L, n <= end - start, 3, "too long");
    memcpy(room + start, payload.p, n);
    const uint8_t *record = eng->out.vtable->encrypt(
        &eng->out.vtable, (int)luaL_checkinteger(L, 2), eng->version_out, room + start, &n);
    lua_pushlstring(L, (const char *)record, n);
    return 1;
}

/* config made with a time, another time: the connections made from now on begin then */
static int config_time(lua_State *L)
{
    lt_lua_config *config = luaL_checkudata(L, 1, LT_LUA_CONFIG);
    luaL_argcheck(L, config->conn.tls.fixed_time, 1, "it takes the system's time");
    config->conn.tls.time = luaL_checkinteger(L, 2);
    return 0;
}

void unit_open_bear(lua_State *L)
{
    static const luaL_Reg functions[] = { { "bear_buffers", bear_buffers },
                                          { "bear_record", bear_record },
                                          { "config_time", config_time },
                                          { NULL, NULL } };
    luaL_setfuncs(L, functions, 0);
}
