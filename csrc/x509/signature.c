/* SPDX-License-Identifier: MIT
 * signature.c - see signature.h. */
#include "x509/signature.h"

#include "crypto/ec.h"
#include "x509/der.h"

#define OID(...)                                                                   \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }
#define PKCS1(n) OID(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n)
#define ECDSA(n) OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n)

/* Each hash: its OID (BearSSL's form: with a length in front) and, for RSA PKCS#1 and for
 * ECDSA, the OID of the signature. */
static const struct digest {
    const br_hash_class *hash;
    lt_bytes oid;
} digests[] = {
    { &br_sha1_vtable, OID(0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a) },
    { &br_sha224_vtable, OID(0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04) },
    { &br_sha256_vtable, OID(0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01) },
    { &br_sha384_vtable, OID(0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02) },
    { &br_sha512_vtable, OID(0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03) },
};

/* `hash` NULL and `type` known: its parameters say; `type` unknown: refused, and why. */
static const struct row {
    lt_bytes oid;
    lt_key_type type;
    const br_hash_class *hash;
    const char *name;
    lt_code refused;
} rows[] = {
    { PKCS1(0x0b), LT_KEY_rsa, &br_sha256_vtable, "sha256WithRSAEncryption", LT_OK },
    { PKCS1(0x0c), LT_KEY_rsa, &br_sha384_vtable, "sha384WithRSAEncryption", LT_OK },
    { PKCS1(0x0d), LT_KEY_rsa, &br_sha512_vtable, "sha512WithRSAEncryption", LT_OK },
    { PKCS1(0x0e), LT_KEY_rsa, &br_sha224_vtable, "sha224WithRSAEncryption", LT_OK },
    { PKCS1(0x05), LT_KEY_rsa, &br_sha1_vtable, "sha1WithRSAEncryption", LT_OK },
    { PKCS1(0x0a), LT_KEY_rsa_pss, NULL, "id-RSASSA-PSS", LT_OK },
    { ECDSA(0x02), LT_KEY_ec, &br_sha256_vtable, "ecdsa-with-SHA256", LT_OK },
    { ECDSA(0x03), LT_KEY_ec, &br_sha384_vtable, "ecdsa-with-SHA384", LT_OK },
    { ECDSA(0x04), LT_KEY_ec, &br_sha512_vtable, "ecdsa-with-SHA512", LT_OK },
    { ECDSA(0x01), LT_KEY_ec, &br_sha224_vtable, "ecdsa-with-SHA224", LT_OK },
    { OID(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01), LT_KEY_ec, &br_sha1_vtable,
      "ecdsa-with-SHA1", LT_OK },
    { PKCS1(0x02), LT_KEY_unknown, NULL, "md2WithRSAEncryption", LT_weak_signature },
    { PKCS1(0x04), LT_KEY_unknown, NULL, "md5WithRSAEncryption", LT_weak_signature },
    { OID(0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03), LT_KEY_unknown, NULL, "dsa-with-sha1",
      LT_unsupported_certificate },
    { OID(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x02), LT_KEY_unknown, NULL,
      "dsa-with-sha256", LT_unsupported_certificate },
    { OID(0x2b, 0x65, 0x71), LT_KEY_unknown, NULL, "id-Ed448", LT_unsupported_certificate },
};

static const char where[] = "signatureAlgorithm";

static const struct digest *digest_of(const br_hash_class *hash)
{
    const struct digest *d = digests;
    while (d->hash != hash)
        d++;
    return d;
}

/* NULL, or nothing: RFC 4055 section 5 has both accepted. */
static bool null_or_absent(lt_reader parameters)
{
    lt_reader null;
    return parameters.n == 0 || (der_only(parameters, DER_NULL, &null) && null.n == 0);
}

static bool parameters_fit(const struct row *row, lt_reader parameters)
{
    if (row->type == LT_KEY_rsa)
        return null_or_absent(parameters);
    return parameters.n == 0; /* RFC 5758 section 3.2, RFC 8410 section 3 */
}

lt_code lt_signature_algorithm_parse(lt_signature_algorithm *a, lt_bytes algorithm, lt_error *e)
{
    lt_reader body;
    lt_bytes oid;
    if (!der_only(algorithm, DER_SEQUENCE, &body) || !der_oid(&body, &oid))
        return lt_fail(e, LT_bad_certificate, where);
    for (const struct row *row = rows; row < rows + sizeof rows / sizeof *rows; row++) {
        if (!lt_bytes_equal(oid, row->oid))
            continue;
        if (row->refused != LT_OK || row->type == LT_KEY_rsa_pss)
            return lt_fail_detail(
                e, row->refused != LT_OK ? row->refused : LT_unsupported_certificate, where,
                "%s", row->name);
        if (!parameters_fit(row, body))
            return lt_fail_detail(e, LT_bad_certificate, where, "parameters of %s", row->name);
        *a =
            (lt_signature_algorithm){ .name = row->name, .type = row->type, .hash = row->hash };
        return LT_OK;
    }
    return lt_fail_detail(e, LT_unsupported_certificate, where, "unknown algorithm");
}

