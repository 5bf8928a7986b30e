/* SPDX-License-Identifier: MIT
 * ocsp.c - OCSP requests, and the class bearssl.ocsp_response. */
#include "lua/revocation.h"

#include "base/entropy.h"
#include "crypto/hash.h"
#include "x509/der.h"
#include "x509/ocsp.h"
#include "x509/signature.h"

#define RESPONSE "bearssl.ocsp_response"

enum { NONCE_SIZE = 32, REQUEST_ROOM = 1024 };

typedef struct {
    lt_ocsp_response response; /* all zero: not parsed */
    uint8_t der[];
} response;

static const lt_ocsp_response *check(lua_State *L, int index)
{
    const response *r = luaL_checkudata(L, index, RESPONSE);
    return &r->response;
}

static const lt_certificate *check_certificate(lua_State *L, int index)
{
    const lt_certificate *c = NULL;
    luaL_argcheck(L, lt_lua_test_certificate(L, index, &c), index, "a certificate is wanted");
    return c;
}

static void push_single(lua_State *L, const lt_ocsp_single *s)
{
    static const char *const statuses[] = {
        [LT_OCSP_good] = "good", [LT_OCSP_revoked] = "revoked", [LT_OCSP_unknown] = "unknown"
    };
    lua_newtable(L);
    lua_pushstring(L, statuses[s->status]);
    lua_setfield(L, -2, "status");
    lt_lua_push_hex(L, lt_lua_serial(s->id.serial_number));
    lua_setfield(L, -2, "serial");
    lt_lua_set_time(L, "this_update", true, s->updates.this_update);
    lt_lua_set_time(L, "next_update", s->updates.has_next_update, s->updates.next_update);
    lt_lua_set_time(L, "revocation_date", s->status == LT_OCSP_revoked, s->revocation_date);
    lt_lua_set_reason(L, s->has_reason, s->reason);
}

static void push_singles(lua_State *L, lt_reader responses)
{
    lt_ocsp_single single;
    lua_newtable(L);
    for (lua_Integer i = 1; lt_ocsp_single_next(&responses, &single); i++) {
        push_single(L, &single);
        lua_rawseti(L, -2, i);
    }
}

/* Those that parse. */
static void push_certificates(lua_State *L, lt_reader certificates)
{
    lt_bytes der;
    lua_newtable(L);
    for (lua_Integer i = 1; der_element(&certificates, DER_SEQUENCE, &der);)
        if (lt_lua_push_certificate(L, der))
            lua_rawseti(L, -2, i++);
        else
            lua_pop(L, 1);
}

/* One pushed value, or 0: absent, or no field. */
static int push_field(lua_State *L, const lt_ocsp_response *r, const char *name)
{
    if (!strcmp(name, "status"))
        return lua_pushstring(L, lt_ocsp_response_status_name(r->response_status)), 1;
    if (r->response_status != 0)
        return 0;
    if (!strcmp(name, "produced_at"))
        return lua_pushinteger(L, r->produced_at), 1;
    if (!strcmp(name, "responder_name") && r->responder_name.n > 0)
        return lt_lua_push_name(L, r->responder_name), 1;
    if (!strcmp(name, "responder_key_hash") && r->responder_key_hash.n > 0)
        return lt_lua_push_hex(L, r->responder_key_hash), 1;
    if (!strcmp(name, "nonce") && r->has_nonce)
        return lt_lua_push_bytes(L, r->nonce), 1;
    if (!strcmp(name, "responses"))
        return push_singles(L, r->responses), 1;
    if (!strcmp(name, "certificates"))
        return push_certificates(L, r->certificates), 1;
    return 0;
}

/* Upvalue 1: the methods. */
static int response_index(lua_State *L)
{
    const lt_ocsp_response *r = check(L, 1);
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING)
        return 1;
    return push_field(L, r, lua_tostring(L, 2));
}

static int response_tostring(lua_State *L)
{
    const lt_ocsp_response *r = check(L, 1);
    lua_pushfstring(L, RESPONSE ": %s", lt_ocsp_response_status_name(r->response_status));
    return 1;
}

static lua_Integer integer_field(lua_State *L, int table, const char *name, lua_Integer absent)
{
    lua_getfield(L, table, name);
    lua_Integer v = luaL_optinteger(L, -1, absent);
    lua_pop(L, 1);
    return v;
}

