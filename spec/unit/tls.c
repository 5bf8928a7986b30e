/* SPDX-License-Identifier: MIT
 * tls.c - the native engine's parts that hold no connection: key schedule, transcript, record
 * protection, key agreement. */
#include "unit.h"

#include "base/iana.h"
#include "crypto/group.h"
#include "tls/key_schedule.h"
#include "tls/record.h"
#include "tls/shared.h"
#include "tls/transcript.h"

static int push(lua_State *L, const uint8_t *p, size_t n)
{
    lua_pushlstring(L, (const char *)p, n);
    return 1;
}

static const uint8_t *digest_at(lua_State *L, int index, const br_hash_class *hash)
{
    return unit_exactly(L, index, lt_hash_size(hash));
}

static int expand_label(lua_State *L) /* hash, secret, label, context, size -> bytes */
{
    const br_hash_class *hash = unit_hash_class(L, 1);
    uint8_t out[255];
    size_t n = (size_t)luaL_checkinteger(L, 5);
    luaL_argcheck(L, n <= sizeof out, 5, "too long");
    lt_expand_label(hash, digest_at(L, 2, hash), luaL_checkstring(L, 3), unit_bytes(L, 4), out,
                    n);
    return push(L, out, n);
}

static int early_secret(lua_State *L) /* hash, PSK or "" -> Early Secret */
{
    lt_key_schedule ks;
    lt_key_schedule_early(&ks, unit_hash_class(L, 1), unit_bytes(L, 2));
    return push(L, ks.secret, lt_hash_size(ks.hash));
}

static lt_key_schedule schedule_at(lua_State *L) /* 1: hash, 2: secret */
{
    lt_key_schedule ks = { .hash = unit_hash_class(L, 1) };
    memcpy(ks.secret, digest_at(L, 2, ks.hash), lt_hash_size(ks.hash));
    return ks;
}

static int next_secret(lua_State *L) /* hash, secret, shared secret or "" -> the next secret */
{
    lt_key_schedule ks = schedule_at(L);
    lt_key_schedule_next(&ks, unit_bytes(L, 3));
    return push(L, ks.secret, lt_hash_size(ks.hash));
}

/* hash, PSK or "", shared secret -> Handshake Secret, as a handshake comes to it */
static int handshake_secret(lua_State *L)
{
    lt_key_schedule ks;
    lt_key_schedule_early(&ks, unit_hash_class(L, 1), unit_bytes(L, 2));
    lt_key_schedule_next(&ks, unit_bytes(L, 3));
    return push(L, ks.secret, lt_hash_size(ks.hash));
}

static int derive_secret(lua_State *L) /* hash, secret, label, transcript's hash -> secret */
{
    lt_key_schedule ks = schedule_at(L);
    uint8_t out[LT_HASH_MAX];
    lt_derive_secret(&ks, luaL_checkstring(L, 3), digest_at(L, 4, ks.hash), out);
    return push(L, out, lt_hash_size(ks.hash));
}

static int finished_mac(lua_State *L) /* hash, base key, transcript's hash -> verify_data */
{
    const br_hash_class *hash = unit_hash_class(L, 1);
    uint8_t out[LT_HASH_MAX];
    lt_finished_mac(hash, digest_at(L, 2, hash), digest_at(L, 3, hash), out);
    return push(L, out, lt_hash_size(hash));
}

static int exporter(lua_State *L) /* hash, exporter secret, label, context, size -> bytes */
{
    const br_hash_class *hash = unit_hash_class(L, 1);
    uint8_t out[255];
    size_t n = (size_t)luaL_checkinteger(L, 5);
    luaL_argcheck(L, n <= sizeof out, 5, "too long");
    lt_exporter_13(hash, digest_at(L, 2, hash), luaL_checkstring(L, 3), unit_bytes(L, 4), out,
                   n);
    return push(L, out, n);
}

/* hash, was the first message answered by a HelloRetryRequest?, messages... -> their hash, that of
 * all but the last as lt_transcript_hash_with makes it */
static int transcript_hash(lua_State *L)
{
    const br_hash_class *hash = unit_hash_class(L, 1);
    bool retried = lua_toboolean(L, 2);
    uint8_t digest[LT_HASH_MAX], with[LT_HASH_MAX] = { 0 };
    lt_transcript t;
    int last = lua_gettop(L);
    lt_transcript_init(&t);
    for (int i = 3; i <= last; i++) {
        if (i == last)
            lt_transcript_hash_with(&t, hash, unit_bytes(L, i), with);
        lt_transcript_add(&t, unit_bytes(L, i));
        if (i == 3 && retried)
            lt_transcript_retry(&t, hash);
    }
    lt_transcript_start(&t, hash);
    lt_transcript_drop(&t);
    lt_transcript_hash(&t, digest);
    lt_transcript_free(&t);
    push(L, digest, lt_hash_size(hash));
    return 1 + push(L, with, lt_hash_size(hash));
}

/* --- record protection ------------------------------------------------------------------------- */

