/* SPDX-License-Identifier: MIT
 * private_key_der.c - see private_key_der.h. Each number is checked before anything computes with it. */
#include "x509/private_key_der.h"

#include <stdlib.h>

#include "crypto/ec.h"
#include "crypto/ed25519.h"
#include "crypto/rsa_numbers.h"
#include "x509/der.h"

enum { MIN_RSA_BITS = 2048 };

/* One owned block for all numbers of the key; each is then copied in by keep(). */
static bool own(lt_private_key *k, size_t size)
{
    k->data = malloc(size);
    k->size = k->data ? size : 0;
    return k->data;
}

static uint8_t *keep(uint8_t **end, lt_bytes number)
{
    uint8_t *start = *end;
    memcpy(start, number.p, number.n);
    *end += number.n;
    return start;
}

static lt_code own_rsa(lt_private_key *k, const lt_rsa_numbers *n, uint32_t bits, lt_error *e)
{
    if (!own(k, n->modulus.n + n->public_exponent.n + n->prime1.n + n->prime2.n + n->exponent1.n
                    + n->exponent2.n + n->coefficient.n))
        return lt_fail(e, LT_memory, "private key");
    uint8_t *end = k->data;
    k->rsa_public = (br_rsa_public_key){
        .n = keep(&end, n->modulus),
        .nlen = n->modulus.n,
        .e = keep(&end, n->public_exponent),
        .elen = n->public_exponent.n,
    };
    k->rsa = (br_rsa_private_key){
        .n_bitlen = bits,
        .p = keep(&end, n->prime1),
        .plen = n->prime1.n,
        .q = keep(&end, n->prime2),
        .qlen = n->prime2.n,
        .dp = keep(&end, n->exponent1),
        .dplen = n->exponent1.n,
        .dq = keep(&end, n->exponent2),
        .dqlen = n->exponent2.n,
        .iq = keep(&end, n->coefficient),
        .iqlen = n->coefficient.n,
    };
    return LT_OK;
}

static uint32_t bit_size(lt_bytes magnitude)
{
    uint32_t n = (uint32_t)magnitude.n * 8;
    for (uint32_t top = magnitude.n ? magnitude.p[0] : 0; n > 0 && !(top & 0x80); top <<= 1)
        n--;
    return n;
}

/* RSAPrivateKey ::= SEQUENCE { version Version, modulus INTEGER, publicExponent INTEGER,
 *   privateExponent INTEGER, prime1 INTEGER, prime2 INTEGER, exponent1 INTEGER,
 *   exponent2 INTEGER, coefficient INTEGER, otherPrimeInfos OPTIONAL } (RFC 8017 A.1.2) */
static lt_code read_pkcs1(lt_private_key *k, lt_bytes der, lt_key_type type, lt_error *e)
{
    lt_reader r;
    int32_t version;
    lt_rsa_numbers n;
    if (!der_only(der, DER_SEQUENCE, &r) || !der_small(&r, &version))
        return lt_fail(e, LT_bad_key, "RSAPrivateKey");
    if (version == 1)
        return lt_fail_detail(e, LT_unsupported_key, "RSAPrivateKey.version",
                              "more than two primes");
    if (version != 0 || !der_unsigned(&r, &n.modulus) || !der_unsigned(&r, &n.public_exponent)
        || !der_unsigned(&r, &n.private_exponent) || !der_unsigned(&r, &n.prime1)
        || !der_unsigned(&r, &n.prime2) || !der_unsigned(&r, &n.exponent1)
        || !der_unsigned(&r, &n.exponent2) || !der_unsigned(&r, &n.coefficient) || r.n != 0)
        return lt_fail(e, LT_bad_key, "RSAPrivateKey");
    uint32_t bits = bit_size(n.modulus);
    if (bits < MIN_RSA_BITS || bits > LT_RSA_MAX_BITS)
        return lt_fail_detail(e, LT_unsupported_key, "RSAPrivateKey.modulus",
                              "RSA of %u bits; %d to %d are supported", (unsigned)bits,
                              MIN_RSA_BITS, LT_RSA_MAX_BITS);
    const char *fault = lt_rsa_numbers_fault(&n);
    if (fault)
        return lt_fail_detail(e, LT_bad_key, "RSAPrivateKey", "%s is wrong", fault);
    k->type = type;
    return own_rsa(k, &n, bits, e);
}

