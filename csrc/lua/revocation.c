/* SPDX-License-Identifier: MIT
 * revocation.c - the class bearssl.revocation: a mode and its sources, made by
 * bearssl/revocation.lua; and what was found, as tables. */
#include "lua/revocation.h"

#include "x509/signature.h"

#define REVOCATION "bearssl.revocation"

/* User value: the table it was made from, which keeps CRLs and responses alive. */
typedef struct {
    lt_revocation revocation; /* first */
    lt_anchor issuers[];      /* then the responses, then the pointers to the CRLs */
} revocation;

const lt_revocation *lt_lua_test_revocation(lua_State *L, int index)
{
    return luaL_testudata(L, index, REVOCATION);
}

static size_t list_size(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    luaL_checktype(L, -1, LUA_TTABLE);
    size_t n = lua_rawlen(L, -1);
    lua_pop(L, 1);
    return n;
}

static void fill_crls(lua_State *L, lt_crl **crls, size_t n)
{
    lua_getfield(L, 1, "crls");
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        crls[i] = lt_lua_test_crl(L, -1);
        luaL_argcheck(L, crls[i], 1, "crls");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void fill_issuers(lua_State *L, lt_anchor *issuers, size_t n)
{
    const lt_certificate *c;
    lua_getfield(L, 1, "issuers");
    for (size_t i = 0; i < n; i++) {
        lt_error ignored = { .code = LT_OK }; /* a key that does not decode verifies nothing */
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        luaL_argcheck(L, lt_lua_test_certificate(L, -1, &c), 1, "issuers");
        issuers[i].certificate = *c;
        lt_public_key_parse(&issuers[i].key, c->spki, &ignored);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void fill_responses(lua_State *L, lt_bytes *responses, size_t n)
{
    lua_getfield(L, 1, "responses");
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        responses[i].p = (const uint8_t *)luaL_checklstring(L, -1, &responses[i].n);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static lua_Integer integer_field(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    lua_Integer v = luaL_optinteger(L, -1, 0);
    lua_pop(L, 1);
    return v;
}

/* revocation { mode, staple, leaf_only, max_age, min_rsa_bits, sha1, crls = { crl, … },
 * issuers = { certificate, … }, responses = { DER, … } } -> revocation */
static int revocation_new(lua_State *L)
{
    static const char *const modes[] = { "off", "soft", "hard", NULL };
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    size_t crl_count = list_size(L, "crls"), response_count = list_size(L, "responses");
    size_t issuer_count = list_size(L, "issuers");
    luaL_argcheck(L, issuer_count <= LT_ISSUERS_MAX, 1, "issuers");
    lua_getfield(L, 1, "mode");
    lt_revocation_mode mode = (lt_revocation_mode)luaL_checkoption(L, -1, NULL, modes);
    revocation *r = lua_newuserdata(L, sizeof *r + issuer_count * sizeof(lt_anchor)
                                           + crl_count * sizeof(lt_crl *)
                                           + response_count * sizeof(lt_bytes));
    lt_bytes *responses = (lt_bytes *)(r->issuers + issuer_count);
    lt_crl **crls = (lt_crl **)(responses + response_count);
    r->revocation = (lt_revocation){
        .mode = mode,
        .staple = lt_lua_flag(L, 1, "staple"),
        .leaf_only = lt_lua_flag(L, 1, "leaf_only"),
        .max_age = integer_field(L, "max_age"),
        .min_rsa_bits = (uint32_t)integer_field(L, "min_rsa_bits"),
        .signature_flags = lt_lua_flag(L, 1, "sha1") ? LT_SIGNATURE_sha1 : 0,
        .crls = crls,
        .crl_count = crl_count,
        .issuers = r->issuers,
        .issuer_count = issuer_count,
        .responses = responses,
        .response_count = response_count,
    };
    fill_issuers(L, r->issuers, issuer_count);
    fill_responses(L, responses, response_count);
    fill_crls(L, crls, crl_count);
    lua_pushvalue(L, 1);
    lua_setuservalue(L, -2);
    luaL_setmetatable(L, REVOCATION);
    return 1;
}

static void set_string(lua_State *L, const char *field, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, field);
}

static void push_status(lua_State *L, const lt_revocation_status *s, int64_t time)
{
    static const char *const statuses[] = { "not_checked", "good", "revoked", "unknown" };
    static const char *const sources[] = { NULL, "crl", "staple", "ocsp" };
    lua_createtable(L, 0, 8);
    set_string(L, "status", statuses[s->status]);
    if (s->source != LT_SOURCE_none) {
        set_string(L, "source", sources[s->source]);
        lt_lua_set_time(L, "this_update", true, s->updates.this_update);
        lt_lua_set_time(L, "next_update", s->updates.has_next_update, s->updates.next_update);
        lt_lua_set_time(L, "age", true, time - s->updates.this_update);
    }
    if (s->status == LT_STATUS_revoked) {
        lt_lua_set_time(L, "revocation_date", true, s->revocation_date);
        lt_lua_set_reason(L, true, s->reason);
    }
    if (s->status == LT_STATUS_unknown && s->problem != LT_OK) {
        set_string(L, "problem", lt_code_name(s->problem));
        set_string(L, "where", s->problem_where);
    }
}

void lt_lua_push_revocation(lua_State *L, const lt_verify_result *result, int64_t time)
{
    lua_createtable(L, (int)result->path_length, 0);
    for (size_t i = 0; i < result->path_length; i++) {
        push_status(L, &result->path[i].revocation, time);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void lt_lua_open_revocation(lua_State *L)
{
    static const luaL_Reg none[] = { { NULL, NULL } };
    lt_lua_class(L, REVOCATION, none, none);
    lua_pushcfunction(L, revocation_new);
    lua_setfield(L, -2, "revocation");
}
