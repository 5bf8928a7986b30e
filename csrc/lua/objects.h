/* SPDX-License-Identifier: MIT
 * objects.h - the userdata around a connection: config, connection, socket, session. What one of them
 * points into is kept alive by its user value. */
#ifndef LT_LUA_OBJECTS_H
#define LT_LUA_OBJECTS_H

#include "conn/transport.h"
#include "lua/support.h"
#include "x509/identity.h"
#include "x509/validator.h"

#define LT_LUA_CONFIG "bearssl.config"
#define LT_LUA_CONNECTION "bearssl.connection"
#define LT_LUA_SOCKET "bearssl.socket"
#define LT_LUA_SESSION "bearssl.session"
#define LT_LUA_IDENTITY "bearssl.identity"

/* User value: the table that its maker gave, with the store and the callbacks. */
typedef struct {
    lt_conn_config conn;
    lt_validator validator;
    lt_identity *identities;
    uint16_t *cipher_suites, *group_list, *signature_schemes, *certificate_schemes;
    const char **alpn; /* one block: the pointers, then the names */
    lt_bytes *authorities;
    bool ready; /* whole: connections may be made */
} lt_lua_config;

/* User value of connection and socket: what it was made with, and what outlives the engine because a
 * question was answered with it. */
enum {
    LT_KEEP_CONFIG = 1,
    LT_KEEP_IDENTITY = 2,
    LT_KEEP_OTHER_CONFIG = 3,
    LT_KEEP_EVIDENCE = 4,
};

/* The config at `index`, whole; raises where it is something else. */
lt_lua_config *lt_lua_check_config(lua_State *L, int index);

/* Name, session and time of a new connection; both arguments may be nil. */
lt_conn_options lt_lua_conn_options(lua_State *L, int name, int session);
void lt_lua_keep_config(lua_State *L, int object, int config);

/* The connection in a bearssl.connection or bearssl.socket at 1; raises where it is neither. */
lt_conn *lt_lua_check_conn(lua_State *L);

/* The bytes of the string at `index` from i to j, the two arguments after it, as string.sub counts; gives
 * the i that was meant. */
lua_Integer lt_lua_range(lua_State *L, int index, lt_bytes *data);

/* The methods that connection and socket share, into the table on top of the stack. */
void lt_lua_conn_methods(lua_State *L);

/* The table of methods of a class, as field `field` of the table on top: Lua adds to it. */
void lt_lua_export_methods(lua_State *L, const char *class_name, const char *field);

/* nil and the error, which has `paths` where the peer's certificates were refused; returns 2. */
int lt_lua_fail_conn(lua_State *L, const lt_conn *c, const lt_error *e);
void lt_lua_set_paths(lua_State *L, const lt_tried_paths *tried); /* of the error on top */
void lt_lua_push_path(lua_State *L,
                      const lt_verify_result *result); /* a list of certificates */

/* session | nil, err; `object` is the connection that has the engine */
int lt_lua_push_session(lua_State *L, const lt_engine *engine, int object);
const lt_session *lt_lua_opt_session(lua_State *L, int index); /* NULL: none or nil */

/* What a config may be given again later: ticket_keys, ocsp_staple, scts, out of a table of fields. */
lt_code lt_lua_config_later(lua_State *L, lt_lua_config *c, int fields, lt_error *e);
void lt_lua_open_config_later(lua_State *L);

/* Opened by lt_lua_open_config and lt_lua_open_connection. */
void lt_lua_open_conn_later(lua_State *L);
void lt_lua_conn_later_methods(
    lua_State *L); /* into the table on top; with those that are shared */
void lt_lua_open_identity(lua_State *L);
void lt_lua_open_conn_events(lua_State *L);

#endif
