/* SPDX-License-Identifier: MIT
 * config.c - bearssl.config: the options of a client or a server, made once. Names, types and
 * combinations were checked by lua/bearssl/options.lua; here files and keys are read, in C, so that no
 * key passes through a Lua string. */
#include "lua/objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "conn/key_log.h"
#include "lua/pins.h"
#include "lua/revocation.h"
#include "lua/store.h"
#include "x509/known_keys.h"

enum { FIELDS = 1, KEEP = 2 }; /* arguments of core.config */

static int config_gc(lua_State *L)
{
    lt_lua_config *c = luaL_checkudata(L, 1, LT_LUA_CONFIG);
    lt_conn_config_free(&c->conn);
    for (size_t i = 0; i < c->conn.tls.identity_count; i++)
        lt_identity_free(&c->identities[i]);
    free(c->identities);
    free(c->cipher_suites);
    free(c->group_list);
    free(c->signature_schemes);
    free(c->certificate_schemes);
    free(c->alpn);
    free(c->authorities);
    lt_chain_cache_free(c->validator.cache);
    lt_known_keys_free(c->conn.tls.known_keys);
    lt_store_free(c->validator.store);
    lt_wipe(c, sizeof *c);
    c->conn.key_log = -1;
    return 0;
}

static lua_Integer integer_field(lua_State *L, const char *name, lua_Integer otherwise)
{
    lua_getfield(L, FIELDS, name);
    lua_Integer n = luaL_optinteger(L, -1, otherwise);
    lua_pop(L, 1);
    return n;
}

static bool boolean_field(lua_State *L, const char *name)
{
    lua_getfield(L, FIELDS, name);
    bool on = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return on;
}

/* The string stays on the stack; n = 0 and p = NULL: absent. */
static lt_bytes string_at(lua_State *L, int table, const char *name)
{
    lt_bytes s = { NULL, 0 };
    lua_getfield(L, table, name);
    if (!lua_isnil(L, -1))
        s.p = (const uint8_t *)luaL_checklstring(L, -1, &s.n);
    return s;
}

/* The list `name` on top of the stack; its length. */
static size_t list_field(lua_State *L, const char *name)
{
    lua_getfield(L, FIELDS, name);
    return lua_istable(L, -1) ? lua_rawlen(L, -1) : 0;
}

/* A list of IANA's numbers, with a 0 behind it; NULL where there is none. */
static lt_code read_ids(lua_State *L, const char *name, uint16_t **ids, size_t *count,
                        lt_error *e)
{
    *count = list_field(L, name);
    if (*count == 0)
        return LT_OK;
    *ids = calloc(*count + 1, sizeof **ids);
    if (!*ids)
        return lt_fail(e, LT_memory, name);
    for (size_t i = 0; i < *count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        (*ids)[i] = (uint16_t)luaL_checkinteger(L, -1);
        lua_pop(L, 1);
    }
    return LT_OK;
}

static lt_code read_lists(lua_State *L, lt_lua_config *c, lt_error *e)
{
    lt_config *tls = &c->conn.tls;
    size_t count;
    lt_code rc = read_ids(L, "cipher_suites", &c->cipher_suites, &tls->cipher_suite_count, e);
    if (rc == LT_OK)
        rc = read_ids(L, "group_list", &c->group_list, &count, e);
    if (rc == LT_OK)
        rc = read_ids(L, "signature_schemes", &c->signature_schemes, &count, e);
    if (rc == LT_OK)
        rc = read_ids(L, "signature_schemes_cert", &c->certificate_schemes, &count, e);
    tls->cipher_suites = c->cipher_suites;
    tls->group_list = c->group_list;
    tls->signature_schemes = c->signature_schemes;
    tls->certificate_schemes = c->certificate_schemes;
    return rc;
}

