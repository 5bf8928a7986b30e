/* SPDX-License-Identifier: MIT
 * accel.c - csrc/crypto/accel beside its twins in BearSSL: where a function takes `twin`, true is
 * BearSSL's. */
#include "unit.h"

#include <stdlib.h>

#include "accel_curve25519.h"
#include "accel_field.h"
#include "crypto/accel/accel.h"
#include "crypto/accel/invert256.h"
#include "crypto/accel/rsa_ifma.h"
#include "crypto/bignum.h"
#include "crypto/ec.h"
#include "crypto/field25519.h"
#include "crypto/rsa_private.h"
#include "crypto/rsa_public.h"
#include "x509/known_keys.h"
#include "x509/private_key.h"

enum { POINT_MAX = BR_EC_KBUF_PUB_MAX_SIZE, NUMBER_MAX = 2 * LT_RSA_PUBLIC_MAX_BYTES };

static int push(lua_State *L, uint32_t ok, const uint8_t *p, size_t n)
{
    if (ok)
        lua_pushlstring(L, (const char *)p, n);
    else
        lua_pushboolean(L, false);
    return 1;
}

static unsigned char *bearssls(lt_bytes b) /* its structures are not const */
{
    return (unsigned char *)(uintptr_t)b.p;
}

static int accel(lua_State *L) /* -> whether this build has any, the bits in use */
{
    lua_pushboolean(L, LT_HAS_INT128);
    lua_pushinteger(L, lt_accel());
    return 2;
}

static br_ec_impl implementation(lua_State *L, int curve, int twin)
{
    return lua_toboolean(L, twin) ? *br_ec_get_default() : lt_ec(1U << curve);
}

static int ec_multiply(lua_State *L) /* curve, point, scalar, twin -> point, or false */
{
    int curve = unit_curve(L, 1);
    lt_bytes point = unit_bytes(L, 2), scalar = unit_bytes(L, 3);
    br_ec_impl ec = implementation(L, curve, 4);
    uint8_t out[POINT_MAX];
    luaL_argcheck(L, point.n <= sizeof out, 2, "too long");
    memcpy(out, point.p, point.n);
    return push(L, ec.mul(out, point.n, scalar.p, scalar.n, curve), out, point.n);
}

static int ec_multiply_base(lua_State *L) /* curve, scalar, twin -> point */
{
    int curve = unit_curve(L, 1);
    lt_bytes scalar = unit_bytes(L, 2);
    br_ec_impl ec = implementation(L, curve, 3);
    uint8_t out[POINT_MAX];
    return push(L, 1, out, ec.mulgen(out, scalar.p, scalar.n, curve));
}

static int ec_order(lua_State *L) /* curve -> n */
{
    size_t n;
    const uint8_t *order = br_ec_get_default()->order(unit_curve(L, 1), &n);
    return push(L, 1, order, n);
}

static int ec_generator(lua_State *L) /* curve -> point */
{
    size_t n;
    const uint8_t *generator = br_ec_get_default()->generator(unit_curve(L, 1), &n);
    return push(L, 1, generator, n);
}

/* curve, scalar, hash's name, digest, twin -> signature, or false */
static int ecdsa_sign_digest(lua_State *L)
{
    lt_bytes x = unit_bytes(L, 2);
    br_ec_private_key sk = { unit_curve(L, 1), bearssls(x), x.n };
    const br_hash_class *hash = unit_hash_class(L, 3);
    lt_bytes digest = unit_bytes(L, 4);
    uint8_t out[160];
    br_ecdsa_sign sign = lua_toboolean(L, 5) ? br_ecdsa_sign_asn1_get_default() : lt_ecdsa_sign;
    size_t n = sign(br_ec_get_default(), hash, digest.p, &sk, out);
    return push(L, n > 0, out, n);
}

