/* SPDX-License-Identifier: MIT
 * pem.c - base64 decoded in each of the ways that there are. */
#include "unit.h"

#include "x509/pem.h"

static void push(lua_State *L, lt_code rc, const uint8_t *p, size_t n)
{
    if (rc == LT_OK)
        lua_pushlstring(L, n > 0 ? (const char *)p : "", n);
    else
        lua_pushboolean(L, false);
}

static bool first_block(lt_bytes text, lt_pem_block *block)
{
    lt_error e = { .code = LT_OK };
    return lt_pem_next(&text, block, &e);
}

static void push_onto(lua_State *L, lt_bytes text) /* its own beginning */
{
    lt_pem_block block;
    lt_error e = { .code = LT_OK };
    uint8_t *room = lua_newuserdatauv(L, text.n, 0), *to = room;
    memcpy(room, text.p, text.n);
    lt_code rc = first_block((lt_bytes){ room, text.n }, &block)
                     ? lt_pem_decode_onto(&block, &to, &e)
                     : LT_pem;
    push(L, rc, room, (size_t)(to - room));
    lua_remove(L, -2);
}

/* text -> what its first block decodes to: in constant time, fast, and fast onto the text; false: to nothing */
static int pem_ways(lua_State *L)
{
    lt_bytes text = unit_bytes(L, 1);
    lt_pem_block block;
    lt_error e = { .code = LT_OK }, e2 = { .code = LT_OK };
    lt_buffer slow = { 0 }, fast = { 0 };
    if (!first_block(text, &block))
        return luaL_argerror(L, 1, "no block");
    lt_code rc = lt_pem_decode(&block, &slow, &e),
            rc2 = lt_pem_decode_public(&block, &fast, &e2);
    push(L, rc, slow.data, slow.end);
    push(L, rc2, fast.data, fast.end);
    lt_buffer_free(&slow);
    lt_buffer_free(&fast);
    push_onto(L, text);
    return 3;
}

void unit_open_pem(lua_State *L)
{
    lua_pushcfunction(L, pem_ways);
    lua_setfield(L, -2, "pem_ways");
}