static lt_code read_alpn(lua_State *L, lt_lua_config *c, lt_error *e)
{
    size_t n = list_field(L, "alpn"), size = 0;
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        luaL_checkstring(L, -1);
        size += lua_rawlen(L, -1) + 1;
        lua_pop(L, 1);
    }
    c->alpn = malloc((n + 1) * sizeof *c->alpn + size);
    if (!c->alpn)
        return lt_fail(e, LT_memory, "alpn");
    char *names = (char *)(c->alpn + n + 1);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        size_t length = lua_rawlen(L, -1) + 1;
        c->alpn[i] = memcpy(names, lua_tostring(L, -1), length);
        names += length;
        lua_pop(L, 1);
    }
    c->conn.tls.alpn = c->alpn;
    c->conn.tls.alpn_count = n;
    return LT_OK;
}

/* A list of bearssl.identity, which are empty afterwards: an engine wants them side by side. */
static lt_code read_identities(lua_State *L, lt_lua_config *c, lt_error *e)
{
    size_t n = list_field(L, "identities");
    c->identities = calloc(n + 1, sizeof *c->identities);
    if (!c->identities)
        return lt_fail(e, LT_memory, "certificate");
    c->conn.tls.identities = c->identities;
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        lt_identity *id = luaL_checkudata(L, -1, LT_LUA_IDENTITY);
        c->identities[i] = *id;
        c->conn.tls.identity_count = i + 1;
        lt_wipe(id, sizeof *id);
        lua_pop(L, 1);
    }
    return LT_OK;
}

/* The subjects that CertificateRequest names (RFC 5246 section 7.4.4), copied: the store may be read
 * again. One block: the views, then the names. */
static lt_code read_authorities(lt_lua_config *c, const lt_store *store, lt_error *e)
{
    size_t n = 0, size = 0;
    for (lt_bytes name; lt_store_subject(store, n, &name); n++)
        size += name.n;
    c->authorities = malloc((n + 1) * sizeof *c->authorities + size);
    if (!c->authorities)
        return lt_fail(e, LT_memory, "client_trust");
    uint8_t *to = (uint8_t *)(c->authorities + n + 1);
    for (size_t i = 0; i < n && lt_store_subject(store, i, &c->authorities[i]); i++) {
        size_t length = c->authorities[i].n;
        c->authorities[i].p = memcpy(to, c->authorities[i].p, length);
        to += length;
    }
    c->conn.tls.authorities = c->authorities;
    c->conn.tls.authority_count = n;
    return LT_OK;
}

static lt_code read_trust(lua_State *L, lt_lua_config *c, lt_error *e)
{
    lt_config *tls = &c->conn.tls;
    tls->client_auth = (lt_client_auth)integer_field(L, "client_auth", LT_AUTH_none);
    tls->verify_name =
        !tls->server && !boolean_field(L, "verify_none") && !boolean_field(L, "any_name");
    tls->verifier = &lt_verify_none; /* by name, or a server that asks for no certificate */
    if (boolean_field(L, "verify_none") || (tls->server && tls->client_auth == LT_AUTH_none))
        return LT_OK;
    lua_getfield(L, FIELDS, "store");
    lt_store *store = lt_lua_test_store(L, -1);
    luaL_argcheck(L, store, FIELDS, "store");
    lua_pop(L, 1);
    lt_policy policy = lt_policy_default;
    policy.min_rsa_bits = (uint32_t)integer_field(L, "min_rsa_bits", policy.min_rsa_bits);
    policy.max_depth = (uint32_t)integer_field(L, "max_depth", policy.max_depth);
    policy.max_signatures = (uint32_t)integer_field(L, "max_signatures", policy.max_signatures);
    lua_getfield(L, FIELDS, "policy"); /* KEEP has it, and the next two */
    if (lua_istable(L, -1))
        lt_lua_read_policy(L, lua_gettop(L), &policy);
    lua_pop(L, 1);
    lt_validator_init(&c->validator, store, &policy);
    lt_store_hold(store); /* it may be closed while the config is in use */
    lua_getfield(L, FIELDS, "revocation");
    c->validator.revocation =
        lua_isnil(L, -1) ? &lt_revocation_default : lt_lua_test_revocation(L, -1);
    lua_getfield(L, FIELDS, "pins");
    c->validator.pins = lt_lua_test_pins(L, -1);
    c->conn.pin_events = boolean_field(L, "pin_events");
    lua_pop(L, 2);
    tls->verifier = &c->validator.verifier;
    bool named = tls->server && !boolean_field(L, "no_authorities");
    return named ? read_authorities(c, store, e) : LT_OK;
}

