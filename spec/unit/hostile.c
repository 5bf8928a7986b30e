/* SPDX-License-Identifier: MIT
 * hostile.c - what a peer written in Lua needs: AEADs that seal anything, the PRF of TLS 1.2, key
 * pairs and signatures by any scheme that the key can make. */
#include "unit.h"

#include "base/iana.h"
#include "crypto/aead.h"
#include "crypto/signature_scheme.h"
#include "tls/key_schedule.h"
#include "tls/suite.h"
#include "x509/identity.h"
#include "x509/sign.h"

static const lt_suite *suite_at(lua_State *L, int index)
{
    const lt_suite *suite = lt_suite_by_id((uint32_t)luaL_checkinteger(L, index));
    luaL_argcheck(L, suite, index, "no suite of this engine");
    return suite;
}

/* suite's number -> hash's name, bytes of a key, version */
static int suite_parts(lua_State *L)
{
    const lt_suite *suite = suite_at(L, 1);
    lua_pushstring(L, lt_hash_size(suite->hash) == br_sha384_SIZE ? "sha384" : "sha256");
    lua_pushinteger(L, (lua_Integer)lt_aead_key_size(suite->aead));
    lua_pushinteger(L, suite->version);
    return 3;
}

/* suite's number, key, nonce, additional data, text: what an AEAD takes; a copy of the text is pushed */
static uint8_t *aead_arguments(lua_State *L, lt_aead *a, const uint8_t **nonce, lt_bytes *aad,
                               size_t *n)
{
    const lt_suite *suite = suite_at(L, 1);
    lt_bytes text = unit_bytes(L, 5);
    lt_aead_set(a, suite->aead, unit_exactly(L, 2, lt_aead_key_size(suite->aead)));
    *nonce = unit_exactly(L, 3, LT_AEAD_NONCE);
    *aad = unit_bytes(L, 4);
    *n = text.n;
    uint8_t *copy = lua_newuserdatauv(L, text.n + LT_AEAD_TAG, 0);
    memcpy(copy, text.p, text.n);
    return copy;
}

static int suite_seal(lua_State *L) /* -> ciphertext and tag */
{
    lt_aead a;
    const uint8_t *nonce;
    lt_bytes aad;
    size_t n;
    uint8_t *data = aead_arguments(L, &a, &nonce, &aad, &n);
    lt_aead_seal(&a, nonce, aad, data, n, data + n);
    lua_pushlstring(L, (const char *)data, n + LT_AEAD_TAG);
    return 1;
}

static int suite_open(lua_State *L) /* text with tag -> plaintext, or false */
{
    lt_aead a;
    const uint8_t *nonce;
    lt_bytes aad;
    size_t n;
    uint8_t *data = aead_arguments(L, &a, &nonce, &aad, &n);
    if (n >= LT_AEAD_TAG
        && lt_aead_open(&a, nonce, aad, data, n - LT_AEAD_TAG, data + n - LT_AEAD_TAG))
        lua_pushlstring(L, (const char *)data, n - LT_AEAD_TAG);
    else
        lua_pushboolean(L, false);
    return 1;
}

static int prf_12(lua_State *L) /* hash, secret, label, seed, size -> bytes */
{
    uint8_t out[255];
    size_t n = (size_t)luaL_checkinteger(L, 5);
    luaL_argcheck(L, n <= sizeof out, 5, "too long");
    lt_prf_12(unit_hash_class(L, 1), unit_bytes(L, 2), luaL_checkstring(L, 3), unit_bytes(L, 4),
              (lt_bytes){ NULL, 0 }, out, n);
    lua_pushlstring(L, (const char *)out, n);
    return 1;
}

static void seeded(lua_State *L, int index, lt_random *random)
{
    lt_error e = { .code = LT_OK };
    lt_random_init(random, unit_exactly(L, index, LT_SEED_SIZE), &e);
}

static int ephemeral(lua_State *L) /* NamedGroup, seed -> private key, public key */
{
    lt_random random;
    lt_key_pair k;
    seeded(L, 2, &random);
    if (!lt_key_pair_generate(&k, (uint16_t)luaL_checkinteger(L, 1), &random.vtable))
        return luaL_argerror(L, 1, "no such group");
    lua_pushlstring(L, (const char *)k.private_key, k.private_size);
    lua_pushlstring(L, (const char *)k.public_key, k.public_size);
    return 2;
}

/* private key as text, SignatureScheme, message, seed -> signature; whether or not TLS allows it */
static int sign(lua_State *L)
{
    lt_identity id = { 0 };
    lt_random random;
    lt_error e = { .code = LT_OK };
    uint8_t out[LT_SIGNATURE_MAX];
    size_t n = 0;
    uint32_t scheme = (uint32_t)luaL_checkinteger(L, 2);
    lt_bytes message = unit_bytes(L, 3);
    luaL_argcheck(L, lt_signature_scheme_by_id(scheme), 2, "no such scheme");
    seeded(L, 4, &random);
    lt_code rc = lt_private_key_parse(&id.key, unit_bytes(L, 1), (lt_bytes){ NULL, 0 }, &e);
    if (rc == LT_OK)
        rc = lt_identity_sign(&id, scheme, message, &random, out, &n, &e);
    lt_private_key_free(&id.key);
    if (rc != LT_OK)
        return luaL_error(L, "%s", lt_code_name(rc));
    lua_pushlstring(L, (const char *)out, n);
    return 1;
}

void unit_open_hostile(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "suite_parts", suite_parts },
        { "suite_seal", suite_seal },
        { "suite_open", suite_open },
        { "prf_12", prf_12 },
        { "ephemeral", ephemeral },
        { "sign", sign },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
