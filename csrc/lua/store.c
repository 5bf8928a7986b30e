/* SPDX-License-Identifier: MIT
 * store.c - bearssl.store: trust anchors, and the question whether a chain leads to one. What
 * callers may write is checked in Lua (bearssl/store.lua), which also makes the request. */

/***
@module bearssl.store
@pragma nostrip
*/
#include "lua/store.h"

#include "lua/certificate.h"
#include "lua/objects.h"
#include "x509/dn.h"

typedef struct {
    lt_store *store; /* NULL: closed */
} lua_store;

static lt_store *check_store(lua_State *L)
{
    lua_store *s = luaL_checkudata(L, 1, LT_LUA_STORE);
    luaL_argcheck(L, s->store, 1, "store is closed");
    return s->store;
}

lt_store *lt_lua_test_store(lua_State *L, int index)
{
    lua_store *s = luaL_testudata(L, index, LT_LUA_STORE);
    return s ? s->store : NULL;
}

static int store_new(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    lua_store *s = lua_newuserdata(L, sizeof *s);
    s->store = NULL;
    luaL_setmetatable(L, LT_LUA_STORE);
    s->store = lt_store_new();
    if (s->store)
        return 1;
    lt_fail(&e, LT_memory, "store");
    return lt_lua_fail(L, &e);
}

/***
Lets go of the anchors; configs that were made with the store keep what they have of it. Twice is fine.
@function store:close
*/
static int store_gc(lua_State *L)
{
    lua_store *s = luaL_checkudata(L, 1, LT_LUA_STORE);
    lt_store_free(s->store);
    s->store = NULL;
    return 0;
}

/***
How many anchors there are; `#store` is the same.
@function store:size
@treturn integer
*/
static int store_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)lt_store_size(check_store(L)));
    return 1;
}

static int store_tostring(lua_State *L)
{
    const lua_store *s = luaL_checkudata(L, 1, LT_LUA_STORE);
    if (s->store)
        lua_pushfstring(L, LT_LUA_STORE ": %d anchors", (int)lt_store_size(s->store));
    else
        lua_pushliteral(L, LT_LUA_STORE ": closed");
    return 1;
}

/* count | nil, err */
static int added(lua_State *L, size_t count, const lt_error *e)
{
    if (e->code != LT_OK)
        return lt_lua_fail(L, e);
    lua_pushinteger(L, (lua_Integer)count);
    return 1;
}

static int store_add_text(lua_State *L)
{
    lt_store *s = check_store(L);
    lt_error e = { .code = LT_OK };
    size_t count = 0;
    lt_bytes text;
    text.p = (const uint8_t *)luaL_checklstring(L, 2, &text.n);
    lt_store_add_text(s, text, &count, &e);
    return added(L, count, &e);
}

static int store_add_path(lua_State *L)
{
    lt_store *s = check_store(L);
    lt_error e = { .code = LT_OK };
    size_t count = 0;
    const char *path = luaL_checkstring(L, 2);
    lt_store_add_path(s, path, &count, &e);
    return added(L, count, &e);
}

static int store_add_system(lua_State *L)
{
    lt_store *s = check_store(L);
    lt_error e = { .code = LT_OK };
    size_t count = 0;
    lt_store_add_system(s, &count, &e);
    return added(L, count, &e);
}

/***
Reads files and folders again that the store was made of; what they say now counts for connections from then on. A
store with `watch = true` does so by itself.
@function store:reload
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] bearssl.error `file`, `pem`, `bad_certificate`, `limit` or `memory`; the store is as it was
*/
static int store_reload(lua_State *L)
{
    lt_store *s = check_store(L);
    lt_error e = { .code = LT_OK };
    if (lt_store_reload(s, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, 1);
    return 1;
}

static int store_distrust(lua_State *L)
{
    lt_store *s = check_store(L);
    lt_error e = { .code = LT_OK };
    size_t n;
    const char *hash = luaL_checklstring(L, 2, &n);
    luaL_argcheck(L, n == LT_SPKI_HASH_SIZE, 2, "32 bytes are wanted");
    if (lt_store_distrust(s, (const uint8_t *)hash, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, 1);
    return 1;
}

static int store_watch(lua_State *L)
{
    lt_store_watch(check_store(L), lua_toboolean(L, 2));
    return 0;
}

static int store_take_leaves(lua_State *L)
{
    lt_store_take_leaves(check_store(L), lua_toboolean(L, 2));
    return 0;
}

/***
A number that grows whenever the anchors have changed: what was judged under another one is to be judged again.
@function store:generation
@treturn integer
*/
static int store_generation(lua_State *L)
{
    lua_pushinteger(L, lt_store_generation(check_store(L)));
    return 1;
}

static void push_name(lua_State *L, lt_bytes name) /* RFC 4514 */
{
    size_t n = lt_dn_text(name, NULL, 0);
    char *text = lua_newuserdata(L, n + 1);
    lt_dn_text(name, text, n + 1);
    lua_pushlstring(L, text, n);
    lua_remove(L, -2);
}

/***
The subjects of the anchors.
@function store:subjects
@treturn {string,...} names by RFC 4514
*/
static int store_subjects(lua_State *L)
{
    lt_store *s = check_store(L);
    lt_bytes subject;
    lua_newtable(L);
    for (size_t i = 0; lt_store_subject(s, i, &subject); i++) {
        push_name(L, subject);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int is_store(lua_State *L)
{
    lua_pushboolean(L, luaL_testudata(L, 1, LT_LUA_STORE) != NULL);
    return 1;
}

static int is_certificate(lua_State *L)
{
    lua_pushboolean(L, luaL_testudata(L, 1, LT_LUA_CERTIFICATE) != NULL);
    return 1;
}

static int is_text(lua_State *L)
{
    lt_bytes text;
    text.p = (const uint8_t *)luaL_checklstring(L, 1, &text.n);
    lua_pushboolean(L, lt_lua_is_text(text));
    return 1;
}

void lt_lua_open_store(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "reload", store_reload },     { "generation", store_generation },
        { "subjects", store_subjects }, { "size", store_len },
        { "close", store_gc },          { NULL, NULL },
    };
    static const luaL_Reg parts[] = {
        /* what bearssl/store.lua makes methods and options of */
        { "add_text", store_add_text },
        { "add_path", store_add_path },
        { "add_system", store_add_system },
        { "distrust", store_distrust },
        { "watch", store_watch },
        { "take_leaves", store_take_leaves },
        { "verify_chain", lt_lua_store_verify },
        { NULL, NULL },
    };
    static const luaL_Reg meta[] = {
        { "__gc", store_gc },   { "__close", store_gc },
        { "__len", store_len }, { "__tostring", store_tostring },
        { NULL, NULL },
    };
    static const luaL_Reg functions[] = {
        { "store", store_new }, { "is_store", is_store }, { "is_certificate", is_certificate },
        { "is_text", is_text }, { NULL, NULL },
    };
    lt_lua_class(L, LT_LUA_STORE, methods, meta);
    luaL_setfuncs(L, functions, 0);
    lua_newtable(L);
    luaL_setfuncs(L, parts, 0);
    lua_setfield(L, -2, "store_parts");
    lt_lua_export_methods(L, LT_LUA_STORE, "store_methods");
}
