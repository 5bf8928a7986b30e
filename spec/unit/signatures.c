/* SPDX-License-Identifier: MIT
 * signatures.c - Ed25519, RSA and ECDSA as csrc uses them. */
#include "unit.h"

#include "crypto/accel/sha256.h"
#include "crypto/ec.h"
#include "crypto/bignum.h"
#include "crypto/ed25519.h"
#include "crypto/ed25519_scalar.h"
#include "crypto/hash.h"
#include "crypto/rsa_pss.h"
#include "crypto/rsa_public.h"
#include "x509/private_key_sign.h"
#include "x509/sign.h"
#include "x509/signature.h"

static int ed25519_public_key(lua_State *L) /* seed -> public key */
{
    uint8_t out[32];
    lt_ed25519_public_key(out, unit_exactly(L, 1, 32));
    lua_pushlstring(L, (const char *)out, sizeof out);
    return 1;
}

static int ed25519_reduce(lua_State *L) /* number of 64 bytes -> what is left by L, 32 bytes */
{
    uint32_t number[16], rest[8];
    uint8_t out[32];
    lt_bn_decode(number, 16, (lt_bytes){ unit_exactly(L, 1, 64), 64 });
    lt_ed25519_reduce(rest, number);
    for (size_t i = 0; i < sizeof out; i++)
        out[31 - i] = (uint8_t)(rest[i / 4] >> 8 * (i % 4));
    lua_pushlstring(L, (const char *)out, sizeof out);
    return 1;
}

static int ed25519_sign(lua_State *L) /* seed, message -> signature */
{
    uint8_t public_key[32], out[64];
    const uint8_t *seed = unit_exactly(L, 1, 32);
    lt_ed25519_public_key(public_key, seed);
    lt_ed25519_sign(out, seed, public_key, unit_bytes(L, 2));
    lua_pushlstring(L, (const char *)out, sizeof out);
    return 1;
}

static int ed25519_verify(lua_State *L) /* public key, message, signature -> boolean */
{
    lua_pushboolean(
        L, lt_ed25519_verify(unit_exactly(L, 1, 32), unit_bytes(L, 2), unit_exactly(L, 3, 64)));
    return 1;
}

/* BearSSL's structures are not const; nothing writes through them. */
static br_rsa_public_key rsa_public_key(lua_State *L, int n_index)
{
    lt_bytes n = unit_bytes(L, n_index), e = unit_bytes(L, n_index + 1);
    return (br_rsa_public_key){
        .n = (unsigned char *)(uintptr_t)n.p,
        .nlen = n.n,
        .e = (unsigned char *)(uintptr_t)e.p,
        .elen = e.n,
    };
}

static lt_bytes digest_of(lua_State *L, const br_hash_class *hash, int message,
                          uint8_t out[LT_HASH_MAX])
{
    lt_hash(hash, unit_bytes(L, message), out);
    return (lt_bytes){ out, lt_hash_size(hash) };
}

static int rsa_public(lua_State *L) /* n, e, x -> x^e mod n, or false */
{
    br_rsa_public_key pk = rsa_public_key(L, 1);
    lt_bytes x = unit_bytes(L, 3);
    uint8_t block[LT_RSA_PUBLIC_MAX_BYTES + 1];
    luaL_argcheck(L, x.n <= sizeof block, 3, "too long");
    memcpy(block, x.p, x.n);
    if (lt_rsa_public(block, x.n, &pk))
        lua_pushlstring(L, (const char *)block, x.n);
    else
        lua_pushboolean(L, false);
    return 1;
}

static int rsa_pkcs1_verify(lua_State *L) /* n, e, hash, message, signature -> boolean */
{
    br_rsa_public_key pk = rsa_public_key(L, 1);
    const br_hash_class *hash = unit_hash_class(L, 3);
    uint8_t digest[LT_HASH_MAX];
    lua_pushboolean(
        L, lt_rsa_pkcs1_verify(&pk, hash, digest_of(L, hash, 4, digest), unit_bytes(L, 5)));
    return 1;
}

