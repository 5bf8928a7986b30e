/* SPDX-License-Identifier: MIT
 * config_later.c - what a server's config may be given again while it serves: ticket keys, of its own or another
 * config's, OCSP staple, SCTs.
 * Connections that are open are not touched. */
#include "lua/objects.h"

enum { LIST_MAX = 16 };

/* The strings of the list on top of the stack, as views; they stay in the list. false: too many. */
static bool views(lua_State *L, lt_bytes *out, size_t *count)
{
    *count = lua_rawlen(L, -1);
    for (size_t i = 0; i < *count && i < LIST_MAX; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        out[i].p = (const uint8_t *)luaL_checklstring(L, -1, &out[i].n);
        lua_pop(L, 1);
    }
    return *count <= LIST_MAX;
}

static lt_code set_ticket_keys(lua_State *L, lt_lua_config *c, lt_error *e)
{
    lt_bytes keys[LIST_MAX];
    size_t count;
    if (!views(L, keys, &count))
        return lt_fail_detail(e, LT_option, "ticket_keys", "%zu keys", count);
    return lt_conn_config_ticket_keys(&c->conn, keys, count, e);
}

static lt_code set_staples(lua_State *L, lt_lua_config *c, lt_error *e)
{
    lt_bytes responses[LIST_MAX];
    size_t count;
    lua_getfield(L, -2, "identity"); /* which of its certificates; the first */
    lua_Integer which = luaL_optinteger(L, -1, 1);
    lua_pop(L, 1);
    bool all = views(L, responses, &count);
    if (!all || which < 1 || which > (lua_Integer)c->conn.tls.identity_count)
        return lt_fail_detail(e, LT_option, "ocsp_staple", "%zu responses", count);
    return lt_identity_set_staples(&c->identities[which - 1], responses, count, e);
}

static lt_code set_scts(lua_State *L, lt_lua_config *c, lt_error *e)
{
    lt_bytes scts;
    scts.p = (const uint8_t *)luaL_checklstring(L, -1, &scts.n);
    return lt_identity_set_scts(&c->identities[0], scts, e);
}

static const struct {
    const char *name;
    lt_code (*set)(lua_State *L, lt_lua_config *c, lt_error *e); /* the value is on top */
} settings[] = {
    { "ticket_keys", set_ticket_keys },
    { "ocsp_staple", set_staples },
    { "scts", set_scts },
};

lt_code lt_lua_config_later(lua_State *L, lt_lua_config *c, int fields, lt_error *e)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        lua_getfield(L, fields, settings[i].name);
        lt_code rc = lua_isnil(L, -1) ? LT_OK : settings[i].set(L, c, e);
        lua_pop(L, 1);
        if (rc != LT_OK)
            return rc;
    }
    return LT_OK;
}

/* config_later(config, { name = value }) -> true | nil, err */
static int config_later(lua_State *L)
{
    lt_lua_config *c = lt_lua_check_config(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lt_error e = { 0 };
    if (lt_lua_config_later(L, c, 2, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, true);
    return 1;
}

/* config_share(config, other) -> true | nil, err */
static int config_share(lua_State *L)
{
    lt_lua_config *c = lt_lua_check_config(L, 1);
    const lt_lua_config *other = lt_lua_check_config(L, 2);
    lt_error e = { 0 };
    if (lt_conn_config_share(&c->conn, &other->conn, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, true);
    return 1;
}

static int is_server_config(lua_State *L)
{
    const lt_lua_config *c = luaL_testudata(L, 1, LT_LUA_CONFIG);
    lua_pushboolean(L, c && c->ready && c->conn.tls.server);
    return 1;
}

void lt_lua_open_config_later(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "config_later", config_later },
        { "config_share", config_share },
        { "is_server_config", is_server_config },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
