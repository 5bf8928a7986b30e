/* SPDX-License-Identifier: MIT
 * symmetric.c - BearSSL's HMAC, HKDF and AEADs, in their portable implementations; keys from
 * passwords. */
#include "unit.h"

#include "crypto/hash.h"
#include "crypto/password.h"

static int hmac(lua_State *L) /* hash, key, message -> tag */
{
    lt_bytes key = unit_bytes(L, 2), message = unit_bytes(L, 3);
    br_hmac_key_context kc;
    br_hmac_context c;
    uint8_t tag[LT_HASH_MAX];
    br_hmac_key_init(&kc, unit_hash_class(L, 1), key.p, key.n);
    br_hmac_init(&c, &kc, 0);
    br_hmac_update(&c, message.p, message.n);
    size_t n = br_hmac_out(&c, tag);
    lua_pushlstring(L, (const char *)tag, n);
    return 1;
}

static int hkdf(lua_State *L) /* hash, key, salt, info, size -> key material */
{
    lt_bytes key = unit_bytes(L, 2), salt = unit_bytes(L, 3), info = unit_bytes(L, 4);
    size_t size = (size_t)luaL_checkinteger(L, 5);
    br_hkdf_context c;
    luaL_Buffer b;
    br_hkdf_init(&c, unit_hash_class(L, 1), salt.p, salt.n);
    br_hkdf_inject(&c, key.p, key.n);
    br_hkdf_flip(&c);
    char *out = luaL_buffinitsize(L, &b, size);
    luaL_pushresultsize(&b, br_hkdf_produce(&c, info.p, info.n, out, size));
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

struct aead { /* arguments: key, nonce, associated data, text, tag's size */
    lt_bytes key, nonce, aad, text;
    size_t tag_size;
};

static struct aead arguments(lua_State *L, size_t max_tag)
{
    struct aead a = { unit_bytes(L, 1), unit_bytes(L, 2), unit_bytes(L, 3), unit_bytes(L, 4),
                      (size_t)luaL_optinteger(L, 5, 16) };
    luaL_argcheck(L, a.tag_size <= max_tag, 5, "too long");
    return a;
}

/* Each takes the plaintext and gives ciphertext and tag; to decrypt is the same stream. */
static int aes_gcm(lua_State *L)
{
    struct aead a = arguments(L, 16);
    br_aes_ct64_ctr_keys key;
    br_gcm_context c;
    luaL_Buffer b;
    char tag[16], *out = luaL_buffinitsize(L, &b, a.text.n + 1);
    memcpy(out, a.text.p, a.text.n);
    br_aes_ct64_ctr_init(&key, a.key.p, a.key.n);
    br_gcm_init(&c, &key.vtable, br_ghash_ctmul64);
    br_gcm_reset(&c, a.nonce.p, a.nonce.n);
    br_gcm_aad_inject(&c, a.aad.p, a.aad.n);
    br_gcm_flip(&c);
    br_gcm_run(&c, 1, out, a.text.n);
    br_gcm_get_tag(&c, tag);
    luaL_pushresultsize(&b, a.text.n);
    lua_pushlstring(L, tag, sizeof tag);
    return 2;
}

static int aes_ccm(lua_State *L) /* false: a nonce or tag of a length that CCM has not */
{
    struct aead a = arguments(L, 16);
    br_aes_ct64_ctrcbc_keys key;
    br_ccm_context c;
    luaL_Buffer b;
    char tag[16], *out = luaL_buffinitsize(L, &b, a.text.n + 1);
    memcpy(out, a.text.p, a.text.n);
    br_aes_ct64_ctrcbc_init(&key, a.key.p, a.key.n);
    br_ccm_init(&c, &key.vtable);
    int ok = br_ccm_reset(&c, a.nonce.p, a.nonce.n, a.aad.n, a.text.n, a.tag_size);
    if (ok) {
        br_ccm_aad_inject(&c, a.aad.p, a.aad.n);
        br_ccm_flip(&c);
        br_ccm_run(&c, 1, out, a.text.n);
        br_ccm_get_tag(&c, tag);
    }
    luaL_pushresultsize(&b, a.text.n);
    if (ok)
        lua_pushlstring(L, tag, a.tag_size);
    else
        lua_pushboolean(L, false);
    return 2;
}

static int chacha20_poly1305(lua_State *L)
{
    struct aead a = arguments(L, 16);
    luaL_Buffer b;
    luaL_argcheck(L, a.key.n == 32 && a.nonce.n == 12, 1, "key of 32, nonce of 12 bytes");
    char tag[16], *out = luaL_buffinitsize(L, &b, a.text.n + 1);
    memcpy(out, a.text.p, a.text.n);
    br_poly1305_ctmul_run(a.key.p, a.nonce.p, out, a.text.n, a.aad.p, a.aad.n, tag,
                          br_chacha20_ct_run, 1);
    luaL_pushresultsize(&b, a.text.n);
    lua_pushlstring(L, tag, sizeof tag);
    return 2;
}

void unit_open_symmetric(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "hmac", hmac },
        { "hkdf", hkdf },
        { "pbkdf2", pbkdf2 },
        { "scrypt", scrypt },
        { "aes_gcm", aes_gcm },
        { "aes_ccm", aes_ccm },
        { "chacha20_poly1305", chacha20_poly1305 },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
