/* SPDX-License-Identifier: MIT
 * chain_cache.c - a validator with a cache of chains, asked at any time; and the table of bytes kept once. */
#include "unit.h"

#include <stdlib.h>

#include "base/intern.h"
#include "x509/validator.h"

#define CLASS "unit.validator"

enum { SELF = 1, CHAIN = 2, OPTIONS = 3, CHAIN_ROOM = 80 };

typedef struct {
    lt_store *store;
    lt_intern *intern;
    lt_validator validator;
    lt_crl_list crls; /* of the call that is going on */
} subject;

static subject *check(lua_State *L)
{
    return luaL_checkudata(L, SELF, CLASS);
}

static int gc(lua_State *L)
{
    subject *s = check(L);
    lt_intern_free(s->intern); /* before what holds its blocks */
    lt_chain_cache_free(s->validator.cache);
    lt_store_free(s->store);
    lt_crl_list_free(&s->crls);
    *s = (subject){ .store = NULL };
    return 0;
}

static int answer(lua_State *L, const lt_error *e)
{
    lua_pushstring(L, e->code == LT_OK ? "ok" : lt_code_name(e->code));
    return 1;
}

static int add_text(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    lt_store_add_text(check(L)->store, unit_bytes(L, 2), NULL, &e);
    return answer(L, &e);
}

static int add_path(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    lt_store_add_path(check(L)->store, luaL_checkstring(L, 2), NULL, &e);
    return answer(L, &e);
}

static int reload(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    lt_store_reload(check(L)->store, &e);
    return answer(L, &e);
}

static int watch(lua_State *L)
{
    lt_store_watch(check(L)->store, true);
    return 0;
}

static int take_leaves(lua_State *L)
{
    lt_store_take_leaves(check(L)->store, lua_toboolean(L, 2));
    return 0;
}

static int distrust(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    lt_store_distrust(check(L)->store, unit_exactly(L, 2, LT_SPKI_HASH_SIZE), &e);
    return answer(L, &e);
}

static lt_bytes string_field(lua_State *L, const char *name) /* the table keeps it */
{
    lua_getfield(L, OPTIONS, name);
    lt_bytes b = lua_isnil(L, -1) ? (lt_bytes){ NULL, 0 } : unit_bytes(L, -1);
    lua_pop(L, 1);
    return b;
}

static int64_t time_field(lua_State *L)
{
    lua_getfield(L, OPTIONS, "time");
    int64_t time = luaL_checkinteger(L, -1);
    lua_pop(L, 1);
    return time;
}

/* validator:verify({ DER, … }, { time, name, purpose = "client", staple, crl = text, pin = text }) ->
 * "ok" or a code, was it known, signatures checked, { DER of the path, … } */
