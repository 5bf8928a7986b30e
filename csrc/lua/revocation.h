/* SPDX-License-Identifier: MIT
 * revocation.h - what the files of CRLs, OCSP, revocation and pins share. */
#ifndef LT_LUA_REVOCATION_H
#define LT_LUA_REVOCATION_H

#include "lua/certificate.h"
#include "x509/verify.h"

#define LT_LUA_CRL "bearssl.crl"

lt_crl *lt_lua_test_crl(lua_State *L, int index); /* NULL: something else */

const lt_revocation *lt_lua_test_revocation(lua_State *L, int index); /* NULL: something else */

/* { { status, source, this_update, next_update, age, … }, … }, as long as the path */
void lt_lua_push_revocation(lua_State *L, const lt_verify_result *result, int64_t time);

/* Into the table on top; nothing where it is not present. */
void lt_lua_set_time(lua_State *L, const char *field, bool present, int64_t t);
void lt_lua_set_reason(lua_State *L, bool present, uint32_t reason); /* field "reason" */

/* A serial number to be shown: without the zero octet that keeps it positive. */
static inline lt_bytes lt_lua_serial(lt_bytes content)
{
    if (content.n > 1 && content.p[0] == 0)
        content.p++, content.n--;
    return content;
}

/* Is the field true of the table at `index`, which may be nil? */
static inline bool lt_lua_flag(lua_State *L, int index, const char *name)
{
    if (!lua_istable(L, index))
        return false;
    lua_getfield(L, index, name);
    bool on = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return on;
}

/* The class's __index becomes `index`, with the table of its methods as the upvalue. */
static inline void lt_lua_index_by(lua_State *L, const char *class_name, lua_CFunction index)
{
    luaL_getmetatable(L, class_name);
    lua_getfield(L, -1, "__index");
    lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

#endif
