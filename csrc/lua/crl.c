/* SPDX-License-Identifier: MIT
 * crl.c - the class bearssl.crl: one certificate revocation list, its fields, its entries by
 * serial number. */

/***
@module bearssl.x509.crl
*/
#include "lua/revocation.h"

#include <ctype.h>

#include "x509/dn.h"
#include "x509/general_name.h"
#include "x509/signature.h"
#include "x509/text.h"

#define CRL_LIST "bearssl.crl_list" /* holds what is parsed while Lua's values are made of it */

enum { SERIAL_MAX = 256 };

lt_crl *lt_lua_test_crl(lua_State *L, int index)
{
    return luaL_testudata(L, index, LT_LUA_CRL);
}

static lt_crl *check(lua_State *L, int index)
{
    return luaL_checkudata(L, index, LT_LUA_CRL);
}

void lt_lua_set_time(lua_State *L, const char *field, bool present, int64_t t)
{
    if (!present)
        return;
    lua_pushinteger(L, t);
    lua_setfield(L, -2, field);
}

void lt_lua_set_reason(lua_State *L, bool present, uint32_t reason)
{
    if (!present)
        return;
    lua_pushstring(L, lt_reason_name(reason));
    if (lua_isnil(L, -1)) { /* no reason of the list: its number */
        lua_pop(L, 1);
        lua_pushinteger(L, reason);
    }
    lua_setfield(L, -2, "reason");
}

static void push_entry(lua_State *L, const lt_crl_entry *entry)
{
    lua_newtable(L);
    lt_lua_push_hex(L, lt_lua_serial(entry->serial_number));
    lua_setfield(L, -2, "serial");
    lt_lua_set_time(L, "revocation_date", true, entry->revocation_date);
    lt_lua_set_time(L, "invalidity_date", entry->has_invalidity_date, entry->invalidity_date);
    lt_lua_set_reason(L, entry->has_reason, entry->reason);
    lt_general_name name;
    for (lt_reader r = entry->certificate_issuer; lt_general_name_next(&r, &name);)
        if (name.type == LT_GN_directory_name) {
            lt_lua_push_name(L, name.value);
            lua_setfield(L, -2, "certificate_issuer");
        }
}

static void push_number(lua_State *L, lt_bytes magnitude)
{
    char text[640]; /* 256 octets have 617 digits */
    lt_decimal_text(magnitude, text, sizeof text);
    lua_pushstring(L, text);
}

static void push_issuing_point(lua_State *L, const lt_issuing_point *p)
{
    const lt_distribution_point point = { .name = p->name,
                                          .has_reasons = p->has_reasons,
                                          .reasons = p->reasons };
    const struct {
        const char *field;
        bool on;
    } flags[] = {
        { "only_contains_user_certs", p->only_user_certs },
        { "only_contains_ca_certs", p->only_ca_certs },
        { "only_contains_attribute_certs", p->only_attribute_certs },
        { "indirect_crl", p->indirect },
    };
    lt_lua_push_distribution_point(L, &point);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        lua_pushboolean(L, flags[i].on);
        lua_setfield(L, -2, flags[i].field);
    }
}

static void push_algorithm(lua_State *L, lt_bytes algorithm)
{
    lt_signature_algorithm a;
    lt_error e = { .code = LT_OK };
    lt_signature_algorithm_parse(&a, algorithm, &e);
    lua_pushstring(L, e.code == LT_OK ? a.name : e.detail);
}

static void push_freshest_crl(lua_State *L, lt_bytes points)
{
    lt_distribution_point point;
    lua_newtable(L);
    for (lua_Integer i = 1; lt_crl_point_next(&points, &point); i++) {
        lt_lua_push_distribution_point(L, &point);
        lua_rawseti(L, -2, i);
    }
}

static int push_optional_number(lua_State *L, bool present, lt_bytes magnitude)
{
    if (!present)
        return 0;
    push_number(L, magnitude);
    return 1;
}

