/* SPDX-License-Identifier: MIT
 * pins.c - the pin of a certificate's key, and whether a path fits a set of pins. */
#include "lua/pins.h"

#include "lua/revocation.h"
#include "x509/verify.h"

#define PINS "bearssl.pins"

const lt_pins *lt_lua_test_pins(lua_State *L, int index)
{
    return luaL_testudata(L, index, PINS);
}

/* pins { "sha256//…", …, no_backup =, report_only =, expiry = } -> pins | nil, err */
static int pins_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lt_error e = { .code = LT_OK };
    lt_pins *pins = lua_newuserdata(L, sizeof *pins);
    *pins = (lt_pins){ .count = 0 };
    luaL_setmetatable(L, PINS);
    pins->no_backup = lt_lua_flag(L, 1, "no_backup");
    pins->report_only = lt_lua_flag(L, 1, "report_only");
    lua_getfield(L, 1, "expiry");
    pins->expires = !lua_isnil(L, -1);
    pins->expiry = luaL_optinteger(L, -1, 0);
    for (size_t i = 1; i <= lua_rawlen(L, 1); i++) {
        lt_bytes text;
        lua_rawgeti(L, 1, (lua_Integer)i);
        text.p = (const uint8_t *)luaL_checklstring(L, -1, &text.n);
        if (lt_pins_add(pins, text, &e) != LT_OK)
            return lt_lua_fail(L, &e);
        lua_pop(L, 1);
    }
    lua_settop(L, 2);
    return 1;
}

/* pins_check(pins, { certificate, … }, time) -> true | nil, err; the path has the leaf first */
static int pins_check(lua_State *L)
{
    const lt_pins *pins = luaL_checkudata(L, 1, PINS);
    lt_bytes path[LT_CHAIN_MAX];
    lt_error e = { .code = LT_OK };
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t n = lua_rawlen(L, 2);
    luaL_argcheck(L, n <= LT_CHAIN_MAX, 2, "too many certificates");
    for (size_t i = 0; i < n; i++) {
        const lt_certificate *c;
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        luaL_argcheck(L, lt_lua_test_certificate(L, -1, &c), 2, "certificates are wanted");
        path[i] = c->der; /* alive as long as it is in the list */
        lua_pop(L, 1);
    }
    if (lt_pins_check(pins, path, n, luaL_checkinteger(L, 3), &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, true);
    return 1;
}

/* pin_of(certificate) -> "sha256//…" */
static int pin_of(lua_State *L)
{
    const lt_certificate *c;
    char text[LT_PIN_TEXT_SIZE];
    luaL_argcheck(L, lt_lua_test_certificate(L, 1, &c), 1, "a certificate is wanted");
    lt_pin_of(text, c->spki);
    lua_pushstring(L, text);
    return 1;
}

void lt_lua_open_pins(lua_State *L)
{
    static const luaL_Reg none[] = { { NULL, NULL } };
    static const luaL_Reg functions[] = {
        { "pins", pins_new },
        { "pins_check", pins_check },
        { "pin_of", pin_of },
        { NULL, NULL },
    };
    lt_lua_class(L, PINS, none, none);
    luaL_setfuncs(L, functions, 0);
}