/* `verify` (response, certificate, issuer, { time, max_age, nonce, nonce_optional, sha1 }) ->
 * what push_single makes | nil, err */
static int response_verify(lua_State *L)
{
    const lt_ocsp_response *r = check(L, 1);
    const lt_certificate *c = check_certificate(L, 2), *issuer = check_certificate(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    lt_ocsp_policy policy = {
        .time = integer_field(L, 4, "time", 0),
        .max_age = integer_field(L, 4, "max_age", 0),
        .min_rsa_bits = (uint32_t)integer_field(L, 4, "min_rsa_bits", 0),
        .nonce_optional = lt_lua_flag(L, 4, "nonce_optional"),
        .signature_flags = lt_lua_flag(L, 4, "sha1") ? LT_SIGNATURE_sha1 : 0,
    };
    lt_ocsp_single single;
    lt_error e = { .code = LT_OK };
    lua_getfield(L, 4, "nonce"); /* stays on the stack */
    if (!lua_isnil(L, -1))
        policy.nonce.p = (const uint8_t *)luaL_checklstring(L, -1, &policy.nonce.n);
    if (lt_ocsp_verify(r, c, issuer, &policy, &single, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    push_single(L, &single);
    lt_lua_set_time(L, "produced_at", true, r->produced_at);
    return 1;
}

/* ocsp_parse(der) -> response | nil, err */
static int ocsp_parse(lua_State *L)
{
    lt_error e = { .code = LT_OK };
    size_t n;
    const char *der = luaL_checklstring(L, 1, &n);
    response *r = lua_newuserdata(L, sizeof *r + n);
    memcpy(r->der, der, n);
    if (lt_ocsp_parse(&r->response, (lt_bytes){ r->der, n }, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    luaL_setmetatable(L, RESPONSE);
    return 1;
}

static lt_code make_nonce(lua_State *L, int index, uint8_t room[NONCE_SIZE], lt_bytes *nonce,
                          lt_error *e)
{
    *nonce = (lt_bytes){ NULL, 0 };
    if (lua_type(L, index) == LUA_TSTRING) {
        nonce->p = (const uint8_t *)lua_tolstring(L, index, &nonce->n);
        return LT_OK;
    }
    if (!lua_toboolean(L, index))
        return LT_OK;
    *nonce = (lt_bytes){ room, NONCE_SIZE };
    return lt_entropy(room, NONCE_SIZE, e);
}

/* ocsp_request(certificate, issuer, hash, nonce: string, true or nil) -> DER, nonce | nil, err */
static int ocsp_request(lua_State *L)
{
    const lt_certificate *c = check_certificate(L, 1), *issuer = check_certificate(L, 2);
    const br_hash_class *hash = lt_hash_by_name(luaL_optstring(L, 3, "sha1"));
    luaL_argcheck(L, hash && hash != &br_sha224_vtable, 3, "no such hash");
    lt_error e = { .code = LT_OK };
    lt_buffer out = { .data = NULL };
    uint8_t room[NONCE_SIZE], der[REQUEST_ROOM];
    lt_bytes nonce;
    if (make_nonce(L, 4, room, &nonce, &e) != LT_OK
        || lt_ocsp_request(&out, c, issuer, hash, nonce, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    size_t n = lt_buffer_size(&out); /* at most REQUEST_ROOM: pushing may raise */
    memcpy(der, out.data + out.start, n);
    lt_buffer_free(&out);
    lua_pushlstring(L, (const char *)der, n);
    if (nonce.n == 0)
        return 1;
    lt_lua_push_bytes(L, nonce);
    return 2;
}

void lt_lua_open_ocsp(lua_State *L)
{
    static const luaL_Reg methods[] = { { NULL, NULL } };
    static const luaL_Reg meta[] = { { "__tostring", response_tostring }, { NULL, NULL } };
    static const luaL_Reg functions[] = {
        { "ocsp_parse", ocsp_parse },
        { "ocsp_request", ocsp_request },
        { "ocsp_verify", response_verify },
        { NULL, NULL },
    };
    lt_lua_class(L, RESPONSE, methods, meta);
    luaL_getmetatable(L, RESPONSE);
    lua_getfield(L, -1, "__index");
    lua_setfield(L, -3, "ocsp_methods");
    lua_pop(L, 1);
    lt_lua_index_by(L, RESPONSE, response_index);
    luaL_setfuncs(L, functions, 0);
}