/* One pushed value, or 0: absent, or no field. */
static int push_field(lua_State *L, const lt_crl *crl, const char *name)
{
    if (!strcmp(name, "version"))
        return lua_pushinteger(L, crl->version), 1;
    if (!strcmp(name, "issuer"))
        return lt_lua_push_name(L, crl->issuer), 1;
    if (!strcmp(name, "this_update"))
        return lua_pushinteger(L, crl->updates.this_update), 1;
    if (!strcmp(name, "next_update") && crl->updates.has_next_update)
        return lua_pushinteger(L, crl->updates.next_update), 1;
    if (!strcmp(name, "signature_algorithm"))
        return push_algorithm(L, crl->signature_algorithm), 1;
    if (!strcmp(name, "entry_count"))
        return lua_pushinteger(L, (lua_Integer)crl->entry_count), 1;
    if (!strcmp(name, "crl_number"))
        return push_optional_number(L, crl->has_crl_number, crl->crl_number);
    if (!strcmp(name, "base_crl_number"))
        return push_optional_number(L, crl->is_delta, crl->base_crl_number);
    if (!strcmp(name, "is_delta"))
        return lua_pushboolean(L, crl->is_delta), 1;
    if (!strcmp(name, "authority_key_identifier") && crl->authority_key_identifier.n > 0)
        return lt_lua_push_hex(L, crl->authority_key_identifier), 1;
    if (!strcmp(name, "issuing_distribution_point") && crl->has_issuing_point)
        return push_issuing_point(L, &crl->issuing_point), 1;
    if (!strcmp(name, "freshest_crl") && crl->freshest_crl.n > 0)
        return push_freshest_crl(L, crl->freshest_crl), 1;
    if (!strcmp(name, "unknown_critical_extension") && crl->unknown_critical.n > 0)
        return lt_lua_push_oid(L, crl->unknown_critical), 1;
    return 0;
}

/* Upvalue 1: the methods. */
static int crl_index(lua_State *L)
{
    const lt_crl *crl = check(L, 1);
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING)
        return 1;
    return push_field(L, crl, lua_tostring(L, 2));
}

static int crl_gc(lua_State *L)
{
    lt_crl_free(check(L, 1));
    return 0;
}

static int crl_tostring(lua_State *L)
{
    const lt_crl *crl = check(L, 1);
    char issuer[256];
    lt_dn_text(crl->issuer, issuer, sizeof issuer);
    lua_pushfstring(L, LT_LUA_CRL ": %s, %d entries", issuer, (int)crl->entry_count);
    return 1;
}

static int crl_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check(L, 1)->entry_count);
    return 1;
}