static const lt_suite *suite_at(lua_State *L, int index)
{
    const lt_cipher_suite *named = lt_cipher_suite_by_name(luaL_checkstring(L, index));
    const lt_suite *suite = named ? lt_suite_by_id(named->id) : NULL;
    luaL_argcheck(L, suite, index, "no suite of this engine");
    return suite;
}

static void protect(lua_State *L, lt_protection *p) /* 1: suite, 2: traffic secret, 3: number */
{
    const lt_suite *suite = suite_at(L, 1);
    memset(p, 0, sizeof *p);
    lt_protection_set_13(p, suite, digest_at(L, 2, suite->hash));
    p->sequence = (uint64_t)luaL_checkinteger(L, 3);
}

/* suite, traffic secret, sequence number, content type, plaintext, padding -> record */
static int record_seal(lua_State *L)
{
    lt_protection p;
    lt_buffer out = { 0 };
    protect(L, &p);
    if (!lt_record_seal(&p, &out, (uint32_t)luaL_checkinteger(L, 4), unit_bytes(L, 5),
                        (size_t)luaL_optinteger(L, 6, 0)))
        return luaL_error(L, "out of memory");
    push(L, out.data, lt_buffer_size(&out));
    lt_buffer_free(&out);
    return 1;
}

/* suite, traffic secret, sequence number, record -> content type, plaintext; or nil, code */
static int record_open(lua_State *L)
{
    lt_protection p;
    uint32_t type;
    lt_bytes plain, record = unit_bytes(L, 4);
    lt_error e = { .code = LT_OK };
    protect(L, &p);
    uint8_t *copy = lua_newuserdatauv(L, record.n + 1, 0);
    memcpy(copy, record.p, record.n);
    luaL_argcheck(L, record.n >= 5, 4, "no header");
    if (lt_record_open(&p, copy, record.n, &type, &plain, &e) != LT_OK) {
        lua_pushnil(L);
        lua_pushstring(L, lt_code_name(e.code));
        return 2;
    }
    lua_pushinteger(L, type);
    return 1 + push(L, plain.p, plain.n);
}

/* --- key agreement ------------------------------------------------------------------------------ */

/* BearSSL 0.6 takes X25519's scalar as RFC 7748 writes it, later ones the other way round: the
 * public key tells. */
bool unit_key_pair(lt_key_pair *k, uint16_t group, lt_bytes private_key, lt_bytes public_key)
{
    const br_ec_impl *ec = br_ec_get_default();
    *k = (lt_key_pair){ .group = group, .private_size = private_key.n };
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < private_key.n; i++)
            k->private_key[i] = private_key.p[turn ? private_key.n - 1 - i : i];
        k->public_size = ec->mulgen(k->public_key, k->private_key, k->private_size, group);
        if (lt_bytes_equal((lt_bytes){ k->public_key, k->public_size }, public_key))
            return true;
    }
    return false;
}

/* NamedGroup, private key, its public key, the peer's -> shared secret; or nil, why not */
static int agree(lua_State *L)
{
    lt_key_pair k;
    uint8_t secret[LT_GROUP_SECRET_MAX];
    size_t n;
    lt_bytes private_key = unit_bytes(L, 2);
    luaL_argcheck(L, private_key.n <= sizeof k.private_key, 2, "too long");
    lua_pushnil(L);
    if (!unit_key_pair(&k, (uint16_t)luaL_checkinteger(L, 1), private_key, unit_bytes(L, 3)))
        lua_pushstring(L, "another public key");
    else if (!lt_key_pair_agree(&k, unit_bytes(L, 4), secret, &n))
        lua_pushstring(L, "refused");
    else
        return push(L, secret, n);
    return 2;
}

/* { { id of 32 bytes, now }, ... } -> { is this hello taken for a first one?, ... }, by one memory */
static int first_times(lua_State *L)
{
    lt_error e = { 0 };
    luaL_checktype(L, 1, LUA_TTABLE);
    struct lt_tls_shared *shared = lt_tls_shared_new(3600, &e);
    luaL_argcheck(L, shared, 1, "no memory");
    lua_newtable(L);
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, 1); i++) {
        lua_rawgeti(L, 1, i);
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        int64_t now = lua_tointeger(L, -1);
        const uint8_t *id = (const uint8_t *)lua_tostring(L, -2);
        lua_pushboolean(
            L, lua_rawlen(L, -2) == LT_REPLAY_ID
                   && lt_tls_shared_first_time(shared, id, now, now + 2 * LT_REPLAY_WINDOW));
        lua_rawseti(L, 2, i);
        lua_settop(L, 2);
    }
    lt_tls_shared_free(shared);
    return 1;
}

void unit_open_tls(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "expand_label", expand_label },
        { "first_times", first_times },
        { "early_secret", early_secret },
        { "handshake_secret", handshake_secret },
        { "next_secret", next_secret },
        { "derive_secret", derive_secret },
        { "finished_mac", finished_mac },
        { "exporter", exporter },
        { "transcript_hash", transcript_hash },
        { "record_seal", record_seal },
        { "record_open", record_open },
        { "agree", agree },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