/* 0 < x < the curve's order, in constant time; both have `n` bytes */
static bool scalar_in_range(const uint8_t *x, const uint8_t *order, size_t n)
{
    uint32_t borrow = 0, any = 0;
    for (size_t i = n; i-- > 0;) {
        borrow = (uint32_t)(x[i] - order[i] - borrow) >> 31;
        any |= x[i];
    }
    return borrow & ((any + 0xff) >> 8);
}

/* ECPrivateKey.privateKey is as long as the order (RFC 5915 section 3); some leave out zeros at
 * the front, some add them. */
static bool own_scalar(lt_private_key *k, lt_bytes x, size_t size, lt_error *e)
{
    uint32_t above = 0;
    for (; x.n > size; x.p++, x.n--)
        above |= x.p[0];
    if (!own(k, size)) {
        lt_fail(e, LT_memory, "private key");
        return false;
    }
    memset(k->data, 0, size);
    memcpy(k->data + (size - x.n), x.p, x.n);
    return above == 0;
}

static lt_code compute_point(lt_private_key *k, const lt_curve *curve, lt_bytes x, lt_error *e)
{
    br_ec_impl ec = lt_ec(~0U);
    br_ec_public_key point;
    size_t size;
    const uint8_t *order = ec.order(curve->id, &size);
    if (!own_scalar(k, x, size, e) || !scalar_in_range(k->data, order, size))
        return lt_fail_detail(e, LT_bad_key, "ECPrivateKey.privateKey",
                              "not from 1 to the order of %s", curve->name);
    k->type = LT_KEY_ec;
    k->ec = (br_ec_private_key){ .curve = curve->id, .x = k->data, .xlen = size };
    k->ec_point_size = br_ec_compute_pub(&ec, &point, k->ec_point, &k->ec);
    if (k->ec_point_size == 0)
        return lt_fail(e, LT_internal, "ECPrivateKey.privateKey");
    return LT_OK;
}

/* Uncompressed, or compressed (SEC 1 section 2.3.3) */
bool lt_private_key_is_point(const lt_private_key *k, lt_bytes encoded)
{
    lt_bytes full = { k->ec_point, k->ec_point_size };
    size_t field = k->ec_point_size / 2;
    if (encoded.n != 1 + field)
        return lt_bytes_equal(encoded, full);
    return encoded.p[0] == 2 + (full.p[full.n - 1] & 1)
           && lt_bytes_equal((lt_bytes){ encoded.p + 1, field },
                             (lt_bytes){ full.p + 1, field });
}

/* ECParameters: namedCurve alone, as RFC 5480 section 2.1.1 wants it */
static lt_code read_curve(lt_reader *r, const lt_curve **curve, lt_error *e)
{
    lt_bytes oid;
    if (der_next_is(r, DER_SEQUENCE))
        return lt_fail_detail(
            e, LT_unsupported_key, "ECParameters",
            "a curve by explicit parameters; only named curves are supported");
    if (!der_oid(r, &oid) || r->n != 0)
        return lt_fail(e, LT_bad_key, "ECParameters");
    *curve = lt_curve_by_oid(oid);
    if (!*curve || !(*curve)->id)
        return lt_fail_detail(e, LT_unsupported_key, "ECParameters.namedCurve",
                              "%s; secp256r1, secp384r1, secp521r1 are supported",
                              *curve ? (*curve)->name : "a curve that is not known");
    return LT_OK;
}

/* ECPrivateKey ::= SEQUENCE { version INTEGER (1), privateKey OCTET STRING,
 *   parameters [0] ECParameters OPTIONAL, publicKey [1] BIT STRING OPTIONAL } (RFC 5915).
 * `curve`: what PKCS#8 says it is; NULL: the key must say so. */