/* Beside a validator: nothing else has paths. */
static lt_code make_chain_cache(lua_State *L, lt_lua_config *c, lt_error *e)
{
    lua_Integer size = integer_field(L, "chain_cache", 0);
    if (!c->validator.store || size <= 0)
        return LT_OK;
    c->validator.cache = lt_chain_cache_new((size_t)size, c->conn.tls.intern);
    c->conn.tls.known_keys = lt_known_keys_new();
    return c->validator.cache && c->conn.tls.known_keys ? LT_OK
                                                        : lt_fail(e, LT_memory, "chain_cache");
}

static lt_code read_key_log(lua_State *L, lt_lua_config *c, lt_error *e)
{
    c->conn.key_log_lines = boolean_field(L, "key_log_lines");
    lt_bytes path = string_at(L, FIELDS, "key_log");
    lt_code rc = path.p ? lt_key_log_open((const char *)path.p, &c->conn.key_log, e) : LT_OK;
    lua_pop(L, 1);
    return rc;
}

/* What makes a handshake the same every time, for tests. */
static void read_fixed(lua_State *L, lt_config *tls)
{
    lua_getfield(L, FIELDS, "time");
    tls->fixed_time = !lua_isnil(L, -1);
    tls->time = luaL_optinteger(L, -1, 0);
    lt_bytes seed = string_at(L, FIELDS, "entropy");
    tls->fixed_entropy = seed.p != NULL;
    luaL_argcheck(L, !seed.p || seed.n == LT_SEED_SIZE, FIELDS, "entropy");
    if (seed.p)
        memcpy(tls->entropy, seed.p, LT_SEED_SIZE);
    lua_pop(L, 2);
}

static void read_numbers(lua_State *L, lt_config *tls)
{
    tls->server = boolean_field(L, "server");
    tls->native = boolean_field(L, "native");
    tls->min_version = (uint16_t)integer_field(L, "min_version", 0);
    tls->max_version = (uint16_t)integer_field(L, "max_version", 0);
    tls->groups = (uint32_t)integer_field(L, "groups", 0);
    tls->prefer = (lt_preference)integer_field(L, "prefer", LT_PREFER_server);
    tls->ask_certificate = boolean_field(L, "ask_certificate");
    tls->ask_client_hello = boolean_field(L, "ask_client_hello");
    tls->ask_verdict = boolean_field(L, "ask_verdict");
    tls->ask_issuers = boolean_field(L, "ask_issuers");
    tls->ask_revocation = boolean_field(L, "ask_revocation");
    tls->ask_psk = boolean_field(L, "ask_psk");
    tls->ask_store = boolean_field(L, "ask_store");
    tls->ask_early_data = boolean_field(L, "ask_early_data");
    tls->max_early_data = (uint32_t)integer_field(L, "max_early_data", 0);
    tls->post_handshake_auth = boolean_field(L, "post_handshake_auth");
    tls->retry_cookie = boolean_field(L, "retry_cookie");
    tls->record_size_limit = (uint32_t)integer_field(L, "record_size_limit", 0);
    tls->record_padding = (uint32_t)integer_field(L, "record_padding", 0);
    tls->trace = boolean_field(L, "trace");
    tls->trace_events = boolean_field(L, "trace_events");
    tls->session_cache_size = (size_t)integer_field(L, "session_cache", 0);
    tls->session_lifetime = (uint32_t)integer_field(L, "session_lifetime", 0);
}

static lt_code read_config(lua_State *L, lt_lua_config *c, lt_error *e)
{
    read_numbers(L, &c->conn.tls);
    read_fixed(L, &c->conn.tls);
    lt_code rc = read_lists(L, c, e);
    if (rc == LT_OK)
        rc = read_alpn(L, c, e);
    if (rc == LT_OK)
        rc = read_identities(L, c, e);
    if (rc == LT_OK)
        rc = read_trust(L, c, e);
    if (rc == LT_OK)
        rc = read_key_log(L, c, e);
    if (rc == LT_OK)
        rc = lt_conn_config_seal(&c->conn, e);
    if (rc == LT_OK)
        rc = make_chain_cache(L, c, e);
    if (rc == LT_OK)
        rc = lt_lua_config_later(L, c, FIELDS, e);
    return rc;
}

