/* SPDX-License-Identifier: MIT
 * certificate_fields.c - the fields of bearssl.certificate. Octets are strings of hexadecimal
 * digits, except where they are DER or a signature, which are strings of octets. */
#include "lua/certificate.h"

#include <stdlib.h>

#include "crypto/hash.h"
#include "lua/lazy.h"
#include "x509/der.h"
#include "x509/oid.h"
#include "x509/public_key.h"
#include "x509/signature.h"
#include "x509/text.h"

/* The magnitude of a serial number; the few negative ones there are (RFC 5280 section 4.1.2.2
 * forbids them) in `room`. True if negative. */
static bool serial_magnitude(lt_bytes s, uint8_t room[64], lt_bytes *magnitude)
{
    *magnitude = s;
    if (s.n == 0 || s.n > 64)
        return false;
    bool negative = (s.p[0] & 0x80) != 0;
    for (size_t i = s.n, carry = 1; negative && i-- > 0;) {
        carry += (uint8_t)~s.p[i];
        room[i] = (uint8_t)carry;
        carry >>= 8;
        magnitude->p = room;
    }
    while (magnitude->n > 1 && magnitude->p[0] == 0)
        magnitude->p++, magnitude->n--;
    return negative;
}

static void push_negated(lua_State *L, bool negative)
{
    if (!negative)
        return;
    lua_pushliteral(L, "-");
    lua_insert(L, -2);
    lua_concat(L, 2);
}

void lt_lua_push_serial(lua_State *L, lt_bytes serial_number)
{
    uint8_t room[64];
    lt_bytes m;
    bool negative = serial_magnitude(serial_number, room, &m);
    lt_lua_push_hex(L, m);
    push_negated(L, negative);
}

static void push_serial(lua_State *L, const lt_certificate *c)
{
    lt_lua_push_serial(L, c->serial_number);
}

static void push_serial_decimal(lua_State *L, const lt_certificate *c)
{
    uint8_t room[64];
    char text[160]; /* 64 octets have 155 digits */
    lt_bytes m;
    bool negative = serial_magnitude(c->serial_number, room, &m);
    lt_decimal_text(m, text, sizeof text);
    lua_pushstring(L, text);
    push_negated(L, negative);
}

static void set_oid(lua_State *L, lt_bytes oid, const char *otherwise)
{
    const char *name = lt_oid_name(oid);
    lt_lua_push_oid(L, oid);
    lua_setfield(L, -2, "oid");
    if (name || otherwise) {
        lua_pushstring(L, name ? name : otherwise);
        lua_setfield(L, -2, "name");
    }
}

static const char *hash_name(const br_hash_class *hash)
{
    static const char *const names[] = { "sha1", "sha224", "sha256", "sha384", "sha512" };
    for (size_t i = 0; hash && i < sizeof names / sizeof *names; i++)
        if (lt_hash_by_name(names[i]) == hash)
            return names[i];
    return NULL;
}

static void set_hash(lua_State *L, const char *field, const br_hash_class *hash)
{
    lua_pushstring(L, hash_name(hash)); /* nil where there is none */
    lua_setfield(L, -2, field);
}

/* { name, oid, hash, mgf1_hash, salt_length, parameters } */
static void push_signature_algorithm(lua_State *L, const lt_certificate *c)
{
    lt_reader body;
    lt_bytes oid;
    lt_signature_algorithm a;
    lt_error e = { 0 };
    lua_newtable(L);
    if (!der_only(c->signature_algorithm, DER_SEQUENCE, &body) || !der_oid(&body, &oid))
        return;
    set_oid(L, oid, NULL);
    if (body.n > 0)
        lt_lua_set_bytes(L, "parameters", body);
    if (lt_signature_algorithm_parse(&a, c->signature_algorithm, &e) != LT_OK)
        return;
    set_hash(L, "hash", a.hash);
    if (a.type != LT_KEY_rsa_pss)
        return;
    set_hash(L, "hash", a.pss.hash);
    set_hash(L, "mgf1_hash", a.pss.mgf1_hash);
    lua_pushinteger(L, (lua_Integer)a.pss.salt_size);
    lua_setfield(L, -2, "salt_length");
}

static void set_hex(lua_State *L, const char *field, lt_bytes b)
{
    lt_lua_push_hex(L, b);
    lua_setfield(L, -2, field);
}

/* An exponent is small in practice: an integer then, else digits. */
static void set_exponent(lua_State *L, lt_bytes exponent)
{
    lua_Integer v = 0;
    if (exponent.n > 7) {
        set_hex(L, "exponent", exponent);
        return;
    }
    for (size_t i = 0; i < exponent.n; i++)
        v = v << 8 | exponent.p[i];
    lua_pushinteger(L, v);
    lua_setfield(L, -2, "exponent");
}

