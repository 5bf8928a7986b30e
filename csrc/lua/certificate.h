/* SPDX-License-Identifier: MIT
 * certificate.h - what the files of the certificate's binding share: values as Lua has them. */
#ifndef LT_LUA_CERTIFICATE_H
#define LT_LUA_CERTIFICATE_H

#include "lua/lazy.h"
#include "lua/support.h"
#include "x509/certificate.h"
#include "x509/crl_point.h"
#include "x509/general_name.h"

#define LT_LUA_CERTIFICATE "bearssl.certificate"

/* Pushes the value of the field `name` of the certificate at index 1; false, and nothing pushed, where there
 * is no such field. */
bool lt_lua_push_certificate_field(lua_State *L, const lt_certificate *c, const char *name);

void lt_lua_open_fields(lua_State *L); /* the classes of tables that fields are */
extern const lt_lua_lazy lt_lua_extensions;

void lt_lua_push_hex(lua_State *L, lt_bytes b); /* lower case */
/* Content octets of an INTEGER: hexadecimal, with "-" before the few that are negative. */
void lt_lua_push_serial(lua_State *L, lt_bytes serial_number);
void lt_lua_push_oid(lua_State *L, lt_bytes oid); /* dotted */
void lt_lua_push_time(lua_State *L, int64_t t);   /* ISO 8601 */
void lt_lua_push_base64(lua_State *L, lt_bytes b, size_t line, const char *before,
                        const char *after);
void lt_lua_push_text(lua_State *L, uint32_t tag, lt_bytes value); /* lt_string_text */
void lt_lua_push_rdn(lua_State *L, lt_bytes rdn);                  /* its content */

/* { type, value }; of what has no text, { type, der }. `with_mask`: addresses are of name constraints. */
void lt_lua_push_general_name(lua_State *L, const lt_general_name *name, bool with_mask);
void lt_lua_push_distribution_point(lua_State *L, const lt_distribution_point *d);

void lt_lua_open_name(lua_State *L); /* the class that lt_lua_push_name needs */

static inline void lt_lua_set_bytes(lua_State *L, const char *field, lt_bytes b)
{
    lt_lua_push_bytes(L, b);
    lua_setfield(L, -2, field);
}

#endif
