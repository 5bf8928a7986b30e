/* SPDX-License-Identifier: MIT
 * twins.c - every faster primitive that this machine can run and BEARSSL_ACCEL allows, beside
 * BearSSL's constant-time code on the same input. */
#include "unit.h"

#include "crypto/accel/chacha20.h"
#include "crypto/accel/poly1305.h"
#include "crypto/accel/sha256.h"

enum { ROOM = 4096 };

struct chacha20 {
    const char *name;
    br_chacha20_run run;
    uint32_t needs;
};

struct poly1305 {
    const char *name;
    br_poly1305_run run;
    uint32_t needs;
};

static const struct chacha20 chacha20s[] = {
#if LT_HAS_X86
    { "avx2", lt_chacha20_avx2, LT_ACCEL_avx2 },
    { "avx512", lt_chacha20_avx512, LT_ACCEL_avx512 },
#endif
    { NULL, NULL, 0 },
};

static const struct poly1305 poly1305s[] = {
#if LT_HAS_INT128
    { "int128", lt_poly1305_64, LT_ACCEL_int128 },
#endif
#if LT_HAS_X86
    { "ifma", lt_poly1305_ifma, LT_ACCEL_ifma },
#endif
    { NULL, NULL, 0 },
};

/* A text at any address: `offset` bytes into a buffer */
static uint8_t *copy(lua_State *L, uint8_t room[ROOM], lt_bytes text, size_t offset)
{
    luaL_argcheck(L, offset <= 64 && text.n <= ROOM - 128, 4, "too long");
    memset(room, 0xa5, ROOM);
    if (text.n > 0)
        memcpy(room + offset, text.p, text.n);
    return room + offset;
}

static int chacha20_twins(lua_State *L) /* key, nonce, counter, text, offset -> name, or nil */
{
    const uint8_t *key = unit_exactly(L, 1, 32), *nonce = unit_exactly(L, 2, 12);
    uint32_t counter = (uint32_t)luaL_checkinteger(L, 3);
    lt_bytes text = unit_bytes(L, 4);
    size_t offset = (size_t)luaL_checkinteger(L, 5);
    uint8_t expected[ROOM], found[ROOM];
    uint8_t *data = copy(L, expected, text, offset);
    uint32_t after = br_chacha20_ct_run(key, nonce, counter, data, text.n);
    for (const struct chacha20 *c = chacha20s; c->name; c++) {
        if (!lt_accel_has(c->needs))
            continue;
        data = copy(L, found, text, offset);
        if (c->run(key, nonce, counter, data, text.n) != after
            || memcmp(found, expected, ROOM) != 0) {
            lua_pushstring(L, c->name);
            return 1;
        }
    }
    return 0;
}

/* In ChaCha20's place: the one-time key is the key. */
static uint32_t key_itself(const void *key, const void *iv, uint32_t counter, void *data,
                           size_t n)
{
    (void)iv;
    if (counter == 0)
        memcpy(data, key, n);
    return counter;
}

static int poly1305_twins(lua_State *L) /* one-time key, aad, text, offset -> name, or nil */
{
    const uint8_t *key = unit_exactly(L, 1, 32);
    lt_bytes aad = unit_bytes(L, 2), text = unit_bytes(L, 3);
    uint8_t room[ROOM], expected[16], found[16];
    uint8_t *data = copy(L, room, text, (size_t)luaL_checkinteger(L, 4));
    br_poly1305_ctmul_run(key, key, data, text.n, aad.p, aad.n, expected, key_itself, 1);
    for (const struct poly1305 *p = poly1305s; p->name; p++) {
        if (!lt_accel_has(p->needs))
            continue;
        p->run(key, key, data, text.n, aad.p, aad.n, found, key_itself, 1);
        if (memcmp(found, expected, sizeof found) != 0) {
            lua_pushstring(L, p->name);
            return 1;
        }
    }
    return 0;
}

static int sha256_twins(lua_State *L) /* text, offset, size of a piece -> "sha256", or nil */
{
    lt_bytes text = unit_bytes(L, 1);
    size_t piece = (size_t)luaL_checkinteger(L, 3);
    uint8_t room[ROOM], expected[32], found[32], again[32];
    const uint8_t *data = copy(L, room, text, (size_t)luaL_checkinteger(L, 2));
    br_sha256_context c, half;
    luaL_argcheck(L, piece > 0, 3, "no bytes");
    br_sha256_init(&c);
    br_sha256_update(&c, data, text.n);
    br_sha256_out(&c, expected);
    lt_sha256_init(&c);
    for (size_t at = 0; at < text.n; at += piece) {
        if (at % 64 == 0) { /* a state taken and set, as HMAC and BearSSL's engine do */
            uint8_t state[32];
            uint64_t count = lt_sha256_vtable.state(&c.vtable, state);
            lt_sha256_vtable.init(&half.vtable);
            lt_sha256_vtable.set_state(&half.vtable, state, count);
            c = half;
        }
        lt_sha256_update(&c, data + at, text.n - at < piece ? text.n - at : piece);
    }
    lt_sha256_out(&c, found);
    lt_sha256_out(&c, again); /* which leaves the context as it was */
    if (memcmp(found, expected, 32) == 0 && memcmp(again, expected, 32) == 0)
        return 0;
    lua_pushliteral(L, "sha256");
    return 1;
}

void unit_open_twins(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "chacha20_twins", chacha20_twins },
        { "poly1305_twins", poly1305_twins },
        { "sha256_twins", sha256_twins },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
