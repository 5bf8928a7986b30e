/* SPDX-License-Identifier: MIT
 * bear.c - what a connection of the bear engine holds. */
#include "unit.h"

#include "bear/bear.h"
#include "conn/conn.h"

/* connection -> bytes of its buffers for records, of those for the handshake */
static int bear_buffers(lua_State *L)
{
    const lt_conn *c = luaL_checkudata(L, 1, "bearssl.connection");
    const lt_bear *b = (const lt_bear *)c->engine;
    const lt_tap *t = &b->tap;
    lua_pushinteger(L, (lua_Integer)(b->in.capacity + b->out.capacity
                                     + (b->obuf ? BR_SSL_BUFSIZE_OUTPUT : 0)));
    lua_pushinteger(L, (lua_Integer)(t->in.pending.capacity + t->out.pending.capacity
                                     + t->hello_bytes.capacity + t->request_bytes.capacity));
    return 2;
}

void unit_open_bear(lua_State *L)
{
    static const luaL_Reg functions[] = { { "bear_buffers", bear_buffers }, { NULL, NULL } };
    luaL_setfuncs(L, functions, 0);
}
