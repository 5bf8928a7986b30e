/* SPDX-License-Identifier: MIT
 * agreement.c - ECDH as crypto/ec.h gives it to the engines. */
#include "unit.h"

#include "crypto/ec.h"

/* curve, peer's point, secret scalar -> x-coordinate, or false */
static int ecdh(lua_State *L)
{
    int curve = unit_curve(L, 1);
    lt_bytes point = unit_bytes(L, 2), scalar = unit_bytes(L, 3);
    br_ec_impl ec = lt_ec(1U << curve);
    unsigned char out[BR_EC_KBUF_PUB_MAX_SIZE];
    luaL_argcheck(L, point.n <= sizeof out, 2, "too long");
    memcpy(out, point.p, point.n);
    if (!ec.mul(out, point.n, scalar.p, scalar.n, curve)) {
        lua_pushboolean(L, false);
        return 1;
    }
    size_t size, offset = ec.xoff(curve, &size);
    lua_pushlstring(L, (const char *)out + offset, size);
    return 1;
}

void unit_open_agreement(lua_State *L)
{
    static const luaL_Reg functions[] = { { "ecdh", ecdh }, { NULL, NULL } };
    luaL_setfuncs(L, functions, 0);
}