/* n, e, hash, MGF1's hash, salt's size, message, signature -> boolean */
static int rsa_pss_verify(lua_State *L)
{
    br_rsa_public_key pk = rsa_public_key(L, 1);
    const br_hash_class *hash = unit_hash_class(L, 3), *mgf1_hash = unit_hash_class(L, 4);
    uint8_t digest[LT_HASH_MAX];
    lua_pushboolean(L, lt_rsa_pss_verify(&pk, hash, mgf1_hash, (size_t)luaL_checkinteger(L, 5),
                                         digest_of(L, hash, 6, digest), unit_bytes(L, 7)));
    return 1;
}

/* private key as PEM or DER, hash, MGF1's hash, salt, message -> signature, or false */
static int rsa_pss_sign(lua_State *L)
{
    const br_hash_class *hash = unit_hash_class(L, 2), *mgf1_hash = unit_hash_class(L, 3);
    lt_bytes salt = unit_bytes(L, 4);
    uint8_t digest[LT_HASH_MAX], out[512];
    lt_bytes message_digest = digest_of(L, hash, 5, digest);
    lt_private_key key;
    lt_error e = { .code = LT_OK };
    if (lt_private_key_parse(&key, unit_bytes(L, 1), (lt_bytes){ NULL, 0 }, &e) != LT_OK)
        return luaL_error(L, "%s", lt_code_name(e.code));
    size_t size = (key.rsa.n_bitlen + 7) / 8;
    bool ok = lt_rsa_pss_sign(&key.rsa, hash, mgf1_hash, salt, message_digest, out);
    lt_private_key_free(&key);
    if (ok)
        lua_pushlstring(L, (const char *)out, size);
    else
        lua_pushboolean(L, false);
    return 1;
}

static lt_bytes number(lua_State *L, int table, const char *name)
{
    lua_getfield(L, table, name);
    lt_bytes b = unit_bytes(L, -1);
    lua_pop(L, 1); /* the table holds it */
    return b;
}

/* { p, q, dp, dq, iq }, of 1024 bits in all; hash, also MGF1's; salt, message -> signature. Keys that
 * short are in the RFCs' examples alone. */
static int rsa_pss_sign_1024(lua_State *L)
{
    static const char *const names[] = { "p", "q", "dp", "dq", "iq" };
    uint8_t n[5][64], digest[LT_HASH_MAX], out[128];
    const br_hash_class *hash = unit_hash_class(L, 2);
    for (int i = 0; i < 5; i++) {
        lt_bytes b = number(L, 1, names[i]);
        luaL_argcheck(L, b.n == sizeof n[i], 1, "wrong length");
        memcpy(n[i], b.p, b.n);
    }
    br_rsa_private_key sk = { 1024, n[0], 64, n[1], 64, n[2], 64, n[3], 64, n[4], 64 };
    if (!lt_rsa_pss_sign(&sk, hash, hash, unit_bytes(L, 3), digest_of(L, hash, 4, digest), out))
        return luaL_error(L, "no signature");
    lua_pushlstring(L, (const char *)out, sizeof out);
    return 1;
}

/* As BearSSL's engine signs: with a hash, or with TLS 1.1's MD5 and SHA-1 and without a DigestInfo. */
static lt_code sign_as_bear(const lt_private_key *key, bool tls_1_1, uint8_t *out)
{
    const uint8_t hash[br_md5_SIZE + br_sha1_SIZE] = { 1, 2, 3 };
    size_t n = tls_1_1 ? sizeof hash : br_sha256_SIZE;
    const uint8_t *oid = tls_1_1 ? NULL : BR_HASH_OID_SHA256;
    return lt_private_key_sign_pkcs1(oid, hash, n, &key->rsa, out) ? LT_OK : LT_internal;
}

/* private key, kind, number or nil -> code, all that is in `out`. Of the number that is named, "p", "q", "dp",
 * "dq" or "iq", a bit is wrong by then, as if the machine had erred. */
