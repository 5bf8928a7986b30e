/* SPDX-License-Identifier: MIT
 * name.c - values of certificates as Lua has them: octets in hexadecimal and base64, object
 * identifiers, times, and the class bearssl.name. */

/***
@module bearssl.x509
*/
#include "lua/certificate.h"

#include "lua/lazy.h"
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/oid.h"
#include "x509/text.h"

#define NAME "bearssl.name"

enum { SMALL = 128 }; /* octets of text that the stack has room for */

/* Room for `n` octets that Lua owns, so that a failure leaks nothing; on the stack until popped. */
static char *scratch(lua_State *L, size_t n)
{
    return lua_newuserdata(L, n ? n : 1);
}

static void push_scratch(lua_State *L, const char *s, size_t n)
{
    lua_pushlstring(L, s, n);
    lua_remove(L, -2);
}

void lt_lua_push_hex(lua_State *L, lt_bytes b)
{
    static const char digits[] = "0123456789abcdef";
    char small[SMALL];
    lt_text t = { small, SMALL, 0 };
    if (b.n * 2 <= SMALL) {
        lt_text_hex(&t, b, digits);
        lua_pushlstring(L, small, t.n);
        return;
    }
    t = (lt_text){ scratch(L, b.n * 2), b.n * 2, 0 };
    lt_text_hex(&t, b, digits);
    push_scratch(L, t.p, t.n);
}

void lt_lua_push_oid(lua_State *L, lt_bytes oid)
{
    char small[SMALL];
    size_t n = lt_oid_text(oid, small, SMALL);
    if (n < SMALL) {
        lua_pushlstring(L, small, n);
        return;
    }
    char *s = scratch(L, n + 1);
    lt_oid_text(oid, s, n + 1);
    push_scratch(L, s, n);
}

void lt_lua_push_time(lua_State *L, int64_t t)
{
    char s[40];
    lt_time_text(t, s, sizeof s);
    lua_pushstring(L, s);
}

void lt_lua_push_base64(lua_State *L, lt_bytes b, size_t line, const char *before,
                        const char *after)
{
    size_t n = lt_base64_text(b, line, NULL, 0);
    lua_pushstring(L, before);
    char *s = scratch(L, n + 1);
    lt_base64_text(b, line, s, n + 1);
    push_scratch(L, s, n);
    lua_pushstring(L, after);
    lua_concat(L, 3);
}

/* { type = "CN", oid = "2.5.4.3", value = "…" }; of what is no string, `der` instead */
static void push_attribute(lua_State *L, const lt_attribute *a)
{
    const char *name = lt_attribute_name(a->oid);
    lua_createtable(L, 0, 3);
    lt_lua_push_oid(L, a->oid);
    if (name)
        lua_pushstring(L, name);
    else
        lua_pushvalue(L, -1);
    lua_setfield(L, -3, "type");
    lua_setfield(L, -2, "oid");
    if (lt_string_valid(a->tag, a->value)) {
        lt_lua_push_text(L, a->tag, a->value);
        lua_setfield(L, -2, "value");
    } else {
        lt_lua_set_bytes(L, "der", a->element);
    }
}

void lt_lua_push_text(lua_State *L, uint32_t tag, lt_bytes value)
{
    if (lt_string_is_ascii(tag, value)) {
        lt_lua_push_bytes(L, value);
        return;
    }
    size_t n = lt_string_text(tag, value, NULL, 0);
    char *s = scratch(L, n + 1);
    lt_string_text(tag, value, s, n + 1);
    push_scratch(L, s, n);
}

void lt_lua_push_rdn(lua_State *L, lt_bytes rdn)
{
    lt_attribute a;
    lua_createtable(L, 1, 0); /* there are more in few */
    for (int i = 1; lt_attribute_next(&rdn, &a); i++) {
        push_attribute(L, &a);
        lua_rawseti(L, -2, i);
    }
}

void lt_lua_push_name(lua_State *L, lt_bytes name)
{
    lt_reader rdns, rdn;
    lua_createtable(L, 4, 2);
    lt_lua_set_bytes(L, "der", name);
    if (lt_dn_valid(name) && lt_dn_open(name, &rdns))
        for (int i = 1; lt_rdn_next(&rdns, &rdn); i++) {
            lt_lua_push_rdn(L, rdn);
            lua_rawseti(L, -2, i);
        }
    luaL_setmetatable(L, NAME);
}

static lt_bytes name_der(lua_State *L, int arg)
{
    lt_bytes der = { NULL, 0 };
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_getfield(L, arg, "der"); /* stays on the stack, so the string stays alive */
    der.p = (const uint8_t *)luaL_checklstring(L, -1, &der.n);
    return der;
}