static lt_code read_sec1(lt_private_key *k, lt_bytes der, const lt_curve *curve, lt_error *e)
{
    lt_reader r, x, parameters, public_key;
    int32_t version;
    lt_bytes point = { NULL, 0 };
    const lt_curve *own_curve = curve;
    if (!der_only(der, DER_SEQUENCE, &r) || !der_small(&r, &version) || version != 1
        || !der_value(&r, DER_OCTET_STRING, &x)
        || !der_optional(&r, DER_CONSTRUCTED(0), &parameters)
        || !der_optional(&r, DER_CONSTRUCTED(1), &public_key) || r.n != 0
        || (public_key.p && (!der_octet_bits(&public_key, &point) || public_key.n != 0)))
        return lt_fail(e, LT_bad_key, "ECPrivateKey");
    if (parameters.p && read_curve(&parameters, &own_curve, e) != LT_OK)
        return e->code;
    if (!own_curve)
        return lt_fail_detail(e, LT_bad_key, "ECPrivateKey.parameters", "no curve is named");
    if (curve && own_curve != curve)
        return lt_fail_detail(e, LT_bad_key, "ECPrivateKey.parameters", "two curves are named");
    lt_code rc = compute_point(k, own_curve, x, e);
    if (rc == LT_OK && public_key.p && !lt_private_key_is_point(k, point))
        rc = lt_fail_detail(e, LT_bad_key, "ECPrivateKey.publicKey",
                            "does not belong to the private key");
    return rc;
}

static lt_code read_ec(lt_private_key *k, lt_reader parameters, lt_bytes key, lt_error *e)
{
    const lt_curve *curve = NULL;
    lt_code rc = read_curve(&parameters, &curve, e);
    return rc == LT_OK ? read_sec1(k, key, curve, e) : rc;
}

/* RFC 4055 section 1.2: NULL for rsaEncryption; parameters of rsassaPss limit what may be signed */
static lt_code read_rsa(lt_private_key *k, lt_reader parameters, lt_bytes key, lt_error *e)
{
    lt_reader null;
    if (parameters.n != 0 && (!der_only(parameters, DER_NULL, &null) || null.n != 0))
        return lt_fail(e, LT_bad_key, "PrivateKeyInfo.privateKeyAlgorithm");
    return read_pkcs1(k, key, LT_KEY_rsa, e);
}

static lt_code read_rsa_pss(lt_private_key *k, lt_reader parameters, lt_bytes key, lt_error *e)
{
    if (parameters.n != 0)
        return lt_fail_detail(e, LT_unsupported_key, "PrivateKeyInfo.privateKeyAlgorithm",
                              "rsassaPss with parameters; without them it is supported");
    return read_pkcs1(k, key, LT_KEY_rsa_pss, e);
}

/* CurvePrivateKey ::= OCTET STRING (RFC 8410 section 7) */
static lt_code read_ed25519(lt_private_key *k, lt_reader parameters, lt_bytes key, lt_error *e)
{
    lt_reader seed;
    if (parameters.n != 0 || !der_only(key, DER_OCTET_STRING, &seed) || seed.n != 32)
        return lt_fail(e, LT_bad_key, "CurvePrivateKey");
    if (!own(k, seed.n))
        return lt_fail(e, LT_memory, "private key");
    uint8_t *end = k->data;
    k->ed25519_seed = keep(&end, seed);
    k->type = LT_KEY_ed25519;
    lt_ed25519_public_key(k->ed25519_public, k->ed25519_seed);
    return LT_OK;
}

static lt_code refuse_xdh(lt_private_key *k, lt_reader parameters, lt_bytes key, lt_error *e)
{
    (void)k, (void)parameters, (void)key;
    return lt_fail_detail(e, LT_unsupported_key, "PrivateKeyInfo.privateKeyAlgorithm",
                          "X25519 agrees on keys; it cannot sign");
}

static lt_code refuse_ed448(lt_private_key *k, lt_reader parameters, lt_bytes key, lt_error *e)
{
    (void)k, (void)parameters, (void)key;
    return lt_fail_detail(e, LT_unsupported_key, "PrivateKeyInfo.privateKeyAlgorithm", "Ed448");
}

static lt_code refuse_dsa(lt_private_key *k, lt_reader parameters, lt_bytes key, lt_error *e)
{
    (void)k, (void)parameters, (void)key;
    return lt_fail_detail(e, LT_unsupported_key, "PrivateKeyInfo.privateKeyAlgorithm", "DSA");
}

