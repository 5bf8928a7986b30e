/* SPDX-License-Identifier: MIT
 * core.c - the module bearssl.core: what the Lua files of bearssl are made of. Not for callers. */
#include <string.h>

#include "base/iana.h"
#include "crypto/cipher.h"
#include "crypto/signature_scheme.h"
#include "lua/support.h"

static void push_named_values(lua_State *L, const lt_named_value *list)
{
    lua_newtable(L);
    for (; list->name; list++) {
        lua_pushinteger(L, list->id);
        lua_setfield(L, -2, list->name);
    }
}

/* name = { id, what it asks for } into the table at 1; leaves that on the stack. */
static void add_suite(lua_State *L, const lt_cipher_suite *s)
{
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, s->id);
    lua_setfield(L, -2, "id");
    lua_pushboolean(L, s->traits & LT_SUITE_ephemeral);
    lua_setfield(L, -2, "ephemeral");
    lua_pushboolean(L, s->traits & LT_SUITE_aead);
    lua_setfield(L, -2, "aead");
    lua_pushboolean(L, s->traits & (LT_SUITE_aead | LT_SUITE_tls_1_2));
    lua_setfield(L, -2, "tls_1_2");
    lua_pushboolean(L, s->traits & LT_SUITE_tls_1_3);
    lua_setfield(L, -2, "tls_1_3");
    lua_pushstring(L, s->name);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
}

static int suite_by_name(lua_State *L) /* __index(suites, name) */
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    const lt_cipher_suite *s = lt_cipher_suites;
    while (s->name && strcmp(s->name, name) != 0)
        s++;
    if (!s->name)
        return 0;
    add_suite(L, s);
    return 1;
}

static int next_suite(lua_State *L)
{
    lua_settop(L, 2);
    return lua_next(L, 1) ? 2 : 0;
}

static int all_suites(lua_State *L) /* __pairs(suites) */
{
    lua_settop(L, 1);
    for (const lt_cipher_suite *s = lt_cipher_suites; s->name; s++) {
        lua_getfield(L, 1, s->name);
        lua_settop(L, 1);
    }
    lua_pushcfunction(L, next_suite);
    lua_insert(L, 1);
    return 2;
}

/* A table that is filled as it is asked: few programs name a suite. */
static void push_suites(lua_State *L)
{
    static const luaL_Reg meta[] = {
        { "__index", suite_by_name },
        { "__pairs", all_suites },
        { NULL, NULL },
    };
    lua_newtable(L);
    luaL_newlib(L, meta);
    lua_setmetatable(L, -2);
}

/* What options may name: name = number; suites as above. */
static void set_names(lua_State *L)
{
    push_named_values(L, lt_groups);
    lua_setfield(L, -2, "groups");
    push_named_values(L, lt_signature_schemes);
    lua_setfield(L, -2, "signature_schemes");
    lua_newtable(L); /* those of them that the native engine has */
    for (const lt_named_value *s = lt_signature_schemes; s->name; s++)
        if (lt_signature_scheme_by_id(s->id)) {
            lua_pushinteger(L, s->id);
            lua_setfield(L, -2, s->name);
        }
    lua_setfield(L, -2, "native_schemes");
    push_suites(L);
    lua_setfield(L, -2, "cipher_suites");
}

/* box(metatable) -> a userdata without content: an object whose methods are Lua's */
static int box(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_newuserdata(L, 0);
    lua_pushvalue(L, 1);
    lua_setmetatable(L, -2);
    return 1;
}

__attribute__((visibility("default"))) int luaopen_bearssl_core(lua_State *L);
int luaopen_bearssl_core(lua_State *L)
{
    const char *file = lua_tostring(L, 2); /* which require hands in */
    lua_newtable(L);
    lt_lua_open_modules(L, file);
    set_names(L);
    lua_pushboolean(L, lt_aes_in_hardware());
    lua_setfield(L, -2, "hardware_aes");
    lua_pushcfunction(L, box);
    lua_setfield(L, -2, "box");
    lua_pushcfunction(L, lt_lua_lookup);
    lua_setfield(L, -2, "lookup");
    lt_lua_open_error(L);
    lt_lua_open_system(L);
    lt_lua_open_digest(L);
    lt_lua_open_certificate(L);
    lt_lua_open_crl(L);
    lt_lua_open_ocsp(L);
    lt_lua_open_revocation(L);
    lt_lua_open_pins(L);
    lt_lua_open_key(L);
    lt_lua_open_issue(L);
    lt_lua_open_process(L);
    lt_lua_open_store(L);
    lt_lua_open_config(L);
    lt_lua_open_session(L);
    lt_lua_open_connection(L);
    lt_lua_open_socket(L);
    lt_lua_open_poller(L);
    return 1;
}
