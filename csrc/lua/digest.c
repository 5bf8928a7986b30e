/* SPDX-License-Identifier: MIT
 * digest.c - hash functions of whole strings, for protocols that want them beside TLS. MD5 and SHA-1 are among
 * them for those alone: no certificate and no handshake is checked with what stands here. And `null`, the value
 * that JSON libraries have for JSON's. */
#include "crypto/hash.h"
#include "crypto/hkdf.h"
#include "lua/support.h"

static const br_hash_class *check_hash(lua_State *L, int index)
{
    const char *name = luaL_checkstring(L, index);
    const br_hash_class *hash = lt_hash_by_name(name);
    if (!hash && strcmp(name, "md5") == 0)
        hash = &br_md5_vtable;
    luaL_argcheck(L, hash, index, "no such hash function");
    return hash;
}

/* digest(name, bytes) -> bytes */
static int digest(lua_State *L)
{
    const br_hash_class *hash = check_hash(L, 1);
    lt_bytes in;
    in.p = (const uint8_t *)luaL_checklstring(L, 2, &in.n);
    uint8_t out[LT_HASH_MAX];
    lt_hash(hash, in, out);
    lua_pushlstring(L, (const char *)out, lt_hash_size(hash));
    return 1;
}

/* hmac(name, key, bytes) -> bytes (RFC 2104) */
static int hmac(lua_State *L)
{
    const br_hash_class *hash = check_hash(L, 1);
    lt_bytes key, in;
    key.p = (const uint8_t *)luaL_checklstring(L, 2, &key.n);
    in.p = (const uint8_t *)luaL_checklstring(L, 3, &in.n);
    uint8_t out[LT_HASH_MAX];
    lt_hmac(hash, key, in, out);
    lua_pushlstring(L, (const char *)out, lt_hash_size(hash));
    lt_wipe(out, sizeof out);
    return 1;
}

void lt_lua_open_digest(lua_State *L)
{
    lua_pushcfunction(L, digest);
    lua_setfield(L, -2, "digest");
    lua_pushcfunction(L, hmac);
    lua_setfield(L, -2, "hmac");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
}
