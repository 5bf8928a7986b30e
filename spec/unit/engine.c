/* SPDX-License-Identifier: MIT
 * engine.c - a connection as it is after very much data: what would take hours to reach. */
#include "unit.h"

#include <string.h>

#include "bear/bear.h"
#include "conn/conn.h"
#include "tls/tls.h"

static lt_tls *native(lt_conn *c)
{
    return strcmp(c->engine->engine_class->name, "native") == 0 ? (lt_tls *)c->engine : NULL;
}

/* connection, "read" or "write", count: so many records have gone this way under the present key */
static int set_records(lua_State *L)
{
    lt_conn *c = luaL_checkudata(L, 1, "bearssl.connection");
    static const char *const ways[] = { "read", "write", NULL };
    bool writing = luaL_checkoption(L, 2, NULL, ways) == 1;
    uint64_t count = (uint64_t)luaL_checkinteger(L, 3);
    lt_tls *t = native(c);
    if (t && writing)
        t->write.sequence = count;
    else if (t)
        t->read.sequence = count;
    else if (writing)
        ((lt_bear *)c->engine)->records_written = count;
    return 0;
}

void unit_open_engine(lua_State *L)
{
    static const luaL_Reg functions[] = { { "set_records", set_records }, { NULL, NULL } };
    luaL_setfuncs(L, functions, 0);
}