static size_t digest_message(const br_hash_class *hash, lt_bytes message, uint8_t out[64])
{
    br_hash_compat_context ctx;
    hash->init(&ctx.vtable);
    hash->update(&ctx.vtable, message.p, message.n);
    hash->out(&ctx.vtable, out);
    return (hash->desc >> BR_HASHDESC_OUT_OFF) & BR_HASHDESC_OUT_MASK;
}

static lt_code wrong(lt_error *e, const lt_signature_algorithm *a)
{
    return lt_fail_detail(e, LT_bad_certificate_signature, "signatureValue", "%s", a->name);
}

/* BearSSL computes with at most BR_MAX_RSA_SIZE = 4096 bits. */
static lt_code check_rsa_key(const lt_public_key *key, lt_error *e)
{
    if (key->size < 1024 || (key->exponent.p[key->exponent.n - 1] & 1) == 0
        || (key->exponent.n == 1 && key->exponent.p[0] == 1))
        return lt_fail_detail(e, LT_weak_key, "SubjectPublicKeyInfo", "RSA of %zu bits",
                              key->size);
    if (key->size > 4096)
        return lt_fail_detail(e, LT_unsupported_certificate, "SubjectPublicKeyInfo",
                              "RSA of %zu bits; the limit is 4096", key->size);
    return LT_OK;
}

static br_rsa_public_key to_bearssl(const lt_public_key *key)
{
    return (br_rsa_public_key){ /* BearSSL only reads; its pointers are not const */
                                .n = (unsigned char *)(uintptr_t)key->modulus.p,
                                .nlen = key->modulus.n,
                                .e = (unsigned char *)(uintptr_t)key->exponent.p,
                                .elen = key->exponent.n
    };
}

static lt_code verify_pkcs1(const lt_signature_algorithm *a, const lt_public_key *key,
                            lt_bytes digest, lt_bytes signature, lt_error *e)
{
    uint8_t found[64];
    lt_code rc = check_rsa_key(key, e);
    if (rc != LT_OK)
        return rc;
    br_rsa_public_key pk = to_bearssl(key);
    if (!br_rsa_pkcs1_vrfy_get_default()(signature.p, signature.n, digest_of(a->hash)->oid.p,
                                         digest.n, &pk, found)
        || !lt_bytes_equal(digest, (lt_bytes){ found, digest.n }))
        return wrong(e, a);
    return LT_OK;
}

/* Ecdsa-Sig-Value (RFC 3279 section 2.2.3); BearSSL's own reader takes more than DER. */
static bool is_ecdsa_value(lt_bytes signature)
{
    lt_reader body;
    lt_bytes r, s;
    return der_only(signature, DER_SEQUENCE, &body) && der_unsigned(&body, &r)
           && der_unsigned(&body, &s) && body.n == 0;
}

static lt_code verify_ecdsa(const lt_signature_algorithm *a, const lt_public_key *key,
                            lt_bytes digest, lt_bytes signature, lt_error *e)
{
    if (key->curve == 0 || key->point.p[0] != 4)
        return lt_fail_detail(e, LT_unsupported_certificate, "SubjectPublicKeyInfo",
                              key->curve ? "compressed point on %s" : "curve %s",
                              key->curve_name ? key->curve_name : "without a known name");
    br_ec_public_key pk = { .curve = key->curve,
                            .q = (unsigned char *)(uintptr_t)key->point.p,
                            .qlen = key->point.n };
    if (!is_ecdsa_value(signature)
        || !lt_ecdsa_verify(NULL, digest.p, digest.n, &pk, signature.p, signature.n))
        return wrong(e, a);
    return LT_OK;
}

lt_code lt_signature_verify(lt_bytes algorithm, const lt_public_key *key, lt_bytes message,
                            lt_bytes signature, uint32_t flags, lt_error *e)
{
    uint8_t buffer[64];
    lt_signature_algorithm a;
    lt_code rc = lt_signature_algorithm_parse(&a, algorithm, e);
    if (rc != LT_OK)
        return rc;
    if (a.hash == &br_sha1_vtable && !(flags & LT_SIGNATURE_sha1))
        return lt_fail_detail(e, LT_weak_signature, where, "%s", a.name);
    if (key->type != a.type)
        return lt_fail_detail(e, LT_bad_certificate_signature, where,
                              "%s, but the issuer's key is of another kind", a.name);
    lt_bytes digest = { buffer, digest_message(a.hash, message, buffer) };
    return a.type == LT_KEY_rsa ? verify_pkcs1(&a, key, digest, signature, e)
                                : verify_ecdsa(&a, key, digest, signature, e);
}
