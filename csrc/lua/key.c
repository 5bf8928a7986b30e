/* SPDX-License-Identifier: MIT
 * key.c - a private key as userdata. Files are read here, so that a key passes through no Lua
 * string; it goes out of here in no form but its public half. */
#include "lua/support.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "x509/certificate.h"
#include "x509/key_generate.h"
#include "x509/pem.h"
#include "x509/pins.h"
#include "x509/private_key_sign.h"
#include "x509/sign.h"

#define KEY "bearssl.key"

struct lt_private_key *lt_lua_test_key(lua_State *L, int index)
{
    lt_private_key *k = luaL_testudata(L, index, KEY);
    return k && k->type != LT_KEY_unknown ? k : NULL;
}

static lt_private_key *check_key(lua_State *L)
{
    lt_private_key *k = luaL_checkudata(L, 1, KEY);
    luaL_argcheck(L, k->type != LT_KEY_unknown, 1, "key is closed");
    return k;
}

static int key_close(lua_State *L) /* safe twice; wipes */
{
    lt_private_key_free(luaL_checkudata(L, 1, KEY));
    return 0;
}

static lt_private_key *new_key(lua_State *L)
{
    lt_private_key *k = lua_newuserdata(L, sizeof *k);
    *k = (lt_private_key){ .type = LT_KEY_unknown };
    luaL_setmetatable(L, KEY);
    return k;
}

static lt_bytes check_bytes(lua_State *L, int index)
{
    lt_bytes b;
    b.p = (const uint8_t *)luaL_checklstring(L, index, &b.n);
    return b;
}

static lt_bytes opt_password(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ? (lt_bytes){ NULL, 0 } : check_bytes(L, index);
}

/* key_parse(text, password) -> key | nil, err */
static int key_parse(lua_State *L)
{
    lt_bytes text = check_bytes(L, 1), password = opt_password(L, 2);
    lt_private_key *k = new_key(L);
    lt_error e = { .code = LT_OK };
    return lt_private_key_parse(k, text, password, &e) == LT_OK ? 1 : lt_lua_fail(L, &e);
}

/* key_load(path, password) -> key | nil, err */
static int key_load(lua_State *L)
{
    lt_bytes path = check_bytes(L, 1), password = opt_password(L, 2);
    luaL_argcheck(L, path.n > 0 && !memchr(path.p, 0, path.n), 1, "not a path");
    lt_private_key *k = new_key(L);
    lt_buffer file = { .data = NULL }; /* nothing raises until it is freed */
    lt_error e = { .code = LT_OK };
    lt_code rc = lt_file_read((const char *)path.p, &file, &e);
    if (rc == LT_OK)
        rc = lt_private_key_parse(
            k, (lt_bytes){ file.data + file.start, lt_buffer_size(&file) }, password, &e);
    lt_buffer_free(&file);
    return rc == LT_OK ? 1 : lt_lua_fail(L, &e);
}

static int is_key(lua_State *L) /* and not closed */
{
    lua_pushboolean(L, lt_lua_test_key(L, 1) != NULL);
    return 1;
}

const char *lt_lua_key_type(unsigned type)
{
    static const char *const names[] = { [LT_KEY_unknown] = "unknown",
                                         [LT_KEY_rsa] = "rsa",
                                         [LT_KEY_rsa_pss] = "rsa_pss",
                                         [LT_KEY_ec] = "ec",
                                         [LT_KEY_ed25519] = "ed25519" };
    return names[type];
}

static int push_type(lua_State *L, const lt_private_key *k)
{
    lua_pushstring(L, lt_lua_key_type(k->type));
    return 1;
}

static int push_bits(lua_State *L, const lt_private_key *k)
{
    if (k->type == LT_KEY_ec)
        lua_pushinteger(L, lt_curve_by_id(k->ec.curve)->bits);
    else
        lua_pushinteger(L, k->type == LT_KEY_ed25519 ? 256 : (lua_Integer)k->rsa.n_bitlen);
    return 1;
}

static int push_curve(lua_State *L, const lt_private_key *k)
{
    if (k->type == LT_KEY_ec)
        lua_pushstring(L, lt_curve_by_id(k->ec.curve)->name);
    else
        lua_pushnil(L);
    return 1;
}

static int push_public_key(lua_State *L, const lt_private_key *k)
{
    uint8_t spki[LT_PRIVATE_KEY_SPKI_MAX];
    lua_pushlstring(L, (const char *)spki, lt_private_key_spki(k, spki));
    return 1;
}

static int push_pin(lua_State *L, const lt_private_key *k)
{
    uint8_t spki[LT_PRIVATE_KEY_SPKI_MAX];
    char text[LT_PIN_TEXT_SIZE + 1];
    lt_pin_of(text, (lt_bytes){ spki, lt_private_key_spki(k, spki) });
    lua_pushstring(L, text);
    return 1;
}

/* matches(key, certificate or its DER) -> true | nil, err */
static int key_matches(lua_State *L)
{
    const lt_private_key *k = check_key(L);
    const lt_certificate *certificate;
    lt_bytes der;
    if (lt_lua_test_certificate(L, 2, &certificate))
        der = certificate->der;
    else
        der = check_bytes(L, 2);
    lt_error e = { .code = LT_OK };
    if (lt_private_key_matches(k, der, &e) != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, true);
    return 1;
}