lt_code lt_private_key_pkcs1(lt_private_key *k, lt_bytes der, lt_error *e)
{
    return read_pkcs1(k, der, LT_KEY_rsa, e);
}

lt_code lt_private_key_sec1(lt_private_key *k, lt_bytes der, lt_error *e)
{
    return read_sec1(k, der, NULL, e);
}

#define OID(...)                                                                   \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }

static const struct {
    lt_bytes oid;
    lt_code (*read)(lt_private_key *k, lt_reader parameters, lt_bytes key, lt_error *e);
} algorithms[] = {
    { OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01), read_rsa },
    { OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a), read_rsa_pss },
    { OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01), read_ec },
    { OID(0x2b, 0x65, 0x70), read_ed25519 },
    { OID(0x2b, 0x65, 0x6e), refuse_xdh },
    { OID(0x2b, 0x65, 0x71), refuse_ed448 },
    { OID(0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01), refuse_dsa },
};

static lt_code read_algorithm(lt_private_key *k, lt_bytes oid, lt_reader parameters,
                              lt_bytes key, lt_error *e)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (lt_bytes_equal(oid, algorithms[i].oid))
            return algorithms[i].read(k, parameters, key, e);
    return lt_fail_detail(e, LT_unsupported_key, "PrivateKeyInfo.privateKeyAlgorithm",
                          "an algorithm that is not known");
}

static bool is_rsa_public(const lt_private_key *k, lt_bytes bits)
{
    lt_reader r;
    lt_bytes n, e;
    return der_only(bits, DER_SEQUENCE, &r) && der_unsigned(&r, &n) && der_unsigned(&r, &e)
           && r.n == 0 && lt_bytes_equal(n, (lt_bytes){ k->rsa_public.n, k->rsa_public.nlen })
           && lt_bytes_equal(e, (lt_bytes){ k->rsa_public.e, k->rsa_public.elen });
}

/* The publicKey of RFC 5958: what subjectPublicKey would be */
static lt_code check_public(const lt_private_key *k, lt_bytes content, lt_error *e)
{
    lt_bytes bits;
    uint32_t unused;
    bool ok = der_is_bit_string(content, &bits, &unused) && unused == 0;
    if (k->type == LT_KEY_ec)
        ok = ok && lt_private_key_is_point(k, bits);
    else if (k->type == LT_KEY_ed25519)
        ok = ok && lt_bytes_equal(bits, (lt_bytes){ k->ed25519_public, 32 });
    else
        ok = ok && is_rsa_public(k, bits);
    return ok ? LT_OK
              : lt_fail_detail(e, LT_bad_key, "OneAsymmetricKey.publicKey",
                               "does not belong to the private key");
}

/* OneAsymmetricKey ::= SEQUENCE { version INTEGER (0, 1), privateKeyAlgorithm
 *   AlgorithmIdentifier, privateKey OCTET STRING, attributes [0] OPTIONAL,
 *   publicKey [1] BIT STRING OPTIONAL, where the version is 1 } (RFC 5958 section 2) */
lt_code lt_private_key_pkcs8(lt_private_key *k, lt_bytes der, lt_error *e)
{
    lt_reader r, algorithm, key, attributes, public_key;
    int32_t version;
    lt_bytes oid;
    if (!der_only(der, DER_SEQUENCE, &r) || !der_small(&r, &version) || version > 1
        || !der_value(&r, DER_SEQUENCE, &algorithm) || !der_oid(&algorithm, &oid)
        || !der_value(&r, DER_OCTET_STRING, &key)
        || !der_optional(&r, DER_CONSTRUCTED(0), &attributes)
        || !der_optional(&r, DER_PRIMITIVE(1), &public_key) || r.n != 0
        || (public_key.p != NULL) != (version == 1))
        return lt_fail(e, LT_bad_key, "PrivateKeyInfo");
    lt_code rc = read_algorithm(k, oid, algorithm, key, e);
    return rc == LT_OK && public_key.p ? check_public(k, public_key, e) : rc;
}