static int rsa_sign_with_fault(lua_State *L)
{
    enum { PKCS1, PSS, BEAR, BEAR_11 };
    static const char *const kinds[] = { "pkcs1", "pss", "BearSSL's", "BearSSL's in TLS 1.1",
                                         NULL };
    static const char *const names[] = { "none", "p", "q", "dp", "dq", "iq", NULL };
    int kind = luaL_checkoption(L, 2, NULL, kinds);
    uint8_t seed[LT_SEED_SIZE] = { 1 }, out[LT_SIGNATURE_MAX] = { 0 }, none[9] = { 0 };
    lt_private_key key;
    lt_random random;
    lt_error e = { .code = LT_OK };
    size_t n;
    int which = luaL_checkoption(L, 3, "none", names);
    if (lt_private_key_parse(&key, unit_bytes(L, 1), (lt_bytes){ NULL, 0 }, &e) != LT_OK)
        return luaL_error(L, "%s", lt_code_name(e.code));
    uint8_t *const numbers[] = {
        none, key.rsa.p, key.rsa.q, key.rsa.dp, key.rsa.dq, key.rsa.iq
    };
    lt_random_init(&random, seed, &e);
    numbers[which][8] ^= 4;
    lt_code code =
        kind >= BEAR
            ? sign_as_bear(&key, kind == BEAR_11, out)
            : lt_private_key_sign(&key, kind == PSS ? LT_SIGN_rsa_pss_rsae : LT_SIGN_rsa_pkcs1,
                                  &lt_sha256_vtable, unit_bytes(L, 1), &random, out, &n, &e);
    lua_pushstring(L, lt_code_name(code));
    lua_pushlstring(L, (const char *)out, sizeof out);
    lt_private_key_free(&key);
    return 2;
}

static int ecdsa_verify(lua_State *L) /* curve, point, hash, message, signature -> boolean */
{
    lt_bytes point = unit_bytes(L, 2), signature = unit_bytes(L, 5);
    const br_hash_class *hash = unit_hash_class(L, 3);
    br_ec_public_key pk = { .curve = unit_curve(L, 1),
                            .q = (unsigned char *)(uintptr_t)point.p,
                            .qlen = point.n };
    uint8_t digest[LT_HASH_MAX];
    lt_bytes d = digest_of(L, hash, 4, digest);
    lua_pushboolean(L, lt_ecdsa_verify(NULL, d.p, d.n, &pk, signature.p, signature.n) == 1);
    return 1;
}

/* AlgorithmIdentifier, SubjectPublicKeyInfo, message, signature, sha1 allowed -> "ok", or a code */
static int signature_verify(lua_State *L)
{
    lt_public_key key;
    lt_error e = { .code = LT_OK };
    lt_code rc = lt_public_key_parse(&key, unit_bytes(L, 2), &e);
    if (rc == LT_OK)
        rc = lt_signature_verify(unit_bytes(L, 1), &key, unit_bytes(L, 3), unit_bytes(L, 4),
                                 lua_toboolean(L, 5) ? LT_SIGNATURE_sha1 : 0, &e);
    lua_pushstring(L, lt_code_name(rc));
    return 1;
}

void unit_open_signatures(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "ed25519_public_key", ed25519_public_key },
        { "ed25519_reduce", ed25519_reduce },
        { "ed25519_sign", ed25519_sign },
        { "ed25519_verify", ed25519_verify },
        { "rsa_public", rsa_public },
        { "rsa_pkcs1_verify", rsa_pkcs1_verify },
        { "rsa_pss_verify", rsa_pss_verify },
        { "rsa_pss_sign", rsa_pss_sign },
        { "rsa_pss_sign_1024", rsa_pss_sign_1024 },
        { "rsa_sign_with_fault", rsa_sign_with_fault },
        { "ecdsa_verify", ecdsa_verify },
        { "signature_verify", signature_verify },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
