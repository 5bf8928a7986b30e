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

/* The key as a path or as text, which may be encrypted. */
static lt_code read_with_text(lt_identity *id, lt_bytes certificate, lt_bytes key,
                              lt_bytes password, lt_error *e)
{
    lt_buffer file = { 0 };
    lt_bytes text = { 0 };
    lt_code rc = lt_lua_input(key, &file, &text, e);
    name_option(e, "key");
    if (rc == LT_OK)
        rc = lt_identity_parse(id, certificate, text, password, e);
    lt_buffer_free(&file);
    return rc;
}

static lt_code read_identity(lua_State *L, lt_identity *id, lt_error *e)
{
    lua_getfield(L, 1, "key");
    const lt_private_key *read_before = lt_lua_test_key(L, -1);
    lt_bytes key = { 0 };
    if (!read_before)
        key = field(L, "key");
    lt_bytes certificate = field(L, "certificate"), password = field(L, "password");
    luaL_argcheck(L, certificate.p && (key.p || read_before), 1,
                  "certificate or key is missing");
    lt_buffer file = { 0 }; /* nothing raises from here on */
    lt_bytes text = { 0 };
    lt_code rc = lt_lua_input(certificate, &file, &text, e);
    name_option(e, "certificate");
    if (rc == LT_OK)
        rc = read_before ? lt_identity_parse_with(id, text, read_before, e)
                         : read_with_text(id, text, key, password, e);
    lt_buffer_free(&file);
    return rc;
}

/* The key lives elsewhere: the caller's number for it stands in `external`. */
static lt_code read_external(lua_State *L, lt_identity *id, int external, lt_error *e)
{
    lt_bytes certificate = field(L, "certificate");
    luaL_argcheck(L, certificate.p, 1, "certificate is missing");
    lt_buffer file = { 0 };
    lt_bytes text = { 0 };
    lt_code rc = lt_lua_input(certificate, &file, &text, e);
    name_option(e, "certificate");
    if (rc == LT_OK)
        rc = lt_identity_parse_external(id, text, external, e);
    lt_buffer_free(&file);
    return rc;
}

/* identity { certificate =, key = text, path or bearssl.key, password = } or { certificate =, external = }
 * -> identity | nil, err */
static int identity_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lt_identity *id = lua_newuserdata(L, sizeof *id);
    *id = (lt_identity){ 0 };
    luaL_setmetatable(L, LT_LUA_IDENTITY);
    lt_error e = { 0 };
    lua_getfield(L, 1, "external");
    int external = (int)luaL_optinteger(L, -1, 0);
    if ((external ? read_external(L, id, external, &e) : read_identity(L, id, &e)) != LT_OK)
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
