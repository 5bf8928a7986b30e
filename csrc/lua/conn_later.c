/* SPDX-License-Identifier: MIT
 * conn_later.c - what a connection of the native engine can do beside reading and writing: early data, new
 * keys, a certificate asked for after the handshake; and what came beside the peer's certificates. */

/***
@module bearssl.connection
*/
#include "lua/objects.h"

static const lt_engine_class *open_engine(lua_State *L, lt_conn **c)
{
    *c = lt_lua_check_conn(L);
    if (!lt_conn_is_open(*c))
        luaL_error(L, "connection is closed");
    return (*c)->engine->engine_class;
}

static int done(lua_State *L, lt_code rc, const lt_error *e)
{
    if (rc != LT_OK)
        return lt_lua_fail(L, e);
    lua_pushboolean(L, true);
    return 1;
}

static int lacking(lua_State *L, const char *what)
{
    lt_error e = { 0 };
    lt_fail_detail(&e, LT_state, what, "BearSSL's engine has none; it comes with TLS 1.3");
    return lt_lua_fail(L, &e);
}

/***
Changes the keys that this side writes with (RFC 8446 section 4.6.3).
@function conn:update_keys
@tparam[opt] boolean request whether the peer shall do the same
@treturn[1] boolean true: the KeyUpdate is in the output
@treturn[2] nil
@treturn[2] bearssl.error code `state` where there is no TLS 1.3 connection
*/
static int conn_update_keys(lua_State *L)
{
    lt_conn *c;
    const lt_engine_class *engine = open_engine(L, &c);
    lt_error e = { 0 };
    if (!engine->update_keys)
        return lacking(L, "KeyUpdate");
    return done(L, engine->update_keys(c->engine, lua_toboolean(L, 2), &e), &e);
}

/* send_handshake(conn, message): TLS 1.2, after the handshake; for bearssl.audit alone. */
static int conn_send_handshake(lua_State *L)
{
    lt_conn *c;
    const lt_engine_class *engine = open_engine(L, &c);
    lt_bytes message = { 0 };
    message.p = (const uint8_t *)luaL_checklstring(L, 2, &message.n);
    lt_error e = { 0 };
    if (!engine->send_handshake)
        return lacking(L, "handshake");
    return done(L, engine->send_handshake(c->engine, message, &e), &e);
}

/***
Server: asks the client for a certificate after the handshake (RFC 8446 section 4.6.2). What comes is
verified as in the handshake; peer_certificates tells then.
@function conn:request_certificate
@treturn[1] boolean true: the CertificateRequest is in the output
@treturn[2] nil
@treturn[2] bearssl.error code `state` where the client does not offer it
*/
static int conn_request_certificate(lua_State *L)
{
    lt_conn *c;
    const lt_engine_class *engine = open_engine(L, &c);
    lt_error e = { 0 };
    if (!engine->request_certificate)
        return lacking(L, "CertificateRequest");
    return done(L, engine->request_certificate(c->engine, &e), &e);
}

/* write_early(conn, data) -> how many bytes of it go out as early data: all, or none */
static int conn_write_early(lua_State *L)
{
    lt_conn *c;
    const lt_engine_class *engine = open_engine(L, &c);
    lt_bytes data;
    data.p = (const uint8_t *)luaL_checklstring(L, 2, &data.n);
    size_t n = engine->write_early ? engine->write_early(c->engine, data.p, data.n) : 0;
    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/***
Server: did what is read next come as early data, which somebody may have sent again (RFC 8446 section 8)?
@function conn:is_early
@treturn boolean
*/
static int conn_is_early(lua_State *L)
{
    lt_conn *c;
    const lt_engine_class *engine = open_engine(L, &c);
    lt_info info = { 0 };
    engine->info(c->engine, &info);
    lua_pushboolean(L, info.data_is_early);
    return 1;
}

static int bytes_or_nil(lua_State *L, lt_bytes b)
{
    if (b.n == 0)
        lua_pushnil(L);
    else
        lt_lua_push_bytes(L, b);
    return 1;
}

/***
@function conn:ocsp_staple
@treturn string|nil the OCSPResponse that the server sent with its certificate, DER (RFC 6066 section 8)
*/
static int conn_ocsp_staple(lua_State *L)
{
    lt_conn *c;
    const lt_engine_class *engine = open_engine(L, &c);
    return bytes_or_nil(L, engine->peer_staple(c->engine));
}

/***
@function conn:scts
@treturn string|nil the SignedCertificateTimestampList that the server sent (RFC 6962 section 3.3)
*/
static int conn_scts(lua_State *L)
{
    lt_conn *c;
    const lt_engine_class *engine = open_engine(L, &c);
    return bytes_or_nil(L, engine->peer_scts(c->engine));
}

static int alert_name(lua_State *L)
{
    lua_Integer number = luaL_checkinteger(L, 1);
    const char *name = lt_alert_name((lt_alert)number);
    if (name)
        lua_pushstring(L, name);
    else
        lua_pushfstring(L, "alert %I", (LUAI_UACINT)number);
    return 1;
}

void lt_lua_conn_later_methods(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "update_keys", conn_update_keys },
        { "request_certificate", conn_request_certificate },
        { "is_early", conn_is_early },
        { "ocsp_staple", conn_ocsp_staple },
        { "scts", conn_scts },
        { NULL, NULL },
    };
    luaL_setfuncs(L, methods, 0);
}

void lt_lua_open_conn_later(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "write_early", conn_write_early },
        { "send_handshake", conn_send_handshake },
        { "alert_name", alert_name },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