/* key_generate(kind) -> key | nil, err */
static int key_generate(lua_State *L)
{
    const lt_key_kind *kind = lt_key_kind_by_name(luaL_checkstring(L, 1));
    luaL_argcheck(L, kind, 1, "no such kind of key");
    lt_private_key *k = new_key(L);
    lt_error e = { .code = LT_OK };
    lt_random random;
    lt_code rc = lt_random_init(&random, NULL, &e);
    if (rc == LT_OK)
        rc = lt_private_key_generate(k, kind, &random, &e);
    lt_wipe(&random, sizeof random);
    return rc == LT_OK ? 1 : lt_lua_fail(L, &e);
}

/* save(key, path, replace) -> true | nil, err: PKCS#8 in PEM, which none but the owner can read */
static int key_save(lua_State *L)
{
    const lt_private_key *k = check_key(L);
    lt_bytes path = check_bytes(L, 2);
    luaL_argcheck(L, path.n > 0 && !memchr(path.p, 0, path.n), 2, "not a path");
    lt_buffer pem = { .data = NULL };
    lt_error e = { .code = LT_OK };
    lt_code rc = k->pkcs8.n > 0
                     ? lt_pem_encode("PRIVATE KEY", k->pkcs8, &pem, &e)
                     : lt_fail_detail(&e, LT_unsupported_key, "key:save",
                                      "it was read, not made here: its file is what there is");
    if (rc == LT_OK)
        rc = lt_file_write((const char *)path.p, lt_buffer_bytes(&pem), 0600,
                           lua_toboolean(L, 3), &e);
    lt_buffer_free(&pem);
    if (rc != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushboolean(L, true);
    return 1;
}

/* sign(key, message, hash) -> signature, as X.509 has it; by the key's own hash where none is named | nil, err */
static int key_sign(lua_State *L)
{
    const lt_private_key *k = check_key(L);
    lt_bytes message = check_bytes(L, 2);
    const char *name = luaL_optstring(L, 3, NULL);
    const br_hash_class *hash = name ? lt_hash_by_name(name) : NULL;
    luaL_argcheck(L, hash || !name, 3, "no such hash function");
    lt_random random;
    const lt_signer signer = { k, hash, &random };
    uint8_t signature[LT_SIGNATURE_MAX];
    size_t n;
    lt_error e = { .code = LT_OK };
    lt_code rc = lt_random_init(&random, NULL, &e);
    if (rc == LT_OK)
        rc = lt_signer_sign(&signer, message, signature, &n, &e);
    lt_wipe(&random, sizeof random);
    if (rc != LT_OK)
        return lt_lua_fail(L, &e);
    lua_pushlstring(L, (const char *)signature, n);
    return 1;
}

static const struct {
    const char *name;
    int (*push)(lua_State *L, const lt_private_key *k);
} fields[] = {
    { "type", push_type },   { "bits", push_bits },
    { "curve", push_curve }, { "public_key", push_public_key },
    { "pin", push_pin },
};

static int key_index(lua_State *L) /* upvalue: the methods */
{
    luaL_checkudata(L, 1, KEY);
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    if (!lua_isnil(L, -1) || lua_type(L, 2) != LUA_TSTRING)
        return 1;
    const char *name = lua_tostring(L, 2);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(name, fields[i].name) == 0)
            return fields[i].push(L, check_key(L));
    return 1;
}

static int key_tostring(lua_State *L)
{
    const lt_private_key *k = luaL_checkudata(L, 1, KEY);
    if (k->type == LT_KEY_unknown) {
        lua_pushliteral(L, KEY ": closed");
        return 1;
    }
    lua_pushliteral(L, KEY ": ");
    if (push_curve(L, k) && lua_isnil(L, -1)) {
        lua_pop(L, 1);
        push_type(L, k);
    }
    if (k->type == LT_KEY_rsa || k->type == LT_KEY_rsa_pss) {
        lua_pushliteral(L, " ");
        push_bits(L, k);
    }
    lua_concat(L, lua_gettop(L) - 1);
    return 1;
}

void lt_lua_open_key(lua_State *L)
{
    static const luaL_Reg methods[] = { { "matches", key_matches },
                                        { "save", key_save },
                                        { "sign", key_sign },
                                        { "close", key_close },
                                        { NULL, NULL } };
    static const luaL_Reg meta[] = {
        { "__gc", key_close },
        { "__close", key_close },
        { "__tostring", key_tostring },
        { NULL, NULL },
    };
    lt_lua_class(L, KEY, methods, meta);
    luaL_getmetatable(L, KEY);
    lua_getfield(L, -1, "__index");
    lua_pushcclosure(L, key_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_pushcfunction(L, key_parse);
    lua_setfield(L, -2, "key_parse");
    lua_pushcfunction(L, key_load);
    lua_setfield(L, -2, "key_load");
    lua_pushcfunction(L, key_generate);
    lua_setfield(L, -2, "key_generate");
    lua_pushcfunction(L, is_key);
    lua_setfield(L, -2, "is_key");
}
