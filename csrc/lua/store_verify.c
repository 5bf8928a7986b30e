/* SPDX-License-Identifier: MIT
 * store_verify.c - store:verify: the request out of a table, the answer into tables. */
#include "lua/objects.h"
#include "lua/store.h"

#include "lua/pins.h"
#include "lua/revocation.h"
#include "x509/text.h"

static lua_Integer integer_field(lua_State *L, int index, const char *name,
                                 lua_Integer otherwise)
{
    lua_getfield(L, index, name);
    lua_Integer v = luaL_optinteger(L, -1, otherwise);
    lua_pop(L, 1);
    return v;
}

static bool boolean_field(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    bool v = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return v;
}

/* The table keeps the string alive. */
static lt_bytes string_field(lua_State *L, int index, const char *name)
{
    lt_bytes b = { NULL, 0 };
    lua_getfield(L, index, name);
    b.p = (const uint8_t *)lua_tolstring(L, -1, &b.n);
    lua_pop(L, 1);
    return b;
}

/* The strings of a list as views, in a userdata that is pushed. */
static lt_bytes *push_views(lua_State *L, int list, size_t *count)
{
    *count = lua_rawlen(L, list);
    lt_bytes *views = lua_newuserdata(L, (*count + 1) * sizeof *views);
    for (size_t i = 0; i < *count; i++) {
        lua_rawgeti(L, list, (lua_Integer)i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, list, "strings are wanted");
        views[i].p = (const uint8_t *)lua_tolstring(L, -1, &views[i].n);
        lua_pop(L, 1);
    }
    return views;
}

void lt_lua_read_policy(lua_State *L, int index, lt_policy *p)
{
    p->min_rsa_bits = (uint32_t)integer_field(L, index, "min_rsa_bits", p->min_rsa_bits);
    p->max_depth = (uint32_t)integer_field(L, index, "max_depth", p->max_depth);
    p->max_signatures = (uint32_t)integer_field(L, index, "max_signatures", p->max_signatures);
    p->curves = (uint32_t)integer_field(L, index, "curves", p->curves);
    p->hashes = (uint32_t)integer_field(L, index, "hashes", p->hashes);
    p->max_lifetime = integer_field(L, index, "max_lifetime", p->max_lifetime);
    p->any_purpose = boolean_field(L, index, "any_purpose");
    p->require_explicit_policy = boolean_field(L, index, "require_explicit_policy");
    p->inhibit_policy_mapping = boolean_field(L, index, "inhibit_policy_mapping");
    p->inhibit_any_policy = boolean_field(L, index, "inhibit_any_policy");
    lua_getfield(L, index, "policies");
    if (lua_istable(L, -1)) {
        p->policies = push_views(L, lua_gettop(L), &p->policy_count);
        lua_setfield(L, index, "policy_views");
    }
    lua_pop(L, 1);
}

static lt_verify_request read_request(lua_State *L, int chain, int index)
{
    static const char *const purposes[] = { "any", "server", "client", "oid", NULL };
    lt_verify_request q = { .time = integer_field(L, index, "time", 0) };
    lua_getfield(L, index, "purpose");
    q.purpose = (lt_purpose)luaL_checkoption(L, -1, "server", purposes);
    lua_pop(L, 1);
    q.purpose_oid = string_field(L, index, "purpose_oid");
    q.name = (const char *)string_field(L, index, "name").p;
    q.email = (const char *)string_field(L, index, "email").p;
    q.uri = (const char *)string_field(L, index, "uri").p;
    q.ocsp_staple = string_field(L, index, "ocsp_staple");
    q.staple_asked = q.ocsp_staple.n > 0 || boolean_field(L, index, "must_staple");
    q.certificates = push_views(L, chain, &q.count);
    return q;
}

static void set_policies(lua_State *L, const lt_verify_report *report)
{
    char oid[128];
    lua_createtable(L, (int)report->policy_count, 0);
    for (size_t i = 0; i < report->policy_count; i++) {
        lt_oid_text(report->policies[i], oid, sizeof oid);
        lua_pushstring(L, oid);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "policies");
    lua_pushboolean(L, report->any_policy);
    lua_setfield(L, -2, "any_policy");
}

static void push_checked(lua_State *L, const lt_verify_request *request,
                         const lt_verify_result *result)
{
    const lt_verify_report *report = request->report;
    const lt_tried_paths *tried = *request->tried;
    lua_createtable(L, 0, 8);
    lt_lua_push_revocation(L, result, request->time);
    lua_setfield(L, -2, "revocation");
    lua_pushboolean(L, result->pins_differ);
    lua_setfield(L, -2, "pins_differ");
    lua_pushinteger(L, report->signatures);
    lua_setfield(L, -2, "signatures");
    lua_pushinteger(L, (lua_Integer)tried->count + (lua_Integer)tried->more);
    lua_setfield(L, -2, "paths_refused");
    set_policies(L, report);
}

int lt_lua_store_verify(lua_State *L)
{
    enum { STORE = 1, CHAIN, REQUEST };
    luaL_checkudata(L, STORE, LT_LUA_STORE);
    lt_store *store = lt_lua_test_store(L, STORE);
    luaL_argcheck(L, store, STORE, "store is closed");
    luaL_checktype(L, CHAIN, LUA_TTABLE);
    luaL_checktype(L, REQUEST, LUA_TTABLE);
    lua_settop(L, REQUEST);
    lt_error e = { .code = LT_OK };
    lt_verify_result result = { .path_length = 0 };
    lt_policy policy = lt_policy_default;
    lt_validator validator;
    lt_lua_read_policy(L, REQUEST, &policy);
    lt_validator_init(&validator, store, &policy);
    lua_getfield(L, REQUEST, "revocation"); /* both stay on the stack */
    validator.revocation = lt_lua_test_revocation(L, -1);
    lua_getfield(L, REQUEST, "pins");
    validator.pins = lt_lua_test_pins(L, -1);
    lt_verify_request request = read_request(L, CHAIN, REQUEST);
    if (request.staple_asked && !validator.revocation)
        validator.revocation = &lt_revocation_default;
    lt_verify_report report = { .policy_count = 0 };
    lt_tried_paths *tried = lua_newuserdata(L, sizeof *tried);
    tried->count = tried->more = 0;
    request.report = &report;
    request.tried = &tried;
    if (validator.verifier.verify(&validator.verifier, &request, &result, &e) != LT_OK) {
        lt_lua_fail(L, &e);
        lt_lua_set_paths(L, tried);
        return 2;
    }
    lt_lua_push_path(L, &result);
    push_checked(L, &request, &result);
    return 2;
}
