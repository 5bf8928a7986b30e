/* SPDX-License-Identifier: MIT
 * symmetric.c - HMAC, HKDF and the AEADs as the native engine uses them; keys from passwords. */
#include "unit.h"

#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/password.h"
#include "crypto/random.h"

static int hmac(lua_State *L) /* hash, key, message -> tag */
{
    const br_hash_class *hash = unit_hash_class(L, 1);
    uint8_t tag[LT_HASH_MAX];
    lt_hmac(hash, unit_bytes(L, 2), unit_bytes(L, 3), tag);
    lua_pushlstring(L, (const char *)tag, lt_hash_size(hash));
    return 1;
}

static int hkdf(lua_State *L) /* hash, key, salt, info, size -> key material */
{
    const br_hash_class *hash = unit_hash_class(L, 1);
    size_t size = (size_t)luaL_checkinteger(L, 5);
    uint8_t prk[LT_HASH_MAX];
    luaL_Buffer b;
    luaL_argcheck(L, size <= 255 * lt_hash_size(hash), 5, "too long");
    lt_hkdf_extract(hash, unit_bytes(L, 3), unit_bytes(L, 2), prk);
    lt_bytes info = unit_bytes(L, 4);
    char *out = luaL_buffinitsize(L, &b, size + 1);
    lt_hkdf_expand(hash, (lt_bytes){ prk, lt_hash_size(hash) }, info, (uint8_t *)out, size);
    luaL_pushresultsize(&b, size);
    return 1;
}

static int pbkdf2(lua_State *L) /* hash, password, salt, iterations, size -> key */
{
    lt_bytes password = unit_bytes(L, 2), salt = unit_bytes(L, 3);
    uint8_t key[128];
    size_t size = (size_t)luaL_checkinteger(L, 5);
    luaL_argcheck(L, size <= sizeof key, 5, "too long");
    lt_pbkdf2(unit_hash_class(L, 1), password, salt, (uint32_t)luaL_checkinteger(L, 4), key,
              size);
    lua_pushlstring(L, (const char *)key, size);
    return 1;
}

static int scrypt(lua_State *L) /* password, salt, N, r, p, size -> key, or false */
{
    lt_bytes password = unit_bytes(L, 1), salt = unit_bytes(L, 2);
    lt_scrypt_parameters s = { (uint32_t)luaL_checkinteger(L, 3),
                               (uint32_t)luaL_checkinteger(L, 4),
                               (uint32_t)luaL_checkinteger(L, 5) };
    uint8_t key[128];
    size_t size = (size_t)luaL_checkinteger(L, 6);
    luaL_argcheck(L, size <= sizeof key, 6, "too long");
    if (lt_scrypt_allowed(&s) && lt_scrypt(&s, password, salt, key, size))
        lua_pushlstring(L, (const char *)key, size);
    else
        lua_pushboolean(L, false);
    return 1;
}

static const char *const aead_names[] = { "aes_128_gcm", "aes_256_gcm", "chacha20_poly1305",
                                          "aes_128_ccm", NULL };

/* name, key, nonce: as arguments 1 to 3 */
static const uint8_t *set_aead(lua_State *L, lt_aead *a)
{
    static const lt_aead_algorithm algorithms[] = { LT_AEAD_aes_128_gcm, LT_AEAD_aes_256_gcm,
                                                    LT_AEAD_chacha20_poly1305,
                                                    LT_AEAD_aes_128_ccm };
    lt_aead_algorithm algorithm = algorithms[luaL_checkoption(L, 1, NULL, aead_names)];
    lt_aead_set(a, algorithm, unit_exactly(L, 2, lt_aead_key_size(algorithm)));
    return unit_exactly(L, 3, LT_AEAD_NONCE);
}

static int aead_seal(lua_State *L) /* name, key, nonce, aad, plaintext -> ciphertext, tag */
{
    lt_aead a;
    const uint8_t *nonce = set_aead(L, &a);
    lt_bytes aad = unit_bytes(L, 4), text = unit_bytes(L, 5);
    uint8_t tag[LT_AEAD_TAG];
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, text.n + 1);
    memcpy(out, text.p, text.n);
    lt_aead_seal(&a, nonce, aad, (uint8_t *)out, text.n, tag);
    luaL_pushresultsize(&b, text.n);
    lua_pushlstring(L, (const char *)tag, sizeof tag);
    return 2;
}

static int
aead_open(lua_State *L) /* name, key, nonce, aad, ciphertext, tag -> plaintext, or false */
{
    lt_aead a;
    const uint8_t *nonce = set_aead(L, &a), *tag = unit_exactly(L, 6, LT_AEAD_TAG);
    lt_bytes aad = unit_bytes(L, 4), text = unit_bytes(L, 5);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, text.n + 1);
    memcpy(out, text.p, text.n);
    bool ok = lt_aead_open(&a, nonce, aad, (uint8_t *)out, text.n, tag);
    luaL_pushresultsize(&b, text.n);
    if (!ok)
        lua_pushboolean(L, false);
    return 1;
}

/* seed or nil, sizes... -> bytes..., that a generator gives one after another, and what it has kept of them */
static int random_bytes(lua_State *L)
{
    lt_random r;
    lt_error e = { .code = LT_OK };
    int top = lua_gettop(L);
    const uint8_t *seed = lua_isnil(L, 1) ? NULL : unit_exactly(L, 1, LT_SEED_SIZE);
    luaL_checkstack(L, top, "sizes");
    if (lt_random_init(&r, seed, &e) != LT_OK)
        return luaL_error(L, "%s", lt_code_name(e.code));
    for (int i = 2; i <= top; i++) {
        luaL_Buffer b;
        size_t n = (size_t)luaL_checkinteger(L, i);
        lt_random_bytes(&r, (uint8_t *)luaL_buffinitsize(L, &b, n + 1), n);
        luaL_pushresultsize(&b, n);
    }
    lua_pushlstring(L, (const char *)r.fresh, sizeof r.fresh);
    return top;
}

void unit_open_symmetric(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "hmac", hmac },
        { "hkdf", hkdf },
        { "pbkdf2", pbkdf2 },
        { "scrypt", scrypt },
        { "aead_seal", aead_seal },
        { "aead_open", aead_open },
        { "random_bytes", random_bytes },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
