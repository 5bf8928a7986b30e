/* SPDX-License-Identifier: MIT
 * certificate.c - the class bearssl.certificate: one certificate, which owns a copy of its DER.
 * Fields are made when they are first asked for, and kept. */

/***
@module bearssl.x509
*/
#include "lua/certificate.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "x509/chain.h"
#include "x509/dn.h"
#include "x509/name.h"
#include "x509/signature.h"
#include "x509/text.h"

#define CHAIN "bearssl.chain" /* holds what is parsed while Lua's values are made of it */

enum { UV_FIELDS = 1, UV_COUNT = 1 }; /* uservalues: the fields that were asked for */

typedef struct {
    lt_certificate certificate; /* all zero: not parsed */
    uint8_t der[];
} certificate;

bool lt_lua_push_certificate(lua_State *L, lt_bytes der)
{
    lt_error e = { 0 };
    certificate *c = lua_newuserdatauv(L, sizeof *c + der.n, UV_COUNT);
    if (der.n > 0)
        memcpy(c->der, der.p, der.n);
    if (lt_certificate_parse(&c->certificate, (lt_bytes){ c->der, der.n }, &e) != LT_OK) {
        lua_pop(L, 1);
        lua_pushnil(L);
        return false;
    }
    luaL_setmetatable(L, LT_LUA_CERTIFICATE);
    return true;
}

bool lt_lua_test_certificate(lua_State *L, int index, const lt_certificate **c)
{
    const certificate *u = luaL_testudata(L, index, LT_LUA_CERTIFICATE);
    if (u)
        *c = &u->certificate;
    return u != NULL;
}

static const lt_certificate *check(lua_State *L, int arg)
{
    const certificate *u = luaL_checkudata(L, arg, LT_LUA_CERTIFICATE);
    return &u->certificate;
}

static void push_fields(lua_State *L) /* of the certificate at index 1, known so far */
{
    if (lua_getiuservalue(L, 1, UV_FIELDS) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, UV_FIELDS);
}

/* Upvalue 1: the methods, among them those that bearssl.x509 adds. */
static int certificate_index(lua_State *L)
{
    const lt_certificate *c = check(L, 1);
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING)
        return 1;
    push_fields(L);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, -2) != LUA_TNIL)
        return 1;
    lua_pop(L, 1);
    if (!lt_lua_push_certificate_field(L, c, lua_tostring(L, 2)))
        return 0;
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 4);
    return 1;
}

static int certificate_tostring(lua_State *L)
{
    const lt_certificate *c = check(L, 1);
    lua_pushliteral(L, LT_LUA_CERTIFICATE ": ");
    lt_lua_push_name(L, c->subject);
    lua_getfield(L, -1, "text");
    lua_remove(L, -2);
    lua_concat(L, 2);
    return 1;
}

static int certificate_eq(lua_State *L)
{
    lua_pushboolean(L, lt_bytes_equal(check(L, 1)->der, check(L, 2)->der));
    return 1;
}

/***
The certificate's own bytes.
@function certificate:der
@treturn string DER
*/
static int certificate_der(lua_State *L)
{
    lt_lua_push_bytes(L, check(L, 1)->der);
    return 1;
}

/***
The certificate as a PEM block (RFC 7468), with its final newline.
@function certificate:pem
@treturn string
*/
static int certificate_pem(lua_State *L)
{
    lt_lua_push_base64(L, check(L, 1)->der, 64, "-----BEGIN CERTIFICATE-----\n",
                       "-----END CERTIFICATE-----\n");
    return 1;
}

static int push_verdict(lua_State *L, const lt_error *e)
{
    lua_pushboolean(L, e->code == LT_OK);
    if (e->code == LT_OK)
        return 1;
    lt_lua_push_error(L, e);
    return 2;
}

static int matches(lua_State *L,
                   lt_code (*match)(const lt_certificate *, const char *, lt_error *),
                   const char *what)
{
    size_t n;
    const lt_certificate *c = check(L, 1);
    const char *name = luaL_checklstring(L, 2, &n);
    lt_error e = { 0 };
    if (strlen(name) != n)
        lt_fail_detail(&e, LT_option, what, "a NUL stands in the name");
    else
        match(c, name, &e);
    return push_verdict(L, &e);
}

