/* SPDX-License-Identifier: MIT
 * identity.c - a certificate chain with its key, as a userdata of its own: what answers a
 * CertificateRequest. Files are read in C, so that no key passes through a Lua string. */
#include "lua/objects.h"

static int identity_gc(lua_State *L)
{
    lt_identity_free(luaL_checkudata(L, 1, LT_LUA_IDENTITY));
    return 0;
}

static lt_bytes field(lua_State *L, const char *name) /* stays on the stack */
{
    lt_bytes s = { NULL, 0 };
    lua_getfield(L, 1, name);
    if (!lua_isnil(L, -1))
        s.p = (const uint8_t *)luaL_checklstring(L, -1, &s.n);
    return s;
}

static void name_option(lt_error *e, const char *option)
{
    if (e->code == LT_file && !e->cause[0])
        lt_error_cause(e, NULL, "option %s", option);
}

static lt_code read_identity(lua_State *L, lt_identity *id, lt_error *e)
{
    lt_bytes certificate = field(L, "certificate"), key = field(L, "key");
    lt_bytes password = field(L, "password");
    luaL_argcheck(L, certificate.p && key.p, 1, "certificate or key is missing");
    lt_buffer certificate_file = { 0 }, key_file = { 0 }; /* nothing raises from here on */
    lt_bytes certificate_text = { 0 }, key_text = { 0 };
    lt_code rc = lt_lua_input(certificate, &certificate_file, &certificate_text, e);
    name_option(e, "certificate");
    if (rc == LT_OK) {
        rc = lt_lua_input(key, &key_file, &key_text, e);
        name_option(e, "key");
    }
    if (rc == LT_OK)
        rc = lt_identity_parse(id, certificate_text, key_text, password, e);
    lt_buffer_free(&certificate_file);
    lt_buffer_free(&key_file);
    return rc;
}

/* identity { certificate =, key =, password = } -> identity | nil, err */
static int identity_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lt_identity *id = lua_newuserdata(L, sizeof *id);
    *id = (lt_identity){ 0 };
    luaL_setmetatable(L, LT_LUA_IDENTITY);
    lt_error e = { 0 };
    if (read_identity(L, id, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_settop(L, 2);
    return 1;
}

void lt_lua_open_identity(lua_State *L)
{
    static const luaL_Reg methods[] = { { NULL, NULL } };
    static const luaL_Reg meta[] = { { "__gc", identity_gc }, { NULL, NULL } };
    lt_lua_class(L, LT_LUA_IDENTITY, methods, meta);
    lua_pushcfunction(L, identity_new);
    lua_setfield(L, -2, "identity");
}