static int config_new(lua_State *L) /* (fields, keep) -> config | nil, err */
{
    luaL_checktype(L, FIELDS, LUA_TTABLE);
    luaL_checktype(L, KEEP, LUA_TTABLE);
    lua_settop(L, KEEP);
    lt_lua_config *c = lua_newuserdata(L, sizeof *c);
    *c = (lt_lua_config){ .conn = { .key_log = -1 } };
    luaL_setmetatable(L, LT_LUA_CONFIG);
    lua_pushvalue(L, KEEP);
    lua_setuservalue(L, -2);
    int self = lua_gettop(L);
    lt_error e = { 0 };
    if (read_config(L, c, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    c->ready = true;
    lua_settop(L, self);
    return 1;
}

lt_lua_config *lt_lua_check_config(lua_State *L, int index)
{
    lt_lua_config *c = luaL_checkudata(L, index, LT_LUA_CONFIG);
    luaL_argcheck(L, c->ready, index, "config is not whole");
    return c;
}

static int config_tostring(lua_State *L)
{
    const lt_lua_config *c = luaL_checkudata(L, 1, LT_LUA_CONFIG);
    lua_pushfstring(L, LT_LUA_CONFIG ": %s %p", c->conn.tls.server ? "server" : "client",
                    (const void *)c);
    return 1;
}

static int config_is_server(lua_State *L)
{
    lua_pushboolean(L, lt_lua_check_config(L, 1)->conn.tls.server);
    return 1;
}

static int config_keep(lua_State *L) /* the table that it was made with */
{
    lt_lua_check_config(L, 1);
    lua_getuservalue(L, 1);
    return 1;
}

static void set_count(lua_State *L, const char *name, uint64_t n)
{
    lua_pushinteger(L, (lua_Integer)n);
    lua_setfield(L, -2, name);
}

static int config_chains(lua_State *L) /* { size, entries, … } */
{
    const lt_lua_config *c = lt_lua_check_config(L, 1);
    lt_chain_cache_numbers paths = { .size = 0 };
    if (c->validator.cache)
        paths = lt_chain_cache_count(c->validator.cache);
    lt_intern_numbers kept = lt_intern_count(c->conn.tls.intern);
    lua_createtable(L, 0, 8);
    set_count(L, "size", paths.size);
    set_count(L, "entries", paths.entries);
    set_count(L, "hits", paths.hits);
    set_count(L, "misses", paths.misses);
    set_count(L, "dropped", paths.dropped);
    set_count(L, "kept", kept.blocks);
    set_count(L, "kept_bytes", kept.bytes);
    set_count(L, "holders", kept.holders);
    return 1;
}

static int config_verifies_name(lua_State *L)
{
    lua_pushboolean(L, lt_lua_check_config(L, 1)->conn.tls.verify_name);
    return 1;
}

static int is_store(lua_State *L)
{
    lua_pushboolean(L, lt_lua_test_store(L, 1) != NULL);
    return 1;
}

void lt_lua_export_methods(lua_State *L, const char *class_name, const char *field)
{
    luaL_getmetatable(L, class_name);
    lua_getfield(L, -1, "__index");
    lua_setfield(L, -3, field);
    lua_pop(L, 1);
}

void lt_lua_open_config(lua_State *L)
{
    static const luaL_Reg methods[] = { { NULL, NULL } };
    static const luaL_Reg meta[] = {
        { "__gc", config_gc },
        { "__tostring", config_tostring },
        { NULL, NULL },
    };
    static const luaL_Reg functions[] = {
        { "config", config_new },
        { "config_is_server", config_is_server },
        { "config_verifies_name", config_verifies_name },
        { "config_keep", config_keep },
        { "config_chains", config_chains },
        { "is_store", is_store },
        { NULL, NULL },
    };
    lt_lua_class(L, LT_LUA_CONFIG, methods, meta);
    lt_lua_export_methods(L, LT_LUA_CONFIG, "config_methods");
    luaL_setfuncs(L, functions, 0);
    lt_lua_open_identity(L);
    lt_lua_open_config_later(L);
}