static int
ecdsa_verify_digest(lua_State *L) /* curve, point, digest, signature, twin -> boolean */
{
    lt_bytes q = unit_bytes(L, 2), digest = unit_bytes(L, 3), signature = unit_bytes(L, 4);
    br_ec_public_key pk = { unit_curve(L, 1), bearssls(q), q.n };
    br_ecdsa_vrfy verify =
        lua_toboolean(L, 5) ? br_ecdsa_vrfy_asn1_get_default() : lt_ecdsa_verify;
    lua_pushboolean(
        L, verify(br_ec_get_default(), digest.p, digest.n, &pk, signature.p, signature.n) == 1);
    return 1;
}

/* curve, point, digest, signature -> boolean; nil: none is kept of such a key */
static int ecdsa_verify_known(lua_State *L)
{
    lt_bytes q = unit_bytes(L, 2), digest = unit_bytes(L, 3), signature = unit_bytes(L, 4);
    br_ec_public_key pk = { unit_curve(L, 1), bearssls(q), q.n };
    lt_ecdsa_known *known = lt_ecdsa_know(&pk);
    if (!known)
        return 0;
    lua_pushboolean(
        L,
        lt_ecdsa_verify_known(known, &pk, digest.p, digest.n, signature.p, signature.n) == 1);
    free(known);
    return 1;
}

/* { curve, point, digest, signature }, … one after another by one table of known keys -> a string of 0 and 1 */
static int known_keys_verify(lua_State *L)
{
    lt_known_keys *keys = lt_known_keys_new();
    char answers[256];
    size_t n = 0;
    for (int i = 1; i <= lua_gettop(L) && n < sizeof answers; i++) {
        for (int k = 1; k <= 4; k++)
            lua_rawgeti(L, i, k);
        lt_bytes q = unit_bytes(L, -3);
        br_ec_public_key pk = { unit_curve(L, lua_absindex(L, -4)), bearssls(q), q.n };
        answers[n++] =
            lt_known_keys_verify(keys, &pk, unit_bytes(L, -2), unit_bytes(L, -1)) ? '1' : '0';
        lua_pop(L, 4); /* the tables hold them */
    }
    lt_known_keys_free(keys);
    lua_pushlstring(L, answers, n);
    return 1;
}

static lt_bytes field(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    lt_bytes b = unit_bytes(L, -1);
    lua_pop(L, 1); /* the table holds it */
    return b;
}

static void set_field(lua_State *L, const char *name, const uint8_t *p, size_t n)
{
    lua_pushlstring(L, (const char *)p, n);
    lua_setfield(L, -2, name);
}

static br_rsa_private_key rsa_key(lua_State *L) /* { bits, p, q, dp, dq, iq } */
{
    lt_bytes p = field(L, "p"), q = field(L, "q"), dp = field(L, "dp"), dq = field(L, "dq"),
             iq = field(L, "iq");
    lua_getfield(L, 1, "bits");
    uint32_t bits = (uint32_t)luaL_checkinteger(L, -1);
    lua_pop(L, 1);
    return (br_rsa_private_key){ bits, bearssls(p),  p.n,  bearssls(q),  q.n, bearssls(dp),
                                 dp.n, bearssls(dq), dq.n, bearssls(iq), iq.n };
}

/* { bits, n, e, p, q, dp, dq, iq } */
static int push_rsa_key(lua_State *L, const br_rsa_private_key *sk, const br_rsa_public_key *pk)
{
    lua_newtable(L);
    lua_pushinteger(L, sk->n_bitlen);
    lua_setfield(L, -2, "bits");
    set_field(L, "n", pk->n, pk->nlen);
    set_field(L, "e", pk->e, pk->elen);
    set_field(L, "p", sk->p, sk->plen);
    set_field(L, "q", sk->q, sk->qlen);
    set_field(L, "dp", sk->dp, sk->dplen);
    set_field(L, "dq", sk->dq, sk->dqlen);
    set_field(L, "iq", sk->iq, sk->iqlen);
    return 1;
}