/* The field `text` is made when it is first asked for, and kept. */
static void push_name_text(lua_State *L, int arg)
{
    lua_pushliteral(L, "text");
    if (lua_rawget(L, arg) != LUA_TNIL)
        return;
    lua_pop(L, 1);
    lt_bytes der = name_der(L, arg);
    size_t n = lt_dn_text(der, NULL, 0);
    char *s = scratch(L, n + 1);
    lt_dn_text(der, s, n + 1);
    push_scratch(L, s, n);
    lua_replace(L, -2);
    lua_pushvalue(L, -1);
    lua_setfield(L, arg, "text");
}

static int name_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    push_name_text(L, 1);
    return 1;
}

/* Upvalue 1: the methods. */
static int name_index(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "text") == 0) {
        push_name_text(L, 1);
        return 1;
    }
    lua_settop(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
}

static int name_pairs(lua_State *L) /* of all fields */
{
    luaL_checktype(L, 1, LUA_TTABLE);
    push_name_text(L, 1);
    return lt_lua_pairs(L);
}

static int name_eq(lua_State *L) /* RFC 5280 section 7.1 */
{
    lua_settop(L, 2);
    lt_bytes a = name_der(L, 1), b = name_der(L, 2);
    lua_pushboolean(L, lt_dn_equal(a, b));
    return 1;
}

/***
The values of one type of attribute, in the order of the name (RFC 5280 section 4.1.2.4).
@function name:get
@tparam string type a short name as RFC 4514 has them ("CN"), or an OID ("2.5.4.3")
@treturn string... the values, in UTF-8; none where the name has none
*/
static int name_get(lua_State *L)
{
    lt_bytes der = name_der(L, 1);
    const char *wanted = luaL_checkstring(L, 2);
    lt_reader rdns, rdn;
    lt_attribute a;
    int top = lua_gettop(L);
    luaL_checkstack(L, LT_DN_ATTRIBUTES_MAX + 4, NULL);
    if (!lt_dn_valid(der) || !lt_dn_open(der, &rdns))
        return 0;
    while (lt_rdn_next(&rdns, &rdn))
        while (lt_attribute_next(&rdn, &a)) {
            const char *name = lt_attribute_name(a.oid);
            lt_lua_push_oid(L, a.oid);
            bool found =
                (name && strcmp(name, wanted) == 0) || strcmp(lua_tostring(L, -1), wanted) == 0;
            lua_pop(L, 1);
            if (found && lt_string_valid(a.tag, a.value))
                lt_lua_push_text(L, a.tag, a.value);
        }
    return lua_gettop(L) - top;
}

/* Escapes as "\\0A" what acts on a terminal instead of being seen, and octets that are no UTF-8. */
static void put_printable(lt_text *t, lt_bytes s)
{
    lt_characters characters = { DER_UTF8_STRING, s };
    while (characters.rest.n > 0) {
        lt_bytes here = characters.rest;
        int32_t c = lt_characters_next(&characters);
        size_t n = here.n - characters.rest.n;
        if (c == LT_CHARACTERS_BAD) /* one octet alone, and on with the next */
            n = 1, characters.rest = (lt_bytes){ here.p + 1, here.n - 1 };
        if (c >= 0 && !lt_is_control((uint32_t)c)) {
            lt_text_put(t, (const char *)here.p, n);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            lt_text_put(t, "\\", 1);
            lt_text_hex(t, (lt_bytes){ here.p + i, 1 }, "0123456789ABCDEF");
        }
    }
}

static int printable(lua_State *L)
{
    lt_bytes s = { NULL, 0 };
    s.p = (const uint8_t *)luaL_checklstring(L, 1, &s.n);
    lt_text measure = { NULL, 0, 0 };
    put_printable(&measure, s);
    lt_text t = { scratch(L, measure.n), measure.n, 0 };
    put_printable(&t, s);
    push_scratch(L, t.p, t.n);
    return 1;
}

void lt_lua_open_name(lua_State *L)
{
    lua_pushcfunction(L, printable);
    lua_setfield(L, -2, "printable");
    static const luaL_Reg methods[] = { { "get", name_get }, { NULL, NULL } };
    static const luaL_Reg meta[] = {
        { "__tostring", name_tostring },
        { "__eq", name_eq },
        { "__pairs", name_pairs },
        { NULL, NULL },
    };
    lt_lua_class(L, NAME, methods, meta);
    luaL_getmetatable(L, NAME);
    lua_getfield(L, -1, "__index");
    lua_pushcclosure(L, name_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