static const char *const key_types[] = {
    [LT_KEY_unknown] = "unknown", [LT_KEY_rsa] = "rsa",         [LT_KEY_rsa_pss] = "rsa_pss",
    [LT_KEY_ec] = "ec",           [LT_KEY_ed25519] = "ed25519",
};

/* DSA: { p, q, g } where the key has them, y */
static void set_dsa(lua_State *L, const lt_dsa_key *dsa)
{
    lua_pushliteral(L, "dsa");
    lua_setfield(L, -2, "type");
    set_hex(L, "y", dsa->y);
    if (dsa->size == 0)
        return;
    lua_pushinteger(L, (lua_Integer)dsa->size);
    lua_setfield(L, -2, "bits");
    set_hex(L, "p", dsa->p);
    set_hex(L, "q", dsa->q);
    set_hex(L, "g", dsa->g);
}

/* { type, bits, spki, algorithm, and of RSA modulus, exponent, of EC curve, curve_oid, point, of DSA
 * p, q, g, y };
 * `error` says why a key that does not decode has no more than its SPKI. */
static void push_public_key(lua_State *L, const lt_certificate *c)
{
    lt_public_key k;
    lt_dsa_key dsa;
    lt_error e = { 0 };
    lua_newtable(L);
    lt_lua_set_bytes(L, "spki", c->spki);
    lt_code rc = lt_public_key_parse(&k, c->spki, &e);
    lua_pushstring(L, rc == LT_OK ? key_types[k.type] : "unknown");
    lua_setfield(L, -2, "type");
    if (rc != LT_OK) {
        lt_lua_push_error(L, &e);
        lua_setfield(L, -2, "error");
        return;
    }
    lua_newtable(L);
    set_oid(L, k.algorithm_oid, NULL);
    lua_setfield(L, -2, "algorithm");
    set_hex(L, "key", k.bits);
    if (k.size > 0) {
        lua_pushinteger(L, (lua_Integer)k.size);
        lua_setfield(L, -2, "bits");
    }
    if (k.modulus.n > 0) {
        set_hex(L, "modulus", k.modulus);
        set_exponent(L, k.exponent);
    }
    if (k.curve_oid.n > 0) {
        lua_pushstring(L, k.curve_name);
        lua_setfield(L, -2, "curve");
        lt_lua_push_oid(L, k.curve_oid);
        lua_setfield(L, -2, "curve_oid");
    }
    if (k.type == LT_KEY_ec)
        set_hex(L, "point", k.point);
    if (lt_dsa_key_parse(&k, &dsa))
        set_dsa(L, &dsa);
}

static const char *const fingerprint_hashes[] = { "sha1", "sha256", "sha384", "sha512" };

enum { FINGERPRINTS = sizeof fingerprint_hashes / sizeof *fingerprint_hashes };

static bool push_fingerprint(lua_State *L, lt_bytes of, const char *name)
{
    uint8_t digest[LT_HASH_MAX];
    for (size_t i = 0; i < FINGERPRINTS; i++)
        if (strcmp(name, fingerprint_hashes[i]) == 0) {
            const br_hash_class *hash = lt_hash_by_name(name);
            lt_hash(hash, of, digest);
            lt_lua_push_hex(L, (lt_bytes){ digest, lt_hash_size(hash) });
            return true;
        }
    return false;
}

static void fill_fingerprints(lua_State *L, lt_bytes of, int table)
{
    for (size_t i = 0; i < FINGERPRINTS; i++) {
        push_fingerprint(L, of, fingerprint_hashes[i]);
        lua_setfield(L, table, fingerprint_hashes[i]);
    }
}

static bool certificate_fingerprint(lua_State *L, const lt_certificate *c, const char *name)
{
    return push_fingerprint(L, c->der, name);
}

static void certificate_fingerprints(lua_State *L, const lt_certificate *c, int table)
{
    fill_fingerprints(L, c->der, table);
}

static bool spki_fingerprint(lua_State *L, const lt_certificate *c, const char *name)
{
    return push_fingerprint(L, c->spki, name);
}

static void spki_fingerprints(lua_State *L, const lt_certificate *c, int table)
{
    fill_fingerprints(L, c->spki, table);
}

static const lt_lua_lazy of_certificate = { "bearssl.fingerprints", certificate_fingerprint,
                                            certificate_fingerprints };
static const lt_lua_lazy of_spki = { "bearssl.spki_fingerprints", spki_fingerprint,
                                     spki_fingerprints };

static void push_certificate_fingerprints(lua_State *L, const lt_certificate *c)
{
    (void)c;
    lt_lua_push_lazy(L, &of_certificate);
}