static int rsa_keygen(lua_State *L) /* bits, seed -> { bits, n, e, p, q, dp, dq, iq } */
{
    unsigned bits = (unsigned)luaL_checkinteger(L, 1);
    lt_bytes seed = unit_bytes(L, 2);
    br_hmac_drbg_context random;
    br_rsa_private_key sk;
    br_rsa_public_key pk;
    uint8_t private_bytes[BR_RSA_KBUF_PRIV_SIZE(4096)],
        public_bytes[BR_RSA_KBUF_PUB_SIZE(4096)];
    br_hmac_drbg_init(&random, &br_sha256_vtable, seed.p, seed.n);
    if (!br_rsa_keygen_get_default()(&random.vtable, &sk, private_bytes, &pk, public_bytes,
                                     bits, 65537))
        return luaL_error(L, "no key");
    return push_rsa_key(L, &sk, &pk);
}

static int rsa_key_of(lua_State *L) /* private key as PEM -> the same */
{
    lt_private_key key;
    lt_error e = { .code = LT_OK };
    if (lt_private_key_parse(&key, unit_bytes(L, 1), (lt_bytes){ NULL, 0 }, &e) != LT_OK)
        return luaL_error(L, "%s", lt_code_name(e.code));
    push_rsa_key(L, &key.rsa, &key.rsa_public);
    lt_private_key_free(&key);
    return 1;
}

static int rsa_private(lua_State *L) /* key, x, twin -> x^d mod n, or false */
{
    br_rsa_private_key sk = rsa_key(L);
    lt_bytes x = unit_bytes(L, 2);
    uint8_t out[512];
    luaL_argcheck(L, x.n == (sk.n_bitlen + 7) / 8 && x.n <= sizeof out, 2, "wrong length");
    memcpy(out, x.p, x.n);
    br_rsa_private f = lua_toboolean(L, 3) ? br_rsa_private_get_default() : lt_rsa_private;
    return push(L, f(out, &sk), out, x.n);
}

/* key, the hash's OID, digest, twin -> signature, or false */
static int rsa_pkcs1_sign(lua_State *L)
{
    br_rsa_private_key sk = rsa_key(L);
    const char *oid = luaL_optstring(L, 2, NULL);
    lt_bytes digest = unit_bytes(L, 3);
    uint8_t out[512];
    br_rsa_pkcs1_sign f =
        lua_toboolean(L, 4) ? br_rsa_pkcs1_sign_get_default() : lt_rsa_pkcs1_sign;
    return push(L, f((const uint8_t *)oid, digest.p, digest.n, &sk, out), out,
                (sk.n_bitlen + 7) / 8);
}

/* n, e, the hash's OID, size of a digest, x, twin -> digest, or false */
static int rsa_pkcs1_recover(lua_State *L)
{
    lt_bytes n = unit_bytes(L, 1), e = unit_bytes(L, 2), x = unit_bytes(L, 5);
    br_rsa_public_key pk = { bearssls(n), n.n, bearssls(e), e.n };
    const char *oid = luaL_optstring(L, 3, NULL);
    size_t size = (size_t)luaL_checkinteger(L, 4);
    uint8_t out[64];
    luaL_argcheck(L, size <= sizeof out, 4, "too long");
    br_rsa_pkcs1_vrfy f =
        lua_toboolean(L, 6) ? br_rsa_pkcs1_vrfy_get_default() : lt_rsa_pkcs1_recover;
    return push(L, f(x.p, x.n, (const uint8_t *)oid, size, &pk, out), out, size);
}

static int rsa_public_twin(lua_State *L) /* n, e, x -> x^e mod n, or false */
{
    lt_bytes n = unit_bytes(L, 1), e = unit_bytes(L, 2), x = unit_bytes(L, 3);
    br_rsa_public_key pk = { bearssls(n), n.n, bearssls(e), e.n };
    uint8_t out[512];
    luaL_argcheck(L, x.n <= sizeof out, 3, "too long");
    memcpy(out, x.p, x.n);
    return push(L, br_rsa_public_get_default()(out, x.n, &pk), out, x.n);
}