static int hex_digit(int c)
{
    return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* Hexadecimal digits, with or without colons, to content octets of an INTEGER that is not
 * negative. */
static bool parse_serial(lt_bytes text, uint8_t out[SERIAL_MAX + 2], lt_bytes *serial)
{
    size_t at = SERIAL_MAX + 2;
    int half = -1;
    for (size_t i = text.n; i-- > 0;) {
        int digit = hex_digit(text.p[i]);
        if (text.p[i] == ':')
            continue;
        if (digit < 0 || at == 1)
            return false;
        if (half < 0) {
            half = digit;
        } else {
            out[--at] = (uint8_t)(digit << 4 | half);
            half = -1;
        }
    }
    if (half >= 0)
        out[--at] = (uint8_t)half;
    while (at < SERIAL_MAX + 2 && out[at] == 0)
        at++;
    if (at == SERIAL_MAX + 2 || (out[at] & 0x80))
        out[--at] = 0;
    *serial = (lt_bytes){ out + at, SERIAL_MAX + 2 - at };
    return text.n > 0;
}

/***
The entry for a certificate, found by a binary search.
@function crl:lookup
@tparam bearssl.certificate|string what a certificate, or a serial number in hexadecimal (colons may stand in it)
@treturn[1] table `serial` (hexadecimal), `revocation_date` (seconds since the epoch), and where they are there `reason`
("key_compromise", …), `invalidity_date`, `certificate_issuer` (of an indirect CRL)
@treturn[2] nil there is none; of the certificate of another issuer neither. Whether the list is good
for it is what `crl:verify` and @{bearssl.store} tell
*/
static int crl_lookup(lua_State *L)
{
    const lt_crl *crl = check(L, 1);
    const lt_certificate *c;
    uint8_t room[SERIAL_MAX + 2];
    lt_bytes text, serial = { NULL, 0 };
    lt_crl_entry entry;
    size_t first;
    if (lt_lua_test_certificate(L, 2, &c)) {
        if (!lt_crl_lookup(crl, c->issuer, c->serial_number, &entry))
            return lua_pushnil(L), 1;
        return push_entry(L, &entry), 1;
    }
    text.p = (const uint8_t *)luaL_checklstring(L, 2, &text.n);
    luaL_argcheck(L, parse_serial(text, room, &serial), 2,
                  "a certificate or hexadecimal digits are wanted");
    if (lt_crl_find(crl, serial, &first) == 0)
        return lua_pushnil(L), 1;
    lt_crl_entry_at(crl, first, &entry);
    return push_entry(L, &entry), 1;
}

/***
An entry by its place in the order of serial numbers.
@function crl:entry
@tparam integer i 1 to #crl
@treturn table|nil as @{crl:lookup} gives it
*/
static int crl_entry(lua_State *L)
{
    const lt_crl *crl = check(L, 1);
    lua_Integer i = luaL_checkinteger(L, 2);
    lt_crl_entry entry;
    if (i < 1 || (lua_Unsigned)i > crl->entry_count)
        return lua_pushnil(L), 1;
    lt_crl_entry_at(crl, (size_t)i - 1, &entry);
    return push_entry(L, &entry), 1;
}

/***
Is the list signed by this issuer, whose name it has and whose key usage allows it (RFC 5280 section 6.3.3, f and g)?
Asks neither for dates nor for the issuer's own path.
@function crl:verify
@tparam bearssl.certificate issuer
@tparam[opt] table options `sha1 = true`: a signature with SHA-1 will do
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] bearssl.error `bad_crl`, `bad_certificate_signature`, `weak_signature`, …
*/
static int crl_verify(lua_State *L)
{
    lt_crl *crl = check(L, 1);
    const lt_certificate *issuer;
    lt_error e = { .code = LT_OK };
    luaL_argcheck(L, lt_lua_test_certificate(L, 2, &issuer), 2, "a certificate is wanted");
    uint32_t flags = lt_lua_flag(L, 3, "sha1") ? LT_SIGNATURE_sha1 : 0;
    if (lt_crl_verify(crl, issuer, flags, NULL, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, true);
    return 1;
}

/***
The list's own bytes.
@function crl:der
@treturn string DER
*/
static int crl_der(lua_State *L)
{
    lt_lua_push_bytes(L, check(L, 1)->der);
    return 1;
}

/***
The list as a PEM block (RFC 7468), with its final newline.
@function crl:pem
@treturn string
*/
static int crl_pem(lua_State *L)
{
    lt_lua_push_base64(L, check(L, 1)->der, 64, "-----BEGIN X509 CRL-----\n",
                       "-----END X509 CRL-----\n");
    return 1;
}

static int list_gc(lua_State *L)
{
    lt_crl_list_free(lua_touserdata(L, 1));
    return 0;
}

/* crls(path or text, is text) -> { crl, ... } | nil, err */
static int crls(lua_State *L)
{
    lt_bytes in, text = { NULL, 0 };
    lt_buffer file = { 0 };
    lt_error e = { .code = LT_OK };
    in.p = (const uint8_t *)luaL_checklstring(L, 1, &in.n);
    const bool is_text = lua_toboolean(L, 2);
    lt_crl_list *list = lua_newuserdata(L, sizeof *list);
    *list = (lt_crl_list){ .count = 0 };
    luaL_setmetatable(L, CRL_LIST);
    lt_code rc = LT_OK;
    if (is_text)
        text = in;
    else
        rc = lt_lua_input(in, &file, &text, &e);
    if (rc == LT_OK)
        rc = lt_crl_list_add(list, text, &e);
    lt_buffer_free(&file);
    if (rc != LT_OK)
        return lt_lua_fail(L, &e);
    lua_createtable(L, (int)list->count, 0);
    for (size_t i = 0; i < list->count; i++) {
        lt_crl *crl = lua_newuserdata(L, sizeof *crl);
        *crl = list->crls[i];
        list->crls[i] = (lt_crl){ .index = NULL };
        luaL_setmetatable(L, LT_LUA_CRL);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int is_crl(lua_State *L)
{
    lua_pushboolean(L, lt_lua_test_crl(L, 1) != NULL);
    return 1;
}

void lt_lua_open_crl(lua_State *L)
{
    static const luaL_Reg none[] = { { NULL, NULL } };
    static const luaL_Reg methods[] = {
        { "lookup", crl_lookup }, { "entry", crl_entry }, { "verify", crl_verify },
        { "der", crl_der },       { "pem", crl_pem },     { NULL, NULL },
    };
    static const luaL_Reg meta[] = {
        { "__gc", crl_gc },
        { "__tostring", crl_tostring },
        { "__len", crl_len },
        { NULL, NULL },
    };
    static const luaL_Reg functions[] = {
        { "crls", crls },
        { "is_crl", is_crl },
        { NULL, NULL },
    };
    static const luaL_Reg list_meta[] = { { "__gc", list_gc }, { NULL, NULL } };
    lt_lua_class(L, CRL_LIST, none, list_meta);
    lt_lua_class(L, LT_LUA_CRL, methods, meta);
    lt_lua_index_by(L, LT_LUA_CRL, crl_index);
    luaL_setfuncs(L, functions, 0);
}
