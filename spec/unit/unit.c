/* SPDX-License-Identifier: MIT
 * unit.c - see unit.h. */
#include "unit.h"

#include "crypto/hash.h"

lt_bytes unit_bytes(lua_State *L, int index)
{
    size_t n;
    const char *p = luaL_checklstring(L, index, &n);
    return (lt_bytes){ (const uint8_t *)p, n };
}

const uint8_t *unit_exactly(lua_State *L, int index, size_t n)
{
    lt_bytes b = unit_bytes(L, index);
    luaL_argcheck(L, b.n == n, index, "wrong length");
    return b.p;
}

const br_hash_class *unit_hash_class(lua_State *L, int index)
{
    const br_hash_class *hash = lt_hash_by_name(luaL_checkstring(L, index));
    luaL_argcheck(L, hash, index, "no such hash");
    return hash;
}

int unit_curve(lua_State *L, int index)
{
    static const char *const names[] = { "secp256r1", "secp384r1", "secp521r1", "x25519",
                                         NULL };
    static const int ids[] = { BR_EC_secp256r1, BR_EC_secp384r1, BR_EC_secp521r1,
                               BR_EC_curve25519 };
    return ids[luaL_checkoption(L, index, NULL, names)];
}

static int hash(lua_State *L) /* name, data -> digest */
{
    const br_hash_class *class = unit_hash_class(L, 1);
    uint8_t digest[LT_HASH_MAX];
    lt_hash(class, unit_bytes(L, 2), digest);
    lua_pushlstring(L, (const char *)digest, lt_hash_size(class));
    return 1;
}

__attribute__((visibility("default"))) int luaopen_bearssl_unit(lua_State *L);
int luaopen_bearssl_unit(lua_State *L)
{
    static const luaL_Reg functions[] = { { "hash", hash }, { NULL, NULL } };
    luaL_newlib(L, functions);
    unit_open_signatures(L);
    unit_open_agreement(L);
    unit_open_accel(L);
    unit_open_symmetric(L);
    unit_open_revocation(L);
    unit_open_bear(L);
    unit_open_tls(L);
    unit_open_replay(L);
    unit_open_hostile(L);
    unit_open_engine(L);
    unit_open_twins(L);
    unit_open_pem(L);
    unit_open_chain_cache(L);
    return 1;
}