static void to_bytes(uint8_t *out, const uint32_t *limbs, size_t n)
{
    for (size_t i = 0; i < 4 * n; i++)
        out[4 * n - 1 - i] = (uint8_t)(limbs[i / 4] >> (8 * (i % 4)));
}

/* a, b, m, of a whole number of limbs and the first of m not zero -> a b mod m, as long as m: by
 * crypto/bignum.h, which knows of no trick */
static int multiply_mod(lua_State *L)
{
    lt_bytes a = unit_bytes(L, 1), b = unit_bytes(L, 2), m = unit_bytes(L, 3);
    uint32_t x[NUMBER_MAX / 4], y[NUMBER_MAX / 4], modulus[NUMBER_MAX / 4],
        product[NUMBER_MAX / 2], r[NUMBER_MAX / 4] = { 0 };
    uint8_t out[NUMBER_MAX];
    size_t a_n = (a.n + 3) / 4, b_n = (b.n + 3) / 4, m_n = (m.n + 3) / 4, top = m_n;
    luaL_argcheck(L, a.n <= NUMBER_MAX && b.n <= NUMBER_MAX && m.n <= NUMBER_MAX, 1,
                  "too long");
    lt_bn_decode(x, a_n, a);
    lt_bn_decode(y, b_n, b);
    lt_bn_decode(modulus, m_n, m);
    while (top > 1 && modulus[top - 1] == 0)
        top--;
    lt_bn_mul(product, x, a_n, y, b_n);
    lt_bn_mod(r, product, a_n + b_n, modulus, top);
    to_bytes(out, r, m_n);
    return push(L, 1, out, 4 * m_n);
}

#if LT_HAS_INT128

/* The same by MULX, ADCX and ADOX; NULL: there is none, or not here */
static const unit_field *field_of_adx(int curve)
{
#if LT_HAS_X86
    if (curve == BR_EC_secp256r1 && lt_accel_has(LT_ACCEL_adx))
        return &unit_field_secp256r1_adx;
#endif
    (void)curve;
    return NULL;
}

/* curve, operation, a, b, whether by ADX -> number, or false where that is not; see accel_field.h */
static int prime_field(lua_State *L)
{
    static const char *const names[] = { "add",    "subtract", "multiply", "scalar_multiply",
                                         "square", NULL };
    static const unit_field *const fields[] = { [BR_EC_secp256r1] = &unit_field_secp256r1,
                                                [BR_EC_secp384r1] = &unit_field_secp384r1,
                                                [BR_EC_secp521r1] = &unit_field_secp521r1 };
    int curve = unit_curve(L, 1);
    luaL_argcheck(L, curve != BR_EC_curve25519, 1, "a prime curve");
    const unit_field *f = lua_toboolean(L, 5) ? field_of_adx(curve) : fields[curve];
    uint8_t out[UNIT_FIELD_MAX];
    if (!f)
        return push(L, 0, NULL, 0);
    f->compute(luaL_checkoption(L, 2, NULL, names), out, unit_exactly(L, 3, f->size),
               unit_exactly(L, 4, f->size));
    return push(L, 1, out, f->size);
}

static lt_fe limbs51(lua_State *L, int index) /* five limbs of eight bytes, the lowest first */
{
    lt_fe r;
    const uint8_t *in = unit_exactly(L, index, sizeof r.limb);
    for (int i = 0; i < 5; i++) {
        r.limb[i] = 0;
        for (int j = 7; j >= 0; j--)
            r.limb[i] = r.limb[i] << 8 | in[8 * i + j];
    }
    return r;
}

static void push_field(lua_State *L, const lt_fe *a)
{
    uint8_t out[32];
    lt_fe_encode(out, a);
    push(L, 1, out, sizeof out);
}

