/* SPDX-License-Identifier: MIT
 * revocation.c - lt_revocation_check on a path that nobody has validated. */
#include "unit.h"

#include "x509/revocation.h"
#include "x509/signature.h"
#include "x509/verify.h"

enum { PATH = 1, OPTIONS = 2 };

static lua_Integer integer_field(lua_State *L, const char *name)
{
    lua_getfield(L, OPTIONS, name);
    lua_Integer v = luaL_optinteger(L, -1, 0);
    lua_pop(L, 1);
    return v;
}

static bool boolean_field(lua_State *L, const char *name)
{
    lua_getfield(L, OPTIONS, name);
    bool on = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return on;
}

static lt_bytes string_field(lua_State *L, const char *name) /* stays on the stack */
{
    lua_getfield(L, OPTIONS, name);
    return lua_isnil(L, -1) ? (lt_bytes){ NULL, 0 } : unit_bytes(L, -1);
}

/* The certificates of the list at PATH, in a userdata that is pushed. */
static lt_certificate *parse_path(lua_State *L, size_t *n, lt_error *e)
{
    *n = lua_rawlen(L, PATH);
    luaL_argcheck(L, *n <= LT_CHAIN_MAX, PATH, "too long");
    lt_certificate *path = lua_newuserdata(L, (*n + 1) * sizeof *path);
    for (size_t i = 0; i < *n; i++) {
        lua_rawgeti(L, PATH, (lua_Integer)i + 1);
        lt_certificate_parse(&path[i], unit_bytes(L, -1), e);
        lua_pop(L, 1);
    }
    return path;
}

static int answer(lua_State *L, const lt_revocation_status *status, const lt_error *e)
{
    static const char *const names[] = { "not_checked", "good", "revoked", "unknown" };
    lua_pushstring(L, names[status->status]);
    lua_pushstring(L, lt_code_name(e->code != LT_OK ? e->code : status->problem));
    lua_pushstring(L, e->code != LT_OK ? e->where : status->problem_where);
    return 3;
}

/* revocation({ leaf, …, anchor }, { time, max_age, sha1, crl = text, staple, staple_asked }) ->
 * the leaf's status in the soft mode, code, where. What does not parse is "unknown". */
static int revocation(lua_State *L)
{
    size_t n;
    lt_error e = { .code = LT_OK };
    lt_revocation_status status[LT_CHAIN_MAX] = { { .status = LT_STATUS_unknown } };
    const lt_certificate *pointers[LT_CHAIN_MAX];
    lt_crl_list list = { .count = 0 };
    lt_crl *crls[1];
    uint32_t signatures = 100;
    luaL_checktype(L, PATH, LUA_TTABLE);
    luaL_checktype(L, OPTIONS, LUA_TTABLE);
    const lt_certificate *path = parse_path(L, &n, &e);
    const lt_bytes text = string_field(L, "crl"), staple = string_field(L, "staple");
    lt_revocation r = {
        .mode = LT_REVOCATION_soft,
        .staple = true,
        .leaf_only = true,
        .crls = crls,
        .max_age = integer_field(L, "max_age"),
        .signature_flags = boolean_field(L, "sha1") ? LT_SIGNATURE_sha1 : 0,
        .min_rsa_bits = 1024,
    };
    const lt_revocation_query q = {
        .path = pointers,
        .path_length = n,
        .staple = staple,
        .staple_asked = boolean_field(L, "staple_asked"),
        .time = integer_field(L, "time"),
        .signatures = &signatures,
    };
    for (size_t i = 0; i < n; i++)
        pointers[i] = &path[i];
    if (text.n > 0)
        lt_crl_list_add(&list, text, &e);
    for (; r.crl_count < list.count && r.crl_count < 1; r.crl_count++)
        crls[r.crl_count] = &list.crls[r.crl_count];
    if (e.code == LT_OK)
        lt_revocation_check(&r, &q, status, &e);
    lt_crl_list_free(&list);
    return answer(L, &status[0], &e);
}

void unit_open_revocation(lua_State *L)
{
    lua_pushcfunction(L, revocation);
    lua_setfield(L, -2, "revocation");
}