/***
Does the certificate stand for a host? The subject alternative name is asked, dNSName or iPAddress, never the
common name (RFC 9525). A name in Unicode is looked for as its A-label.
@function certificate:matches_name
@tparam string host a host name, or an IPv4 or IPv6 address
@treturn[1] boolean true
@treturn[2] boolean false
@treturn[2] bearssl.error `name_mismatch` with the names that were there; `option` if host is itself no name
*/
static int certificate_matches_name(lua_State *L)
{
    return matches(L, lt_certificate_matches_host, "host");
}

/***
Does the certificate stand for a mail address? rfc822Name and SmtpUTF8Mailbox (RFC 9598) of the subject alternative name
are asked: the local part as it is, the domain as a host name.
@function certificate:matches_email
@tparam string address
@treturn[1] boolean true
@treturn[2] boolean false
@treturn[2] bearssl.error `name_mismatch` with the addresses that were there; `option` if address is itself none
*/
static int certificate_matches_email(lua_State *L)
{
    return matches(L, lt_certificate_matches_email, "email");
}

/***
Does the certificate stand for a URI (RFC 5280 section 7.4)? Scheme and authority may differ in case, nothing else.
@function certificate:matches_uri
@tparam string uri
@treturn[1] boolean true
@treturn[2] boolean false
@treturn[2] bearssl.error `name_mismatch` with the URIs that were there; `option` if uri is itself none
*/
static int certificate_matches_uri(lua_State *L)
{
    return matches(L, lt_certificate_matches_uri, "uri");
}

/* Names chained (RFC 5280 section 6.1.3), key identifiers that do not contradict (4.2.1.1), and
 * the signature. SHA-1 counts: whether it is good enough is for a validation to say. */
static lt_code issued(const lt_certificate *c, const lt_certificate *issuer, lt_error *e)
{
    char name[160];
    lt_public_key key;
    if (!lt_dn_equal(c->issuer, issuer->subject)) {
        lt_dn_text(c->issuer, name, sizeof name);
        return lt_fail_detail(e, LT_unknown_issuer, "issuer", "its issuer is %s", name);
    }
    if (c->authority_key_identifier.n > 0 && issuer->subject_key_identifier.n > 0
        && !lt_bytes_equal(c->authority_key_identifier, issuer->subject_key_identifier))
        return lt_fail_detail(e, LT_unknown_issuer, "authorityKeyIdentifier",
                              "the issuer has another key of this name");
    if (lt_public_key_parse(&key, issuer->spki, e) != LT_OK)
        return e->code;
    return lt_signature_verify(c->signature_algorithm, &key, c->tbs_certificate, c->signature,
                               LT_SIGNATURE_sha1, e);
}

/***
Did the holder of another certificate issue this one? Compares names and key identifiers and checks the signature;
whether the issuer may do so is for @{bearssl.store} to judge.
@function certificate:is_issued_by
@tparam bearssl.certificate issuer
@treturn[1] boolean true
@treturn[2] boolean false
@treturn[2] bearssl.error why not
*/
static int certificate_is_issued_by(lua_State *L)
{
    lt_error e = { 0 };
    issued(check(L, 1), check(L, 2), &e);
    return push_verdict(L, &e);
}

/***
Is this certificate signed by its own key, under its own name?
@function certificate:is_self_signed
@treturn[1] boolean true
@treturn[2] boolean false
@treturn[2] bearssl.error why not
*/
static int certificate_is_self_signed(lua_State *L)
{
    lt_error e = { 0 };
    issued(check(L, 1), check(L, 1), &e);
    return push_verdict(L, &e);
}

static int chain_gc(lua_State *L)
{
    lt_chain_free(lua_touserdata(L, 1));
    return 0;
}

static lt_chain *new_chain(lua_State *L)
{
    lt_chain *chain = lua_newuserdatauv(L, sizeof *chain, 0);
    *chain = (lt_chain){ 0 };
    luaL_setmetatable(L, CHAIN);
    return chain;
}

