/* SPDX-License-Identifier: MIT
 * support.h - what every file of the binding needs: error objects, and bytes that come as a
 * path or as text. No lua_State is kept. */
#ifndef LT_LUA_SUPPORT_H
#define LT_LUA_SUPPORT_H

#include <lauxlib.h>
#include <lua.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

#define LT_LUA_ERROR "bearssl.error"

/* Pushes nil and a bearssl.error made of `e`; returns 2, so that a function can return it. */
int lt_lua_fail(lua_State *L, const lt_error *e);
void lt_lua_push_error(lua_State *L, const lt_error *e); /* the error object alone */

static inline void lt_lua_push_bytes(lua_State *L, lt_bytes b)
{
    lua_pushlstring(L, b.n ? (const char *)b.p : "", b.n);
}

/* A new metatable `name` with `methods` in its own __index table, so that obj.__gc is nil;
 * __name and __metatable are set. Leaves nothing on the stack. */
void lt_lua_class(lua_State *L, const char *name, const luaL_Reg *methods,
                  const luaL_Reg *meta);

/* Is the string PEM or DER text, rather than a path? */
bool lt_lua_is_text(lt_bytes s);

/* PEM or DER text is lent, a path is read into `file`, which the caller frees. */
lt_code lt_lua_input(lt_bytes path_or_text, lt_buffer *file, lt_bytes *out, lt_error *e);

struct lt_store;                                             /* x509/store.h */
struct lt_store *lt_lua_test_store(lua_State *L, int index); /* NULL: something else */

/* A bearssl.certificate of a copy of `der`, or nil where that does not parse (then false). */
bool lt_lua_push_certificate(lua_State *L, lt_bytes der);
/* The certificate at `index`, alive as long as the value there; false: it is none. */
struct lt_certificate;
bool lt_lua_test_certificate(lua_State *L, int index, const struct lt_certificate **c);
void lt_lua_push_name(lua_State *L, lt_bytes name); /* bearssl.name, of a Name in DER */

struct lt_private_key;                                           /* x509/private_key.h */
struct lt_private_key *lt_lua_test_key(lua_State *L, int index); /* NULL: something else */

/* Has require find the Lua files in here; `file`: the one that this module was loaded from. */
void lt_lua_open_modules(lua_State *L, const char *file);
const char *lt_lua_key_type(unsigned type); /* of an lt_key_type: "rsa" … */

/* Each file of the binding adds its functions to the table on top of the stack. */
void lt_lua_open_error(lua_State *L);
void lt_lua_open_system(lua_State *L);
void lt_lua_open_digest(lua_State *L);
void lt_lua_open_certificate(lua_State *L);
void lt_lua_open_crl(lua_State *L);
void lt_lua_open_ocsp(lua_State *L);
void lt_lua_open_revocation(lua_State *L);
void lt_lua_open_pins(lua_State *L);
void lt_lua_open_key(lua_State *L);
void lt_lua_open_issue(lua_State *L);
void lt_lua_open_process(lua_State *L);
void lt_lua_open_store(lua_State *L);
void lt_lua_open_config(lua_State *L);
void lt_lua_open_session(lua_State *L);
void lt_lua_open_connection(lua_State *L);
void lt_lua_open_socket(lua_State *L);
void lt_lua_open_poller(lua_State *L);
int lt_lua_lookup(lua_State *L); /* a function of core */

#endif