/* a, b as limbs below 2^54 -> a, b, a b, a^2, a (1/a) as little-endian numbers below p */
static int field25519(lua_State *L)
{
    lt_fe a = limbs51(L, 1), b = limbs51(L, 2), r;
    push_field(L, &a);
    push_field(L, &b);
    lt_fe_multiply(&r, &a, &b);
    push_field(L, &r);
    lt_fe_square(&r, &a);
    push_field(L, &r);
    lt_fe_invert(&r, &a);
    lt_fe_multiply(&r, &r, &a);
    push_field(L, &r);
    return 5;
}

/* a, b, c as limbs below 2^52 -> these, then a b + c, b c + a, c a + b of lanes side by side, likewise; and the highest
 * limb of those */
static int lanes25519(lua_State *L)
{
    lt_fe in[3][4], r[4];
    uint64_t highest = 0;
    for (int i = 0; i < 3; i++)
        for (int lane = 0; lane < 4; lane++)
            in[i][lane] = limbs51(L, 1 + (i + lane) % 3);
    unit_lanes25519(r, in[0], in[1], in[2]);
    for (int lane = 0; lane < 3; lane++)
        push_field(L, &in[0][lane]);
    for (int lane = 0; lane < 3; lane++)
        push_field(L, &r[lane]);
    for (int i = 0; i < 4 * 5; i++)
        highest = r[i / 5].limb[i % 5] > highest ? r[i / 5].limb[i % 5] : highest;
    lua_pushinteger(L, (lua_Integer)highest);
    return 7;
}

static void limbs64(uint64_t r[4], const uint8_t in[32])
{
    memset(r, 0, 4 * sizeof *r);
    for (size_t i = 0; i < 32; i++)
        r[(31 - i) / 8] |= (uint64_t)in[i] << 8 * ((31 - i) % 8);
}

static int invert_256(lua_State *L) /* a, m, big-endian of 32 bytes -> 1/a mod m */
{
    uint64_t a[4], m[4];
    uint8_t out[32];
    limbs64(a, unit_exactly(L, 1, 32));
    limbs64(m, unit_exactly(L, 2, 32));
    lt_invert_256(a, a, m);
    for (size_t i = 0; i < 32; i++)
        out[31 - i] = (uint8_t)(a[i / 8] >> 8 * (i % 8));
    return push(L, 1, out, sizeof out);
}

/* m, a, b -> a b / 2^(8 size) mod m by MULX or without, 2^(16 size) mod m; false: not for m */
static int montgomery(lua_State *L)
{
    static lt_montgomery k;
    uint64_t x[LT_MONTGOMERY_LIMBS], y[LT_MONTGOMERY_LIMBS];
    lt_bytes m = unit_bytes(L, 1);
    uint8_t out[8 * LT_MONTGOMERY_LIMBS];
    if (!lt_montgomery_set(&k, m.p, m.n))
        return push(L, 0, NULL, 0);
    lt_limbs_decode(x, k.n, unit_exactly(L, 2, m.n), m.n);
    lt_limbs_decode(y, k.n, unit_exactly(L, 3, m.n), m.n);
    lt_montgomery_multiply(&k, x, x, y);
    lt_limbs_encode(out, m.n, x);
    push(L, 1, out, m.n);
    lt_limbs_encode(out, m.n, k.r_squared);
    push(L, 1, out, m.n);
    return 2;
}

/* m, bits -> 2^(8 size + bits) mod m */
static int montgomery_shift(lua_State *L)
{
    static lt_montgomery k;
    uint64_t r[LT_MONTGOMERY_LIMBS];
    lt_bytes m = unit_bytes(L, 1);
    uint8_t out[8 * LT_MONTGOMERY_LIMBS];
    luaL_argcheck(L, lt_montgomery_start(&k, m.p, m.n), 1, "no modulus");
    lt_montgomery_one(&k, r);
    lt_montgomery_shift(&k, r, (size_t)luaL_checkinteger(L, 2));
    lt_limbs_encode(out, m.n, r);
    return push(L, 1, out, m.n);
}

/* rsa_ifma.h's functions with their vectors emulated (accel_ifma.c) */
bool unit_rsa_ifma_private(lt_montgomery *const k[2], uint64_t *const r[2],
                           const uint64_t *const exponent[2]);