static void push_spki_fingerprints(lua_State *L, const lt_certificate *c)
{
    (void)c;
    lt_lua_push_lazy(L, &of_spki);
}

static void push_extensions(lua_State *L, const lt_certificate *c)
{
    (void)c;
    lt_lua_push_lazy(L, &lt_lua_extensions);
}

static void push_pin(lua_State *L, const lt_certificate *c) /* RFC 7469 section 2.4 */
{
    uint8_t digest[LT_HASH_MAX];
    lt_hash(lt_hash_by_name("sha256"), c->spki, digest);
    lt_lua_push_base64(L, (lt_bytes){ digest, 32 }, 0, "sha256//", "");
}

static void push_version(lua_State *L, const lt_certificate *c)
{
    lua_pushinteger(L, (lua_Integer)c->version);
}

static void push_subject(lua_State *L, const lt_certificate *c)
{
    lt_lua_push_name(L, c->subject);
}

static void push_issuer(lua_State *L, const lt_certificate *c)
{
    lt_lua_push_name(L, c->issuer);
}

static void push_not_before(lua_State *L, const lt_certificate *c)
{
    lua_pushinteger(L, (lua_Integer)c->not_before);
}

static void push_not_after(lua_State *L, const lt_certificate *c)
{
    lua_pushinteger(L, (lua_Integer)c->not_after);
}

static void push_not_before_text(lua_State *L, const lt_certificate *c)
{
    lt_lua_push_time(L, c->not_before);
}

static void push_not_after_text(lua_State *L, const lt_certificate *c)
{
    lt_lua_push_time(L, c->not_after);
}

static void push_signature(lua_State *L, const lt_certificate *c)
{
    lt_lua_push_bytes(L, c->signature);
}

static void push_dsa_signature(lua_State *L, const lt_certificate *c) /* { r, s }, or nil */
{
    lt_reader body;
    lt_bytes oid, r, t;
    const char *name = NULL;
    if (der_only(c->signature_algorithm, DER_SEQUENCE, &body) && der_oid(&body, &oid))
        name = lt_oid_name(oid);
    if (!name || strncmp(name, "dsa-with-", 9) != 0
        || !lt_dsa_signature_parse(c->signature, &r, &t)) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, 0, 2);
    set_hex(L, "r", r);
    set_hex(L, "s", t);
}

static void push_tbs_certificate(lua_State *L, const lt_certificate *c)
{
    lt_lua_push_bytes(L, c->tbs_certificate);
}

static void push_unique_id(lua_State *L, lt_bytes id)
{
    if (id.n > 1)
        lt_lua_push_hex(L, (lt_bytes){ id.p + 1, id.n - 1 }); /* behind the unused-bits octet */
    else
        lua_pushnil(L);
}

static void push_issuer_unique_id(lua_State *L, const lt_certificate *c)
{
    push_unique_id(L, c->issuer_unique_id);
}

static void push_subject_unique_id(lua_State *L, const lt_certificate *c)
{
    push_unique_id(L, c->subject_unique_id);
}

typedef struct {
    const char *name;
    void (*push)(lua_State *L, const lt_certificate *c);
} field;

static const field fields[] = {
    /* by name */
    { "dsa_signature", push_dsa_signature },
    { "extensions", push_extensions },
    { "fingerprints", push_certificate_fingerprints },
    { "issuer", push_issuer },
    { "issuer_unique_id", push_issuer_unique_id },
    { "not_after", push_not_after },
    { "not_after_text", push_not_after_text },
    { "not_before", push_not_before },
    { "not_before_text", push_not_before_text },
    { "pin", push_pin },
    { "public_key", push_public_key },
    { "serial", push_serial },
    { "serial_decimal", push_serial_decimal },
    { "signature", push_signature },
    { "signature_algorithm", push_signature_algorithm },
    { "spki_fingerprints", push_spki_fingerprints },
    { "subject", push_subject },
    { "subject_unique_id", push_subject_unique_id },
    { "tbs_certificate", push_tbs_certificate },
    { "version", push_version },
};

static int by_name(const void *name, const void *f)
{
    return strcmp(name, ((const field *)f)->name);
}

void lt_lua_open_fields(lua_State *L)
{
    lt_lua_open_lazy(L, &of_certificate);
    lt_lua_open_lazy(L, &of_spki);
    lt_lua_open_lazy(L, &lt_lua_extensions);
}

bool lt_lua_push_certificate_field(lua_State *L, const lt_certificate *c, const char *name)
{
    const field *f =
        bsearch(name, fields, sizeof fields / sizeof *fields, sizeof *fields, by_name);
    if (f)
        f->push(L, c);
    return f != NULL;
}