static int push_list(lua_State *L, lt_chain *chain)
{
    lua_createtable(L, chain->count > INT32_MAX ? 0 : (int)chain->count, 0);
    for (size_t i = 0; i < chain->count; i++) {
        lt_lua_push_certificate(L, chain->certificates[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lt_chain_free(chain); /* sooner than the collector would */
    return 1;
}

/***
Reads certificates from a file: PEM with any text around the blocks, or DER.
@function x509.load
@tparam string path
@treturn[1] {bearssl.certificate,...} one or more, in the order of the file
@treturn[2] nil
@treturn[2] bearssl.error `file`, `pem`, `der`, `no_certificates`, `bad_certificate`, `limit`, `memory`
*/
static int x509_load(lua_State *L)
{
    size_t n;
    const char *path = luaL_checklstring(L, 1, &n);
    lt_chain *chain = new_chain(L);
    lt_buffer file = { 0 };
    lt_error e = { 0 };
    lt_code rc;
    if (strlen(path) != n)
        rc = lt_fail_detail(&e, LT_file, "path", "a NUL stands in it");
    else
        rc = lt_file_read(path, &file, &e);
    if (rc == LT_OK)
        rc = lt_chain_parse(chain, (lt_bytes){ file.data + file.start, lt_buffer_size(&file) },
                            &e);
    lt_buffer_free(&file);
    if (rc != LT_OK && rc != LT_file && rc != LT_memory)
        lt_error_cause(&e, NULL, "in %s", path);
    return rc == LT_OK ? push_list(L, chain) : lt_lua_fail(L, &e);
}

/***
Reads certificates from a string: PEM with any text around the blocks, or DER.
@function x509.parse
@tparam string text
@treturn[1] {bearssl.certificate,...} one or more, in the order of the text
@treturn[2] nil
@treturn[2] bearssl.error `pem`, `der`, `no_certificates`, `bad_certificate`, `limit`, `memory`
*/
static int x509_parse(lua_State *L)
{
    lt_bytes text = { NULL, 0 };
    text.p = (const uint8_t *)luaL_checklstring(L, 1, &text.n);
    lt_chain *chain = new_chain(L);
    lt_error e = { 0 };
    if (lt_chain_parse(chain, text, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    return push_list(L, chain);
}

/* A method that is Lua's: bearssl.x509 puts its own in the place of this, which few programs need. Upvalues: the
 * methods, and the name of this one. */
static int load_method(lua_State *L)
{
    int n = lua_gettop(L);
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_GNAME);
    lua_getfield(L, -1, "require");
    lua_pushliteral(L, "bearssl.x509");
    lua_call(L, 1, 0);
    lua_settop(L, n);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_rawget(L, lua_upvalueindex(1));
    if (lua_tocfunction(L, -1) == load_method)
        return luaL_error(L, "bearssl.x509 is another module's");
    lua_insert(L, 1);
    lua_call(L, n, LUA_MULTRET);
    return lua_gettop(L);
}

/* Into the methods, which are on top */
static void add_later_methods(lua_State *L)
{
    static const char *const names[] = { "days_left", "text", "to_table" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_pushvalue(L, -1);
        lua_pushstring(L, names[i]);
        lua_pushcclosure(L, load_method, 2);
        lua_setfield(L, -2, names[i]);
    }
}

static const luaL_Reg methods[] = {
    { "der", certificate_der },
    { "pem", certificate_pem },
    { "matches_name", certificate_matches_name },
    { "matches_email", certificate_matches_email },
    { "matches_uri", certificate_matches_uri },
    { "is_issued_by", certificate_is_issued_by },
    { "is_self_signed", certificate_is_self_signed },
    { NULL, NULL },
};

void lt_lua_open_certificate(lua_State *L)
{
    static const luaL_Reg none[] = { { NULL, NULL } };
    static const luaL_Reg meta[] = {
        { "__tostring", certificate_tostring },
        { "__eq", certificate_eq },
        { NULL, NULL },
    };
    static const luaL_Reg chain_meta[] = { { "__gc", chain_gc }, { NULL, NULL } };
    static const luaL_Reg functions[] = {
        { "x509_load", x509_load },
        { "x509_parse", x509_parse },
        { NULL, NULL },
    };
    lt_lua_open_name(L);
    lt_lua_open_fields(L);
    lt_lua_class(L, CHAIN, none, chain_meta);
    lt_lua_class(L, LT_LUA_CERTIFICATE, methods, meta);
    luaL_setfuncs(L, functions, 0);
    luaL_getmetatable(L, LT_LUA_CERTIFICATE);
    lua_getfield(L, -1, "__index");
    add_later_methods(L);
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, certificate_index, 1);
    lua_setfield(L, -3, "__index");
    lua_setfield(L, -3, "certificate_methods");
    lua_pop(L, 1);
}
