/* SPDX-License-Identifier: MIT
 * twins.c - every faster primitive that this machine can run and BEARSSL_ACCEL allows, beside
 * BearSSL's constant-time code on the same input. */
#include "unit.h"

#include "accel_curve25519.h"
#include "crypto/accel/aes_gcm.h"
#include "crypto/accel/chacha20.h"
#include "crypto/accel/poly1305.h"
#include "crypto/accel/sha256.h"
#include "crypto/accel/sha512.h"
#include "crypto/accel/trimmed.h"
#include "base/secret.h"
#include "crypto/accel/x25519.h"
#include "crypto/hash.h"

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
    { "avx2", lt_poly1305_avx2, LT_ACCEL_avx2 },
    { "ifma", lt_poly1305_ifma, LT_ACCEL_ifma },
#endif
    { NULL, NULL, 0 },
};

struct aes {
    const char *name;
    const lt_aes_gcm_class *gcm;
    const br_block_ctr_class *ctr;
    br_ghash ghash;
    uint32_t needs;
};

static const struct aes aes[] = {
#if LT_HAS_X86
    { "128", &lt_aes_gcm_128, &lt_aes_ctr_128, lt_ghash_128, LT_ACCEL_aes },
    { "256", &lt_aes_gcm_256, &lt_aes_ctr_256, lt_ghash_256, LT_ACCEL_vaes },
    { "512", &lt_aes_gcm_512, &lt_aes_ctr_512, lt_ghash_512, LT_ACCEL_vaes | LT_ACCEL_avx512 },
#endif
    { NULL, NULL, NULL, NULL, 0 },
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

/* In ChaCha20's place: the one-time key is the key, and the text stays as it is. */
static uint32_t key_itself(const void *key, const void *iv, uint32_t counter, void *data,
                           size_t n)
{
    (void)iv;
    if (counter == 0)
        memcpy(data, key, n < 32 ? n : 32);
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

struct hash {
    const char *name;
    const br_hash_class *twin, *own;
};

static const struct hash hashes[] = {
    { "sha256", &br_sha256_vtable, &lt_sha256_vtable },
    { "sha384", &br_sha384_vtable, &lt_sha384_vtable },
    { "sha512", &br_sha512_vtable, &lt_sha512_vtable },
    { NULL, NULL, NULL },
};

/* A state taken and set, as HMAC and BearSSL's engine do */
static void move(const br_hash_class *class, br_hash_compat_context *c)
{
    uint8_t state[64];
    br_hash_compat_context other;
    uint64_t count = class->state(&c->vtable, state);
    class->init(&other.vtable);
    class->set_state(&other.vtable, state, count);
    *c = other;
}

static bool is_same(const struct hash *h, const uint8_t *data, size_t n, size_t piece)
{
    enum { LENGTH_OFFSET = BR_HASHDESC_LBLEN_OFF, LENGTH_MASK = BR_HASHDESC_LBLEN_MASK };
    const size_t size = lt_hash_size(h->own);
    const size_t block = (size_t)1 << (h->own->desc >> LENGTH_OFFSET & LENGTH_MASK);
    uint8_t expected[LT_HASH_MAX], found[LT_HASH_MAX], again[LT_HASH_MAX];
    br_hash_compat_context c;
    h->twin->init(&c.vtable);
    h->twin->update(&c.vtable, data, n);
    h->twin->out(&c.vtable, expected);
    h->own->init(&c.vtable);
    for (size_t at = 0; at < n; at += piece) {
        if (at % block == 0)
            move(h->own, &c);
        h->own->update(&c.vtable, data + at, n - at < piece ? n - at : piece);
    }
    h->own->out(&c.vtable, found);
    h->own->out(&c.vtable, again); /* which leaves the context as it was */
    return c.vtable == h->own && h->own->desc == h->twin->desc
           && h->own->context_size == h->twin->context_size
           && memcmp(found, expected, size) == 0 && memcmp(again, expected, size) == 0;
}

static int hash_twins(lua_State *L) /* text, offset, size of a piece -> name, or nil */
{
    lt_bytes text = unit_bytes(L, 1);
    size_t piece = (size_t)luaL_checkinteger(L, 3);
    uint8_t room[ROOM];
    const uint8_t *data = copy(L, room, text, (size_t)luaL_checkinteger(L, 2));
    luaL_argcheck(L, piece > 0, 3, "no bytes");
    for (const struct hash *h = hashes; h->name; h++)
        if (!is_same(h, data, text.n, piece)) {
            lua_pushstring(L, h->name);
            return 1;
        }
    return 0;
}

/* key, nonce, counter, text, offset -> name, or nil */
static int aes_ctr_twins(lua_State *L)
{
    lt_bytes key = unit_bytes(L, 1), text = unit_bytes(L, 4);
    const uint8_t *iv = unit_exactly(L, 2, 12);
    uint32_t counter = (uint32_t)luaL_checkinteger(L, 3);
    size_t offset = (size_t)luaL_checkinteger(L, 5);
    uint8_t expected[ROOM], found[ROOM];
    br_aes_gen_ctr_keys k;
    luaL_argcheck(L, key.n == 16 || key.n == 24 || key.n == 32, 1, "wrong length");
    uint8_t *data = copy(L, expected, text, offset);
    br_aes_ct64_ctr_vtable.init(&k.vtable, key.p, key.n);
    uint32_t after = k.vtable->run(&k.vtable, iv, counter, data, text.n);
    for (const struct aes *a = aes; a->name; a++) {
        if (!lt_accel_has(a->needs))
            continue;
        data = copy(L, found, text, offset);
        a->ctr->init(&k.vtable, key.p, key.n);
        if (a->ctr->context_size > sizeof k || k.vtable != a->ctr
            || k.vtable->run(&k.vtable, iv, counter, data, text.n) != after
            || memcmp(found, expected, ROOM) != 0) {
            lua_pushstring(L, a->name);
            return 1;
        }
    }
    return 0;
}

static int ghash_twins(lua_State *L) /* y, h, text, offset -> name, or nil */
{
    const uint8_t *y = unit_exactly(L, 1, 16), *h = unit_exactly(L, 2, 16);
    lt_bytes text = unit_bytes(L, 3);
    uint8_t room[ROOM], expected[16], found[16];
    const uint8_t *data = copy(L, room, text, (size_t)luaL_checkinteger(L, 4));
    memcpy(expected, y, sizeof expected);
    br_ghash_ctmul(expected, h, data, text.n);
    for (const struct aes *a = aes; a->name; a++) {
        if (!lt_accel_has(a->needs))
            continue;
        memcpy(found, y, sizeof found);
        a->ghash(found, h, data, text.n);
        if (memcmp(found, expected, sizeof found) != 0) {
            lua_pushstring(L, a->name);
            return 1;
        }
    }
    return 0;
}

static void gcm_of_bearssl(lt_bytes key, const uint8_t *nonce, lt_bytes aad, uint8_t *data,
                           size_t n, uint8_t tag[16])
{
    br_aes_ct64_ctr_keys k;
    br_gcm_context c;
    br_aes_ct64_ctr_init(&k, key.p, key.n);
    br_gcm_init(&c, &k.vtable, br_ghash_ctmul);
    br_gcm_reset(&c, nonce, 12);
    br_gcm_aad_inject(&c, aad.p, aad.n);
    br_gcm_flip(&c);
    br_gcm_run(&c, 1, data, n);
    br_gcm_get_tag(&c, tag);
}

/* key, nonce, aad, text, offset -> name, or nil: sealed as BearSSL does, and opened again */
static int aes_gcm_twins(lua_State *L)
{
    lt_bytes key = unit_bytes(L, 1), aad = unit_bytes(L, 3), text = unit_bytes(L, 4);
    const uint8_t *nonce = unit_exactly(L, 2, 12);
    size_t offset = (size_t)luaL_checkinteger(L, 5);
    uint8_t plain[ROOM], expected[ROOM], found[ROOM], tag[16], own[16], again[16];
    lt_aes_gcm k;
    luaL_argcheck(L, key.n == 16 || key.n == 32, 1, "wrong length");
    copy(L, plain, text, offset);
    uint8_t *data = copy(L, expected, text, offset);
    gcm_of_bearssl(key, nonce, aad, data, text.n, tag);
    for (const struct aes *a = aes; a->name; a++) {
        if (!lt_accel_has(a->needs))
            continue;
        data = copy(L, found, text, offset);
        a->gcm->set(&k, key.p, key.n);
        a->gcm->run(&k, nonce, aad, data, text.n, own, true);
        bool ok = memcmp(found, expected, ROOM) == 0 && memcmp(own, tag, sizeof tag) == 0;
        a->gcm->run(&k, nonce, aad, data, text.n, again, false);
        if (!ok || memcmp(found, plain, ROOM) != 0 || memcmp(again, tag, sizeof tag) != 0) {
            lua_pushstring(L, a->name);
            return 1;
        }
    }
    return 0;
}

/* text -> its size without the zeros at its end, as is chosen for this machine, and by portable code */
static int trimmed_twins(lua_State *L)
{
    lt_bytes text = unit_bytes(L, 1);
    lua_pushinteger(L, (lua_Integer)lt_trimmed(text.p, text.n));
    lua_pushinteger(L, (lua_Integer)lt_ct_trimmed(text.p, text.n));
    return 2;
}

#if LT_HAS_INT128

static int x25519_twins(lua_State *L) /* scalar, u -> name, or nil */
{
    static const char *const names[] = { "x25519", "x25519 emulated" };
    const uint8_t *scalar = unit_exactly(L, 1, 32), *u = unit_exactly(L, 2, 32);
    uint8_t expected[32], found[32];
    for (int i = 0; i < 2; i++) {
        unit_curve25519_emulate(i > 0);
        unit_x25519(expected, scalar, u);
        lt_x25519(found, scalar, u);
        bool same = memcmp(found, expected, sizeof found) == 0;
        unit_x25519_base(expected, scalar);
        lt_x25519_base(found, scalar);
        if (!same || memcmp(found, expected, sizeof found) != 0) {
            lua_pushstring(L, names[i]);
            return 1;
        }
    }
    return 0;
}

static bool is_same_point(const lt_ed25519_point *p, const lt_ed25519_point *q)
{
    uint8_t a[32], b[32];
    lt_ed25519_encode(a, p);
    lt_ed25519_encode(b, q);
    return memcmp(a, b, sizeof a) == 0;
}

/* s, k, point as little-endian bytes -> name, or nil; false: no point */
static int ed25519_twins(lua_State *L)
{
    static const char *const names[] = { "ed25519", "ed25519 emulated" };
    const uint8_t *s = unit_exactly(L, 1, 32), *k = unit_exactly(L, 2, 32);
    lt_ed25519_point p, expected, found;
    if (!lt_ed25519_decode(&p, unit_exactly(L, 3, 32))) {
        lua_pushboolean(L, false);
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        unit_curve25519_emulate(i > 0);
        unit_ed25519_multiply_base(&expected, s);
        lt_ed25519_multiply_base(&found, s);
        bool same = is_same_point(&expected, &found);
        unit_ed25519_multiply_two(&expected, s, k, &p);
        lt_ed25519_multiply_two(&found, s, k, &p);
        if (!same || !is_same_point(&expected, &found)) {
            lua_pushstring(L, names[i]);
            return 1;
        }
    }
    return 0;
}

static void open_curve25519(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "x25519_twins", x25519_twins },
        { "ed25519_twins", ed25519_twins },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}

#else

static void open_curve25519(lua_State *L)
{
    (void)L;
}

#endif

void unit_open_twins(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "chacha20_twins", chacha20_twins }, { "poly1305_twins", poly1305_twins },
        { "hash_twins", hash_twins },         { "aes_ctr_twins", aes_ctr_twins },
        { "ghash_twins", ghash_twins },       { "aes_gcm_twins", aes_gcm_twins },
        { "trimmed_twins", trimmed_twins },   { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
    open_curve25519(L);
}