bool unit_rsa_ifma_public(const lt_montgomery *k, uint64_t *x, lt_bytes e);

/* whether emulated, m, x, e, m, x, e -> x^e mod m of both; false: not for m, or this machine */
static int ifma_private(lua_State *L)
{
    static lt_montgomery k[2];
    uint64_t x[2][LT_MONTGOMERY_LIMBS], e[2][LT_MONTGOMERY_LIMBS + 1];
    size_t size = unit_bytes(L, 2).n;
    uint8_t out[8 * LT_MONTGOMERY_LIMBS];
    for (int i = 0; i < 2; i++) {
        luaL_argcheck(L, lt_montgomery_set(&k[i], unit_exactly(L, 2 + 3 * i, size), size),
                      2 + 3 * i, "no modulus");
        lt_limbs_decode(x[i], k[i].n, unit_exactly(L, 3 + 3 * i, size), size);
        lt_limbs_decode(e[i], k[i].n + 1, unit_exactly(L, 4 + 3 * i, size), size);
        lt_montgomery_multiply(&k[i], x[i], x[i], k[i].r_squared);
    }
    if (!(lua_toboolean(L, 1) ? unit_rsa_ifma_private : lt_rsa_ifma_private)(
            (lt_montgomery *const[]){ &k[0], &k[1] }, (uint64_t *const[]){ x[0], x[1] },
            (const uint64_t *const[]){ e[0], e[1] }))
        return push(L, 0, NULL, 0);
    for (int i = 0; i < 2; i++) {
        lt_limbs_encode(out, size, x[i]);
        push(L, 1, out, size);
    }
    return 2;
}

static int
ifma_public(lua_State *L) /* whether emulated, m, x, e -> x^e mod m; false as above */
{
    static lt_montgomery k;
    uint64_t x[LT_MONTGOMERY_LIMBS];
    lt_bytes m = unit_bytes(L, 2);
    uint8_t out[8 * LT_MONTGOMERY_LIMBS];
    luaL_argcheck(L, lt_montgomery_start(&k, m.p, m.n), 2, "no modulus");
    lt_limbs_decode(x, k.n, unit_exactly(L, 3, m.n), m.n);
    bool ok = (lua_toboolean(L, 1) ? unit_rsa_ifma_public
                                   : lt_rsa_ifma_public)(&k, x, unit_bytes(L, 4));
    if (ok)
        lt_limbs_encode(out, m.n, x);
    return push(L, ok, out, m.n);
}

static void open_fields(lua_State *L)
{
    static const luaL_Reg functions[] = { { "prime_field", prime_field },
                                          { "montgomery_shift", montgomery_shift },
                                          { "ifma_private", ifma_private },
                                          { "ifma_public", ifma_public },
                                          { "field25519", field25519 },
                                          { "lanes25519", lanes25519 },
                                          { "invert_256", invert_256 },
                                          { "montgomery", montgomery },
                                          { NULL, NULL } };
    luaL_setfuncs(L, functions, 0);
}

#else

static void open_fields(lua_State *L)
{
    (void)L;
}

#endif

void unit_open_accel(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "accel", accel },
        { "ec_multiply", ec_multiply },
        { "ec_multiply_base", ec_multiply_base },
        { "ec_order", ec_order },
        { "ec_generator", ec_generator },
        { "ecdsa_sign_digest", ecdsa_sign_digest },
        { "ecdsa_verify_digest", ecdsa_verify_digest },
        { "ecdsa_verify_known", ecdsa_verify_known },
        { "known_keys_verify", known_keys_verify },
        { "rsa_keygen", rsa_keygen },
        { "rsa_key", rsa_key_of },
        { "rsa_private", rsa_private },
        { "rsa_pkcs1_sign", rsa_pkcs1_sign },
        { "rsa_pkcs1_recover", rsa_pkcs1_recover },
        { "rsa_public_twin", rsa_public_twin },
        { "multiply_mod", multiply_mod },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
    open_fields(L);
}