static int verify(lua_State *L)
{
    subject *s = check(L);
    lt_bytes certificates[CHAIN_ROOM], crl = string_field(L, "crl"),
                                       pin = string_field(L, "pin");
    lt_bytes purpose = string_field(L, "purpose");
    lt_verify_report report = { .signatures = 0 };
    lt_verify_result result;
    lt_error e = { .code = LT_OK };
    lt_pins pins = { .no_backup = true };
    lt_crl *crls[1];
    lt_revocation revocation = lt_revocation_default;
    lt_verify_request request = {
        .certificates = certificates,
        .count = lua_rawlen(L, CHAIN),
        .name = (const char *)string_field(L, "name").p,
        .purpose = purpose.n > 0 && *purpose.p == 'c' ? LT_PURPOSE_client : LT_PURPOSE_server,
        .time = time_field(L),
        .ocsp_staple = string_field(L, "staple"),
        .revocation = &revocation,
        .report = &report,
    };
    luaL_argcheck(L, request.count <= CHAIN_ROOM, CHAIN, "too long");
    for (size_t i = 0; i < request.count; i++) {
        lua_rawgeti(L, CHAIN, (lua_Integer)i + 1);
        certificates[i] = unit_bytes(L, -1);
        lua_pop(L, 1);
    }
    lt_crl_list_free(&s->crls);
    if (crl.n > 0 && lt_crl_list_add(&s->crls, crl, &e) == LT_OK && s->crls.count > 0) {
        crls[0] = &s->crls.crls[0];
        revocation.crls = crls;
        revocation.crl_count = 1;
    }
    s->validator.pins = pin.n > 0 ? &pins : NULL;
    if (pin.n > 0)
        lt_pins_add(&pins, pin, &e);
    if (e.code == LT_OK)
        s->validator.verifier.verify(&s->validator.verifier, &request, &result, &e);
    s->validator.pins = NULL;
    answer(L, &e);
    lua_pushboolean(L, e.code == LT_OK && result.known);
    lua_pushinteger(L, report.signatures);
    lua_newtable(L);
    for (size_t i = 0; e.code == LT_OK && i < result.path_length; i++) {
        lua_pushlstring(L, (const char *)result.path[i].der.p, result.path[i].der.n);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 4;
}

/* entries, hits, misses, dropped, blocks, bytes */
static int counts(lua_State *L)
{
    const subject *s = check(L);
    lt_chain_cache_numbers n = lt_chain_cache_count(s->validator.cache);
    lt_intern_numbers kept = lt_intern_count(s->intern);
    lua_pushinteger(L, (lua_Integer)n.entries);
    lua_pushinteger(L, (lua_Integer)n.hits);
    lua_pushinteger(L, (lua_Integer)n.misses);
    lua_pushinteger(L, (lua_Integer)n.dropped);
    lua_pushinteger(L, (lua_Integer)kept.blocks);
    lua_pushinteger(L, (lua_Integer)kept.bytes);
    return 6;
}

static int new_validator(lua_State *L) /* validator(size) */
{
    subject *s = lua_newuserdata(L, sizeof *s);
    *s = (subject){ .store = NULL };
    luaL_setmetatable(L, CLASS);
    s->store = lt_store_new();
    s->intern = lt_intern_new();
    lt_validator_init(&s->validator, s->store, NULL);
    s->validator.cache = lt_chain_cache_new((size_t)luaL_checkinteger(L, 1), s->intern);
    if (!s->store || !s->intern || !s->validator.cache)
        return luaL_error(L, "out of memory");
    return 1;
}

/* intern({ bytes, … }) -> blocks and bytes with all of them held twice, the same with half of them dropped, and
 * whether what was held is what was given; the table is freed before the last are dropped */
static int intern(lua_State *L)
{
    size_t n = lua_rawlen(L, 1);
    lt_intern *table = lt_intern_new();
    lt_bytes *kept = lua_newuserdata(L, (2 * n + 1) * sizeof *kept);
    bool same = true;
    for (size_t i = 0; i < 2 * n; i++) {
        lua_rawgeti(L, 1, (lua_Integer)(i % n) + 1);
        lt_bytes given = unit_bytes(L, -1);
        same = lt_intern_keep(table, given, &kept[i]) && lt_bytes_equal(kept[i], given) && same;
        lua_pop(L, 1);
    }
    lt_intern_numbers full = lt_intern_count(table);
    for (size_t i = 0; i < n; i++)
        lt_intern_drop(&kept[i]);
    lt_intern_numbers half = lt_intern_count(table);
    lt_intern_free(table);
    for (size_t i = n; i < 2 * n; i++)
        lt_intern_drop(&kept[i]);
    lua_pushinteger(L, (lua_Integer)full.blocks);
    lua_pushinteger(L, (lua_Integer)full.bytes);
    lua_pushinteger(L, (lua_Integer)full.holders);
    lua_pushinteger(L, (lua_Integer)half.blocks);
    lua_pushinteger(L, (lua_Integer)half.holders);
    lua_pushboolean(L, same);
    return 6;
}

void unit_open_chain_cache(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "verify", verify },     { "counts", counts },           { "add_text", add_text },
        { "add_path", add_path }, { "reload", reload },           { "watch", watch },
        { "distrust", distrust }, { "take_leaves", take_leaves }, { NULL, NULL },
    };
    static const luaL_Reg functions[] = {
        { "validator", new_validator },
        { "intern", intern },
        { NULL, NULL },
    };
    luaL_newmetatable(L, CLASS);
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_setfuncs(L, functions, 0);
}
